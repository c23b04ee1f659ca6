"""What is done for the person at the window: filed, represented, decided, taken back."""

from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.models import Draft, Mandate, Request
from kualik.cases.queries.asking import Receivable
from kualik.cases.services.application import Wish
from kualik.cases.services.claiming import Claim
from kualik.cases.services.counter_filing import (
    Presence,
    check_not_own,
    check_shown,
    file_at_counter,
    file_claim_at_counter,
)
from kualik.cases.services.deciding import approve_request, record_withdrawal
from kualik.cases.services.filing import standard_for
from kualik.cases.services.mandating import MandateFacts, register_mandate
from kualik.counter.models import Identification, Visit
from kualik.counter.queries.work import is_standing
from kualik.counter.services.identifying import Place, lasting_end, look_up
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role


def presence_of(record: Identification, *, now: datetime) -> Presence:
    """The record as the evidence of a request names it. Raises ``identify_again`` when the person
    counts as gone."""
    if not is_standing(record, now=now):
        raise RuleViolation("identify_again")
    return Presence(record=record.pk, document=record.kind, end=lasting_end(record))


@transaction.atomic
def file_for(
    *,
    record: Identification,
    wanted: Receivable,
    wish: Wish,
    seen: str,
    key: str,
    user: User,
    role: Role,
    now: datetime,
) -> Request:
    """File for the person of ``record`` or for their principal, and note it on the ticket.

    Raises ``identify_again`` and what ``file_at_counter`` raises.
    """
    request = file_at_counter(
        completion=wanted.completion,
        wish=wish,
        seen=seen,
        key=key,
        presence=presence_of(record, now=now),
        user=user,
        role=role,
        now=now,
    )
    note_request(record=record, request=request)
    return request


@transaction.atomic
def claim_for(
    *,
    record: Identification,
    draft: Draft,
    claim: Claim,
    wish: Wish,
    user: User,
    role: Role,
    now: datetime,
) -> Request:
    """File for the person of ``record`` what they say of a training that no list names.

    Raises ``identify_again`` and what ``file_claim_at_counter`` raises.
    """
    request = file_claim_at_counter(
        draft=draft,
        claim=claim,
        wish=wish,
        presence=presence_of(record, now=now),
        user=user,
        role=role,
        now=now,
    )
    note_request(record=record, request=request)
    return request


def note_request(*, record: Identification, request: Request) -> None:
    """Tie a request to the ticket in hand, with the power of attorney it rests on."""
    if record.visit is None:
        return
    record.visit.requests.add(request)
    if request.mandate_id is not None:
        Visit.objects.filter(pk=record.visit.pk).update(mandate=request.mandate_id)


@transaction.atomic
def represent(
    *, record: Identification, facts: MandateFacts, user: User, role: Role, now: datetime
) -> Mandate:
    """Enter the power of attorney whose original the representative at the window has brought
    (A57.8.head, A303.8.head); entered twice it is one.

    Raises ``identify_again``, ``document_not_in_edition`` (by the order in force), ``own_case`` and
    what ``register_mandate`` raises.
    """
    check_shown(standard_for("", now), presence_of(record, now=now).document)
    same = Mandate.objects.filter(
        representative=record.person,
        principal_hash=facts.digest,
        provider=facts.provider,
        document_number=facts.document_number,
        issued_on=facts.issued_on,
        state=Mandate.State.CHECKED,
    ).first()
    mandate = same or register_mandate(
        representative=record.person, facts=facts, user=user, role=role, now=now
    )
    if record.visit is not None:
        Visit.objects.filter(pk=record.visit.pk).update(mandate=mandate)
    return mandate


def name_of_principal(
    iin: str, *, record: Identification, user: User, role: Role, now: datetime
) -> str:
    """The full name that the register has for an IIN; empty for one it does not know. Raises as
    ``look_up`` does."""
    place = Place(office=record.office, user=user, role=role, visit=record.visit)
    found = look_up(iin=iin, place=place, now=now)
    return found.full_name if found else ""


@transaction.atomic
def approve_here(
    *, record: Identification, request: Request, user: User, role: Role, now: datetime
) -> Request:
    """Approve at once while the person waits; a clerk may not (``transition_forbidden``).

    Raises what ``check_here`` and ``approve_request`` raise.
    """
    check_here(record=record, request=request, user=user, now=now)
    approve_request(request=request, user=user, role=role, now=now)
    note_request(record=record, request=request)
    return request


@transaction.atomic
def withdraw_here(
    *,
    record: Identification,
    request: Request,
    reason: str,
    user: User,
    role: Role,
    now: datetime,
) -> Request:
    """Enter that the person takes the request back, by their paper.

    Raises what ``check_here`` and ``record_withdrawal`` raise.
    """
    check_here(record=record, request=request, user=user, now=now)
    record_withdrawal(request=request, reason=reason, user=user, role=role, now=now)
    note_request(record=record, request=request)
    return request


def check_here(*, record: Identification, request: Request, user: User, now: datetime) -> None:
    """Whether a request may be worked on for whoever was identified.

    Raises ``own_case``, ``identify_again``, and ``document_not_in_edition`` for a document that the
    request's own edition does not know.
    """
    concerned = {record.person.iin_hash, request.person.iin_hash}
    if request.mandate is not None:
        concerned.add(request.mandate.representative.iin_hash)
    check_not_own(user, concerned)
    presence = presence_of(record, now=now)
    check_shown(standards.get(request.edition, request.edition_version), presence.document)
