"""Hours and credits of five years."""

from datetime import date
from decimal import Decimal

import pytest

from kualik.rules.transcript import Training, by_five_years, last_five_years, plain


def training(ended_on: date, hours: int = 120, credits: str = "4") -> Training:
    return Training(ended_on=ended_on, hours=hours, credits=Decimal(credits))


@pytest.mark.parametrize(
    ("ended_on", "is_within"),
    [
        (date(2021, 11, 22), False),
        (date(2021, 11, 23), True),
        (date(2026, 11, 22), True),
        (date(2026, 11, 23), False),
    ],
)
def test_the_window_begins_the_day_after_the_same_day_five_years_ago(
    ended_on: date, is_within: bool
) -> None:
    total = last_five_years([training(ended_on)], date(2026, 11, 22))
    assert (total.first, total.last) == (date(2021, 11, 23), date(2026, 11, 22))
    assert total.count == is_within


def test_a_leap_day_has_its_window_too() -> None:
    total = last_five_years([training(date(2023, 3, 1))], date(2028, 2, 29))
    assert (total.first, total.count) == (date(2023, 3, 1), 1)


def test_calendar_groups_begin_with_a_year_that_ends_in_one_or_six() -> None:
    known = [
        training(date(2020, 12, 31), 36, "1.2"),
        training(date(2021, 1, 1), 60, "2"),
        training(date(2025, 12, 31), 120, "4"),
        training(date(2026, 1, 1), 54, "1.8"),
    ]
    assert [
        (one.first.year, one.last.year, one.count, one.hours, plain(one.credits))
        for one in by_five_years(known)
    ] == [(2026, 2030, 1, 54, "1.8"), (2021, 2025, 2, 180, "6"), (2016, 2020, 1, 36, "1.2")]


def test_nothing_learned_is_a_total_of_nothing() -> None:
    total = last_five_years([], date(2026, 11, 22))
    assert (total.count, total.hours, plain(total.credits)) == (0, 0, "0")
    assert by_five_years([]) == []


@pytest.mark.parametrize(
    ("credits", "told"), [("4", "4"), ("1.50", "1.5"), ("10", "10"), ("100.0", "100")]
)
def test_credits_are_told_without_idle_zeros(credits: str, told: str) -> None:
    assert plain(Decimal(credits)) == told
