"""Dates as offices and programs write them."""

import re
import tomllib
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.rules.spelling import repair

WORDS: Final = Path(__file__).parents[1] / "data" / "words.toml"
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
LONGEST_DATE: Final = 60
# Day 1 of a spreadsheet's count, with the year 1900 it takes for a leap year.
SPREADSHEET_ZERO: Final = date(1899, 12, 30)

TIME: Final = re.compile(r"[t, ]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(am|pm|z|[+-]\d{2}:?\d{2})?$")
ISO: Final = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})")
DOTTED: Final = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2})")


@cache
def words() -> dict[str, dict[str, list[str]]]:
    """The words of cells as data."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


@lru_cache(maxsize=2048)
def parse_date(text: str) -> date:
    """The day named by a text; a time of day beside it is left out.

    Year first (``2026-11-20``), day first (``20.11.2026``, never month first), or with the name
    of the month in Kazakh, Russian or English in any order (``19 November 2026, 4:10 PM``).
    RuleViolation ``date_not_understood``, or ``date_impossible`` for a day the calendar lacks.
    """
    plain = " ".join(text.split())
    if len(plain) > LONGEST_DATE or not plain.isprintable():
        raise RuleViolation("date_not_understood")
    plain = TIME.sub("", plain.casefold()).strip(" ,.")
    found = ISO.fullmatch(plain)
    if found:
        return _day(found[1], found[2], found[3])
    found = DOTTED.fullmatch(re.sub(r"[ .]*(г|год|года|ж)$", "", plain))
    if found:
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        return _day(year, found[2], found[1])
    return _named(plain)


def spreadsheet_day(number: int) -> date:
    """The day of a cell that lost its date format; ``date_not_understood`` out of 1990–2100."""
    if not 0 < number < 100_000:
        raise RuleViolation("date_not_understood")
    found = SPREADSHEET_ZERO + timedelta(days=number)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise RuleViolation("date_not_understood")
    return found


def _day(year: str, month: str, day: str) -> date:
    if not (year + month + day).isascii():
        raise RuleViolation("date_not_understood")
    try:
        found = date(int(year), int(month), int(day))
    except ValueError as error:
        raise RuleViolation("date_impossible") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise RuleViolation("date_impossible")
    return found


def _named(plain: str) -> date:
    """A date with the month in words: one month, one year, one day, and nothing unknown."""
    months: set[str] = set()
    years: list[str] = []
    days: list[str] = []
    for token in re.findall(r"\d+|[^\W\d_]+", repair(plain)):
        if token.isdigit():
            (years if len(token) == 4 else days).append(token)
        elif month := _month(token):
            months.add(month)
        elif not _is_filler(token):
            raise RuleViolation("date_not_understood")
    if len(months) != 1 or len(years) != 1 or len(days) != 1 or len(days[0]) > 2:
        raise RuleViolation("date_not_understood")
    return _day(years[0], months.pop(), days[0])


def _month(token: str) -> str:
    if token in words()["dates"]["weekdays"]:
        return ""
    for number, beginnings in words()["months"].items():
        if token.startswith(tuple(beginnings)):
            return number
    return ""


def _is_filler(token: str) -> bool:
    return token in words()["dates"]["fillers"] or token in words()["dates"]["weekdays"]
