"""What went wrong with a seal, in the words of the table of errors, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.queries import open_jobs, requests_visible_to
from kualik.cases.services.sealing import OF_THE_DRAFT, SealFault, seal_job_key
from kualik.cases.views.acts import acts_of
from kualik.core import clock, errors
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Event, State

OF_THE_KEY = ("key_", "no_organisation_key", "no_authorised_person", "seal_wrong_person")


# Of a signature that issued nothing: with another key it goes, or a little later, or only after
# the documents were prepared anew.
OF_THE_SIGNER = (
    "signature_of_other_organisation",
    "signature_of_other_person",
    "signature_without_right",
    "signature_by_test_key",
    "signature_not_valid",
)
OF_THE_MOMENT = ("signature_undecided", "signature_of_", "signature_not_", "storage_unwritable")
OF_THE_FILE = ("prepared_", "key_disabled", "conflict")


@dataclass(frozen=True, slots=True)
class SigningAdvice:
    """What to do about a signature that issued nothing; ``may_help`` when signing again may."""

    text: str
    may_help: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A fault as a page tells it; ``send_back`` is the address of the act where the reader may do
    it, ``case`` the request's number."""

    number: str
    case: str
    text: str
    advice: str
    is_final: bool
    send_back: str


def told_faults(user: User, faults: Iterable[SealFault]) -> list[Told]:
    """Faults of documents whose requests ``user`` may read, in words, never as a trace."""
    by_number = {fault.number: fault for fault in faults}
    found = requests_visible_to(user).filter(certificate__number__in=list(by_number))
    cases = {row.certificate.number: row for row in found if row.certificate}
    return [_told(user, fault, cases.get(number)) for number, fault in by_number.items()]


def fault_of(user: User, request: Request) -> Told | None:
    """Why the ordered seal of an approved request is not there; None when nothing went wrong."""
    certificate = request.certificate
    if request.state != State.APPROVED or certificate is None:
        return None
    job = open_jobs([seal_job_key(certificate.number)]).get(seal_job_key(certificate.number))
    if job is None or not job.last_error:
        return None
    is_final = job.failed_at is not None
    fault = SealFault(number=certificate.number, error=job.last_error, is_final=is_final)
    return _told(user, fault, request)


def signing_advice(code: str) -> SigningAdvice:
    """The advice for a code of ``accept_signatures``; without text where the code says all."""
    if code.startswith(OF_THE_SIGNER):
        text = _("Press the button and choose your own key in force: no other will do.")
        return SigningAdvice(text, may_help=True)
    if code.startswith(OF_THE_MOMENT):
        return SigningAdvice(_("Press the button to sign them once more."), may_help=True)
    if code.startswith(OF_THE_FILE):
        text = _("Open what waits for the seal: it may have to be prepared anew.")
        return SigningAdvice(text, may_help=False)
    return SigningAdvice("", may_help=False)


def _told(user: User, fault: SealFault, request: Request | None) -> Told:
    violation = errors.violation_in(fault.error)
    technical = _("A technical fault; the administrator sees the details.")
    return Told(
        number=fault.number,
        case=request.number if request else "",
        text=errors.message(violation) if violation else technical,
        advice=_advice(violation.code if violation else "", is_final=fault.is_final),
        is_final=fault.is_final or _is_lasting(violation),
        send_back=_send_back(user, request) if request and _is_lasting(violation) else "",
    )


def _is_lasting(violation: RuleViolation | None) -> bool:
    return violation is not None and violation.code.startswith(OF_THE_DRAFT + OF_THE_KEY)


def _advice(code: str, *, is_final: bool) -> str:
    if code.startswith(OF_THE_DRAFT):
        return _("No further attempt will help: the request must be sent back to review.")
    if code.startswith(OF_THE_KEY):
        return _(
            "Order it again once the organisation has a key in force and the person the role; "
            "otherwise the request must be sent back to review."
        )
    if is_final:
        return _("Order it again when the cause is removed.")
    return _("It will be tried again by itself.")


def _send_back(user: User, request: Request) -> str:
    """The address where the person may send the request back, empty for who may not."""
    acts = {act.event for act in acts_of(user, request, now=clock.now())}
    may = request.state == State.APPROVED and Event.SEND_BACK in acts
    return reverse("cases:send_back", args=[request.number]) if may else ""
