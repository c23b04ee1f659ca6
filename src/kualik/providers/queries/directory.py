"""The public directory of providers (A57.10.a, A303.10.f)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, QuerySet

from kualik.core.clock import local_day
from kualik.providers.models import Closure, HoursChange, Office, Photo, Provider
from kualik.providers.queries.calendars import (
    dated_hours,
    hours_words,
    is_open_at,
    next_opening,
    week_of,
    weekly_hours,
)
from kualik.providers.queries.places import Position, position_of
from kualik.rules import standards
from kualik.rules.language import Text
from kualik.rules.workdays import DatedHours, WeeklyHours, WorkCalendar

# The Russian alphabet is a part of it in the same order, so one order serves both languages.
ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One of the five facts of A303.10.e: whether it holds, and its picture if there is one."""

    code: str
    name: Text
    holds: bool
    photo: Photo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """An office as a visitor sees it at one moment.

    ``opens_at`` is None while the office is open; ``hours`` are those of today, ``changes`` those
    announced for later; ``access`` are the five facts of A303.10.e.
    """

    pk: int
    name: Text
    address: Text
    is_main: bool
    phones: tuple[str, ...]
    windows: int
    hours: WeeklyHours
    changes: tuple[DatedHours, ...]
    today: tuple[datetime, datetime] | None
    is_open: bool
    opens_at: datetime | None
    access: tuple[Fact, ...]
    position: Position | None

    @property
    def week(self) -> list[tuple[str, str]]:
        """The week as pages show it, see ``week_of``."""
        return week_of(self.hours)

    @property
    def hours_ahead(self) -> list[tuple[date, Text]]:
        """The announced changes in words, soonest first."""
        return [(since, hours_words(hours)) for since, hours in self.changes]

    @property
    def facts(self) -> tuple[tuple[Text, bool], ...]:
        """The five facts by name alone."""
        return tuple((fact.name, fact.holds) for fact in self.access)

    @property
    def photos(self) -> list[Fact]:
        """The facts that hold and have a picture."""
        return [fact for fact in self.access if fact.holds and fact.photo is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A provider as the directory shows it; ``closures`` are those of today and later."""

    provider: Provider
    name: Text
    city: Text
    offices: tuple[Reception, ...]
    closures: tuple[tuple[date, Text], ...]

    @property
    def closed_periods(self) -> list[tuple[date, date, Text]]:
        """First day, last day and reason of each closed period."""
        return periods(self.closures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a visitor narrows the directory to; ``city`` is in Kazakh, ``facts`` are codes."""

    city: str = ""
    is_open: bool = False
    facts: frozenset[str] = frozenset()

    def fits(self, office: Reception) -> bool:
        """Whether an office has all that is wanted of it."""
        holds = {fact.code for fact in office.access if fact.holds}
        return (office.is_open or not self.is_open) and self.facts <= holds


def directory(*, now: datetime, language: str) -> list[Listing]:
    """All providers by city and name in ``language``."""
    found = [_listing(provider, now) for provider in _with_offices()]
    return sorted(
        found,
        key=lambda one: (_order(one.city.get(language)), _order(one.name.get(language))),
    )


def listing_of(code: str, *, now: datetime) -> Listing | None:
    """One provider with its own offices and closures; None for an unknown code."""
    provider = _with_offices().filter(code=code).first()
    return None if provider is None else _listing(provider, now)


def cities(language: str) -> list[Text]:
    """The cities with providers, in the order of the alphabet."""
    rows = Provider.objects.values_list("city_kk", "city_ru", "city_en").distinct()
    found = {row[0]: Text(*row) for row in rows}
    return sorted(found.values(), key=lambda city: _order(city.get(language)))


def periods(days: Iterable[tuple[date, Text]]) -> list[tuple[date, date, Text]]:
    """Days in order with their reasons; neighbours with one reason become one period."""
    found: list[tuple[date, date, Text]] = []
    for day, reason in days:
        if found and found[-1][2] == reason and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day, reason)
        else:
            found.append((day, day, reason))
    return found


def _with_offices() -> QuerySet[Provider]:
    offices = Office.objects.order_by("-is_main", "pk").prefetch_related(
        Prefetch("changes", HoursChange.objects.order_by("valid_from")), "photos"
    )
    return Provider.objects.prefetch_related(
        Prefetch("offices", offices), Prefetch("closures", Closure.objects.order_by("day"))
    )


def narrowed(listing: Listing, wanted: Wanted) -> Listing | None:
    """The provider with those of its offices that fit; None when none does."""
    if wanted.city and wanted.city != listing.city.kk:
        return None
    offices = tuple(office for office in listing.offices if wanted.fits(office))
    return replace(listing, offices=offices) if offices else None


def _listing(provider: Provider, now: datetime) -> Listing:
    closures = list(provider.closures.all())
    today = local_day(now)
    return Listing(
        provider=provider,
        name=provider.name,
        city=provider.city,
        offices=tuple(
            _reception(office, provider, closures, now) for office in provider.offices.all()
        ),
        closures=tuple((row.day, row.reason) for row in closures if row.day >= today),
    )


def _reception(
    office: Office, provider: Provider, closures: Iterable[Closure], now: datetime
) -> Reception:
    on = local_day(now)
    standard = standards.in_force(on)
    calendar = WorkCalendar(
        weekly_hours(office.hours, default=standard.weekly_hours),
        closures=frozenset(row.day for row in closures),
        later=dated_hours(office, default=standard.weekly_hours),
    )
    today = calendar.hours_on(on)
    is_open = is_open_at(calendar, now)
    photos = {photo.fact: photo for photo in office.photos.all()}
    return Reception(
        pk=office.pk,
        name=office.name,
        address=office.address,
        is_main=office.is_main,
        phones=tuple(office.phones),
        windows=office.windows,
        hours=calendar.weekly_hours_on(on),
        changes=tuple(row for row in calendar.later if row[0] > on),
        today=today,
        is_open=is_open,
        opens_at=None if is_open else next_opening(calendar, now),
        access=tuple(
            Fact(
                code=item.code,
                name=item.name,
                holds=bool(getattr(office, f"has_{item.code}")),
                photo=photos.get(item.code),
            )
            for item in standard.items_of("accessibility")
        ),
        position=position_of(office, provider),
    )


def _order(text: str) -> list[tuple[int, str]]:
    return [(ALPHABET.find(letter), letter) for letter in text.casefold()]
