"""What staff do about an incident: end, tell, write, upload."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.core.uploads import SCAN_LIMIT_BYTES, is_any_too_large, takes_scans
from kualik.incidents.forms import EndForm, MeasuresForm, NoticeForm, ProtocolForm, WordsForm
from kualik.incidents.models import Report
from kualik.incidents.queries import incidents_visible_to, report_visible_to
from kualik.incidents.services.declaring import DECLARERS, end_by_hand, is_found
from kualik.incidents.services.taking import (
    OperatorsProtocol,
    cancel_report,
    take_protocol,
    write_measures,
)
from kualik.incidents.services.telling import record_notice, send_notice
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

# Who answers for the provider's report.
KEEPERS = (Role.CLERK, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN)
DECIDERS = (Role.OFFICE_HEAD, Role.PROVIDER_ADMIN)


@staff(*DECLARERS)
def end(request: HttpRequest, number: str) -> HttpResponse:
    """Say when a failure was over."""
    user, now = person_of(request), clock.now()
    found = incidents_visible_to(user).filter(number=number).first()
    if found is None:
        raise Http404
    initial = {"ended_at": now.astimezone(clock.ZONE)}
    form = EndForm(request.POST or None, is_explained=is_found(found), initial=initial)
    if form.is_valid():
        try:
            role = role_of(user, frozenset(DECLARERS))
            end_by_hand(incident=found, user=user, role=role, now=now, **form.cleaned_data)
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            messages.success(request, gettext("The end of the failure is recorded."))
            return redirect("incidents:incident", found.number)
    context = {"form": form, "incident": found, "act": _("Record the end of the failure")}
    return render(request, "incidents/act.html", context)


@staff(*KEEPERS)
@post_only("incidents:list")
def send(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Have the letter to the operator sent."""
    report, user = own(request, number, code), person_of(request)
    actor = user.acting_as(role_of(user, frozenset(KEEPERS)))
    try:
        send_notice(report=report, actor=actor, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        told = gettext("The letter is on its way; its proof appears here once a server took it.")
        messages.success(request, told)
    return redirect("incidents:incident", report.incident.number)


@staff(*KEEPERS)
def notice(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Record how the operator was told in another way."""
    page = Page(
        own(request, number, code),
        _("Record the notice to the operator"),
        _("The notice is recorded."),
    )
    initial = {"at": clock.now().astimezone(clock.ZONE)}
    form = NoticeForm(request.POST or None, initial=initial)
    return _ask(request, page, form, lambda by: record_notice(**by, **form.cleaned_data))


@staff(*KEEPERS)
def measures(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Write down what was done; it stands in the draft of the protocol."""
    report = own(request, number, code)
    page = Page(report, _("Write down what was done"), _("What was done is written down."))
    initial = {"measures_kk": report.measures_kk, "measures_ru": report.measures_ru}
    form = MeasuresForm(request.POST or None, initial=initial)
    return _ask(request, page, form, lambda by: write_measures(**by, done=form.done))


@staff(*DECIDERS)
def cancel(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Call the report off with a reason."""
    report = own(request, number, code)
    page = Page(report, _("Call the report off"), _("The report is called off."))
    form = WordsForm(request.POST or None, label=_("Why was it no failure of the system?"))
    return _ask(
        request, page, form, lambda by: cancel_report(**by, reason=form.cleaned_data["text"])
    )


@staff(*KEEPERS)
@takes_scans
def upload(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Upload the operator's protocol."""
    page = Page(
        own(request, number, code),
        _("Upload the operator's protocol"),
        _("The protocol is kept. It waits for the signature."),
    )
    form = ProtocolForm(request.POST or None, request.FILES or None)
    if is_any_too_large(request):
        violation = RuleViolation("scan_too_large", limit=SCAN_LIMIT_BYTES // 1024**2)
        form.add_error("file", errors.message(violation))
    return _ask(request, page, form, lambda by: take_protocol(**by, given=_given(form)))


def own(request: HttpRequest, number: str, code: str) -> Report:
    """The report of the person's own provider; 404 for any other."""
    user = person_of(request)
    found = report_visible_to(user, number=number, code=code)
    if found is None or found.provider_id != user.provider_id:
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """A form about one report: what it does, and what is said when it is done."""

    report: Report
    act: Promise | str
    told: Promise | str


def _ask(
    request: HttpRequest, page: Page, form: Form, service: Callable[[Any], object]
) -> HttpResponse:
    """Show the form until the service takes it; then the page of the incident."""
    incident, user = page.report.incident, person_of(request)
    if form.is_valid():
        role = role_of(user, frozenset(KEEPERS))
        by = {"report": page.report, "user": user, "role": role, "now": clock.now()}
        try:
            service(by)
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            messages.success(request, str(page.told))
            return redirect("incidents:incident", incident.number)
    context = {
        "form": form,
        "incident": incident,
        "report": page.report,
        "act": page.act,
        "sends_file": form.is_multipart(),
    }
    return render(request, "incidents/act.html", context)


def _given(form: ProtocolForm) -> OperatorsProtocol:
    found = form.cleaned_data
    return OperatorsProtocol(
        filename=found["file"].name or "",
        content=found["file"].read(SCAN_LIMIT_BYTES + 1),
        number=found["number"],
        dated=found["dated"],
    )
