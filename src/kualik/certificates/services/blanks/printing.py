"""Documents on paper blanks: a print is asked for, comes out or does not, and is answered for.

The issued file is never touched: what is printed are the frozen facts alone, at the places where
the blank has room for them.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from kualik.accounts.models import User
from kualik.certificates.models import Blank, Certificate, PrinterSetting, Printing
from kualik.certificates.services.blanks.moving import State, check_answerable, move
from kualik.certificates.services.blanks.spending import Act, check_fit, use_blank, write_off
from kualik.certificates.services.sealing import check_address
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.papers.services import SealBlock, render_on_blank
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey

Outcome = Printing.Outcome


@transaction.atomic
def print_on_blank(
    *,
    certificate: Certificate,
    blank: Blank,
    printer: PrinterSetting | None,
    reason: str,
    user: User,
    role: Role,
    now: datetime,
) -> Printing:
    """Begin a print; the blank stays given until somebody says what came out.

    A document printed before needs a ``reason``. Raises those of ``use_blank``,
    ``reprint_reason_missing``, ``print_open`` (nobody answered for the print before),
    ``blank_conflict`` (somebody else took the blank).
    """
    Certificate.objects.select_for_update().get(pk=certificate.pk)
    check_fit(blank, certificate, user)
    if printer is not None and printer.provider_id != certificate.provider_id:
        raise RuleViolation("not_permitted")
    _check_reason(certificate, reason)
    actor = user.acting_as(role)
    about: dict[str, object] = {"certificate": certificate.number}
    act = "certificates.blank_at_printer"
    move(blank, frm=(State.GIVEN,), to=State.GIVEN, action=act, actor=actor, now=now, data=about)
    row = Printing(
        certificate=certificate,
        blank=blank,
        printer=printer,
        reason=reason.strip(),
        user=user,
        printed_at=now,
    )
    _begin(row)
    _record_print(row, actor=actor)
    return row


def needs_reason(certificate: Certificate) -> bool:
    """Whether the document came to a printer before."""
    return certificate.printings.exists()


def open_print(certificate: Certificate) -> Printing | None:
    """The print of a document that nobody answered for yet."""
    return _open(certificate=certificate)


def print_on(blank: Blank) -> Printing | None:
    """The print for which a blank lies at a printer."""
    return _open(blank=blank)


@transaction.atomic
def answer_print(
    *,
    printing: Printing,
    outcome: str,
    act: Act | None,
    user: User,
    role: Role,
    now: datetime,
) -> Printing:
    """Say what came out: "good" uses the blank, "spoiled" writes it off by ``act``, after
    "nothing" it is as clean as before.

    For somebody who is gone a keeper of the safe answers, yet never "good": only the holder saw
    the paper come out. Raises ``print_answered``, ``act_missing``, and those of ``use_blank``.
    """
    wanted = Outcome(outcome)
    mine = Printing.objects.filter(pk=printing.pk, outcome=Outcome.OPEN)
    if wanted == Outcome.OPEN or not mine.update(outcome=wanted, answered_at=now):
        raise RuleViolation("print_answered")
    blank = Blank.objects.select_related("receipt", "provider", "certificate").get(
        pk=printing.blank_id
    )
    actor = check_answerable(blank, user, role)
    if wanted == Outcome.GOOD:
        use_blank(blank=blank, certificate=printing.certificate, user=user, role=role, now=now)
    elif wanted == Outcome.SPOILED:
        frm = (State.GIVEN,)
        act = act or Act(number="", reason="")
        write_off(blank, frm=frm, to=State.SPOILED, act=act, actor=actor, now=now)
    journal.record(
        subject=f"certificate:{printing.certificate.number}",
        action=f"certificates.print_{wanted.value}",
        actor=actor,
        now=now,
        data={"blank": blank.label},
    )
    printing.outcome, printing.answered_at, printing.blank = wanted, now, blank
    return printing


def render_print(printing: Printing) -> bytes:
    """The words for the blank, from the frozen facts and the printer's alignment.

    Raises ``print_answered`` (a print that is over is not made again), ``facts_changed``, and what
    ``papers.services.render_on_blank`` raises.
    """
    if printing.outcome != Outcome.OPEN:
        raise RuleViolation("print_answered")
    certificate, printer = printing.certificate, printing.printer
    facts = fact_rules.from_record(certificate.facts)
    if fact_rules.digest(facts) != certificate.facts_sha256:
        raise RuleViolation("facts_changed", number=certificate.number)
    key = certificate.key
    if key is None:
        raise RuleViolation("document_not_in_force", number=certificate.number)
    return render_on_blank(
        facts=facts,
        check_url=check_address(certificate.code),
        seal=_seal_of(certificate, key, printing.printed_at),
        is_test=key.is_test,
        right=printer.right if printer else 0,
        down=printer.down if printer else 0,
        printed_at=printing.printed_at,
    )


def _open(**about: Certificate | Blank) -> Printing | None:
    found = Printing.objects.filter(outcome=Outcome.OPEN, **about)
    related = ("certificate", "blank__receipt", "blank__provider", "printer", "user")
    return found.select_related(*related).first()


def _seal_of(certificate: Certificate, key: SigningKey, now: datetime) -> SealBlock:
    """The seal as the issued file shows it."""
    facts = fact_rules.from_record(certificate.facts)
    return SealBlock(
        organisation=facts.provider_name,
        certificate_serial=key.serial,
        certificate_valid_to=local_day(key.not_after),
        sealed_at=certificate.prepared_at or certificate.sealed_at or now,
        has_person_signature=hasattr(certificate, "person_signature"),
    )


def _check_reason(certificate: Certificate, reason: str) -> None:
    if not reason.strip() and needs_reason(certificate):
        raise RuleViolation("reprint_reason_missing", number=certificate.number)


def _record_print(row: Printing, *, actor: Actor) -> None:
    data = {"blank": row.blank.label} | ({"reason": row.reason} if row.reason else {})
    journal.record(
        subject=f"certificate:{row.certificate.number}",
        action="certificates.printed",
        actor=actor,
        now=row.printed_at,
        data=data,
    )


def _begin(row: Printing) -> None:
    """One open print a document and one print a blank, whoever else tries it now."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if open_print(row.certificate) is not None:
            raise RuleViolation("print_open", number=row.certificate.number) from error
        raise RuleViolation("blank_conflict", blank=row.blank.label) from error
