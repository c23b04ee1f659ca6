"""Who stands at the window: kind of document, number, who checked, when (A57.8.1, A303.8.1)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from kualik.accounts.models import Person, User
from kualik.accounts.queries import identity_documents
from kualik.accounts.services import (
    PersonFacts,
    find_person,
    iin_hash,
    record_look,
    register_persons,
)
from kualik.cases.services.counter_filing import DIGITAL, check_not_own
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.throttle import Limit, check_limit, count_miss
from kualik.counter.adapters.numbers import seal_number
from kualik.counter.models import Identification, Visit
from kualik.counter.queries.order import AT_WINDOW
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

FEWEST_SIGNS: Final = 4
LAST_SIGNS: Final = 3
# Nobody serves forty people in a quarter of an hour; whoever types that many IINs tries them out.
LOOK_UPS: Final = Limit("people looked up at a window", 40)
# A form sent twice is one look at one document.
TWICE_WITHIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The identity document in the clerk's hands; ``valid_until`` None where it was not typed."""

    kind: str
    number: str
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and by whom: ``visit`` is the ticket in hand, if there is one."""

    office: Office
    user: User
    role: Role
    visit: Visit | None = None


def identify(*, facts: PersonFacts, shown: Shown, place: Place, now: datetime) -> Identification:
    """Keep that a member of staff saw the document of somebody, who is registered by it if unknown.

    A known person keeps the names the register has. The look-up stays counted whatever follows, so
    call it outside transactions. Raises ``own_case``, ``identity_document_unknown``,
    ``identity_document_number``, ``identity_document_expired``, ``person_names_needed`` and what
    ``look_up`` raises.
    """
    check_not_oneself(place.user, facts.iin)
    number = plain_number(shown.number)
    if shown.kind not in identity_documents() or shown.kind == DIGITAL:
        raise RuleViolation("identity_document_unknown")
    if len(number) < FEWEST_SIGNS:
        raise RuleViolation("identity_document_number")
    check_valid(shown.valid_until, now=now)
    look_up(iin=facts.iin, place=place, now=now)
    return _identified(facts, shown, number, place=place, now=now)


@transaction.atomic
def look_up(*, iin: str, place: Place, now: datetime) -> Person | None:
    """The person of a typed IIN, None for one the register does not know.

    The answer tells who is in the register, so each is counted against the member of staff and
    stands in their journal, without the IIN. Raises ``too_many_tries``.
    """
    who = f"user:{place.user.pk}"
    check_limit(LOOK_UPS, who, now=now)
    count_miss(LOOK_UPS, who, now=now)
    found = find_person(iin=iin)
    journal.record(
        subject=who,
        action="counter.person_looked_up",
        actor=place.user.acting_as(place.role),
        now=now,
        data={"office": place.office.pk, "is_known": found is not None},
    )
    return found


@transaction.atomic
def _identified(
    facts: PersonFacts, shown: Shown, number: str, *, place: Place, now: datetime
) -> Identification:
    person = known_person(facts, now=now)
    before = Identification.objects.filter(
        visit=place.visit,
        office=place.office,
        person=person,
        kind=shown.kind,
        number_end=number[-LAST_SIGNS:],
        checked_by=place.user,
        checked_at__gt=now - TWICE_WITHIN,
    ).first()
    if before is not None:
        return before
    record = Identification(
        visit=place.visit,
        office=place.office,
        person=person,
        kind=shown.kind,
        number_sealed=seal_number(number),
        number_end=number[-LAST_SIGNS:],
        valid_until=shown.valid_until,
        checked_by=place.user,
        checked_at=now,
    )
    return keep(record, place=place, now=now)


def keep(record: Identification, *, place: Place, now: datetime) -> Identification:
    """Save a record, tell the journal and the ticket; call it in a transaction."""
    record.save(force_insert=True)
    actor = place.user.acting_as(place.role)
    journal.record(
        subject=subject_of(record),
        action="counter.identified",
        actor=actor,
        now=now,
        data={
            "person": f"person:{record.person_id}",
            "kind": record.kind,
            "last": lasting_end(record),
        },
    )
    about = place.visit.number if place.visit else ""
    record_look(person=record.person, what="window", about=about, actor=actor, now=now)
    if place.visit is not None:
        at_hand = Visit.objects.filter(pk=place.visit.pk, user=place.user, state__in=AT_WINDOW)
        at_hand.update(person=record.person, mandate=None)
    return record


def subject_of(record: Identification) -> str:
    """An identification as the journal names it."""
    return f"identification:{record.pk}"


def lasting_end(record: Identification) -> str:
    """The last signs of the shown document as evidence keeps them for good.

    What the digital documents service told may not outlive its term, not even three signs of it
    (A303.10.c).
    """
    return "" if record.kind == DIGITAL else record.number_end


def known_person(facts: PersonFacts, *, now: datetime) -> Person:
    """The person of an IIN, registered by the document if unknown. Raises
    ``person_names_needed``."""
    found = find_person(iin=facts.iin)
    if found is not None:
        return found
    if not (facts.family_name and facts.given_name):
        raise RuleViolation("person_names_needed")
    return register_persons(people=[facts], now=now)[facts.iin]


def check_not_oneself(user: User, iin: str) -> None:
    """Raises ``own_case``: nobody serves themselves at the window."""
    check_not_own(user, {iin_hash(iin)})


def check_valid(valid_until: date | None, *, now: datetime) -> None:
    """Raises ``identity_document_expired`` (article 19: papers whose term is over)."""
    if valid_until is not None and valid_until < local_day(now):
        raise RuleViolation("identity_document_expired", on=f"{valid_until:%d.%m.%Y}")


def plain_number(number: str) -> str:
    """Letters and digits of a document's number, capital."""
    return "".join(sign for sign in number if sign.isalnum()).upper()
