"""The office's side of corrections: the list, one with both spellings, accept or refuse."""

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.accounts.services import masked_iin
from kualik.accounts.services.looks import record_look
from kualik.cases.forms import ReasonForm
from kualik.cases.forms.correcting import AcceptanceForm
from kualik.cases.models import Attachment, Correction, Request
from kualik.cases.queries.corrections import (
    changes_of,
    corrections_visible_to,
    replacement_ordered_by,
    requests_about,
    standing_documents,
)
from kualik.cases.services.correcting import accept_correction, refuse_correction
from kualik.cases.views.acts import DECIDERS, carry_out
from kualik.cases.views.correcting import labelled, left_alone
from kualik.cases.views.faults import fault_of
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.rules.lifecycle import Event, Role, State, allowed_events

READ_BY = frozenset({Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD})
PAGE_SIZE = 50
STATES: dict[str, str | Promise] = {
    Correction.State.OPEN: _("Open"),
    Correction.State.DONE: _("Corrected"),
    Correction.State.REFUSED: _("Refused"),
    Correction.State.WITHDRAWN: _("Withdrawn"),
}


@staff(*READ_BY)
def corrections(request: HttpRequest) -> HttpResponse:
    """Wishes of one state, the longest waiting first; the open ones where nothing is chosen."""
    state = request.GET.get("state", Correction.State.OPEN)
    state = state if state in STATES else Correction.State.OPEN.value
    visible = corrections_visible_to(person_of(request))
    order = "filed_at" if state == Correction.State.OPEN else "-decided_at"
    found = visible.filter(state=state).order_by(order, "pk")
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "state": state,
        "states": [
            (code, label, visible.filter(state=code).count()) for code, label in STATES.items()
        ],
        "kept": f"state={state}",
    }
    return render(request, "cases/corrections.html", context)


@staff(*READ_BY)
def correction(request: HttpRequest, number: str) -> HttpResponse:
    """Both spellings side by side, the papers, the documents that it touches."""
    user, found = _found(request, number)
    actor = user.acting_as(role_of(user, READ_BY))
    about, now = found.number, clock.now()
    record_look(person=found.person, what="correction", about=about, actor=actor, now=now)
    is_open = found.state == Correction.State.OPEN
    requests = requests_about(found.completion)
    return render(
        request,
        "cases/correction.html",
        {
            **_shown(found),
            "is_open": is_open,
            "may_decide": is_open and user.has_role(DECIDERS),
            "faults": list(filter(None, (fault_of(user, row) for row in requests))),
            "is_own": bool(user.iin_hash) and user.iin_hash == found.person.iin_hash,
        },
    )


@staff(*DECIDERS)
def correction_accept(request: HttpRequest, number: str) -> HttpResponse:
    """Look once more, with the days of training at hand; then the data change."""
    user, found = _found(request, number)
    form = AcceptanceForm(request.POST or None, completion=found.completion)
    if request.method == "POST" and form.is_valid():
        told = _("The data are corrected.")
        return _decided(request, user, found, accept_correction, told, days=form.days())
    context = {**_shown(found), "form": form, "waits": _draft_out_of_reach(user, found)}
    return render(request, "cases/correction_accept.html", context)


@staff(*DECIDERS)
def correction_refuse(request: HttpRequest, number: str) -> HttpResponse:
    """Refuse with a reason in both languages, which the person reads."""
    user, found = _found(request, number)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = _("The correction is refused.")
        return _decided(request, user, found, refuse_correction, told, reason=form.reason())
    return render(request, "cases/correction_refuse.html", {**_shown(found), "form": form})


def _found(request: HttpRequest, number: str) -> tuple[User, Correction]:
    user = person_of(request)
    return user, get_object_or_404(corrections_visible_to(user), number=number)


def _shown(found: Correction) -> dict[str, object]:
    return {
        "correction": found,
        "state_label": STATES[found.state],
        "changes": labelled(changes_of(found.before, dict(found.wanted))),
        "left": left_alone(found.before, dict(found.wanted)),
        "scans": Attachment.objects.filter(correction=found).order_by("pk"),
        "masked_iin": masked_iin(found.person),
        "requests": requests_about(found.completion),
        "documents": standing_documents(found.completion),
        "replacement": replacement_ordered_by(found),
    }


def _draft_out_of_reach(user: User, found: Correction) -> Request | None:
    """The request with a document about to be sealed, which somebody else has to send back."""
    role = role_of(user, DECIDERS)
    if Event.SEND_BACK in allowed_events(State.APPROVED, role):
        return None
    return requests_about(found.completion).filter(state=State.APPROVED).first()


def _decided(
    request: HttpRequest,
    user: User,
    found: Correction,
    service: Callable[..., object],
    told: Promise | str,
    **given: object,
) -> HttpResponse:
    parties = {"correction": found, "user": user, "role": role_of(user, DECIDERS)}
    back = reverse("cases:correction", args=[found.number])
    return carry_out(request, service, told, back=back, **parties, **given)
