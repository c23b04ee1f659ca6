"""The register as staff may see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, TruncDate

from kualik.accounts.models import Person, User
from kualik.certificates.models import (
    Certificate,
    Letter,
    NumberSeries,
    PersonSignature,
    Preservation,
    Share,
)
from kualik.core import journal
from kualik.core.clock import ZONE
from kualik.core.journal import Actor
from kualik.core.models import Job
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

Status = Certificate.Status
SEALED = (Status.VALID, Status.SUSPENDED, Status.REVOKED, Status.REPLACED)
SEES_ALL = frozenset({Role.INSPECTOR})
MENDS_OPERATORS = frozenset({Role.PLATFORM_ADMIN})
# What the key of the job that makes a letter's file begins with; its number follows.
LETTER_KEY = "letter:"
SEES_DECISIONS = frozenset({Role.AUTHORISED_PERSON, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN})


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
    reason: Text | None


def register_visible_to(user: User) -> QuerySet[Certificate]:
    """The own register for a provider's staff, all of them for inspectors, else nothing."""
    related = ("provider", "signer", "person_signature")
    certificates = Certificate.objects.select_related(*related).order_by("-id")
    if user.provider_id is not None:
        return certificates.filter(provider=user.provider_id)
    return certificates if user.has_role(SEES_ALL) else certificates.none()


def certificates_of(person: Person) -> QuerySet[Certificate]:
    """The documents of a person from all providers, also those that ceased to stand."""
    sealed = Certificate.objects.filter(person=person, status__in=SEALED)
    return sealed.select_related("provider", "person_signature").order_by("-issued_on", "-id")


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


def preservation_of(certificate: Certificate) -> Preservation | None:
    """How far the certificate's proof reaches; None where nothing was tried yet."""
    return Preservation.objects.filter(certificate=certificate).first()


def life_of(certificate: Certificate) -> list[HistoryLine]:
    """The journal of a certificate, oldest first."""
    return _life(f"certificate:{certificate.number}")


def life_of_letter(letter: Letter) -> list[HistoryLine]:
    """The journal of a letter, oldest first."""
    return _life(f"letter:{letter.number}")


def life_of_blank(subject: str) -> list[HistoryLine]:
    """The journal of a blank by its name there, oldest first."""
    return _life(subject)


def _life(subject: str) -> list[HistoryLine]:
    entries = journal.history(subject)
    names = _names([entry.actor for entry in entries])
    return [
        HistoryLine(
            at=entry.at,
            action=entry.action,
            by=names.get(entry.actor, ""),
            reason=journal.reason_of(entry),
        )
        for entry in entries
    ]


def _names(actors: Iterable[str]) -> dict[str, str]:
    """Full names by the journal's ``user:<id>``."""
    ids = [name for kind, _, name in (actor.partition(":") for actor in actors) if kind == "user"]
    users = User.objects.filter(pk__in=ids)
    return {Actor(name=f"user:{user.pk}").name: user.full_name for user in users}


@dataclass(frozen=True, slots=True)
class SignedDay:
    """A day on which somebody signed, and how many documents."""

    day: date
    count: int


def signed_days(user: User) -> list[SignedDay]:
    """The days on which a member of staff signed, the last first (Digital Code, article 50)."""
    counts: dict[date, int] = {}
    for rows, moment in ((_signatures_by(user), "accepted_at"), (_letters_by(user), "signed_at")):
        days = rows.annotate(day=TruncDate(moment, tzinfo=ZONE)).values("day")
        for row in days.annotate(count=Count("pk")).order_by():
            counts[row["day"]] = counts.get(row["day"], 0) + row["count"]
    return [SignedDay(day, counts[day]) for day in sorted(counts, reverse=True)]


def signed_on(user: User, day: date) -> QuerySet[PersonSignature]:
    """The documents that a member of staff signed on a day, the last first."""
    begins = datetime.combine(day, time(), ZONE)
    found = _signatures_by(user).filter(
        accepted_at__gte=begins, accepted_at__lt=begins + timedelta(days=1)
    )
    return found.select_related("certificate").order_by("-accepted_at", "-pk")


def letters_signed_on(user: User, day: date) -> QuerySet[Letter]:
    """The letters that a member of staff signed on a day, the last first."""
    begins = datetime.combine(day, time(), ZONE)
    found = _letters_by(user).filter(
        signed_at__gte=begins, signed_at__lt=begins + timedelta(days=1)
    )
    return found.order_by("-signed_at", "-pk")


def _signatures_by(user: User) -> QuerySet[PersonSignature]:
    return PersonSignature.objects.filter(signer=user)


def _letters_by(user: User) -> QuerySet[Letter]:
    return Letter.objects.filter(signer=user).exclude(signature="")


def own_prepared(user: User) -> QuerySet[Certificate]:
    """The drafts with a sealed file that name ``user`` as the one who signs them (A57.10-2)."""
    return Certificate.objects.filter(
        provider=user.provider_id, signer=user, status=Status.DRAFT
    ).exclude(file="")


def letters_about(about: str) -> QuerySet[Letter]:
    """The letters about one thing of the journal (``request:DEMO-2026-Z000001-5``), oldest
    first."""
    return Letter.objects.filter(about=about).select_related("provider", "signer").order_by("id")


def letters_visible_to(user: User) -> QuerySet[Letter]:
    """The own organisation's letters for its staff, all of them for inspectors; for the platform
    administrator the operator's own that could not be made, as long as they are not; else nothing.

    A decision on a complaint is read by who may decide, who manages and who signed it: it may
    speak of a colleague.
    """
    letters = Letter.objects.select_related("provider", "signer", "key").order_by("-id")
    if user.provider_id is None:
        if user.has_role(SEES_ALL):
            return letters
        return _unmade(letters) if user.has_role(MENDS_OPERATORS) else letters.none()
    own = letters.filter(provider=user.provider_id)
    if user.has_role(SEES_DECISIONS):
        return own
    return own.filter(~Q(kind=Letter.Kind.DECISION) | Q(signer=user))


def _unmade(letters: QuerySet[Letter]) -> QuerySet[Letter]:
    """Drafts of no provider whose job was given up."""
    given_up = Job.objects.filter(
        key=Concat(Value(LETTER_KEY), OuterRef("number")), done_at=None, failed_at__isnull=False
    )
    return letters.filter(Exists(given_up), provider=None, state=Letter.State.DRAFT)


def visible_letters_about(user: User, about: str) -> QuerySet[Letter]:
    """Those about one thing of the journal that the member of staff may see, oldest first."""
    return letters_visible_to(user).filter(about=about).order_by("id")


def letters_of(person: Person) -> QuerySet[Letter]:
    """The papers that lie in the person's cabinet: signed ones and those taken back since."""
    signed = Letter.objects.filter(person=person, signed_at__isnull=False)
    return signed.select_related("provider", "signer").order_by("-signed_at", "-id")


def shares_of(person: Person) -> QuerySet[Share]:
    """The links that the person made, the last first."""
    return Share.objects.filter(person=person).select_related("certificate").order_by("-id")
