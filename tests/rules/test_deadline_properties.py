"""What holds for every request of the legal clock, whatever its dates (A57.3.1, A303.3.1)."""

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from kualik.rules.clock_steps import moment_text
from kualik.rules.deadline import (
    ClockEvent,
    Deadline,
    EventKind,
    compute,
    is_overdue,
    recompute,
    remaining,
    to_record,
)
from kualik.rules.language import LANGUAGES
from kualik.rules.workdays import ALMATY, WeeklyHours, WorkCalendar

CALENDARS = tuple(
    WorkCalendar(WeeklyHours.parse(hours), closures=closures)
    for hours in (
        "Mon-Fri 08:30-17:30; Sat 09:00-14:00",
        "Mon-Fri 08:00-20:00; Sat 09:00-14:00",
        "Mon-Fri 09:00-18:00",
        "Tue-Sat 10:00-19:00",
    )
    for closures in (frozenset[date](), frozenset({date(2025, 1, 6), date(2026, 12, 31)}))
)

steady = settings(derandomize=True, database=None, deadline=None, max_examples=300)
calendars = st.sampled_from(CALENDARS)
FIRST = datetime(2020, 1, 1, tzinfo=ALMATY)
moments = st.timedeltas(timedelta(), timedelta(days=16 * 365)).map(lambda passed: FIRST + passed)
mastery = st.none() | st.integers(min_value=-40, max_value=40)


def clock(calendar: WorkCalendar, filed: datetime, days: int | None) -> Deadline:
    """``days`` is the distance of mastery from the day of filing."""
    mastered = None if days is None else filed.date() + timedelta(days=days)
    return compute(edition="A303", calendar=calendar, filed_at=filed, mastered_on=mastered)


@steady
@given(calendars, moments, mastery)
def test_due_is_the_close_of_a_working_day_after_acceptance_and_mastery(
    calendar: WorkCalendar, filed: datetime, days: int | None
) -> None:
    deadline = clock(calendar, filed, days)
    hours = calendar.hours_on(deadline.due_at.date())
    assert hours is not None
    assert deadline.due_at == hours[1]
    assert deadline.due_at.date() > deadline.accepted_at.date()
    assert deadline.mastered_on is None or deadline.due_at.date() > deadline.mastered_on
    between = deadline.starts_on + timedelta(days=1)
    while between < deadline.due_at.date():
        assert not calendar.is_working(between)
        between += timedelta(days=1)


@steady
@given(calendars, moments, mastery)
def test_acceptance_is_in_office_hours_and_never_before_filing(
    calendar: WorkCalendar, filed: datetime, days: int | None
) -> None:
    deadline = clock(calendar, filed, days)
    hours = calendar.hours_on(deadline.accepted_at.date())
    assert hours is not None
    assert hours[0] <= deadline.accepted_at < hours[1]
    assert deadline.filed_at <= deadline.accepted_at < deadline.due_at
    assert calendar.working_time_between(filed, deadline.accepted_at) == timedelta()


@steady
@given(
    calendars,
    moments,
    st.timedeltas(timedelta(), timedelta(days=20)),
    st.dates(date(2020, 1, 1), date(2035, 12, 1)),
)
def test_a_later_filing_is_never_due_earlier(
    calendar: WorkCalendar, filed: datetime, later: timedelta, mastered: date
) -> None:
    first, second = (
        compute(edition="A303", calendar=calendar, filed_at=moment, mastered_on=mastered)
        for moment in (filed, filed + later)
    )
    assert first.accepted_at <= second.accepted_at
    assert first.due_at <= second.due_at
    assert first.target_on <= second.target_on


@steady
@given(calendars, moments, mastery)
def test_the_target_of_staff_is_a_working_day_not_after_the_due_day(
    calendar: WorkCalendar, filed: datetime, days: int | None
) -> None:
    deadline = clock(calendar, filed, days)
    assert calendar.is_working(deadline.target_on)
    assert deadline.filed_at.date() < deadline.target_on <= deadline.due_at.date()


@steady
@given(calendars, moments, mastery)
def test_the_explanation_ends_at_the_due_time_in_every_language(
    calendar: WorkCalendar, filed: datetime, days: int | None
) -> None:
    deadline = clock(calendar, filed, days)
    steps = deadline.steps
    due = moment_text(deadline.due_at)
    for language in LANGUAGES:
        assert steps[-1].text.get(language).endswith(f"{due.get(language)}.")
        assert all(step.text.get(language) for step in steps)
        assert not any("{" in step.text.get(language) for step in steps)
    assert {step.clause for step in steps} <= {"A303.3.1", "A303.7.1", "A303.7.2"}


@steady
@given(calendars, moments, mastery, st.timedeltas(timedelta(days=-30), timedelta(days=30)))
def test_remaining_time_is_zero_from_the_due_time_on_and_never_negative(
    calendar: WorkCalendar, filed: datetime, days: int | None, shift: timedelta
) -> None:
    deadline = clock(calendar, filed, days)
    now = max(deadline.due_at + shift, FIRST)
    left = remaining(deadline, calendar, now)
    assert left >= timedelta()
    assert remaining(deadline, calendar, deadline.due_at) == timedelta()
    assert (left == timedelta()) == (now >= deadline.due_at)
    assert is_overdue(deadline, now) == (now > deadline.due_at)


@steady
@given(calendars, moments, mastery, st.sampled_from(EventKind))
def test_a_record_gives_the_same_deadline_and_explanation_again(
    calendar: WorkCalendar, filed: datetime, days: int | None, kind: EventKind
) -> None:
    quiet = clock(calendar, filed, days)
    event = ClockEvent(kind, filed, filed + timedelta(days=3))
    deadline = compute(
        edition="A57",
        calendar=calendar,
        filed_at=filed,
        mastered_on=quiet.mastered_on,
        events=[event],
    )
    assert deadline.due_at == quiet.due_at
    again = recompute(to_record(deadline))
    assert again == deadline
    assert again.steps == deadline.steps
