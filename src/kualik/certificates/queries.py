"""The register as staff may see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from kualik.accounts.models import User
from kualik.certificates.models import Certificate, NumberSeries
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

Status = Certificate.Status
SEALED = (Status.VALID, Status.SUSPENDED, Status.REVOKED, Status.REPLACED)
SEES_ALL = frozenset({Role.INSPECTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFilter:
    """What the register is narrowed to; an empty value narrows nothing.

    ``text`` is a number, the beginning of one, or a part of the holder's name.
    """

    year: int | None = None
    kind: str = ""
    paper: str = ""
    status: str = ""
    signer: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One act in the life of a certificate; ``by`` is a name where the actor is a person."""

    at: datetime
    action: str
    by: str
    reason: str


def register_visible_to(user: User) -> QuerySet[Certificate]:
    """The own register for a provider's staff, all of them for inspectors, else nothing."""
    certificates = Certificate.objects.select_related("provider", "signer").order_by("-id")
    if user.provider_id is not None:
        return certificates.filter(provider=user.provider_id)
    return certificates if user.has_role(SEES_ALL) else certificates.none()


def narrowed(certificates: QuerySet[Certificate], wanted: RegisterFilter) -> QuerySet[Certificate]:
    """The certificates that meet all parts of a filter."""
    exact = {
        "year": wanted.year,
        "kind": wanted.kind,
        "paper": wanted.paper,
        "status": wanted.status,
        "signer": wanted.signer,
    }
    found = certificates.filter(**{name: value for name, value in exact.items() if value})
    return found.filter(_text(wanted.text)) if wanted.text else found


def _text(text: str) -> Q:
    try:
        return Q(number=identifiers.parse_public_number(text).text)
    except RuleViolation:
        # SQLite knows no case of Cyrillic letters, so the usual spellings are asked for.
        spellings = {text, text.upper(), text.title(), text.lower()}
        wanted = Q(number__istartswith=text)
        for spelling in spellings:
            wanted |= Q(holder__contains=spelling) | Q(facts__holder_kk__icontains=spelling)
        return wanted


def years_of(certificates: QuerySet[Certificate]) -> list[int]:
    """The years in which the registers seen by somebody gave numbers, latest first."""
    providers = certificates.order_by().values("provider")
    years = NumberSeries.objects.filter(provider__in=providers).values_list("year", flat=True)
    return sorted(set(years), reverse=True)


def signers_of(certificates: QuerySet[Certificate]) -> list[User]:
    """The authorised persons whose names stand on the certificates."""
    ids = certificates.order_by().values("signer").distinct()
    return list(User.objects.filter(pk__in=ids).order_by("full_name"))


def life_of(certificate: Certificate) -> list[HistoryLine]:
    """The journal of a certificate, oldest first."""
    entries = journal.history(f"certificate:{certificate.number}")
    names = _names([entry.actor for entry in entries])
    return [
        HistoryLine(
            at=entry.at,
            action=entry.action,
            by=names.get(entry.actor, ""),
            reason=str(entry.data.get("reason", "")),
        )
        for entry in entries
    ]


def _names(actors: Iterable[str]) -> dict[str, str]:
    """Full names by the journal's ``user:<id>``."""
    ids = [name for kind, _, name in (actor.partition(":") for actor in actors) if kind == "user"]
    users = User.objects.filter(pk__in=ids)
    return {Actor(name=f"user:{user.pk}").name: user.full_name for user in users}
