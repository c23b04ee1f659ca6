"""Hours and credits of five years, as a transcript counts them.

A training counts on the day of its full mastery (A57.3.1, A303.3.1). No act says from which day
the five years of a health worker run, so both ways are told: the five years that end today, and
groups of calendar years (2021-2025, 2026-2030).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

YEARS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training that counts: the day of full mastery and its volume."""

    ended_on: date
    hours: int
    credits: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What was learned from ``first`` to ``last``, both days included."""

    first: date
    last: date
    count: int
    hours: int
    credits: Decimal


def last_five_years(trainings: Iterable[Training], today: date) -> Total:
    """The total of the five years that end ``today``."""
    return _total(trainings, _years_before(today) + timedelta(days=1), today)


def by_five_years(trainings: Iterable[Training]) -> list[Total]:
    """A total for each group of five calendar years in which anything was learned, last first."""
    known = list(trainings)
    begins = {_first_year(one.ended_on) for one in known}
    return [
        _total(known, date(year, 1, 1), date(year + YEARS - 1, 12, 31))
        for year in sorted(begins, reverse=True)
    ]


def plain(credits: Decimal) -> str:
    """Credits without idle zeros: ``4``, ``1.5``."""
    return f"{credits.normalize():f}"


def _years_before(today: date) -> date:
    """The same day five years ago; before 29 February there is the 28th."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(today.year - YEARS, today.month, day)


def _first_year(day: date) -> int:
    return day.year - (day.year - 1) % YEARS


def _total(trainings: Iterable[Training], first: date, last: date) -> Total:
    found = [one for one in trainings if first <= one.ended_on <= last]
    return Total(
        first=first,
        last=last,
        count=len(found),
        hours=sum(one.hours for one in found),
        credits=Decimal(plain(sum((one.credits for one in found), Decimal(0)))),
    )
