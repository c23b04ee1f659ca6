"""Handing documents out on paper: print on a blank, slip or code, who got it (A57.10-2, A303.4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.core.files.base import ContentFile
from django.db import transaction

from kualik.accounts.models import OneTimeCode, User
from kualik.cases.models import Mandate, Request
from kualik.cases.services.deciding import hand_over_request
from kualik.cases.services.delivery import ON_PAPER, check_in_force
from kualik.certificates.models import Blank, Certificate, PrinterSetting, Printing
from kualik.certificates.services.blanks import blank_of, print_on_blank
from kualik.core import journal
from kualik.counter.models import HandOver
from kualik.counter.queries.handing import Receiver, standing_mandates
from kualik.counter.queries.work import is_standing
from kualik.counter.services.identifying import lasting_end
from kualik.counter.services.serving import check_here
from kualik.papers.queries import form
from kualik.papers.services import SlipFacts, SlipMandate, render_slip
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State

Way = HandOver.Way
LAST: Final = 4


def begin_print(
    *,
    request: Request,
    blank: Blank,
    printer: PrinterSetting | None,
    reason: str,
    user: User,
    role: Role,
    now: datetime,
) -> Printing:
    """Print the document of a request on a blank, where paper was asked for.

    Raises ``paper_not_asked``, ``transition_unknown`` (no document, or it was handed over), and
    those of ``certificates.services.blanks.print_on_blank``.
    """
    certificate = check_on_paper(request, user)
    return print_on_blank(
        certificate=certificate,
        blank=blank,
        printer=printer,
        reason=reason,
        user=user,
        role=role,
        now=now,
    )


@transaction.atomic
def hand_over(
    *,
    request: Request,
    receiver: Receiver,
    way: str,
    code: OneTimeCode | None,
    user: User,
    role: Role,
    now: datetime,
) -> HandOver:
    """Enter that the receiver, identified at the window, has the document on its blank.

    ``way`` is "slip" (signed by hand) or "code": then ``code`` is the used one, sent to the number
    confirmed for this very receiver. A power of attorney is looked at again. Raises
    ``paper_not_asked``, ``blank_missing``, ``receiver_unproven``, ``mandate_not_valid``,
    ``hand_over_code_other``, and those of ``check_here`` and ``hand_over_request``.
    """
    certificate = check_on_paper(request, user)
    blank = blank_of(certificate)
    if blank is None:
        raise RuleViolation("blank_missing", number=certificate.number)
    mandate = _checked(request, receiver, user, now=now)
    evidence = _evidence(request, receiver, Way(way), code)
    hand_over_request(request=request, user=user, role=role, now=now)
    row = HandOver.objects.create(
        request=request,
        blank=blank,
        visit=receiver.record.visit,
        number=slip_number(request),
        receiver=receiver.person,
        mandate=mandate,
        way=Way(way),
        evidence=evidence,
        user=user,
        handed_at=now,
    )
    if receiver.record.visit is not None:
        receiver.record.visit.requests.add(request)
    _record(row, "counter.handed_over", user=user, role=role, now=now, data=evidence)
    return row


@transaction.atomic
def keep_slip(
    *, hand_over: HandOver, content: bytes, user: User, role: Role, now: datetime
) -> None:
    """Keep the scan of the signed slip, looked at before by whoever took it; a later scan takes
    its place, the journal names both. Raises ``not_permitted``."""
    if user.provider_id != hand_over.request.provider_id:
        raise RuleViolation("not_permitted")
    hand_over.scan.save("slip", ContentFile(content), save=False)
    HandOver.objects.filter(pk=hand_over.pk).update(scan=hand_over.scan.name)
    data = {"file": hand_over.scan.name}
    _record(hand_over, "counter.slip_kept", user=user, role=role, now=now, data=data)


def make_slip(*, request: Request, receiver: Receiver, user: User, now: datetime) -> bytes:
    """The slip to sign. Raises as ``hand_over`` does before anything is entered."""
    certificate = check_on_paper(request, user)
    blank = blank_of(certificate)
    if blank is None:
        raise RuleViolation("blank_missing", number=certificate.number)
    mandate = _checked(request, receiver, user, now=now)
    facts = fact_rules.from_record(certificate.facts)
    title = form(facts.form).title
    return render_slip(
        facts=SlipFacts(
            number=slip_number(request),
            provider_name=facts.provider_name,
            request_number=request.number,
            document=Text(*(f"{name} № {facts.number}" for name in (title.kk, title.ru))),
            blank=blank.label,
            holder=Text(facts.holder_kk, facts.holder_ru),
            receiver=receiver.person.full_name,
            mandate=_on_slip(mandate),
            handed_by=user.full_name,
        ),
        now=now,
    )


def check_on_paper(request: Request, user: User) -> Certificate:
    """The document that may be printed and handed out now.

    Raises ``not_permitted``, ``transition_unknown``, ``paper_not_asked``, and those of
    ``cases.services.delivery.check_in_force``.
    """
    if user.provider_id != request.provider_id:
        raise RuleViolation("not_permitted")
    certificate = request.certificate
    if request.state != State.ISSUED or certificate is None:
        raise RuleViolation("transition_unknown", state=request.state, event="hand_over")
    if request.delivery not in ON_PAPER:
        raise RuleViolation("paper_not_asked", number=request.number)
    check_in_force(request)
    return certificate


def slip_number(request: Request) -> str:
    """The number of the slip: a request is handed out once."""
    return f"{request.number}/1"


def _checked(request: Request, receiver: Receiver, user: User, *, now: datetime) -> Mandate | None:
    """The power of attorney as it stands at this moment; None for the person themselves.

    The document shown is one that the request's own edition knows (A57.8.1, A303.8.1).
    """
    record = receiver.record
    if not is_standing(record, now=now) or record.office.provider_id != request.provider_id:
        raise RuleViolation("receiver_unproven")
    check_here(record=record, request=request, user=user, now=now)
    if record.person_id == request.person_id:
        return None
    standing = standing_mandates(request, now=now).select_for_update()
    mine = standing.filter(representative=record.person)
    found = mine.filter(pk=receiver.mandate.pk).first() if receiver.mandate else None
    if found is None:
        raise RuleViolation("mandate_not_valid")
    return found


def _evidence(
    request: Request, receiver: Receiver, way: HandOver.Way, code: OneTimeCode | None
) -> Mapping[str, object]:
    """By what the receiver was known, and what stands for the hand-over."""
    record = receiver.record
    seen = {"identification": record.pk, "document": record.kind, "last": lasting_end(record)}
    if way is Way.SLIP:
        return seen
    if code is None or not _is_fresh(code, record.person_id, request):
        raise RuleViolation("hand_over_code_other")
    return {**seen, "phone": code.phone[-LAST:], "code": code.pk}


def _is_fresh(code: OneTimeCode, person: int, request: Request) -> bool:
    """Whether it was said by this very person, for this very request and for the first time."""
    purpose = OneTimeCode.Purpose.HAND_OVER
    mine = OneTimeCode.objects.filter(pk=code.pk, person=person, purpose=purpose)
    used = mine.filter(about=request.number, used_at__isnull=False)
    return used.exists() and not HandOver.objects.filter(evidence__code=code.pk).exists()


def _on_slip(mandate: Mandate | None) -> SlipMandate | None:
    if mandate is None:
        return None
    return SlipMandate(
        number=mandate.document_number,
        issued_on=mandate.issued_on,
        valid_until=mandate.valid_until,
    )


def _record(
    row: HandOver,
    action: str,
    *,
    user: User,
    role: Role,
    now: datetime,
    data: Mapping[str, object],
) -> None:
    about = {"request": row.request.number, "way": row.way, "mandate": row.mandate_id, **data}
    journal.record(
        subject=f"hand_over:{row.pk}",
        action=action,
        actor=user.acting_as(role),
        now=now,
        data=about,
    )
