"""The legal clock of one request: when it is accepted and when the result is due.

The term is one working day from full mastery of the programme (A57.3.1, A303.3.1). It is read as
running from the later of mastery and acceptance, and ending with the office hours of the first
working day after that. A request filed after hours is accepted on the next working day (A57.7.2,
A303.7.2). Technical breaks and incidents are named and never extend the term.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from kualik.rules import clock_steps
from kualik.rules.clock_steps import Step
from kualik.rules.errors import RuleViolation
from kualik.rules.holidays import ONE_DAY, DayKind, SpecialDay
from kualik.rules.workdays import WorkCalendar, calendar_from_record, calendar_to_record


class EventKind(StrEnum):
    """What may disturb a request without extending its term."""

    TECHNICAL_BREAK = "technical_break"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """A technical break of the portal (A57.7.2, A303.7.2) or an incident (A57.10-4).

    ``ended_at`` is None while it lasts. Raises RuleViolation ``naive_time`` for a time without
    offset, ``event_ends_before_start`` for an end before the start.
    """

    kind: EventKind
    started_at: datetime
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        _require_offset(self.started_at)
        if self.ended_at is None:
            return
        _require_offset(self.ended_at)
        if self.ended_at < self.started_at:
            raise RuleViolation("event_ends_before_start", event=self.kind.value)

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether any of it lies between ``start`` and ``end``, both included."""
        return self.started_at <= end and (self.ended_at is None or self.ended_at >= start)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The answer of the clock, with the inputs it was computed from; times in the office's zone.

    Of ``events`` the steps name those that touch the time from filing to the due time.
    ``target_on`` is the strict reading of A57.7.2 and A303.7.2: acceptance and result both on the
    next working day, so for a request filed after hours it is a day before ``due_at``.
    """

    edition: str
    filed_at: datetime
    mastered_on: date | None
    events: tuple[ClockEvent, ...]
    accepted_at: datetime
    due_at: datetime
    target_on: date
    calendar: WorkCalendar = field(repr=False, compare=False)

    @property
    def starts_on(self) -> date:
        """The day after which the one working day is counted (A57.3.1, A303.3.1)."""
        return _later(self.accepted_at.date(), self.mastered_on)

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the clock came to ``due_at``, written anew at each call; the last ends with it."""
        return tuple(_explain(self))

    @property
    def target(self) -> Step | None:
        """The sentence on ``target_on`` for the staff; None when that is the day it is due."""
        if self.target_on == self.due_at.date():
            return None
        return clock_steps.step("target", self.edition, target=clock_steps.day_text(self.target_on))


def compute(
    *,
    edition: str,
    calendar: WorkCalendar,
    filed_at: datetime,
    mastered_on: date | None,
    events: Sequence[ClockEvent] = (),
) -> Deadline:
    """Acceptance and due time of a request under A57.3.1, A57.7.2, A303.3.1, A303.7.2.

    Raises RuleViolation ``naive_time`` when ``filed_at`` has no offset, ``year_not_covered`` when
    the calendar does not know a year it needs.
    """
    filed = calendar.localise(filed_at)
    filed_on = filed.date()
    hours = calendar.hours_on(filed_on)
    if hours is not None and filed < hours[1]:
        accepted, accepted_on = max(filed, hours[0]), filed_on
    else:
        accepted_on = calendar.next_working_day(filed_on)
        accepted = _hours(calendar, accepted_on)[0]
    due_on = calendar.next_working_day(_later(accepted_on, mastered_on))
    target_on = calendar.next_working_day(_later(filed_on, mastered_on))
    return Deadline(
        edition=edition,
        filed_at=filed,
        mastered_on=mastered_on,
        events=tuple(events),
        accepted_at=accepted,
        due_at=_hours(calendar, due_on)[1],
        target_on=target_on,
        calendar=calendar,
    )


def remaining(deadline: Deadline, calendar: WorkCalendar, now: datetime) -> timedelta:
    """Office time left from ``now`` to the due time; zero at it and after it."""
    return calendar.working_time_between(now, deadline.due_at)


def is_overdue(deadline: Deadline, now: datetime) -> bool:
    """Whether the term has run out; at the due time itself it has not.

    An overdue request is a deemed refusal (APPC art. 91 p. 2).
    """
    _require_offset(now)
    return now > deadline.due_at


def overdue_step(deadline: Deadline) -> Step:
    """The sentence of an overdue request: a deemed refusal, which may be complained about."""
    due = clock_steps.moment_text(deadline.due_at)
    return clock_steps.step("overdue", deadline.edition, due=due)


def to_record(deadline: Deadline) -> dict[str, object]:
    """Inputs and result as JSON values; ``recompute`` gives the same deadline from it for ever."""
    return {
        "edition": deadline.edition,
        "filed_at": deadline.filed_at.isoformat(),
        "mastered_on": deadline.mastered_on.isoformat() if deadline.mastered_on else None,
        "events": [
            {
                "kind": event.kind.value,
                "started_at": event.started_at.isoformat(),
                "ended_at": event.ended_at.isoformat() if event.ended_at else None,
            }
            for event in deadline.events
        ],
        "calendar": calendar_to_record(
            deadline.calendar, deadline.filed_at.date(), deadline.due_at.date()
        ),
        "accepted_at": deadline.accepted_at.isoformat(),
        "due_at": deadline.due_at.isoformat(),
        "target_on": deadline.target_on.isoformat(),
    }


def recompute(record: Mapping[str, object]) -> Deadline:
    """The deadline of a ``to_record``, computed anew from its stored inputs and its own calendar.

    Raises RuleViolation ``record_unreadable`` when a part is missing or of a wrong kind.
    """
    match record:
        case {
            "edition": str(edition),
            "filed_at": str(filed_at),
            "mastered_on": (str() | None) as mastered_on,
            "events": list(events),
            "calendar": dict(calendar),
        }:
            return compute(
                edition=edition,
                calendar=calendar_from_record(calendar),
                filed_at=datetime.fromisoformat(filed_at),
                mastered_on=date.fromisoformat(mastered_on) if mastered_on else None,
                events=[_event_from_record(event) for event in events],
            )
    raise RuleViolation("record_unreadable", part="deadline")


def _event_from_record(record: object) -> ClockEvent:
    match record:
        case {
            "kind": str(kind),
            "started_at": str(started_at),
            "ended_at": (str() | None) as ended_at,
        }:
            end = datetime.fromisoformat(ended_at) if ended_at else None
            return ClockEvent(EventKind(kind), datetime.fromisoformat(started_at), end)
    raise RuleViolation("record_unreadable", part="events")


def _explain(deadline: Deadline) -> Iterator[Step]:
    calendar, edition = deadline.calendar, deadline.edition
    filed_on, accepted_on = deadline.filed_at.date(), deadline.accepted_at.date()
    due_on, start = deadline.due_at.date(), deadline.starts_on
    yield _acceptance_step(deadline)
    if accepted_on != filed_on:
        yield from _days_between(calendar, edition, filed_on, accepted_on)
    yield _start_step(deadline, start)
    yield from _days_between(calendar, edition, start + ONE_DAY, due_on)
    for day in sorted({filed_on, accepted_on, due_on}):
        yield from _worked_rest_day(calendar, edition, day)
    for year in range(filed_on.year, due_on.year + 1):
        if calendar.holidays.is_estimated(year):
            yield clock_steps.step("estimated", edition, year=clock_steps.plain_text(str(year)))
    for event in deadline.events:
        if event.touches(deadline.filed_at, deadline.due_at):
            yield _event_step(deadline, event)
    yield clock_steps.step(
        "due",
        edition,
        hours=clock_steps.hours_text(_hours(calendar, due_on)),
        due=clock_steps.moment_text(deadline.due_at),
    )


def _acceptance_step(deadline: Deadline) -> Step:
    hours = deadline.calendar.hours_on(deadline.filed_at.date())
    values = {
        "filed": clock_steps.moment_text(deadline.filed_at),
        "accepted": clock_steps.moment_text(deadline.accepted_at),
    }
    if hours is None:
        special = deadline.calendar.special_day(deadline.filed_at.date())
        closed = special is not None and special.kind is DayKind.CLOSURE
        name = "filed_on_closure" if closed else "filed_on_day_off"
        return clock_steps.step(name, deadline.edition, **values)
    if deadline.filed_at >= hours[1]:
        name = "filed_after_closing"
    elif deadline.filed_at < hours[0]:
        name = "filed_before_opening"
    else:
        name = "filed_in_hours"
    return clock_steps.step(name, deadline.edition, hours=clock_steps.hours_text(hours), **values)


def _start_step(deadline: Deadline, start: date) -> Step:
    values = {"start": clock_steps.day_text(start)}
    if deadline.mastered_on is None:
        return clock_steps.step("start_accepted", deadline.edition, **values)
    values["mastered"] = clock_steps.day_text(deadline.mastered_on)
    values["accepted"] = clock_steps.day_text(deadline.accepted_at.date())
    return clock_steps.step("start_later", deadline.edition, **values)


def _days_between(
    calendar: WorkCalendar, edition: str, first: date, before: date
) -> Iterator[Step]:
    """One step that names the days off from ``first`` until ``before``; none without such days."""
    off: list[tuple[date, SpecialDay | None]] = []
    day = first
    while day < before:
        if not calendar.is_working(day):
            off.append((day, calendar.special_day(day)))
        day += ONE_DAY
    if off:
        yield clock_steps.step("days_off", edition, days=clock_steps.days_off_text(off))


def _worked_rest_day(calendar: WorkCalendar, edition: str, day: date) -> Iterator[Step]:
    special = calendar.special_day(day)
    if special is not None and special.kind is DayKind.MOVED_WORK and special.of is not None:
        yield clock_steps.step(
            "worked_rest_day",
            edition,
            day=clock_steps.day_text(day),
            other=clock_steps.day_text(special.of),
        )


def _event_step(deadline: Deadline, event: ClockEvent) -> Step:
    name = event.kind.value
    # Only A57 orders the notice to the operator; A303 knows no incident, its row 7.2 is read.
    if event.kind is EventKind.INCIDENT and deadline.edition == "A57":
        name = "incident_notified"
    localise = deadline.calendar.localise
    end = localise(event.ended_at) if event.ended_at else None
    period = clock_steps.period_text(localise(event.started_at), end)
    return clock_steps.step(name, deadline.edition, period=period)


def _later(day: date, mastered_on: date | None) -> date:
    return day if mastered_on is None or mastered_on < day else mastered_on


def _hours(calendar: WorkCalendar, working_day: date) -> tuple[datetime, datetime]:
    hours = calendar.hours_on(working_day)
    if hours is None:
        raise RuleViolation("not_a_working_day", day=working_day)
    return hours


def _require_offset(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise RuleViolation("naive_time", moment=moment.isoformat())
