"""What the contact centre finds: requests and how they stand, never documents (A57.10.b)."""

import re
from collections.abc import Collection

from django.db.models import Q, QuerySet

from kualik.accounts.models import PersonPhone
from kualik.accounts.services import iin_hash
from kualik.cases.models import Request
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.phones import e164

SHOWN = 20
TWELVE_DIGITS = re.compile(r"\s*(?:\d[\s-]?){12}", re.ASCII)


def kind_of(sought: str) -> str:
    """What somebody typed: "number", "iin", "phone"; empty for none of them.

    Twelve digits are an IIN and nothing else: raises what ``parse_iin`` raises for a wrong one.
    """
    if TWELVE_DIGITS.fullmatch(sought):
        identifiers.parse_iin(sought)
        return "iin"
    try:
        identifiers.parse_public_number(sought)
    except RuleViolation:
        return "phone" if e164(sought) else ""
    return "number"


def requests_named(numbers: Collection[str]) -> QuerySet[Request]:
    """The requests of some numbers, with what a page shows of them."""
    return _rows().filter(number__in=numbers)


def requests_sought(sought: str) -> QuerySet[Request]:
    """The requests of a number, of the person of an IIN, or of who has or gave a phone; the newest
    first, ``SHOWN`` at most."""
    return _rows().filter(_sought(sought)).order_by("-filed_at", "-pk")[:SHOWN]


def _rows() -> QuerySet[Request]:
    return Request.objects.select_related(
        "provider", "person", "completion__programme", "certificate", "mandate__representative"
    )


def _sought(sought: str) -> Q:
    kind = kind_of(sought)
    if kind == "number":
        return Q(number=identifiers.parse_public_number(sought).text)
    if kind == "iin":
        return Q(person__iin_hash=iin_hash(identifiers.parse_iin(sought).value))
    if kind == "phone":
        phone = e164(sought)
        owners = PersonPhone.objects.filter(phone=phone, ended_at=None).values("person")
        return Q(person__in=owners) | Q(completion__phone=phone) | Q(claim__phone=phone)
    return Q(pk__in=[])
