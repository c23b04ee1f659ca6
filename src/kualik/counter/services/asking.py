"""Identifying by a document of the digital documents service: asked for here, allowed by the person
in the app, kept no longer than it may be (A303.8.1, A303.10.c)."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from kualik.accounts.adapters import open_iin, seal_iin
from kualik.accounts.services import PersonFacts, iin_hash
from kualik.cases.services.counter_filing import DIGITAL
from kualik.core import journal
from kualik.core.jobs import Payload
from kualik.core.journal import Actor
from kualik.counter.adapters import digital_documents as service
from kualik.counter.adapters.digital_documents import Answer, Asked, Document
from kualik.counter.adapters.numbers import seal_number
from kualik.counter.models import DocumentAsk, Identification
from kualik.counter.services.identifying import (
    FEWEST_SIGNS,
    LAST_SIGNS,
    Place,
    check_not_oneself,
    check_valid,
    keep,
    known_person,
    plain_number,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

State = DocumentAsk.State
# Whatever the service allows: nobody waits longer, nothing is kept longer.
LONGEST_WAIT: Final = timedelta(minutes=10)
LONGEST_KEPT: Final = timedelta(hours=24)
FORGET_DOCUMENTS_JOB: Final = "counter.forget_documents"
UNREACHABLE: Final = "digital_documents_unreachable"


def ask_document(*, iin: str, place: Place, now: datetime) -> DocumentAsk:
    """Ask the service for somebody's identity card; while one question stands no other is asked.

    The call goes out before anything is written. Raises ``digital_documents_off``, ``own_case`` and
    what ``adapters.digital_documents.ask`` raises.
    """
    if not service.is_connected():
        raise RuleViolation("digital_documents_off")
    check_not_oneself(place.user, iin)
    digest = iin_hash(iin)
    standing = DocumentAsk.objects.filter(
        iin_hash=digest,
        office=place.office,
        user=place.user,
        visit=place.visit,
        state=State.ASKED,
        ends_at__gt=now,
    ).first()
    if standing is not None:
        return standing
    provider = place.office.provider
    asked = service.ask(iin=iin, kind=service.IDENTITY, asker=provider.name, bin=provider.bin)
    return _begun(place, digest, iin, asked, now=now)


@transaction.atomic
def _begun(place: Place, digest: str, iin: str, asked: Asked, *, now: datetime) -> DocumentAsk:
    ask = DocumentAsk.objects.create(
        visit=place.visit,
        office=place.office,
        user=place.user,
        iin_hash=digest,
        iin_sealed=seal_iin(iin),
        kind=service.IDENTITY,
        reference=asked.reference,
        asked_at=now,
        ends_at=min(asked.ends_at, now + LONGEST_WAIT),
    )
    journal.record(
        subject=subject_of_ask(ask),
        action="counter.document_asked",
        actor=place.user.acting_as(place.role),
        now=now,
        data={"kind": ask.kind, "office": place.office.pk},
    )
    return ask


def follow_ask(*, ask: DocumentAsk, role: Role, now: datetime) -> DocumentAsk:
    """Look where a question stands and keep what came of it, once however often it is called.

    ``role`` is that of whoever asked. While the service does not answer the question stands, with
    ``fault`` saying so, until its time is over.
    """
    if ask.state != State.ASKED:
        return ask
    try:
        iin = open_iin(bytes(ask.iin_sealed))
        answer = service.look(reference=ask.reference, iin=iin)
    except RuleViolation as violation:
        if violation.code != UNREACHABLE:
            return _ended(ask, State.FAILED, role=role, now=now, fault=violation.code)
        if now < ask.ends_at:
            ask.fault = violation.code
            return ask
        return _ended(ask, State.EXPIRED, role=role, now=now)
    return _taken(ask, answer, role=role, now=now)


def forget_documents(*, now: datetime) -> int:
    """Remove the data whose time is over; that a document was seen, by whom and when, remains.
    Questions nobody followed to their end lose the IIN. How many records were emptied."""
    over = Identification.objects.filter(expires_at__lte=now).exclude(facts={})
    count = over.update(facts={}, number_sealed=b"", number_end="", valid_until=None)
    for ask in DocumentAsk.objects.filter(state=State.ASKED, ends_at__lte=now).order_by("pk"):
        _close(ask, State.EXPIRED, actor=journal.SYSTEM, now=now)
    return count


def subject_of_ask(ask: DocumentAsk) -> str:
    """A question as the journal names it."""
    return f"document_ask:{ask.pk}"


def run_forget_job(_payload: Payload, now: datetime) -> None:
    """The handler of ``FORGET_DOCUMENTS_JOB``."""
    forget_documents(now=now)


def _taken(ask: DocumentAsk, answer: Answer, *, role: Role, now: datetime) -> DocumentAsk:
    if answer.state == "denied":
        return _ended(ask, State.DENIED, role=role, now=now)
    if answer.document is not None:
        fault = _fault(ask, answer.document, now=now)
        if fault:
            return _ended(ask, State.FAILED, role=role, now=now, fault=fault)
        return _allowed(ask, answer.document, role=role, now=now)
    if answer.state == "expired" or now >= ask.ends_at:
        return _ended(ask, State.EXPIRED, role=role, now=now)
    ask.fault = ""
    return ask


def _fault(ask: DocumentAsk, document: Document, *, now: datetime) -> str:
    """Why a document that came proves nothing, by code; empty when it does."""
    if iin_hash(document.iin) != ask.iin_hash:
        return "digital_document_of_another"
    is_whole = document.family_name and document.given_name
    if not is_whole or len(plain_number(document.number)) < FEWEST_SIGNS:
        return "digital_documents_answer_wrong"
    if not document.is_active:
        return "digital_document_not_active"
    if document.keep_until <= now:
        return "digital_document_over"
    try:
        check_valid(document.valid_until, now=now)
    except RuleViolation as violation:
        return violation.code
    return ""


@transaction.atomic
def _allowed(ask: DocumentAsk, document: Document, *, role: Role, now: datetime) -> DocumentAsk:
    """The record, made by whichever of two looks at the same moment was first."""
    iin = open_iin(bytes(ask.iin_sealed))
    if not _move(ask, State.ALLOWED):
        ask.refresh_from_db()
        return ask
    names = (document.family_name, document.given_name, document.patronymic)
    number = plain_number(document.number)
    record = Identification(
        visit=ask.visit,
        office=ask.office,
        person=known_person(PersonFacts(iin, *names), now=now),
        kind=DIGITAL,
        number_sealed=seal_number(number),
        number_end=number[-LAST_SIGNS:],
        valid_until=document.valid_until,
        facts=_facts(document, now=now),
        expires_at=min(document.keep_until, now + LONGEST_KEPT),
        checked_by=ask.user,
        checked_at=now,
    )
    place = Place(office=ask.office, user=ask.user, role=role, visit=ask.visit)
    ask.identification = keep(record, place=place, now=now)
    ask.save(update_fields=["identification"])
    return ask


def _facts(document: Document, *, now: datetime) -> dict[str, str]:
    return {
        "family_name": document.family_name,
        "given_name": document.given_name,
        "patronymic": document.patronymic,
        "issuer_kk": document.issuer.kk,
        "issuer_ru": document.issuer.ru,
        "issued_on": document.issued_on.isoformat() if document.issued_on else "",
        "received_at": now.isoformat(),
    }


def _ended(
    ask: DocumentAsk, state: DocumentAsk.State, *, role: Role, now: datetime, fault: str = ""
) -> DocumentAsk:
    """A question that identified nobody, as whoever asked sees it."""
    if not _close(ask, state, actor=ask.user.acting_as(role), now=now, fault=fault):
        ask.refresh_from_db()
    return ask


@transaction.atomic
def _close(
    ask: DocumentAsk,
    state: DocumentAsk.State,
    *,
    actor: Actor,
    now: datetime,
    fault: str = "",
) -> bool:
    """Write the end and the journal together; whether nobody did before."""
    is_first = _move(ask, state, fault=fault)
    if is_first:
        journal.record(
            subject=subject_of_ask(ask),
            action=f"counter.document_{state.value}",
            actor=actor,
            now=now,
            data={"fault": fault} if fault else {},
        )
    return is_first


def _move(ask: DocumentAsk, state: DocumentAsk.State, *, fault: str = "") -> bool:
    """Write where the question ended, if nobody did before; the IIN is needed no longer."""
    values = {"state": state, "fault": fault, "iin_sealed": b""}
    moved = DocumentAsk.objects.filter(pk=ask.pk, state=State.ASKED).update(**values)
    for name, value in values.items():
        setattr(ask, name, value)
    return bool(moved)
