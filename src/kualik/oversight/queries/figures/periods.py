"""Months, quarters, years and days of one's own, each with its bounds in Kazakhstan's time."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q

from kualik.core.clock import ZONE, local_day
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

ONE_DAY = timedelta(days=1)
MONTHS_A_YEAR = 12
MONTHS = {
    "kk": (
        "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым",
        "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
    ),
    "ru": (
        "январь", "февраль", "март", "апрель", "май", "июнь",
        "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
QUARTERS = ("I", "II", "III", "IV")
WRITTEN = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?", re.ASCII)
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True)
class Period:
    """The days ``first`` to ``last``, both included. ``code`` is "2026-10", "2026-Q4", "2026", or
    empty for days of one's own."""

    first: date
    last: date
    code: str = ""

    @property
    def start(self) -> datetime:
        """Its first moment, in UTC: in a zone of its own time would be reckoned by the clock."""
        return datetime.combine(self.first, time(), ZONE).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + ONE_DAY, time(), ZONE).astimezone(UTC)

    @property
    def label(self) -> Text:
        """What it is called."""
        year = self.first.year
        if "Q" in self.code:
            number = QUARTERS[int(self.code[-1]) - 1]
            return Text(
                f"{year} жылғы {number} тоқсан", f"{number} квартал {year} года", f"{self.code}"
            )
        if "-" in self.code:
            return month_name(self.first)
        if self.code:
            return Text(f"{year} жыл", f"{year} год", str(year))
        days = f"{self.first:%d.%m.%Y} – {self.last:%d.%m.%Y}"
        return Text(days, days, days)

    def holds(self, field: str) -> Q:
        """That a moment column lies in it."""
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})

    def is_over(self, now: datetime) -> bool:
        """Whether its last day has ended."""
        return now >= self.end

    def months(self) -> Iterator[date]:
        """The first day of each month that it touches."""
        month = self.first.replace(day=1)
        while month <= self.last:
            yield month
            month = month_after(month)


def month_name(month: date) -> Text:
    """``2026 жылғы қазан``, ``октябрь 2026 года``, ``October 2026``."""
    kk, ru, en = (MONTHS[language][month.month - 1] for language in ("kk", "ru", "en"))
    return Text(f"{month.year} жылғы {kk}", f"{ru} {month.year} года", f"{en} {month.year}")


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_of(day: date) -> Period:
    """The month of a day."""
    last = day.replace(day=monthrange(day.year, day.month)[1])
    return Period(day.replace(day=1), last, f"{day:%Y-%m}")


def period_of(code: str) -> Period:
    """The period of a code. Raises RuleViolation ``period_unknown``."""
    found = WRITTEN.fullmatch(code)
    year = int(found[1]) if found else 0
    if found is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise RuleViolation("period_unknown", period=code)
    if found[2]:
        return month_of(date(year, int(found[2]), 1))
    if found[3]:
        begins = date(year, int(found[3]) * 3 - 2, 1)
        return Period(begins, month_of(begins.replace(month=begins.month + 2)).last, code)
    return Period(date(year, 1, 1), date(year, MONTHS_A_YEAR, 31), code)


def days(first: date, last: date) -> Period:
    """From one day to another. Raises ``period_unknown`` when they run back."""
    if not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR or first > last:
        raise RuleViolation("period_unknown", period=f"{first}–{last}")
    return Period(first, last)


def ended_months(now: datetime, count: int) -> list[Period]:
    """The last months that are over, the latest first."""
    found, month = [], local_day(now).replace(day=1)
    for _ in range(count):
        month = (month - ONE_DAY).replace(day=1)
        found.append(month_of(month))
    return found


def offered_periods(now: datetime) -> list[Period]:
    """What a filter offers: thirteen months, five quarters and three years, the present first."""
    today = local_day(now)
    months = [month_of(today), *ended_months(now, MONTHS_A_YEAR)]
    quarters, begins = list[Period](), today
    for _ in range(5):
        quarters.append(period_of(f"{begins.year}-Q{(begins.month + 2) // 3}"))
        begins = quarters[-1].first - ONE_DAY
    years = [period_of(str(today.year - back)) for back in range(3)]
    return [*months, *quarters, *years]
