"""Weekly hours that change from a day on (A57.7.1, A303.7.1), and the clock across the change."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kualik.rules.deadline import compute, recompute, to_record
from kualik.rules.errors import RuleViolation
from kualik.rules.workdays import (
    ALMATY,
    WeeklyHours,
    WorkCalendar,
    calendar_from_record,
    calendar_to_record,
)

SIX = WeeklyHours.parse("Mon-Fri 08:30-17:30; Sat 09:00-14:00")
LONG = WeeklyHours.parse("Mon-Fri 08:00-20:00; Sat 09:00-14:00")
FIVE = WeeklyHours.parse("Mon-Fri 09:00-18:00")
TUESDAYS = WeeklyHours.parse("Tue-Sat 10:00-19:00")
CLOSED = frozenset({date(2025, 1, 6), date(2026, 12, 31)})

steady = settings(derandomize=True, database=None, deadline=None, max_examples=80)
weeks = st.sampled_from((SIX, LONG, FIVE, TUESDAYS))
days = st.dates(date(2021, 1, 1), date(2029, 12, 31))
near = st.integers(min_value=-25, max_value=25)
FIRST = datetime(2021, 1, 1, tzinfo=ALMATY)
moments = st.timedeltas(timedelta(), timedelta(days=8 * 365)).map(lambda passed: FIRST + passed)


def changing(before: WeeklyHours, after: WeeklyHours, since: date) -> WorkCalendar:
    """A calendar whose hours change on one day."""
    return WorkCalendar(before, closures=CLOSED, later=((since, after),))


def alone(hours: WeeklyHours) -> WorkCalendar:
    """The same closures with the same hours on every day."""
    return WorkCalendar(hours, closures=CLOSED)


@steady
@given(weeks, weeks, days, near)
def test_each_day_is_answered_by_the_hours_valid_on_it(
    before: WeeklyHours, after: WeeklyHours, since: date, distance: int
) -> None:
    day = since + timedelta(days=distance)
    calendar = changing(before, after, since)
    expected = alone(after if day >= since else before)
    assert calendar.hours_on(day) == expected.hours_on(day)
    assert calendar.special_day(day) == expected.special_day(day)
    assert calendar.is_working(day) == expected.is_working(day)


@steady
@given(weeks, weeks, moments, st.integers(min_value=1, max_value=30))
def test_a_change_after_the_due_day_moves_nothing(
    before: WeeklyHours, after: WeeklyHours, filed: datetime, later: int
) -> None:
    plain = compute(edition="A303", calendar=alone(before), filed_at=filed, mastered_on=None)
    since = plain.due_at.date() + timedelta(days=later)
    changed = compute(
        edition="A303",
        calendar=changing(before, after, since),
        filed_at=filed,
        mastered_on=None,
    )
    assert (changed.accepted_at, changed.due_at) == (plain.accepted_at, plain.due_at)
    assert to_record(changed) == to_record(plain)


@steady
@given(weeks, weeks, moments, near)
def test_acceptance_and_due_time_keep_the_hours_of_their_own_days(
    before: WeeklyHours, after: WeeklyHours, filed: datetime, distance: int
) -> None:
    since = filed.date() + timedelta(days=distance)
    found = compute(
        edition="A303",
        calendar=changing(before, after, since),
        filed_at=filed,
        mastered_on=None,
    )
    for moment, place in ((found.accepted_at, 0), (found.due_at, 1)):
        hours = alone(after if moment.date() >= since else before).hours_on(moment.date())
        assert hours is not None
        assert (moment == hours[1]) if place else (hours[0] <= moment < hours[1])
    assert found.due_at.date() > found.accepted_at.date()


@steady
@given(weeks, weeks, moments, near)
def test_a_recorded_clock_is_recomputed_across_a_change(
    before: WeeklyHours, after: WeeklyHours, filed: datetime, distance: int
) -> None:
    calendar = changing(before, after, filed.date() + timedelta(days=distance))
    found = compute(edition="A303", calendar=calendar, filed_at=filed, mastered_on=None)
    record = to_record(found)
    again = recompute(record)
    assert again == found
    assert again.steps == found.steps
    assert to_record(again) == record


@steady
@given(weeks, weeks, weeks, days, st.integers(min_value=1, max_value=40), near)
def test_office_time_of_two_changes_is_the_sum_of_its_days(
    first: WeeklyHours, second: WeeklyHours, third: WeeklyHours, since: date, gap: int, start: int
) -> None:
    until = since + timedelta(days=gap)
    calendar = WorkCalendar(first, later=((since, second), (until, third)))
    opening = datetime.combine(since, datetime.min.time(), ALMATY) + timedelta(days=start)
    total = timedelta()
    for number in range(60):
        day = opening.date() + timedelta(days=number)
        hours = calendar.hours_on(day)
        total += hours[1] - hours[0] if hours else timedelta()
    end = datetime.combine(day, datetime.max.time(), ALMATY)
    assert calendar.working_time_between(opening, end) == total


@steady
@given(weeks, days)
def test_a_change_to_the_same_hours_changes_nothing(hours: WeeklyHours, since: date) -> None:
    calendar = changing(hours, hours, since)
    for number in range(-20, 20):
        day = since + timedelta(days=number)
        assert calendar.hours_on(day) == alone(hours).hours_on(day)


def test_a_request_of_the_evening_before_is_due_by_the_new_hours_of_the_next_day() -> None:
    # A303.7.2: Monday 30 November, 18:00; from 1 December the office works until eight.
    calendar = changing(SIX, LONG, date(2026, 12, 1))
    filed = datetime(2026, 11, 30, 18, 0, tzinfo=ALMATY)
    found = compute(edition="A303", calendar=calendar, filed_at=filed, mastered_on=None)
    assert found.accepted_at == datetime(2026, 12, 1, 8, 0, tzinfo=ALMATY)
    assert found.due_at == datetime(2026, 12, 2, 20, 0, tzinfo=ALMATY)


def test_a_saturday_given_up_is_no_working_day_from_the_change_on() -> None:
    calendar = changing(SIX, FIVE, date(2026, 12, 1))
    assert calendar.is_working(date(2026, 11, 28))
    assert not calendar.is_working(date(2026, 12, 5))


def test_a_transfer_of_the_five_day_week_counts_only_while_it_is_worked() -> None:
    # 2026-05-09 is a Saturday: its Monday is free in a week of five days alone.
    assert changing(SIX, FIVE, date(2026, 6, 1)).is_working(date(2026, 5, 11))
    assert not changing(FIVE, SIX, date(2026, 6, 1)).is_working(date(2026, 5, 11))


def test_a_record_names_only_the_changes_within_its_days() -> None:
    calendar = WorkCalendar(SIX, later=((date(2026, 12, 1), LONG), (date(2027, 2, 1), FIVE)))
    first, last = date(2026, 12, 10), date(2027, 2, 10)
    record = calendar_to_record(calendar, first, last)
    assert record["hours"] == str(LONG)
    assert record["later"] == [{"from": "2027-02-01", "hours": str(FIVE)}]
    again = calendar_from_record(record)
    day = first
    while day <= last:
        assert again.hours_on(day) == calendar.hours_on(day)
        day += timedelta(days=1)


def test_a_record_of_unchanged_hours_keeps_its_former_shape() -> None:
    record = calendar_to_record(alone(SIX), date(2026, 11, 2), date(2026, 11, 4))
    assert set(record) == {"hours", "zone", "special_days", "estimated_years"}


def test_changes_stand_in_order_one_for_a_day() -> None:
    day = date(2026, 12, 1)
    for later in (((day, LONG), (day, FIVE)), ((day, LONG), (date(2026, 11, 30), FIVE))):
        with pytest.raises(RuleViolation, match="hours_out_of_order"):
            WorkCalendar(SIX, later=later)


@pytest.mark.parametrize("later", [{"from": "2026-12-01"}, [{"from": "2026-12-01"}], ["x"], 5])
def test_a_damaged_change_in_a_record_is_refused(later: object) -> None:
    record = calendar_to_record(alone(SIX), date(2026, 1, 1), date(2026, 1, 8))
    with pytest.raises(RuleViolation, match="record_unreadable"):
        calendar_from_record({**record, "later": later})
