"""National days off of Kazakhstan: the table of ``data/holidays.toml`` and the rule behind it.

Within the years of the table its rows are the law; after them the fixed dates and the rule of
transfer (law on holidays, art. 5) are computed, Kurban Ait is unknown and the year is *estimated*.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal, Protocol

from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

Week = Literal[5, 6]

LAST_COMPUTED_YEAR = 2099
ONE_DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6
KURBAN_AIT = Text(
    "Құрбан айттың бірінші күні", "первый день Курбан айта", "first day of Kurban Ait"
)


class DayKind(StrEnum):
    """Why a day does not follow the weekly hours."""

    HOLIDAY = "holiday"
    TRANSFER = "transfer"
    MOVED_OFF = "moved_off"
    MOVED_WORK = "moved_work"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """One day that does not follow the weekly hours.

    ``of`` is the holiday a transfer stands for, or the other day of a move; ``name`` is the
    holiday's, empty for moves and closures.
    """

    day: date
    kind: DayKind
    of: date | None = None
    name: Text = Text("", "", "")


@dataclass(frozen=True, slots=True)
class MovedDay:
    """A rest day moved by decision: ``rest_day`` is worked, ``day_off`` is free for it."""

    rest_day: date
    day_off: date
    weeks: frozenset[int] = frozenset({5, 6})
    source: str = ""


@dataclass(frozen=True, slots=True)
class FixedHoliday:
    """A holiday of fixed date, from ``from_year`` to ``to_year``, both included."""

    month: int
    day: int
    name: Text
    transfers: bool
    from_year: int
    to_year: int
    source: str


@dataclass(frozen=True, slots=True)
class KurbanAit:
    """The first day of Kurban Ait of one year (Labour Code art. 84 p. 5)."""

    day: date
    estimated: bool
    source: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """``day_off`` is free in the given weeks because ``holiday`` fell on a rest day."""

    holiday: date
    day_off: date
    weeks: frozenset[int]
    source: str


class Holidays(Protocol):
    """Where a working calendar takes the national days from."""

    def special_days(self, year: int, week: Week) -> Mapping[date, SpecialDay]:
        """The special days of ``year``; RuleViolation ``year_not_covered`` outside the range."""

    def is_estimated(self, year: int) -> bool:
        """Whether days of ``year`` may still be announced or moved."""


def fits_rest_day(day: date, week: Week) -> bool:
    """Whether the weekly rest of a five-day or six-day week falls on ``day``."""
    return day.weekday() == SUNDAY or (week == 5 and day.weekday() == SATURDAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalHolidays:
    """The whole table; immutable, so one object may serve every calendar."""

    first_year: int
    last_year: int
    fixed: tuple[FixedHoliday, ...]
    kurban_ait: tuple[KurbanAit, ...]
    transfers: tuple[Transfer, ...]
    moved: tuple[MovedDay, ...]
    sources: tuple[tuple[str, str], ...] = field(repr=False)

    def special_days(self, year: int, week: Week) -> Mapping[date, SpecialDay]:
        """See ``Holidays``; years after the table are computed by the rule."""
        if not self.first_year <= year <= LAST_COMPUTED_YEAR:
            raise RuleViolation(
                "year_not_covered", year=year, first=self.first_year, last=LAST_COMPUTED_YEAR
            )
        found = {day: SpecialDay(day, DayKind.HOLIDAY, None, name) for day, name in self._own(year)}
        names = {day: special.name for day, special in found.items()}
        for holiday, day_off in self._transfers(year, week):
            found[day_off] = SpecialDay(day_off, DayKind.TRANSFER, holiday, names[holiday])
        found.update(moved_days(self.moved, year, week))
        return found

    def is_estimated(self, year: int) -> bool:
        """Whether Kurban Ait or the moves by decision of ``year`` are not announced yet."""
        announced = {row.day.year for row in self.kurban_ait if not row.estimated}
        return year not in announced

    def computed_transfers(self, year: int, week: Week) -> tuple[tuple[date, date], ...]:
        """(holiday, day off) by the law on holidays, art. 5, without the table's rows."""
        taken = {day for day, _ in self._own(year)}
        pairs = []
        for row in self._fixed_in(year):
            holiday = date(year, row.month, row.day)
            if not row.transfers or not fits_rest_day(holiday, week):
                continue
            day_off = holiday
            while day_off in taken or fits_rest_day(day_off, week):
                day_off += ONE_DAY
            taken.add(day_off)
            pairs.append((holiday, day_off))
        return tuple(pairs)

    def _transfers(self, year: int, week: Week) -> tuple[tuple[date, date], ...]:
        if year > self.last_year:
            return self.computed_transfers(year, week)
        return tuple(
            (row.holiday, row.day_off)
            for row in self.transfers
            if row.holiday.year == year and week in row.weeks
        )

    def _fixed_in(self, year: int) -> Iterator[FixedHoliday]:
        return (row for row in self.fixed if row.from_year <= year <= row.to_year)

    def _own(self, year: int) -> Iterator[tuple[date, Text]]:
        for row in self._fixed_in(year):
            yield date(year, row.month, row.day), row.name
        for ait in self.kurban_ait:
            if ait.day.year == year:
                yield ait.day, KURBAN_AIT


@dataclass(frozen=True, slots=True)
class PinnedDays:
    """Special days kept in a record: they answer the same years later, whatever the table says."""

    days: tuple[SpecialDay, ...]
    estimated_years: frozenset[int] = frozenset()

    def special_days(self, year: int, week: Week) -> Mapping[date, SpecialDay]:
        """See ``Holidays``; the days were chosen for one ``week`` when they were kept."""
        return {special.day: special for special in self.days if special.day.year == year}

    def is_estimated(self, year: int) -> bool:
        """See ``Holidays``."""
        return year in self.estimated_years


def moved_days(moved: tuple[MovedDay, ...], year: int, week: Week) -> dict[date, SpecialDay]:
    """Both days of every move that touches ``year`` in this ``week``."""
    found: dict[date, SpecialDay] = {}
    for row in moved:
        if week in row.weeks:
            found[row.rest_day] = SpecialDay(row.rest_day, DayKind.MOVED_WORK, row.day_off)
            found[row.day_off] = SpecialDay(row.day_off, DayKind.MOVED_OFF, row.rest_day)
    return {day: special for day, special in found.items() if day.year == year}


class _Row:
    """One row of the table; every getter fails with the place in the file."""

    def __init__(self, kind: str, index: int, values: object, sources: Mapping[str, str]) -> None:
        self.place = f"holidays.toml, {kind} row {index + 1}"
        if not isinstance(values, dict):
            raise ValueError(f"{self.place}: not a table")
        self._values = values
        self.source = self.text("source")
        if self.source not in sources:
            raise ValueError(f"{self.place}: unknown source {self.source!r}")

    def text(self, key: str) -> str:
        value = self._values.get(key)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{self.place}: {key} must be a text")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        value = self._values.get(key, default)
        if not isinstance(value, int):
            raise ValueError(f"{self.place}: {key} must be a number")
        return value

    def flag(self, key: str) -> bool:
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise ValueError(f"{self.place}: {key} must be true or false")
        return value

    def day(self, key: str) -> date:
        value = self._values.get(key)
        if not isinstance(value, date):
            raise ValueError(f"{self.place}: {key} must be a date")
        return value

    def weeks(self) -> frozenset[int]:
        value = self._values.get("weeks")
        if not isinstance(value, list) or not value or not set(value) <= {5, 6}:
            raise ValueError(f"{self.place}: weeks must be a list of 5 and 6")
        return frozenset(value)

    def name(self) -> Text:
        return Text(self.text("kk"), self.text("ru"), self.text("en"))


def parse_holidays(content: str) -> NationalHolidays:
    """Reads and checks a table; ValueError names the row and the key that is wrong."""
    data = tomllib.loads(content)
    sources: dict[str, str] = data["sources"]
    first, last = int(data["first_year"]), int(data["last_year"])

    def rows(kind: str) -> Iterator[_Row]:
        return (_Row(kind, index, row, sources) for index, row in enumerate(data[kind]))

    return NationalHolidays(
        first_year=first,
        last_year=last,
        fixed=tuple(_fixed(row, first) for row in rows("holiday")),
        kurban_ait=tuple(
            KurbanAit(row.day("day"), row.flag("estimated"), row.source)
            for row in rows("kurban_ait")
        ),
        transfers=tuple(
            Transfer(row.day("holiday"), row.day("day_off"), row.weeks(), row.source)
            for row in rows("transfer")
        ),
        moved=tuple(
            MovedDay(row.day("rest_day"), row.day("day_off"), row.weeks(), row.source)
            for row in rows("moved")
        ),
        sources=tuple(sources.items()),
    )


def _fixed(row: _Row, first_year: int) -> FixedHoliday:
    return FixedHoliday(
        month=row.number("month"),
        day=row.number("day"),
        name=row.name(),
        transfers=row.flag("transfers"),
        from_year=row.number("from_year", first_year),
        to_year=row.number("to_year", LAST_COMPUTED_YEAR),
        source=row.source,
    )


@cache
def national_holidays() -> NationalHolidays:
    """The table shipped with the program, read once."""
    table = files("kualik.rules").joinpath("data", "holidays.toml")
    return parse_holidays(table.read_text(encoding="utf-8"))
