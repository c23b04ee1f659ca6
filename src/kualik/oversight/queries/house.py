"""What of an organisation's own house needs somebody's hand before it hurts an applicant."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Max, Q, QuerySet

from kualik.accounts.models import User
from kualik.accounts.queries import able, present
from kualik.certificates.models import PersonSignature
from kualik.core.clock import local_day
from kualik.counter.queries.line import unserved_lines
from kualik.providers.models import Closure, Office, Provider
from kualik.providers.queries import calendar_of, hours_contradicting
from kualik.rules import standards
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from kualik.training.models import Programme

# A new key of the national authority takes some days, an accreditation months.
KEY_AHEAD = timedelta(days=30)
ACCREDITATION_AHEAD = timedelta(days=90)


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
    """Nobody could sign on the next working day: no account, none that can enter, all away
    (A57.10-2)."""
    signers, day = _signers(provider), _next_working_day(provider, local_day(now))
    if not present(able(signers), day).exists():
        yield Worry(code="house_no_signer", about="signer", params={"day": _date(day)})


def _signers_without_entry(provider: Provider, _now: datetime) -> Iterator[Worry]:
    """An authorised person who has chosen no password or connected no second factor."""
    signers = _signers(provider)
    for user in signers.exclude(pk__in=able(signers).values("pk")).order_by("pk"):
        yield Worry(
            code="house_signer_not_ready",
            about=f"user:{user.pk}",
            params={"name": user.full_name},
        )


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
    """Office hours that contradict row 7 of the edition in force, today and by every change dated
    ahead (A57.7.1, A303.7.1)."""
    today = local_day(now)
    for office in provider.offices.order_by("pk"):
        about, name = f"office:{office.pk}", {"office": asdict(office.name)}
        if hours_contradicting(office, standards.in_force(today), today):
            yield Worry(code="house_hours", about=about, params=name)
        ahead = office.changes.filter(valid_from__gt=today).order_by("valid_from")
        for day in ahead.values_list("valid_from", flat=True):
            if hours_contradicting(office, standards.in_force(day), day):
                params = {**name, "day": _date(day)}
                yield Worry(code="house_hours_ahead", about=f"{about}:{day}", params=params)


def _lines(provider: Provider, _now: datetime) -> Iterator[Worry]:
    """Tickets are given for what no window of the hall is there for (A57.3.2, A303.3.2)."""
    for office in provider.offices.order_by("pk"):
        lines = unserved_lines(office)
        if lines:
            said = Text(*(", ".join(line.name.get(code) for line in lines) for code in LANGUAGES))
            params = {"office": asdict(office.name), "lines": asdict(said)}
            yield Worry(code="house_line_unserved", about=f"office:{office.pk}", params=params)


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


def _signers(provider: Provider) -> QuerySet[User]:
    return User.objects.filter(
        provider=provider, is_active=True, grants__role=Role.AUTHORISED_PERSON
    )


def _next_working_day(provider: Provider, today: date) -> date:
    hours = standards.in_force(today).weekly_hours
    return calendar_of(provider, default=hours).next_working_day(today)


def _day(moment: datetime) -> str:
    return _date(local_day(moment))


def _date(day: date) -> str:
    return f"{day:%d.%m.%Y}"


CHECKS: tuple[Callable[[Provider, datetime], Iterator[Worry]], ...] = (
    _no_signer,
    _signers_without_entry,
    _no_head,
    _system_key,
    _personal_keys,
    _accreditation,
    _hours,
    _lines,
    _translations,
)
