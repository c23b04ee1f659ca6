"""One working day for the notice and one for the protocol (A57.10-4)."""

from datetime import UTC, date, datetime

import pytest

from kualik.rules.errors import RuleViolation
from kualik.rules.incidents import one_working_day, warned_at
from kualik.rules.workdays import WeeklyHours, WorkCalendar

FIVE = WeeklyHours.parse("Mon-Fri 08:30-17:30")
CLOSED = WorkCalendar(FIVE, closures=frozenset({date(2026, 11, 24)}))


def utc(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "due_at"),
    [
        (utc(23, 5), utc(24, 12, 30)),  # Monday at ten: Tuesday at half past five
        (utc(23, 16), utc(24, 12, 30)),  # Monday after hours: the same
        (utc(27, 5), utc(30, 12, 30)),  # Friday: Monday
        (utc(28, 5), utc(30, 12, 30)),  # Saturday: Monday
        (utc(23, 20), utc(25, 12, 30)),  # past midnight in Almaty it is Tuesday already
        (utc(15, 5, month=12), utc(17, 12, 30, month=12)),  # the holiday of 16 December
    ],
)
def test_the_day_of_the_beginning_is_not_counted(since: datetime, due_at: datetime) -> None:
    assert one_working_day(WorkCalendar(FIVE), since) == due_at


def test_a_day_on_which_the_provider_is_closed_is_no_working_day() -> None:
    assert one_working_day(CLOSED, utc(23, 5)) == utc(25, 12, 30)


def test_staff_are_warned_while_the_office_is_open() -> None:
    assert warned_at(utc(24, 12, 30)) == utc(24, 10, 30)


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(RuleViolation) as refused:
        one_working_day(WorkCalendar(FIVE), datetime(2026, 11, 23, 5))  # noqa: DTZ001
    assert refused.value.code == "naive_time"
