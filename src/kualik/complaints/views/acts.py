"""What the office does with a complaint, one page or one press each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.complaints.forms import (
    AssignForm,
    BodyDecisionForm,
    DecisionForm,
    ForwardForm,
    NoteForm,
)
from kualik.complaints.models import Complaint
from kualik.complaints.queries import (
    EFFECT_LABELS,
    HANDLERS,
    barred_from,
    complaints_visible_to,
    handlers_for,
)
from kualik.complaints.services.deciding import (
    decide_complaint,
    effects_for,
    record_body_decision,
)
from kualik.complaints.services.handling import (
    AT_THE_PROVIDER,
    WITHDRAWABLE,
    assign_handler,
    forward_complaint,
    is_left_to_forward,
    note_court,
    take_up,
    withdraw_complaint,
)
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.rules.complaints import law
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

State = Complaint.State
LABELS: dict[str, str | Promise] = {
    "take_up": _("Take it up"),
    "assign": _("Name who handles it"),
    "decide": _("Decide the complaint"),
    "body": _("Enter the decision of the body"),
    "forward": _("Send it to the higher body"),
    "withdrawal": _("Enter its withdrawal"),
    "court": _("Note on the court"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """A button: ``is_at_once`` acts are done by one press, the others open a page."""

    label: str | Promise
    href: str
    is_at_once: bool = False


def acts_of(user: User, complaint: Complaint) -> list[Act]:
    """What ``user`` may do with a complaint as it stands, the main act first."""
    if user.provider_id != complaint.provider_id or not user.has_role(HANDLERS):
        return []
    pages = {"body": "decide"}
    return [
        Act(
            LABELS[name],
            reverse(f"complaints:{pages.get(name, name)}", args=[complaint.number]),
            name == "take_up",
        )
        for name, is_open in _open_acts(user, complaint).items()
        if is_open
    ]


def _open_acts(user: User, complaint: Complaint) -> dict[str, bool]:
    """The acts by name: somebody complained of may send it on, or satisfy it in full."""
    at_provider = complaint.state in AT_THE_PROVIDER
    is_barred = user.pk in barred_from(complaint)
    is_open_to = not is_barred and complaint.handler_id in (None, user.pk)
    return {
        "take_up": complaint.state == State.REGISTERED and is_open_to,
        "decide": at_provider and (is_open_to or is_barred),
        "body": complaint.state == State.FORWARDED,
        "assign": at_provider and handlers_for(complaint).exists(),
        "forward": at_provider or is_left_to_forward(complaint),
        "withdrawal": complaint.state in WITHDRAWABLE,
        "court": complaint.state in (State.DECIDED, State.FORWARDED),
    }


@staff(*HANDLERS)
def assign(request: HttpRequest, number: str) -> HttpResponse:
    """Name who handles a complaint, and whom it is of."""
    found = own(request, number)
    form = AssignForm(request.POST or None, complaint=found)
    if not form.is_valid():
        return _ask(request, found, "assign", form)
    return act(request, found, assign_handler, _("The handler is named."), **form.cleaned_data)


@staff(*HANDLERS)
@post_only("complaints:complaint", "number")
def take(request: HttpRequest, number: str) -> HttpResponse:
    """Begin to handle a complaint."""
    return act(request, own(request, number), take_up, _("The complaint is yours to handle."))


@staff(*HANDLERS)
def forward(request: HttpRequest, number: str) -> HttpResponse:
    """Send the complaint with its case to the body that hears it."""
    found = own(request, number)
    form = ForwardForm(request.POST or None)
    if not form.is_valid():
        return _ask(request, found, "forward", form)
    told = _("The complaint is sent on; its case is packed and kept below.")
    return act(request, found, forward_complaint, told, to=form.cleaned_data["to"])


@staff(*HANDLERS)
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """The provider's own decision, or that of the body it was sent to; looked over before."""
    found = own(request, number)
    is_bodys = found.state == State.FORWARDED
    form = _decision_form(request, found, is_bodys=is_bodys)
    name = "body" if is_bodys else "decide"
    if not form.is_valid() or "change" in request.POST:
        return _ask(request, found, name, form)
    if "confirm" not in request.POST:
        return _look_over(request, found, name, form)
    if not is_bodys:
        told = _("The complaint is decided. The paper of the decision waits for your signature.")
        return act(request, found, decide_complaint, told, ruling=form.ruling())
    outer = {name: form.cleaned_data[name] for name in ("outer_number", "outer_on")}
    told = _("The decision of the body is entered and carried out.")
    return act(request, found, record_body_decision, told, ruling=form.ruling(), **outer)


@staff(*HANDLERS)
def withdrawal(request: HttpRequest, number: str) -> HttpResponse:
    """Enter the complainant's withdrawal with its grounds."""
    found = own(request, number)
    form = NoteForm(request.POST or None)
    if not form.is_valid():
        return _ask(request, found, "withdrawal", form)
    return act(
        request, found, _withdraw, _("The withdrawal is recorded."), note=form.cleaned_data["note"]
    )


@staff(*HANDLERS)
def court(request: HttpRequest, number: str) -> HttpResponse:
    """Enter what came of it in court."""
    found = own(request, number)
    form = NoteForm(request.POST or None)
    if not form.is_valid():
        return _ask(request, found, "court", form)
    return act(request, found, note_court, _("The note is kept."), note=form.cleaned_data["note"])


def own(request: HttpRequest, number: str) -> Complaint:
    """A complaint of the person's own provider, to act on; 404 for any other."""
    user = person_of(request)
    visible = complaints_visible_to(user).select_related(
        "request__certificate", "request__provider"
    )
    found = visible.filter(number=number, provider=user.provider_id).first()
    if found is None:
        raise Http404
    return found


def act(
    request: HttpRequest,
    found: Complaint,
    service: Callable[..., object],
    success: str | Promise,
    **given: object,
) -> HttpResponse:
    """Do the act and go to the complaint's page, with the outcome or the broken rule in words."""
    user = person_of(request)
    try:
        role = role_of(user, HANDLERS)
        service(complaint=found, user=user, role=role, now=clock.now(), **given)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, str(success))
    return redirect("complaints:complaint", found.number)


def _withdraw(*, complaint: Complaint, user: User, role: Role, note: str, now: datetime) -> None:
    actor = user.acting_as(role)
    withdraw_complaint(complaint=complaint, reason=note, actor=actor, now=now)


def _decision_form(request: HttpRequest, found: Complaint, *, is_bodys: bool) -> DecisionForm:
    """The kinds that the person may choose, and the effects that the request leaves open."""
    kinds = [kind for kind in law().decisions if is_bodys or kind.fits(found.subject)]
    effects = effects_for(found, next(kind for kind in kinds if kind.reopens))
    if not is_bodys and person_of(request).pk in barred_from(found):
        kinds = [kind for kind in kinds if kind.satisfies]
    form = BodyDecisionForm if is_bodys else DecisionForm
    return form(request.POST or None, kinds=tuple(kind.code for kind in kinds), effects=effects)


def _look_over(
    request: HttpRequest, found: Complaint, name: str, form: DecisionForm
) -> HttpResponse:
    """The decision as it will stand, before it is made."""
    ruling = form.ruling()
    kind = law().decision(ruling.kind)
    context = {
        "form": form,
        "complaint": found,
        "act": LABELS[name],
        "kind": kind,
        "ruling": ruling,
        "effect": EFFECT_LABELS[ruling.effect or effects_for(found, kind)[0]],
    }
    return render(request, "complaints/look_over.html", context)


def _ask(request: HttpRequest, found: Complaint, name: str, form: Form) -> HttpResponse:
    context = {
        "form": form,
        "complaint": found,
        "act": LABELS[name],
        "name": name,
        "is_barred": person_of(request).pk in barred_from(found),
    }
    return render(request, "complaints/act.html", context)
