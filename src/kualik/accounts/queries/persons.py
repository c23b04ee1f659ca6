"""The person at the browser: who it is, how strongly that was proved, which phones are theirs."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from kualik.accounts.models import Person, PersonPhone
from kualik.core.access import entry_of
from kualik.rules.language import Text
from kualik.rules.phones import e164

BATCH = 400
DATA = Path(__file__).resolve().parents[1] / "data"
# Whoever entered by one of these may sign or confirm anything; a one-time code confirms a request
# and is never a signature.
SIGNING_LEVELS = frozenset({"eds", "idp"})
HOW_LABELS: Mapping[str, Text] = {
    PersonPhone.How.REGISTRY: Text(
        "мобильді азаматтар базасы бойынша",
        "по базе мобильных граждан",
        "by the registry of phones",
    ),
    PersonPhone.How.IDP: Text("eGov IDP арқылы", "через eGov IDP", "by eGov IDP"),
    PersonPhone.How.EDS: Text(
        "ЭЦҚ арқылы кіргенде", "при входе по ЭЦП", "after entering with an EDS"
    ),
    PersonPhone.How.COUNTER: Text(
        "жеке басты куәландыратын құжат бойынша",
        "по документу, удостоверяющему личность",
        "by an identity document at the counter",
    ),
}


def applicant_of(request: HttpRequest) -> Person:
    """The person whose cabinet is open; the middleware has let nobody else in."""
    person = visiting_person(request)
    if person is None:
        raise PermissionDenied("nobody entered")
    return person


def visiting_person(request: HttpRequest) -> Person | None:
    """The person who entered the own cabinet in this browser, if any."""
    entry = entry_of(request)
    return None if entry is None else Person.objects.filter(pk=str(entry["person"])).first()


def level_of(request: HttpRequest) -> str:
    """How strongly the visitor proved who they are: "eds", "idp", "otp"; empty without entry."""
    entry = entry_of(request)
    return "" if entry is None else str(entry["level"])


def way_of(request: HttpRequest) -> str:
    """By which way the visitor entered ("ncalayer", "egov-mobile", "idp", "code"), else empty."""
    entry = entry_of(request)
    return "" if entry is None else str(entry["way"])


def may_sign(request: HttpRequest) -> bool:
    """Whether the entry is strong enough for acts beyond confirming a request (A303.10.a, b)."""
    return level_of(request) in SIGNING_LEVELS


def phones_of(person: Person) -> Sequence[PersonPhone]:
    """The numbers confirmed for a person now, the last confirmed first."""
    return list(
        PersonPhone.objects.filter(person=person, ended_at=None).order_by("-confirmed_at", "-pk")
    )


def confirmed_phone(person: Person) -> str:
    """The number to reach a person at, E.164; empty when none is confirmed.

    A number that merely stands in a list is not meant here: it may get a notice, nothing more.
    """
    return next((row.phone for row in phones_of(person)), "")


def confirmed_phones(persons: Iterable[int]) -> dict[int, str]:
    """The same for many persons at once, by primary key."""
    keys = sorted(persons)
    found: dict[int, str] = {}
    for start in range(0, len(keys), BATCH):
        rows = PersonPhone.objects.filter(person__in=keys[start : start + BATCH], ended_at=None)
        found |= dict(rows.order_by("confirmed_at", "pk").values_list("person", "phone"))
    return found


def person_of_phone(phone: str) -> Person | None:
    """Whose confirmed number this is, however it is spelled."""
    found = PersonPhone.objects.filter(phone=e164(phone), ended_at=None).exclude(phone="")
    row = found.select_related("person").first()
    return row.person if row else None


def is_confirmed(person: Person, phone: str) -> bool:
    """Whether a number (E.164) is confirmed for this very person now."""
    return PersonPhone.objects.filter(person=person, phone=phone, ended_at=None).exists()


@cache
def identity_documents() -> Mapping[str, Text]:
    """The kinds of documents by which a clerk sees who somebody is (A303.8.1), by code."""
    rows = tomllib.loads((DATA / "documents.toml").read_text(encoding="utf-8"))
    return {code: Text(**words) for code, words in rows.items()}
