"""Persons who learned: register, find, show the IIN masked."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from kualik.accounts.adapters import iin_hash, open_iin, seal_iin
from kualik.accounts.models import Person, PersonPhone
from kualik.rules.identifiers import mask_iin
from kualik.rules.phones import spaced

BATCH = 400
# What the demonstration writes into the evidence of a phone that a visitor may try.
DEMO_EVIDENCE = "demo"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person as a list names them; the IIN is checked already."""

    iin: str
    family_name: str
    given_name: str
    patronymic: str = ""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An invented person whose cabinet a visitor of the demonstration may enter by a code."""

    full_name: str
    iin: str
    phone: str


@transaction.atomic
def register_persons(*, people: Iterable[PersonFacts], now: datetime) -> dict[str, Person]:
    """The persons of a list by IIN, new ones created; a known person keeps the stored names."""
    wanted = {facts.iin: facts for facts in people}
    hashes = {iin_hash(iin): iin for iin in wanted}
    found = _by_hashes(list(hashes))
    fresh = [
        Person(
            iin_hash=digest,
            iin_sealed=seal_iin(iin),
            family_name=wanted[iin].family_name,
            given_name=wanted[iin].given_name,
            patronymic=wanted[iin].patronymic,
            created_at=now,
        )
        for digest, iin in sorted(hashes.items())
        if digest not in found
    ]
    Person.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    if fresh:
        found |= _by_hashes([person.iin_hash for person in fresh])
    return {iin: found[digest] for digest, iin in hashes.items()}


def find_persons(*, iins: Collection[str]) -> dict[str, Person]:
    """The known persons among some IINs, by IIN."""
    hashes = {iin_hash(iin): iin for iin in iins}
    found = _by_hashes(list(hashes))
    return {hashes[digest]: person for digest, person in found.items()}


def find_person(*, iin: str) -> Person | None:
    """The person of an IIN, if known."""
    return Person.objects.filter(iin_hash=iin_hash(iin)).first()


def masked_iin(person: Person) -> str:
    """The IIN as staff see it in lists."""
    return mask_iin(open_iin(bytes(person.iin_sealed)))


def demo_people() -> list[DemoPerson]:
    """Some invented people with a confirmed phone; nobody outside a demonstration."""
    if not settings.DEMO:
        return []
    rows = PersonPhone.objects.filter(evidence__document=DEMO_EVIDENCE, ended_at=None)
    return [
        DemoPerson(row.person.full_name, open_iin(bytes(row.person.iin_sealed)), spaced(row.phone))
        for row in rows.select_related("person").order_by("pk")[:6]
    ]


def _by_hashes(hashes: list[str]) -> dict[str, Person]:
    found: dict[str, Person] = {}
    for start in range(0, len(hashes), BATCH):
        rows = Person.objects.filter(iin_hash__in=hashes[start : start + BATCH])
        found |= {person.iin_hash: person for person in rows}
    return found
