"""Working calendar of a provider: weekly hours, national days off, moves, own closures.

Clauses A57.7.1 and A303.7.1 give the hours; holidays follow the Labour Code. Technical breaks of
the portal (A57.7.2, A303.7.2) are no part of a calendar: they never make a day non-working.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from kualik.rules.errors import RuleViolation
from kualik.rules.holidays import (
    ONE_DAY,
    SATURDAY,
    DayKind,
    Holidays,
    MovedDay,
    PinnedDays,
    SpecialDay,
    Week,
    moved_days,
    national_holidays,
)
from kualik.rules.language import Text

# Standard time of Kazakhstan: UTC+6 until the end of February 2024, UTC+5 since.
ALMATY = ZoneInfo("Asia/Almaty")

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LAST_MINUTE = 24 * 60 - 1

_DAYS = r"[A-Za-z]{3}(?:\s*[-–]\s*[A-Za-z]{3})?"
_PART = re.compile(
    rf"({_DAYS}(?:\s*,\s*{_DAYS})*)\s+(\d{{1,2}}):(\d{{2}})\s*[-–]\s*(\d{{1,2}}):(\d{{2}})",
    re.ASCII,
)

# (opening minute, closing minute) of one day, counted from midnight.
Minutes = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Office hours by weekday, Monday first; None where the provider rests.

    Raises RuleViolation ``hours_unreadable`` when no day is worked or a day closes before it opens.
    """

    days: tuple[Minutes | None, ...]

    def __post_init__(self) -> None:
        if len(self.days) != len(WEEKDAYS) or not any(self.days):
            raise RuleViolation("hours_unreadable", part=str(self))
        for weekday, hours in zip(WEEKDAYS, self.days, strict=True):
            if hours is not None and not 0 <= hours[0] < hours[1] <= LAST_MINUTE:
                raise RuleViolation("hours_unreadable", part=f"{weekday} {_clock(hours)}")

    @classmethod
    def of(cls, by_weekday: Mapping[int, Minutes]) -> Self:
        """From weekday (0 = Monday) → (opening, closing) minutes."""
        return cls(tuple(by_weekday.get(weekday) for weekday in range(len(WEEKDAYS))))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``"Mon-Fri 08:30-17:30; Sat 09:00-14:00"``; days may be listed with commas.

        Raises RuleViolation ``hours_unreadable`` with the ``part`` that cannot be read.
        """
        found: dict[int, Minutes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(";"))):
            match = _PART.fullmatch(part)
            if match is None:
                raise RuleViolation("hours_unreadable", part=part)
            opens, opens_past, closes, closes_past = (int(group) for group in match.groups()[1:])
            for weekday in _weekdays(match.group(1), part):
                if weekday in found or opens_past > 59 or closes_past > 59:
                    raise RuleViolation("hours_unreadable", part=part)
                found[weekday] = (opens * 60 + opens_past, closes * 60 + closes_past)
        if not found:
            raise RuleViolation("hours_unreadable", part=text.strip())
        return cls.of(found)

    @property
    def week(self) -> Week:
        """6 where Saturday is worked, else 5: which way of moving holidays applies."""
        return 5 if self.days[SATURDAY] is None else 6

    def __str__(self) -> str:
        """The canonical text, which ``parse`` reads back."""
        parts: list[tuple[int, int, Minutes]] = []
        for weekday, hours in enumerate(self.days):
            if hours is None:
                continue
            if parts and parts[-1][1] == weekday - 1 and parts[-1][2] == hours:
                parts[-1] = (parts[-1][0], weekday, hours)
            else:
                parts.append((weekday, weekday, hours))
        return "; ".join(f"{_span(first, last)} {_clock(hours)}" for first, last, hours in parts)


def _weekdays(text: str, part: str) -> list[int]:
    found: list[int] = []
    for piece in text.split(","):
        ends = [name.strip().capitalize() for name in re.split("[-–]", piece)]
        if not set(ends) <= set(WEEKDAYS):
            raise RuleViolation("hours_unreadable", part=part)
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        if first > last:
            raise RuleViolation("hours_unreadable", part=part)
        found.extend(range(first, last + 1))
    return found


def _span(first: int, last: int) -> str:
    return WEEKDAYS[first] if first == last else f"{WEEKDAYS[first]}-{WEEKDAYS[last]}"


def _clock(hours: Minutes) -> str:
    return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in hours)


# Weekly hours with the day from which they are valid.
DatedHours = tuple[date, WeeklyHours]


@dataclass(frozen=True, slots=True)
class _Year:
    """One year worked out: the office hours of each working day, and the special days."""

    hours: Mapping[date, tuple[datetime, datetime]]
    special: Mapping[date, SpecialDay]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The working days of one provider.

    ``later`` are weekly hours that take the place of ``hours`` from a day on, in order: each day is
    answered by the hours valid on it. ``closures`` are the provider's own days without service,
    ``moved`` are moves by decision that the national table does not hold yet. Years are worked out
    once, on first use. Raises RuleViolation ``hours_out_of_order`` for two changes of one day or
    days that run back.
    Every method raises RuleViolation ``year_not_covered`` outside the years of ``holidays``.
    """

    hours: WeeklyHours
    holidays: Holidays = field(default_factory=national_holidays)
    closures: frozenset[date] = frozenset()
    moved: tuple[MovedDay, ...] = ()
    zone: ZoneInfo = ALMATY
    later: tuple[DatedHours, ...] = ()
    _years: dict[int, _Year] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        days = [since for since, _ in self.later]
        if days != sorted(set(days)):
            raise RuleViolation("hours_out_of_order")

    def weekly_hours_on(self, day: date) -> WeeklyHours:
        """The weekly hours valid on ``day``, before holidays and closures are looked at."""
        valid = self.hours
        for since, hours in self.later:
            if since > day:
                break
            valid = hours
        return valid

    def is_working(self, day: date) -> bool:
        """Whether the office is open on ``day``."""
        return self.hours_on(day) is not None

    def hours_on(self, day: date) -> tuple[datetime, datetime] | None:
        """Opening and closing moments of ``day`` in the calendar's zone; None on a day off."""
        year = self._years.get(day.year) or self._work_out(day.year)
        return year.hours.get(day)

    def special_day(self, day: date) -> SpecialDay | None:
        """Why ``day`` does not follow the weekly hours; None when it does."""
        year = self._years.get(day.year) or self._work_out(day.year)
        return year.special.get(day)

    def next_working_day(self, after: date) -> date:
        """The first working day later than ``after``."""
        # A year out of range is refused before the addition that could leave the type's range.
        self.hours_on(after)
        day = after + ONE_DAY
        while self.hours_on(day) is None:
            day += ONE_DAY
        return day

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Office time from ``start`` to ``end``; zero when ``end`` is not later.

        Raises RuleViolation ``naive_time`` for a time without offset.
        """
        first, last = self.localise(start), self.localise(end)
        total = timedelta()
        day = first.date()
        while day <= last.date():
            hours = self.hours_on(day)
            if hours is not None:
                total += max(min(hours[1], last) - max(hours[0], first), timedelta())
            day += ONE_DAY
        return total

    def working_minutes_between(self, start: datetime, end: datetime) -> int:
        """Whole office minutes from ``start`` to ``end``, see ``working_time_between``."""
        return self.working_time_between(start, end) // timedelta(minutes=1)

    def is_estimated(self, day: date) -> bool:
        """Whether the days off of that year may still be announced or moved."""
        return self.holidays.is_estimated(day.year)

    def localise(self, moment: datetime) -> datetime:
        """The same moment in the calendar's zone; RuleViolation ``naive_time`` without offset."""
        if moment.utcoffset() is None:
            raise RuleViolation("naive_time", moment=moment.isoformat())
        return moment.astimezone(self.zone)

    def _work_out(self, number: int) -> _Year:
        special = self._days_of_weeks(number)
        for day in self.closures:
            if day.year == number:
                special[day] = SpecialDay(day, DayKind.CLOSURE)
        hours: dict[date, tuple[datetime, datetime]] = {}
        day, last = date(number, 1, 1), date(number, 12, 31)
        while day <= last:
            minutes = self._minutes(day, special.get(day))
            if minutes is not None:
                hours[day] = (self._at(day, minutes[0]), self._at(day, minutes[1]))
            day += ONE_DAY
        year = _Year(hours, special)
        self._years[number] = year
        return year

    def _days_of_weeks(self, number: int) -> dict[date, SpecialDay]:
        """The special days of a year, each by the week of five or six days valid on it."""
        found: dict[date, SpecialDay] = {}
        for week in {hours.week for hours in (self.hours, *(hours for _, hours in self.later))}:
            special = dict(self.holidays.special_days(number, week))
            special.update(moved_days(self.moved, number, week))
            for day, one in special.items():
                if self.weekly_hours_on(day).week == week:
                    found[day] = one
        return found

    def _minutes(self, day: date, special: SpecialDay | None) -> Minutes | None:
        days = self.weekly_hours_on(day).days
        own = days[day.weekday()]
        if special is None:
            return own
        if special.kind is not DayKind.MOVED_WORK or special.of is None:
            return None
        # A rest day worked by decision has no hours of its own: it takes those of the day
        # that is off for it.
        return own or days[special.of.weekday()]

    def _at(self, day: date, minute: int) -> datetime:
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone)


def calendar_to_record(calendar: WorkCalendar, first: date, last: date) -> dict[str, object]:
    """What is needed to answer for the days ``first`` to ``last`` again, as JSON values."""
    special = []
    day = first
    while day <= last:
        found = calendar.special_day(day)
        if found is not None:
            special.append(_special_to_record(found))
        day += ONE_DAY
    years = range(first.year, last.year + 1)
    later = [
        {"from": since.isoformat(), "hours": str(hours)}
        for since, hours in calendar.later
        if first < since <= last
    ]
    return {
        "hours": str(calendar.weekly_hours_on(first)),
        **({"later": later} if later else {}),
        "zone": calendar.zone.key,
        "special_days": special,
        "estimated_years": [year for year in years if calendar.holidays.is_estimated(year)],
    }


def calendar_from_record(record: Mapping[str, object]) -> WorkCalendar:
    """The calendar of ``calendar_to_record``; it answers for the recorded days only.

    Raises RuleViolation ``record_unreadable`` when a part is missing or of a wrong kind.
    """
    match record:
        case {
            "hours": str(hours),
            "zone": str(zone),
            "special_days": list(special),
            "estimated_years": list(years),
        }:
            days = tuple(_special_from_record(row) for row in special)
            return WorkCalendar(
                WeeklyHours.parse(hours),
                PinnedDays(days, frozenset(years)),
                zone=ZoneInfo(zone),
                # Records made before hours could be dated ahead have no such key.
                later=_later_from_record(record.get("later", [])),
            )
    raise RuleViolation("record_unreadable", part="calendar")


def _later_from_record(record: object) -> tuple[DatedHours, ...]:
    found: list[DatedHours] = []
    for row in record if isinstance(record, list) else [record]:
        match row:
            case {"from": str(since), "hours": str(hours)}:
                found.append((date.fromisoformat(since), WeeklyHours.parse(hours)))
            case _:
                raise RuleViolation("record_unreadable", part="later")
    return tuple(found)


def _special_to_record(special: SpecialDay) -> dict[str, str]:
    return {
        "day": special.day.isoformat(),
        "kind": special.kind.value,
        "of": special.of.isoformat() if special.of else "",
        "kk": special.name.kk,
        "ru": special.name.ru,
        "en": special.name.en,
    }


def _special_from_record(record: object) -> SpecialDay:
    match record:
        case {
            "day": str(day),
            "kind": str(kind),
            "of": str(of),
            "kk": str(kk),
            "ru": str(ru),
            "en": str(en),
        }:
            other = date.fromisoformat(of) if of else None
            return SpecialDay(date.fromisoformat(day), DayKind(kind), other, Text(kk, ru, en))
    raise RuleViolation("record_unreadable", part="special_days")
