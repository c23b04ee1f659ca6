"""Terms of complaints (A57.17-2; APPC, articles 76, 91, 92, 99, 100; Law, article 25)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kualik.rules.complaints import (
    clock_of,
    is_limit_over,
    last_day_to_complain,
    law,
    registered_on,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.refusal import appeal
from kualik.rules.workdays import WeeklyHours, WorkCalendar

ZONE = ZoneInfo("Asia/Almaty")
CALENDAR = WorkCalendar(WeeklyHours.parse("Mon-Fri 08:30-17:30"))


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def test_the_terms_are_those_of_the_law() -> None:
    days = {term.code: term.days for term in law().terms}
    assert days == {"forward": 3, "provider": 5, "quality_body": 15, "higher_body": 20}


def test_there_are_six_kinds_of_decision_and_four_of_them_reopen() -> None:
    assert len(law().decisions) == 6
    assert sum(decision.reopens for decision in law().decisions) == 4


def test_counting_starts_on_the_day_after_registration() -> None:
    clock = clock_of("forward", registered=date(2026, 11, 23), calendar=CALENDAR)
    assert clock.due_at == at(26, 17, 30)


def test_days_off_do_not_count() -> None:
    clock = clock_of("provider", registered=date(2026, 11, 19), calendar=CALENDAR)
    assert clock.due_at == at(26, 17, 30)


def test_the_holiday_of_december_moves_the_end() -> None:
    clock = clock_of("forward", registered=date(2026, 12, 14), calendar=CALENDAR)
    assert clock.due_at == at(18, 17, 30, month=12)


def test_the_clock_warns_at_eighty_percent_and_is_late_after_the_last_minute() -> None:
    clock = clock_of("provider", registered=date(2026, 11, 20), calendar=CALENDAR)
    start, end = at(23, 8, 30), at(27, 17, 30)
    assert clock.warn_at == start + (end - start) * 0.8
    assert clock.stage(clock.warn_at - timedelta(seconds=1)) == "in_time"
    assert clock.stage(clock.warn_at) == "soon"
    assert clock.stage(clock.due_at) == "soon"
    assert clock.stage(clock.due_at + timedelta(seconds=1)) == "late"


def test_a_complaint_of_a_day_off_is_registered_on_the_next_working_day() -> None:
    assert registered_on(at(22, 12), CALENDAR) == date(2026, 11, 23)
    assert registered_on(at(23, 23, 50), CALENDAR) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("known", "named", "expected"),
    [
        (date(2026, 11, 30), True, date(2027, 2, 28)),
        (date(2026, 8, 22), True, date(2026, 11, 22)),
        (date(2026, 8, 31), False, date(2027, 2, 28)),
        (date(2026, 12, 1), False, date(2027, 6, 1)),
    ],
)
def test_the_limit_is_three_months_or_six_when_no_way_was_named(
    known: date, named: bool, expected: date
) -> None:
    assert last_day_to_complain(known, appeal=appeal(), ways_were_named=named) == expected


def test_an_unknown_term_or_decision_is_named() -> None:
    with pytest.raises(RuleViolation, match="complaint_term_unknown"):
        law().term("month")
    with pytest.raises(RuleViolation, match="complaint_decision_unknown"):
        law().decision("maybe")


@given(st.dates(date(2024, 1, 2), date(2027, 10, 1)))
def test_a_longer_term_never_ends_before_a_shorter_one(day: date) -> None:
    dues = [
        clock_of(code, registered=day, calendar=CALENDAR).due_at
        for code in ("forward", "provider", "quality_body", "higher_body")
    ]
    assert dues == sorted(set(dues))
    assert all(CALENDAR.is_working(due.date()) for due in dues)


@pytest.mark.parametrize(
    ("last", "on", "expected"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), False),
        (date(2026, 11, 20), date(2026, 11, 21), True),
        (date(2026, 11, 21), date(2026, 11, 23), False),
        (date(2026, 11, 21), date(2026, 11, 24), True),
        (date(1990, 1, 1), date(2026, 11, 23), True),
    ],
)
def test_a_limit_that_ends_on_a_day_off_ends_on_the_next_working_day(
    last: date, on: date, expected: bool
) -> None:
    assert is_limit_over(last, on=on, calendar=CALENDAR) is expected


def test_sending_back_is_no_full_satisfaction() -> None:
    full = {decision.code for decision in law().decisions if decision.satisfies}
    assert full == {"act_cancelled", "act_cancelled_and_new", "action_ordered"}
