"""One request: everything about it, and the acts done by one press or with a reason."""

from datetime import date

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.accounts.queries import ROLE_LABELS, person_of
from kualik.accounts.services import masked_iin, record_look
from kualik.cases.forms import ReasonForm, WithdrawalForm
from kualik.cases.models import Request
from kualik.cases.queries import Step, timeline
from kualik.cases.services.application import claim_days
from kualik.cases.services.attaching import attachments_of
from kualik.cases.services.deciding import (
    approve_request,
    hand_over_request,
    record_withdrawal,
    send_back_request,
    start_review,
)
from kualik.cases.services.delivery import ON_PAPER
from kualik.cases.services.following import follow
from kualik.cases.services.receipts import make_receipt
from kualik.cases.services.sealing import sealing_by_machine
from kualik.cases.views.acts import PAPER_PAGE, act, causes, may_find_training, own, readable
from kualik.cases.views.faults import fault_of
from kualik.cases.views.rows import rows_of
from kualik.certificates.queries import visible_letters_about
from kualik.certificates.services.letters import shown_letters
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.notifications.queries import messages_about
from kualik.rules import standards, volumes
from kualik.rules.language import Text
from kualik.rules.lifecycle import READERS, SUPERVISORS, Event, Role, State

CHANNELS = {
    Request.Channel.COUNTER: _("At the counter"),
    Request.Channel.WEB: _("On the site"),
    Request.Channel.GATEWAY: _("Through the e-government portal"),
    Request.Channel.SMS_ANSWER: _("By an answer to a text message"),
    Request.Channel.REGISTRAR: _("Entered by the registrar"),
}
LANGUAGES = {"kk": _("Kazakh"), "ru": _("Russian")}
RECEIVERS = READERS - {Role.INSPECTOR}
HAS_DOCUMENT = frozenset({State.ISSUED, State.HANDED_OVER})


@staff(*READERS)
def show(request: HttpRequest, number: str) -> HttpResponse:
    """Applicant, training, document, clock, what happened and what may be done."""
    user = person_of(request)
    found = readable(user, number)
    _looked(user, found, "request")
    context = {**_facts(found), **_work(user, found)}
    return render(request, "cases/request.html", context)


@staff(*RECEIVERS)
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt for the applicant, with the status code on it."""
    found = own(request, number)
    _looked(person_of(request), found, "receipt")
    address = f"{settings.PUBLIC_URL}{reverse('cases:status')}"
    content = make_receipt(request=found, status_url=address)
    headers = {"Content-Disposition": f'inline; filename="receipt-{found.number}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@staff(*causes(Event.APPROVE))
@post_only("cases:request", "number")
def approve(request: HttpRequest, number: str) -> HttpResponse:
    """Approve one request."""
    found = own(request, number)
    return act(request, found, Event.APPROVE, approve_request, lazy(_approved, str)(found))


@staff(*causes(Event.START_REVIEW))
@post_only("cases:request", "number")
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Take one request into review."""
    told = _("The request is in review.")
    return act(request, own(request, number), Event.START_REVIEW, start_review, told)


@staff(*causes(Event.HAND_OVER))
@post_only("cases:request", "number")
def hand_over(request: HttpRequest, number: str) -> HttpResponse:
    """Enter that the person has the document; one on paper needs its blank and its slip."""
    found = own(request, number)
    if found.delivery in ON_PAPER:
        return redirect(PAPER_PAGE, found.number)
    told = _("The document is entered as handed over.")
    return act(request, found, Event.HAND_OVER, hand_over_request, told)


@staff(*causes(Event.SEND_BACK))
def send_back(request: HttpRequest, number: str) -> HttpResponse:
    """Return an approved request to review, with the reason in both languages."""
    found = own(request, number)
    form = ReasonForm(request.POST or None)
    if not form.is_valid():
        return _ask(request, found, Event.SEND_BACK, form)
    told = _("The request is back in review. The draft's number stays in the register as void.")
    reason = form.reason()
    return act(request, found, Event.SEND_BACK, send_back_request, told, reason=reason)


@staff(*causes(Event.RECORD_WITHDRAWAL))
def withdrawal(request: HttpRequest, number: str) -> HttpResponse:
    """Enter the applicant's withdrawal with its grounds."""
    found = own(request, number)
    form = WithdrawalForm(request.POST or None)
    if not form.is_valid():
        return _ask(request, found, Event.RECORD_WITHDRAWAL, form)
    told, reason = _("The withdrawal is recorded."), form.cleaned_data["reason"]
    return act(request, found, Event.RECORD_WITHDRAWAL, record_withdrawal, told, reason=reason)


def _ask(request: HttpRequest, found: Request, event: Event, form: Form) -> HttpResponse:
    """The page that asks for the reason of an act."""
    context = {"form": form, "case": found, "event": event, "holder": found.holder}
    return render(request, "cases/reason.html", context)


def shown_refusal(found: Request) -> dict[str, object] | None:
    """A stored refusal with its texts as ``Text``; None for a request that was not refused."""
    record = found.refusal
    if not record:
        return None
    shown: dict[str, object] = {
        name: Text(**value) if isinstance(value, dict) else value for name, value in record.items()
    }
    shown["decided_on"] = date.fromisoformat(record["decided_on"])
    return shown


def _approved(found: Request) -> str:
    """What comes next, as it is known after the approval."""
    if sealing_by_machine([found]):
        return gettext("The request is approved; its document is being sealed automatically.")
    return gettext("The request is approved and waits for the signature.")


def _facts(found: Request) -> dict[str, object]:
    """What the request says and what happened to it."""
    standard = standards.get(found.edition, found.edition_version)
    return {
        "case": found,
        "masked_iin": masked_iin(found.person),
        "standard": standard,
        "result": standard.result(found.kind, found.paper),
        "channel": CHANNELS[Request.Channel(found.channel)],
        "is_portal": found.channel == Request.Channel.GATEWAY,
        "language": LANGUAGES.get(found.language, found.language),
        "steps": [(step, _role(step)) for step in timeline(found)],
        "refusal": shown_refusal(found),
        "course": follow(found, now=clock.now()),
        "notices": messages_about(f"request:{found.number}"),
        "scans": attachments_of(found),
        "claim_days": claim_days(found.claim or {}) if found.claimed("ended_on") else "",
        "is_automatic": bool(sealing_by_machine([found])),
        "credits": volumes.credits_text(found.completion.credits) if found.completion else "",
        "has_document": found.state in HAS_DOCUMENT and found.certificate_id is not None,
    }


def _work(user: User, found: Request) -> dict[str, object]:
    """What this member of staff may do with it."""
    return {
        "row": rows_of(user, [found], now=clock.now())[0],
        "letters": shown_letters(visible_letters_about(user, f"request:{found.number}")),
        "finds_training": may_find_training(user, found),
        "fault": fault_of(user, found),
        "may_receive": user.provider_id == found.provider_id and user.has_role(RECEIVERS),
        "may_take_evidence": user.has_role(SUPERVISORS),
    }


def _looked(user: User, found: Request, what: str) -> None:
    """The person sees later who opened this."""
    actor = user.acting_as(role_of(user, READERS))
    record_look(person=found.person, what=what, about=found.number, actor=actor, now=clock.now())


def _role(step: Step) -> Text:
    return ROLE_LABELS[Role(step.role)] if step.role else Text("", "")
