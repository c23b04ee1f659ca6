"""What of an organisation's own house needs somebody's hand before it hurts an applicant."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Max, Q

from kualik.accounts.models import User
from kualik.certificates.models import PersonSignature
from kualik.core.clock import local_day
from kualik.providers.models import Closure, Office, Provider
from kualik.providers.queries import calendar_of, hours_contradicting
from kualik.rules import standards
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from kualik.training.models import Programme

# A new key of the national authority takes some days, an accreditation months.
KEY_AHEAD = timedelta(days=30)
ACCREDITATION_AHEAD = timedelta(days=90)
LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worry:
    """Something to mend: a stable ``code``, what it is about, whose role it concerns."""

    code: str
    about: str
    role: Role = Role.PROVIDER_ADMIN
    params: Mapping[str, object] = field(default_factory=dict)


def worries_of(provider: Provider, *, now: datetime) -> list[Worry]:
    """Everything that the nightly look finds at one organisation."""
    return [worry for check in CHECKS for worry in check(provider, now)]


def _no_signer(provider: Provider, now: datetime) -> Iterator[Worry]:
    """Nobody could sign on the next working day (A57.10-2)."""
    signers = User.objects.filter(
        provider=provider, is_active=True, grants__role=Role.AUTHORISED_PERSON
    )
    if not signers.exists():
        day = _next_working_day(provider, local_day(now))
        yield Worry(code="house_no_signer", about="signer", params={"day": f"{day:%d.%m.%Y}"})


def _no_head(provider: Provider, _now: datetime) -> Iterator[Worry]:
    """Tasks of the head of the office would reach nobody."""
    heads = User.objects.filter(provider=provider, is_active=True, grants__role=Role.OFFICE_HEAD)
    if not heads.exists():
        yield Worry(code="house_no_head", about="head")


def _system_key(provider: Provider, now: datetime) -> Iterator[Worry]:
    """The organisation's key is missing or ends soon."""
    keys = SigningKey.objects.filter(provider=provider, disabled_at=None, not_before__lte=now)
    last = keys.aggregate(last=Max("not_after"))["last"]
    if last is None or last <= now:
        yield Worry(code="house_no_key", about="key")
    elif last <= now + KEY_AHEAD:
        yield Worry(code="house_key_ends", about="key", params={"day": _day(last)})


def _personal_keys(provider: Provider, now: datetime) -> Iterator[Worry]:
    """The key with which an authorised person signed last ends soon."""
    signed = PersonSignature.objects.filter(
        certificate__provider=provider,
        signer__is_active=True,
        signer__grants__role=Role.AUTHORISED_PERSON,
    )
    rows = signed.values("signer", "signer__full_name").annotate(last=Max("certificate_not_after"))
    for row in rows.order_by("signer"):
        if now < row["last"] <= now + KEY_AHEAD:
            yield Worry(
                code="house_personal_key_ends",
                about=f"user:{row['signer']}",
                role=Role.AUTHORISED_PERSON,
                params={"name": row["signer__full_name"], "day": _day(row["last"])},
            )


def _accreditation(provider: Provider, now: datetime) -> Iterator[Worry]:
    until = provider.accreditation_until
    if until is not None and until <= local_day(now + ACCREDITATION_AHEAD):
        yield Worry(
            code="house_accreditation_ends", about="accreditation", params={"day": _date(until)}
        )


def _hours(provider: Provider, now: datetime) -> Iterator[Worry]:
    """Office hours that contradict row 7 of the edition in force (A57.7.1, A303.7.1)."""
    today = local_day(now)
    standard = standards.in_force(today)
    for office in provider.offices.order_by("pk"):
        if hours_contradicting(office, standard, today):
            yield Worry(
                code="house_hours", about=f"office:{office.pk}", params={"office": office.name_ru}
            )


def _translations(provider: Provider, now: datetime) -> Iterator[Worry]:
    """Words that an applicant would miss in the own language."""
    missing = _blank(provider, ("name", "city"))
    for office in provider.offices.order_by("pk"):
        missing += _blank(office, ("name", "address"))
    closures = Closure.objects.filter(provider=provider, day__gte=local_day(now))
    missing += list(
        closures.filter(Q(reason_kk="") | Q(reason_ru="")).values_list("day", flat=True)
    )
    programmes = Programme.objects.filter(provider=provider, is_active=True)
    missing += list(
        programmes.filter(Q(title_kk="") | Q(title_ru="")).values_list("title_ru", flat=True)
    )
    if missing:
        yield Worry(code="house_translations", about="words", params={"count": len(missing)})


def _blank(row: Provider | Office, fields: tuple[str, ...]) -> list[object]:
    names = (f"{name}_{language}" for name in fields for language in LANGUAGES)
    return [name for name in names if not getattr(row, name)]


def _next_working_day(provider: Provider, today: date) -> date:
    hours = standards.in_force(today).weekly_hours
    return calendar_of(provider, default=hours).next_working_day(today)


def _day(moment: datetime) -> str:
    return _date(local_day(moment))


def _date(day: date) -> str:
    return f"{day:%d.%m.%Y}"


CHECKS: tuple[Callable[[Provider, datetime], Iterator[Worry]], ...] = (
    _no_signer,
    _no_head,
    _system_key,
    _personal_keys,
    _accreditation,
    _hours,
    _translations,
)
