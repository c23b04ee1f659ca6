"""Working calendars against the tables of 2020-2027, clauses A57.7.1 and A303.7.1."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kualik.rules.errors import RuleViolation
from kualik.rules.holidays import MovedDay, Week, national_holidays, parse_holidays
from kualik.rules.workdays import (
    ALMATY,
    WeeklyHours,
    WorkCalendar,
    calendar_from_record,
    calendar_to_record,
)

SIX = WorkCalendar(WeeklyHours.parse("Mon-Fri 08:30-17:30; Sat 09:00-14:00"))
FIVE = WorkCalendar(WeeklyHours.parse("Mon-Fri 08:30-17:30"))

YEARS = range(2020, 2028)

ALWAYS = "01-01 01-02 01-07 03-08 03-21 03-22 03-23 05-01 05-07 05-09 07-06 12-16"
OTHER_HOLIDAYS = {
    2020: "08-30 12-01 12-17 07-31",
    2021: "08-30 12-01 12-17 07-20",
    2022: "08-30 10-25 07-09",
    2023: "08-30 10-25 06-28",
    2024: "08-30 10-25 06-16",
    2025: "08-30 10-25 06-06",
    2026: "10-25 05-27",
    2027: "03-15 10-25 05-16",
}
FIVE_DAY_OFF = {
    2020: "03-09 03-24 03-25 05-08 08-31 01-03 12-18",
    2021: "01-04 03-24 05-03 05-10 07-05",
    2022: "01-03 01-04 05-02 05-10 03-07 08-29 10-24",
    2023: "01-03 05-08 12-18 07-07",
    2024: "03-25 07-08 05-08",
    2025: "03-10 03-24 03-25 07-07 09-01 10-27 01-03",
    2026: "03-09 03-24 03-25 05-11 10-26",
    2027: "01-04 03-24 05-03 05-10",
}
SIX_DAY_OFF = {
    2020: "03-09 03-24 08-31 01-03 12-18",
    2021: "03-24 05-10",
    2022: "01-03 05-02",
    2023: "01-03 05-08",
    2024: "",
    2025: "03-24 07-07 01-03",
    2026: "03-09 03-24 10-26",
    2027: "03-24 05-10",
}
WORKED_SUNDAYS = {2020: "01-05 12-20", 2025: "01-05"}
WORKED_SATURDAYS = {2021: "07-03", 2022: "03-05 08-27 10-22", 2023: "07-01", 2024: "05-04"}
OFF_ONLY_IN_FIVE_DAY_WEEK = {
    2020: "03-25 05-08",
    2021: "01-04 05-03 07-05",
    2022: "01-04 03-07 05-10 08-29 10-24",
    2023: "07-07 12-18",
    2024: "03-25 05-08 07-08",
    2025: "03-10 03-25 09-01 10-27",
    2026: "03-25 05-11",
    2027: "01-04 05-03",
}


def days(year: int, text: str) -> set[date]:
    return {date.fromisoformat(f"{year}-{part}") for part in text.split()}


def year_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]


def expected_working(year: int, off: str, worked: str, rest: set[int]) -> list[date]:
    free = days(year, ALWAYS) | days(year, OTHER_HOLIDAYS[year]) | days(year, off)
    extra = days(year, worked)
    return [
        day
        for day in year_of(year)
        if day in extra or (day.weekday() not in rest and day not in free)
    ]


@pytest.mark.parametrize("year", YEARS)
def test_six_day_calendar_is_the_table_day_by_day(year: int) -> None:
    expected = expected_working(year, SIX_DAY_OFF[year], WORKED_SUNDAYS.get(year, ""), {6})
    assert [day for day in year_of(year) if SIX.is_working(day)] == expected


@pytest.mark.parametrize("year", YEARS)
def test_five_day_calendar_is_the_table_day_by_day(year: int) -> None:
    worked = f"{WORKED_SUNDAYS.get(year, '')} {WORKED_SATURDAYS.get(year, '')}"
    expected = expected_working(year, FIVE_DAY_OFF[year], worked, {5, 6})
    assert [day for day in year_of(year) if FIVE.is_working(day)] == expected


@pytest.mark.parametrize("year", YEARS)
def test_weekdays_off_in_five_day_week_and_worked_in_six_day_week(year: int) -> None:
    found = {day for day in year_of(year) if SIX.is_working(day) and not FIVE.is_working(day)}
    weekdays = {day for day in found if day.weekday() < 5}
    assert weekdays == days(year, OFF_ONLY_IN_FIVE_DAY_WEEK[year])


@pytest.mark.parametrize("week", [5, 6])
@pytest.mark.parametrize("year", YEARS)
def test_rows_of_transfer_agree_with_the_rule_of_the_law(year: int, week: Week) -> None:
    table = national_holidays()
    rows = [
        (row.holiday, row.day_off)
        for row in table.transfers
        if row.holiday.year == year and week in row.weeks
    ]
    computed = table.computed_transfers(year, week)
    assert {day_off for _, day_off in rows} == {day_off for _, day_off in computed}
    assert rows == list(computed)


def test_every_row_of_the_table_names_a_known_source() -> None:
    table = national_holidays()
    known = {key for key, _ in table.sources}
    named = {row.source for row in table.fixed} | {row.source for row in table.kurban_ait}
    named |= {row.source for row in table.transfers} | {row.source for row in table.moved}
    assert named == known


def test_years_after_the_table_follow_the_rule_and_are_estimated() -> None:
    assert not SIX.is_working(date(2028, 1, 3))
    assert SIX.is_working(date(2028, 1, 4))
    assert not FIVE.is_working(date(2028, 1, 4))
    assert SIX.is_estimated(date(2028, 6, 1))
    assert SIX.is_estimated(date(2027, 6, 1))
    assert not SIX.is_estimated(date(2026, 6, 1))


@pytest.mark.parametrize("year", [2019, 2100])
def test_a_year_outside_the_calendar_is_refused(year: int) -> None:
    with pytest.raises(RuleViolation) as caught:
        SIX.is_working(date(year, 6, 3))
    assert caught.value.code == "year_not_covered"
    assert caught.value.params["year"] == year


def test_the_last_day_of_the_calendar_type_is_refused_by_name() -> None:
    with pytest.raises(RuleViolation, match="year_not_covered"):
        SIX.next_working_day(date.max)


def test_hours_of_a_day_are_moments_in_almaty() -> None:
    hours = SIX.hours_on(date(2026, 11, 21))
    assert hours is not None
    assert [moment.isoformat() for moment in hours] == [
        "2026-11-21T09:00:00+05:00",
        "2026-11-21T14:00:00+05:00",
    ]
    assert SIX.hours_on(date(2026, 11, 22)) is None


def test_almaty_is_an_hour_further_east_before_march_2024() -> None:
    offsets = []
    for day in (date(2024, 2, 29), date(2024, 3, 1)):
        hours = SIX.hours_on(day)
        assert hours is not None
        offsets.append(hours[0].utcoffset())
    assert offsets == [timedelta(hours=6), timedelta(hours=5)]


def test_a_worked_sunday_has_the_hours_of_the_friday_that_is_off_for_it() -> None:
    assert SIX.hours_on(date(2025, 1, 3)) is None
    hours = SIX.hours_on(date(2025, 1, 5))
    assert hours is not None
    assert [f"{moment:%H:%M}" for moment in hours] == ["08:30", "17:30"]


def test_a_moved_transfer_makes_its_monday_worked_in_the_five_day_week() -> None:
    assert FIVE.is_working(date(2020, 5, 11))
    assert not FIVE.is_working(date(2020, 5, 8))


def test_own_closures_and_later_decisions_change_the_calendar() -> None:
    calendar = WorkCalendar(
        SIX.hours,
        closures=frozenset({date(2026, 11, 23)}),
        moved=(MovedDay(date(2026, 11, 29), date(2026, 11, 27)),),
    )
    assert calendar.next_working_day(date(2026, 11, 21)) == date(2026, 11, 24)
    assert calendar.next_working_day(date(2026, 11, 26)) == date(2026, 11, 28)
    assert calendar.next_working_day(date(2026, 11, 28)) == date(2026, 11, 29)


def test_a_move_of_saturday_for_five_day_weeks_leaves_a_six_day_week_alone() -> None:
    moved = (MovedDay(date(2026, 11, 28), date(2026, 11, 27), frozenset({5})),)
    assert WorkCalendar(SIX.hours, moved=moved).is_working(date(2026, 11, 27))
    five = WorkCalendar(FIVE.hours, moved=moved)
    assert not five.is_working(date(2026, 11, 27))
    assert five.is_working(date(2026, 11, 28))


def test_a_provider_resting_on_the_exchanged_weekday_gains_no_worked_day() -> None:
    calendar = WorkCalendar(WeeklyHours.parse("Tue-Fri 09:00-18:00"))
    assert not calendar.is_working(date(2021, 7, 3))


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-11-20T16:00", "2026-11-21T14:00", 90 + 300),
        ("2026-11-21T15:10", "2026-11-24T17:30", 540 + 540),
        ("2026-11-23T10:00", "2026-11-23T10:00", 0),
        ("2026-11-23T12:00", "2026-11-23T10:00", 0),
        ("2026-11-22T00:00", "2026-11-22T23:59", 0),
        ("2026-11-23T10:00:30", "2026-11-23T10:05", 4),
        ("2024-02-29T17:00", "2024-03-01T09:00", 60),
        ("2026-12-31T17:00", "2027-01-04T09:00", 60),
    ],
)
def test_working_minutes_between_two_moments(start: str, end: str, minutes: int) -> None:
    first, last = (datetime.fromisoformat(text).replace(tzinfo=ALMATY) for text in (start, end))
    assert SIX.working_minutes_between(first, last) == minutes
    assert SIX.working_minutes_between(first.astimezone(UTC), last.astimezone(UTC)) == minutes


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(RuleViolation, match="naive_time"):
        SIX.localise(datetime.fromisoformat("2026-11-21T15:10"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Mon-Fri 08:30-17:30; Sat 09:00-14:00", "Mon-Fri 08:30-17:30; Sat 09:00-14:00"),
        ("mon – fri 8:30–17:30;", "Mon-Fri 08:30-17:30"),
        ("Mon,Wed-Thu 09:00-13:00", "Mon 09:00-13:00; Wed-Thu 09:00-13:00"),
        ("Sat 09:00-14:00; Mon-Fri 09:00-14:00", "Mon-Sat 09:00-14:00"),
    ],
)
def test_weekly_hours_are_read_and_written_canonically(text: str, canonical: str) -> None:
    assert str(WeeklyHours.parse(text)) == canonical
    assert WeeklyHours.parse(canonical) == WeeklyHours.parse(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("Mon-Fri", "Mon-Fri"),
        ("Mon-Fri 08:30-17:30; Sut 09:00-14:00", "Sut 09:00-14:00"),
        ("Mon-Fri 08:30-17:30; Fri 09:00-14:00", "Fri 09:00-14:00"),
        ("Fri-Mon 08:30-17:30", "Fri-Mon 08:30-17:30"),
        ("Mon 08:61-17:30", "Mon 08:61-17:30"),
        ("Mon 17:30-08:30", "Mon 17:30-08:30"),
        ("Mon 08:30-24:00", "Mon 08:30-24:00"),
    ],
)
def test_unreadable_hours_are_named(text: str, part: str) -> None:
    with pytest.raises(RuleViolation) as caught:
        WeeklyHours.parse(text)
    assert caught.value.code == "hours_unreadable"
    assert caught.value.params == {"part": part}


def test_hours_come_from_minutes_by_weekday() -> None:
    hours = WeeklyHours.of({0: (510, 1050), 5: (540, 840)})
    assert str(hours) == "Mon 08:30-17:30; Sat 09:00-14:00"
    assert hours.week == 6


def test_a_recorded_calendar_answers_the_same_for_its_days() -> None:
    calendar = WorkCalendar(SIX.hours, closures=frozenset({date(2020, 1, 9)}))
    first, last = date(2020, 1, 1), date(2020, 1, 10)
    again = calendar_from_record(calendar_to_record(calendar, first, last))
    day = first
    while day <= last:
        assert again.hours_on(day) == calendar.hours_on(day)
        assert again.special_day(day) == calendar.special_day(day)
        day += timedelta(days=1)


def test_a_damaged_calendar_record_is_refused() -> None:
    record = calendar_to_record(SIX, date(2026, 1, 1), date(2026, 1, 8))
    with pytest.raises(RuleViolation, match="record_unreadable"):
        calendar_from_record({**record, "special_days": [{"day": "2026-01-07"}]})
    with pytest.raises(RuleViolation, match="record_unreadable"):
        calendar_from_record({"hours": "Mon 09:00-18:00"})


TABLE = """
first_year = 2026
last_year = 2026
transfer = []
moved = []
kurban_ait = []
[sources]
law = "Law on holidays"
[[holiday]]
month = 1
day = 1
transfers = true
kk = "Жаңа жыл"
ru = "Новый год"
en = "New Year"
source = "law"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "law"', 'source = "lost"', "holiday row 1: unknown source 'lost'"),
        ('kk = "Жаңа жыл"', "", "holiday row 1: kk must be a text"),
        ("month = 1", 'month = "January"', "holiday row 1: month must be a number"),
        ("transfers = true", "", "holiday row 1: transfers must be true or false"),
        ("moved = []", "moved = [7]", "moved row 1: not a table"),
        (
            "moved = []",
            'moved = [{rest_day = 2026-01-01, day_off = "soon", weeks = [5], source = "law"}]',
            "moved row 1: day_off must be a date",
        ),
        (
            "moved = []",
            'moved = [{rest_day = 2026-01-03, day_off = 2026-01-09, weeks = [7], source = "law"}]',
            "moved row 1: weeks must be a list of 5 and 6",
        ),
    ],
)
def test_a_faulty_row_of_the_table_is_named(old: str, new: str, message: str) -> None:
    assert parse_holidays(TABLE).first_year == 2026
    with pytest.raises(ValueError, match=message):
        parse_holidays(TABLE.replace(old, new))
