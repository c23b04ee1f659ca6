"""Numbers confirmed as a person's own, by a registry, an entry or an identity document."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from kualik.accounts.adapters import open_iin
from kualik.accounts.adapters.phones import registered_phone
from kualik.accounts.models import Person, PersonPhone
from kualik.accounts.queries import is_confirmed
from kualik.core import jobs, journal
from kualik.core.journal import SYSTEM, Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.phones import e164

# Told by a room that can send messages (cases.services.entering).
MOVED_JOB = "accounts.phone_moved"
MOST_PHONES = 5


@transaction.atomic
def confirm_phone(
    *,
    person: Person,
    phone: str,
    how: str,
    evidence: Mapping[str, object],
    actor: Actor,
    now: datetime,
) -> PersonPhone:
    """Make a number a person's own (A303.10.a); one confirmed for somebody else moves.

    ``how`` and ``evidence``: see ``PersonPhone``. Both owners' journals tell of a move, and the
    former owner is told. A number that is the person's already stays as it was confirmed.
    Errors: ``phone_unreadable``, ``too_many_phones``, ``conflict``.
    """
    number = e164(phone)
    if not number:
        raise RuleViolation("phone_unreadable")
    Person.objects.select_for_update().get(pk=person.pk)
    held = PersonPhone.objects.select_for_update().filter(phone=number, ended_at=None).first()
    if held is not None and held.person_id == person.pk:
        return held
    if PersonPhone.objects.filter(person=person, ended_at=None).count() >= MOST_PHONES:
        raise RuleViolation("too_many_phones", most=MOST_PHONES)
    if held is not None:
        _move_away(held, how=how, actor=actor, now=now)
    row = PersonPhone(
        person=person,
        phone=number,
        how=PersonPhone.How(how),
        evidence=dict(evidence),
        confirmed_at=now,
        confirmed_by=actor.name,
    )
    _keep(row)
    data = {"phone": number[-4:], "how": how, "moved": held is not None}
    _record("accounts.phone_confirmed", row, data, actor, now)
    return row


@transaction.atomic
def remove_phone(*, person: Person, phone_id: int, actor: Actor, now: datetime) -> None:
    """Take a confirmed number away from its person. Error: ``phone_not_yours``."""
    row = PersonPhone.objects.filter(pk=phone_id, person=person).first()
    ended = PersonPhone.objects.filter(pk=phone_id, person=person, ended_at=None)
    if row is None or not ended.update(ended_at=now):
        raise RuleViolation("phone_not_yours")
    _record("accounts.phone_removed", row, {"phone": row.phone[-4:]}, actor, now)


def owner_of(*, person: Person | None, phone: str, iin: str) -> Person | None:
    """The person of an IIN if the number is theirs: confirmed here, or by the registry of phones.

    The work is the same for every IIN, and the registry is asked about each, so that nobody can
    tell the known ones by the time it takes.
    """
    named = registered_phone(iin)
    rows = PersonPhone.objects.filter(phone=phone, ended_at=None)
    owner = rows.values_list("person", flat=True).first()
    is_theirs = person is not None and owner == person.pk
    return person if is_theirs or (named and named == phone) else None


def keep_registered(*, person: Person, phone: str, now: datetime) -> bool:
    """Whether a number is still the person's; one that the registry names is kept as confirmed."""
    if is_confirmed(person, phone):
        return True
    if registered_phone(open_iin(bytes(person.iin_sealed))) != phone:
        return False
    registry = PersonPhone.How.REGISTRY
    confirm_phone(person=person, phone=phone, how=registry, evidence={}, actor=SYSTEM, now=now)
    return True


def _keep(row: PersonPhone) -> None:
    """Somebody else may confirm the same number at the same moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise RuleViolation("conflict") from error


def _move_away(held: PersonPhone, *, how: str, actor: Actor, now: datetime) -> None:
    PersonPhone.objects.filter(pk=held.pk, ended_at=None).update(ended_at=now)
    _record("accounts.phone_moved", held, {"phone": held.phone[-4:], "how": how}, actor, now)
    jobs.enqueue(name=MOVED_JOB, key=f"{MOVED_JOB}:{held.pk}", payload={"phone": held.pk}, now=now)


def _record(
    action: str, row: PersonPhone, data: Mapping[str, object], actor: Actor, now: datetime
) -> None:
    journal.record(
        subject=f"person:{row.person_id}", action=action, actor=actor, now=now, data=data
    )
