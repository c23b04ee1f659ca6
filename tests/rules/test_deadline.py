"""The legal clock: A57.3.1, A57.7.2, A303.3.1, A303.7.2 by examples."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from kualik.rules.deadline import (
    ClockEvent,
    Deadline,
    EventKind,
    compute,
    is_overdue,
    overdue_step,
    recompute,
    remaining,
    to_record,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.workdays import ALMATY, WeeklyHours, WorkCalendar

A303 = WorkCalendar(WeeklyHours.parse("Mon-Fri 08:30-17:30; Sat 09:00-14:00"))
A57 = WorkCalendar(WeeklyHours.parse("Mon-Fri 08:00-20:00; Sat 09:00-14:00"))
FIVE = WorkCalendar(WeeklyHours.parse("Mon-Fri 08:30-17:30"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY)


def clock(filed: str, mastered: str | None = None, calendar: WorkCalendar = A303) -> Deadline:
    return compute(
        edition="A303",
        calendar=calendar,
        filed_at=at(filed),
        mastered_on=date.fromisoformat(mastered) if mastered else None,
    )


def short(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("case", "filed", "accepted", "due"),
    [
        ("Saturday after closing", "2026-11-21T15:10", "2026-11-23T08:30", "2026-11-24T17:30"),
        ("Friday in hours", "2026-11-20T16:00", "2026-11-20T16:00", "2026-11-21T14:00"),
        ("eve of Nauryz", "2026-03-20T10:00", "2026-03-20T10:00", "2026-03-25T17:30"),
        ("evening before a holiday", "2026-12-15T18:00", "2026-12-17T08:30", "2026-12-18T17:30"),
        ("on a holiday", "2026-12-16T11:00", "2026-12-17T08:30", "2026-12-18T17:30"),
        ("eve of a worked Sunday", "2025-01-04T10:00", "2025-01-04T10:00", "2025-01-05T17:30"),
        ("on a worked Sunday", "2025-01-05T10:00", "2025-01-05T10:00", "2025-01-06T17:30"),
        ("on a Friday off for it", "2025-01-03T10:00", "2025-01-04T09:00", "2025-01-05T17:30"),
        ("holiday on Sunday", "2026-10-24T10:00", "2026-10-24T10:00", "2026-10-27T17:30"),
        ("year's end in hours", "2026-12-31T10:00", "2026-12-31T10:00", "2027-01-04T17:30"),
        ("year's end, evening", "2026-12-31T18:00", "2027-01-04T08:30", "2027-01-05T17:30"),
        ("before opening", "2026-11-23T07:15", "2026-11-23T08:30", "2026-11-24T17:30"),
        ("at the opening minute", "2026-11-23T08:30", "2026-11-23T08:30", "2026-11-24T17:30"),
        ("last minute", "2026-11-23T17:29", "2026-11-23T17:29", "2026-11-24T17:30"),
        ("at the closing minute", "2026-11-23T17:30", "2026-11-24T08:30", "2026-11-25T17:30"),
        ("Saturday's closing minute", "2026-11-21T14:00", "2026-11-23T08:30", "2026-11-24T17:30"),
        ("clocks go back in the night", "2024-02-29T18:00", "2024-03-01T08:30", "2024-03-02T14:00"),
    ],
)
def test_acceptance_and_due_time(case: str, filed: str, accepted: str, due: str) -> None:
    deadline = clock(filed)
    assert (short(deadline.accepted_at), short(deadline.due_at)) == (accepted, due), case


@pytest.mark.parametrize(
    ("filed", "mastered", "due"),
    [
        ("2026-11-20T16:00", "2026-11-20", "2026-11-21T14:00"),
        ("2026-11-20T16:00", "2026-11-13", "2026-11-21T14:00"),
        ("2026-11-20T16:00", "2026-11-22", "2026-11-23T17:30"),
        ("2026-11-20T16:00", "2026-11-25", "2026-11-26T17:30"),
        ("2026-11-20T16:00", "2026-03-21", "2026-11-21T14:00"),
    ],
)
def test_the_day_runs_from_the_later_of_acceptance_and_mastery(
    filed: str, mastered: str, due: str
) -> None:
    assert short(clock(filed, mastered).due_at) == due


def test_a_five_day_office_does_not_count_saturday() -> None:
    deadline = clock("2026-11-20T16:00", calendar=FIVE)
    assert short(deadline.due_at) == "2026-11-23T17:30"


def test_a57_works_until_twenty_hours() -> None:
    deadline = compute(
        edition="A57", calendar=A57, filed_at=at("2020-11-20T19:59"), mastered_on=None
    )
    assert short(deadline.accepted_at) == "2020-11-20T19:59"
    assert short(deadline.due_at) == "2020-11-21T14:00"
    assert deadline.due_at.utcoffset() == timedelta(hours=6)
    assert [step.clause for step in deadline.steps] == ["A57.7.1", "A57.3.1", "A57.3.1"]


def test_the_offset_of_the_filing_moment_does_not_matter() -> None:
    moment = at("2026-11-21T15:10")
    other = compute(
        edition="A303", calendar=A303, filed_at=moment.astimezone(UTC), mastered_on=None
    )
    assert other == clock("2026-11-21T15:10")


def test_own_closure_moves_acceptance_and_is_named() -> None:
    calendar = WorkCalendar(
        A303.hours, closures=frozenset({date(2026, 11, 23), date(2026, 11, 24)})
    )
    deadline = clock("2026-11-23T10:00", calendar=calendar)
    assert short(deadline.accepted_at) == "2026-11-25T08:30"
    first, second, *_ = deadline.steps
    assert "Услугодатель в этот день не работает" in first.text.ru
    assert second.text.en == (
        "Not counted as working days: Monday, 23 November 2026 – Tuesday, 24 November 2026"
        " (the provider is closed)."
    )


def test_the_explanation_of_saturday_afternoon_in_three_languages() -> None:
    steps = clock("2026-11-21T15:10", "2026-11-20").steps
    assert [step.clause for step in steps] == ["A303.7.2", "A303.7.1", "A303.3.1", "A303.3.1"]
    assert steps[0].text.kk == (
        "Өтініш берілген уақыт: 2026 жылғы 21 қараша, сенбі, 15:10. Жұмыс уақыты (09:00–14:00)"
        " аяқталғаннан кейін жүгінген кезде өтініш келесі жұмыс күні қабылданады:"
        " 2026 жылғы 23 қараша, дүйсенбі, 08:30."
    )
    assert steps[1].text.ru == (
        "Рабочими днями не считаются: воскресенье, 22 ноября 2026 года (выходной день)."
    )
    assert steps[2].text.en == (
        "The programme was fully mastered: Friday, 20 November 2026. The request was accepted:"
        " Monday, 23 November 2026. The 1 (one) working day is counted after the later of the two:"
        " Monday, 23 November 2026."
    )
    assert steps[3].text.kk.endswith("2026 жылғы 24 қараша, сейсенбі, 17:30.")
    assert steps[3].text.ru.endswith("вторник, 24 ноября 2026 года, 17:30.")


def test_the_explanation_names_nauryz_and_its_transfer() -> None:
    named = [step for step in clock("2026-03-20T10:00").steps if step.clause == "A303.7.1"][1]
    assert named.text.kk == (
        "Жұмыс күні болып есептелмейді: 2026 жылғы 21 наурыз, сенбі – 2026 жылғы 23 наурыз,"
        " дүйсенбі (мереке күні: Наурыз мейрамы); 2026 жылғы 24 наурыз, сейсенбі"
        " (демалыс күніне тура келген мереке үшін берілген демалыс: Наурыз мейрамы,"
        " 2026 жылғы 22 наурыз, жексенбі)."
    )


def test_the_explanation_names_a_worked_sunday() -> None:
    texts = [step.text.en for step in clock("2025-01-04T10:00").steps]
    assert (
        "This day is worked: Sunday, 5 January 2025. Its rest was moved by decision to another"
        " day: Friday, 3 January 2025." in texts
    )


def test_a_year_not_announced_yet_is_called_preliminary() -> None:
    texts = [step.text.en for step in clock("2028-06-01T10:00").steps]
    assert any(text.startswith("The calendar of this year is preliminary: 2028.") for text in texts)
    assert not any("preliminary" in step.text.en for step in clock("2026-06-01T10:00").steps)


@pytest.mark.parametrize(
    ("edition", "kind", "clause"),
    [
        ("A303", EventKind.TECHNICAL_BREAK, "A303.7.2"),
        ("A57", EventKind.TECHNICAL_BREAK, "A57.7.2"),
        ("A303", EventKind.INCIDENT, "A303.7.2"),
        ("A57", EventKind.INCIDENT, "A57.10-4"),
    ],
)
def test_breaks_and_incidents_are_named_and_extend_nothing(
    edition: str, kind: EventKind, clause: str
) -> None:
    event = ClockEvent(kind, at("2026-11-23T09:00"), at("2026-11-24T17:00"))
    quiet = clock("2026-11-23T10:00")
    disturbed = compute(
        edition=edition,
        calendar=A303,
        filed_at=quiet.filed_at,
        mastered_on=None,
        events=[event],
    )
    assert disturbed.due_at == quiet.due_at
    assert disturbed.accepted_at == quiet.accepted_at
    named = disturbed.steps[-2]
    assert named.clause == clause
    assert "понедельник, 23 ноября 2026 года, 09:00 – вторник, 24 ноября" in named.text.ru
    assert "ұзартпайды" in named.text.kk
    assert "не продлевает" in named.text.ru
    assert "does not extend" in named.text.en


def test_an_event_that_lasts_is_said_not_to_have_ended() -> None:
    event = ClockEvent(EventKind.INCIDENT, datetime(2026, 11, 23, 5, 0, tzinfo=UTC))
    deadline = compute(
        edition="A303",
        calendar=A303,
        filed_at=at("2026-11-23T11:00"),
        mastered_on=None,
        events=[event],
    )
    assert "Monday, 23 November 2026, 10:00 – not ended yet" in deadline.steps[-2].text.en


def test_events_outside_the_term_are_not_named() -> None:
    events = [
        ClockEvent(EventKind.TECHNICAL_BREAK, at("2026-11-20T01:00"), at("2026-11-20T03:00")),
        ClockEvent(EventKind.TECHNICAL_BREAK, at("2026-11-30T01:00"), at("2026-11-30T03:00")),
    ]
    deadline = compute(
        edition="A303",
        calendar=A303,
        filed_at=at("2026-11-23T11:00"),
        mastered_on=None,
        events=events,
    )
    assert not any("Technical break" in step.text.en for step in deadline.steps)


def test_an_event_cannot_end_before_its_start() -> None:
    with pytest.raises(RuleViolation, match="event_ends_before_start"):
        ClockEvent(EventKind.INCIDENT, at("2026-11-23T10:00"), at("2026-11-23T09:00"))


@pytest.mark.parametrize(
    ("filed", "mastered", "target"),
    [
        ("2026-11-21T15:10", "2026-11-20", "2026-11-23"),
        ("2026-11-22T10:00", "2026-11-20", "2026-11-23"),
        ("2026-11-21T15:10", "2026-11-23", "2026-11-24"),
        ("2026-11-20T16:00", "2026-11-20", "2026-11-21"),
        ("2026-11-23T07:15", "2026-11-20", "2026-11-24"),
    ],
)
def test_the_strict_reading_gives_staff_the_next_working_day(
    filed: str, mastered: str, target: str
) -> None:
    deadline = clock(filed, mastered)
    assert deadline.target_on == date.fromisoformat(target)
    assert (deadline.target is None) == (deadline.target_on == deadline.due_at.date())


def test_the_target_is_a_sentence_of_its_own_clause() -> None:
    target = clock("2026-11-21T15:10").target
    assert target is not None
    assert target.clause == "A303.7.2"
    assert "понедельник, 23 ноября 2026 года" in target.text.ru


@pytest.mark.parametrize(
    ("now", "minutes"),
    [
        ("2026-11-21T15:10", 1080),
        ("2026-11-23T08:30", 1080),
        ("2026-11-24T17:00", 30),
        ("2026-11-24T17:30", 0),
        ("2026-11-25T09:00", 0),
    ],
)
def test_remaining_is_office_time_only(now: str, minutes: int) -> None:
    left = remaining(clock("2026-11-21T15:10"), A303, at(now))
    assert left == timedelta(minutes=minutes)


def test_overdue_begins_after_the_due_time_and_is_a_deemed_refusal() -> None:
    deadline = clock("2026-11-21T15:10")
    assert not is_overdue(deadline, at("2026-11-24T17:30"))
    assert is_overdue(deadline, at("2026-11-24T17:30:01"))
    step = overdue_step(deadline)
    assert step.clause == "APPC.91.2"
    assert "вторник, 24 ноября 2026 года, 17:30" in step.text.ru
    assert "бас тартылды деп есептеледі" in step.text.kk


def test_times_without_offset_are_refused() -> None:
    naive = datetime.fromisoformat("2026-11-21T15:10")
    with pytest.raises(RuleViolation, match="naive_time"):
        compute(edition="A303", calendar=A303, filed_at=naive, mastered_on=None)
    with pytest.raises(RuleViolation, match="naive_time"):
        is_overdue(clock("2026-11-21T15:10"), naive)
    with pytest.raises(RuleViolation, match="naive_time"):
        ClockEvent(EventKind.TECHNICAL_BREAK, naive)


def test_a_record_survives_a_change_of_the_national_table() -> None:
    """The record holds the days it used, so a later decision does not rewrite an old answer."""
    deadline = compute(
        edition="A303",
        calendar=WorkCalendar(A303.hours, closures=frozenset({date(2026, 3, 25)})),
        filed_at=at("2026-03-20T10:00"),
        mastered_on=date(2026, 3, 19),
        events=[ClockEvent(EventKind.TECHNICAL_BREAK, at("2026-03-20T12:00"))],
    )
    record = json.loads(json.dumps(to_record(deadline), ensure_ascii=False))
    again = recompute(record)
    assert again == deadline
    assert again.steps == deadline.steps
    assert short(again.due_at) == "2026-03-26T17:30"
    assert to_record(again) == record


def test_a_damaged_record_is_refused() -> None:
    record = to_record(clock("2026-11-21T15:10"))
    damages: list[dict[str, object]] = [
        {"filed_at": None},
        {"events": [{"kind": "incident"}]},
        {"calendar": {}},
    ]
    for damage in damages:
        with pytest.raises(RuleViolation, match="record_unreadable"):
            recompute({**record, **damage})
