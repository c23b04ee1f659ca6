"""The list of incidents, and one of them with what the provider owes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import staff
from kualik.incidents.forms import WAYS
from kualik.incidents.models import Incident, Report
from kualik.incidents.queries import (
    course,
    fault_detail,
    fault_text,
    incidents_visible_to,
    proposals_visible_to,
    reports_visible_to,
    touched_of,
    what_of,
)
from kualik.incidents.services.declaring import DECLARERS, may_end
from kualik.incidents.services.proposing import PROPOSERS
from kualik.incidents.services.watching import due_of
from kualik.incidents.views.acting import DECIDERS, KEEPERS
from kualik.incidents.views.declaring import PUBLISHERS
from kualik.notifications.services import wording
from kualik.rules.incidents import warned_at
from kualik.rules.language import Text
from kualik.rules.lifecycle import READERS, Role

PAGE_SIZE = 30
SHOWN_REQUESTS = 200
STATES: Mapping[str, Promise] = {
    Report.State.TO_TELL: _("The operator has to be told"),
    Report.State.TOLD: _("The operator's protocol is awaited"),
    Report.State.TO_SIGN: _("The protocol has to be signed"),
    Report.State.SIGNED: _("The protocol is signed"),
    Report.State.CANCELLED: _("Called off"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An incident with one provider's report, as the list shows them; ``stage`` is that of the
    term that runs: in_time, soon or late."""

    incident: Incident
    what: Text
    report: Report | None
    state: Promise | str
    due_at: datetime | None
    stage: str


@staff(*READERS, Role.PLATFORM_ADMIN)
@never_cache
def office_list(request: HttpRequest) -> HttpResponse:
    """All incidents that concern this member of staff, the last first."""
    user, now = person_of(request), clock.now()
    found = incidents_visible_to(user).order_by("-began_at", "-pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    reports = reports_visible_to(user).filter(incident__in=list(page.object_list))
    mine = {row.incident_id: row for row in reports} if user.provider_id else {}
    context = {
        "page": page,
        "rows": [_row(incident, mine.get(incident.pk), now) for incident in page],
        "may_declare": user.has_role(frozenset({*DECLARERS, *PROPOSERS})),
        "proposals": proposals_visible_to(user) if user.has_role(frozenset(PUBLISHERS)) else [],
        "is_providers": user.provider_id is not None,
    }
    return render(request, "incidents/list.html", context)


@staff(*READERS, Role.PLATFORM_ADMIN)
@never_cache
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One incident: what failed, whom it touched, who was told, and what is left to do."""
    user, now = person_of(request), clock.now()
    incident = incidents_visible_to(user).filter(number=number).first()
    if incident is None:
        raise Http404
    reports = list(reports_visible_to(user).filter(incident=incident).order_by("provider__code"))
    own = next((row for row in reports if row.provider_id == user.provider_id), None)
    touched = touched_of(incident, user=user, now=now)
    context = {
        "row": _row(incident, own, now),
        "rows": [_row(incident, report, now) for report in reports],
        "way": WAYS.get(own.notice.get("way", ""), "") if own else "",
        "unsent": _unsent(own),
        "requests": touched[:SHOWN_REQUESTS],
        "touched": touched.count(),
        "said": _said(incident.fault),
        "readings": [_reading(one) for one in incident.readings],
        "steps": course(incident, report=own),
        **_may(user, incident, own),
    }
    return render(request, "incidents/incident.html", context)


def _may(user: User, incident: Incident, own: Report | None) -> Mapping[str, object]:
    """Which acts the page offers."""
    keeps = own is not None and user.has_role(frozenset(KEEPERS))
    state = own.state if own else ""
    return {
        "may_tell": keeps and state == Report.State.TO_TELL,
        "has_address": bool(settings.FAILURE_EMAIL),
        "may_cancel": state == Report.State.TO_TELL and user.has_role(frozenset(DECIDERS)),
        "may_write": keeps and state not in (Report.State.SIGNED, Report.State.CANCELLED),
        "may_upload": keeps and state in (Report.State.TOLD, Report.State.TO_SIGN),
        "may_sign": state == Report.State.TO_SIGN
        and user.has_role(frozenset({Role.AUTHORISED_PERSON})),
        "may_end": incident.state == Incident.State.LASTS
        and may_end(incident, provider=user.provider)
        and user.has_role(frozenset(DECLARERS)),
    }


def _row(incident: Incident, report: Report | None, now: datetime) -> Row:
    due_at = due_of(report) if report else None
    stage = "in_time"
    if due_at is not None and now >= warned_at(due_at):
        stage = "late" if now > due_at else "soon"
    return Row(
        incident=incident,
        what=what_of(incident),
        report=report,
        state=STATES[report.state] if report else "",
        due_at=due_at,
        stage=stage,
    )


def _reading(row: Mapping[str, object]) -> Mapping[str, object]:
    at, fault = datetime.fromisoformat(str(row["at"])), str(row.get("fault", ""))
    return {"at": at, "well": row["well"], **_said(fault)}


def _unsent(report: Report | None) -> Mapping[str, object]:
    """Why the letter to the operator did not leave; empty where it did or may yet."""
    fault = str(report.notice.get("failed") or "") if report else ""
    words, detail = wording.fault_text(fault)
    return {"fault": words, "detail": detail} if fault else {}


def _said(fault: str) -> Mapping[str, object]:
    return {"fault": fault_text(fault), "detail": fault_detail(fault)}
