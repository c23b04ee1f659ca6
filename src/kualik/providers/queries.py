"""What is asked of providers: their calendars for the clock, and the public directory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, QuerySet
from django.utils.dates import WEEKDAYS

from kualik.core.clock import local_day
from kualik.providers.models import Break, Closure, Office, Provider
from kualik.rules import standards
from kualik.rules.deadline import ClockEvent, EventKind
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.workdays import WeeklyHours, WorkCalendar

Hours = Mapping[int, tuple[int, int]]
# The Russian alphabet is a part of it in the same order, so one order serves both languages.
ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


def hours_of(provider: Provider, *, default: Hours) -> Hours:
    """Weekday → opening and closing minute of the main office, else those of the standard."""
    office = Office.objects.filter(provider=provider, is_main=True).first()
    return default if office is None else office_hours(office, default=default)


def office_hours(office: Office, *, default: Hours) -> Hours:
    """Weekday → opening and closing minute of one office, else those of the standard."""
    if not office.hours:
        return default
    return {int(day): (opens, closes) for day, (opens, closes) in office.hours.items()}


def week_of(hours: WeeklyHours) -> list[tuple[str, str]]:
    """Name of the day and ``08:30–17:30`` from Monday on; empty hours on a rest day."""
    return [
        (str(name), "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in span or ()))
        for name, span in zip(WEEKDAYS.values(), hours.days, strict=True)
    ]


def calendar_of(provider: Provider, *, default: Hours) -> WorkCalendar:
    """The working calendar of a provider: hours, national holidays, own closures."""
    closures = Closure.objects.filter(provider=provider).values_list("day", flat=True)
    return WorkCalendar(
        WeeklyHours.of(hours_of(provider, default=default)), closures=frozenset(closures)
    )


def clock_events(*, since: datetime) -> list[ClockEvent]:
    """Technical breaks and incidents that were not over at ``since``, oldest first (A57.7.2,
    A303.7.2)."""
    return [
        ClockEvent(EventKind(row.kind), row.starts_at, row.ends_at)
        for row in Break.objects.filter(ends_at__gte=since).order_by("starts_at")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """An office as a visitor sees it at one moment.

    ``opens_at`` is None while the office is open; ``facts`` are the five of A303.10.e.
    """

    name: Text
    address: Text
    is_main: bool
    phones: tuple[str, ...]
    windows: int
    hours: WeeklyHours
    today: tuple[datetime, datetime] | None
    is_open: bool
    opens_at: datetime | None
    facts: tuple[tuple[Text, bool], ...]

    @property
    def week(self) -> list[tuple[str, str]]:
        """The week as pages show it, see ``week_of``."""
        return week_of(self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A provider as the directory shows it; ``closures`` are those of today and later."""

    provider: Provider
    name: Text
    city: Text
    offices: tuple[Reception, ...]
    closures: tuple[tuple[date, Text], ...]


def directory(*, now: datetime, language: str) -> list[Listing]:
    """All providers by city and name in ``language`` (A57.10.a, A303.10.f)."""
    found = [_listing(provider, now) for provider in _with_offices()]
    return sorted(
        found,
        key=lambda one: (_order(one.city.get(language)), _order(one.name.get(language))),
    )


def listing_of(code: str, *, now: datetime) -> Listing | None:
    """One provider with its own offices and closures; None for an unknown code."""
    provider = _with_offices().filter(code=code).first()
    return None if provider is None else _listing(provider, now)


def open_record(listing: Listing) -> dict[str, object]:
    """A provider as open data; nothing here depends on the moment of the look."""
    provider = listing.provider
    return {
        "code": provider.code,
        "bin": provider.bin,
        "kind": provider.kind,
        "name": _by_language(listing.name),
        "city": _by_language(listing.city),
        "accreditation": provider.accreditation,
        "site": provider.site,
        "offices": [
            {
                "name": _by_language(office.name),
                "address": _by_language(office.address),
                "phones": list(office.phones),
                "hours": str(office.hours),
            }
            for office in listing.offices
        ],
        "closures": [day.isoformat() for day, _ in listing.closures],
    }


def _by_language(text: Text) -> dict[str, str]:
    return {language: text.get(language) for language in LANGUAGES}


def _with_offices() -> QuerySet[Provider]:
    return Provider.objects.prefetch_related(
        Prefetch("offices", Office.objects.order_by("-is_main", "pk")),
        Prefetch("closures", Closure.objects.order_by("day")),
    )


def _listing(provider: Provider, now: datetime) -> Listing:
    closures = list(provider.closures.all())
    today = local_day(now)
    return Listing(
        provider=provider,
        name=provider.name,
        city=provider.city,
        offices=tuple(_reception(office, closures, now) for office in provider.offices.all()),
        closures=tuple(
            (row.day, Text(row.reason_kk, row.reason_ru)) for row in closures if row.day >= today
        ),
    )


def _reception(office: Office, closures: Iterable[Closure], now: datetime) -> Reception:
    standard = standards.in_force(local_day(now))
    hours = WeeklyHours.of(office_hours(office, default=standard.weekly_hours))
    calendar = WorkCalendar(hours, closures=frozenset(row.day for row in closures))
    on = local_day(now)
    today = calendar.hours_on(on)
    is_open = today is not None and today[0] <= now < today[1]
    return Reception(
        name=Text(office.name_kk, office.name_ru, office.name_en),
        address=Text(office.address_kk, office.address_ru, office.address_en),
        is_main=office.is_main,
        phones=tuple(office.phones),
        windows=office.windows,
        hours=hours,
        today=today,
        is_open=is_open,
        opens_at=None if is_open else _next_opening(calendar, now),
        facts=tuple(
            (item.name, bool(getattr(office, f"has_{item.code}")))
            for item in standard.items_of("accessibility")
        ),
    )


def _next_opening(calendar: WorkCalendar, now: datetime) -> datetime | None:
    today = calendar.hours_on(local_day(now))
    if today is not None and now < today[0]:
        return today[0]
    hours = calendar.hours_on(calendar.next_working_day(local_day(now)))
    return None if hours is None else hours[0]


def _order(text: str) -> list[tuple[int, str]]:
    return [(ALPHABET.find(letter), letter) for letter in text.casefold()]
