"""When an office receives people, and the times that can be booked there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kualik.core.clock import local_day
from kualik.counter.models import Hall, Visit
from kualik.providers.models import Office
from kualik.providers.queries import is_open_at, next_opening, office_calendar, week_of
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.workdays import WorkCalendar

# Nobody is asked to come at once: the way to the office takes time too.
SLOT_NOTICE = timedelta(minutes=30)
SLOT_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An office at one moment: ``opens_at`` is None while it is open, ``closes_at`` while not.

    ``week`` are the names of the days with their hours, empty on a rest day.
    """

    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    week: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked, and how many may still do so."""

    at: datetime
    places: int


def hall_of(office: Office) -> Hall:
    """How the queue of an office works. Raises ``no_queue`` where there is none."""
    hall = Hall.objects.filter(office=office).first()
    if hall is None:
        raise RuleViolation("no_queue")
    return hall


def calendar_of_office(office: Office, *, now: datetime) -> WorkCalendar:
    """The working days and hours of one office (A57.7.1, A303.7.1)."""
    return office_calendar(office, default=standards.in_force(local_day(now)).weekly_hours)


def opening(office: Office, *, now: datetime) -> Opening:
    """Whether the office is open, until when or from when, and its week."""
    calendar = calendar_of_office(office, now=now)
    today = local_day(now)
    week = week_of(calendar.weekly_hours_on(today))
    hours = calendar.hours_on(today)
    if hours is not None and is_open_at(calendar, now):
        return Opening(is_open=True, opens_at=None, closes_at=hours[1], week=week)
    opens_at = next_opening(calendar, now)
    return Opening(is_open=False, opens_at=opens_at, closes_at=None, week=week)


def free_slots(hall: Hall, *, now: datetime) -> list[Slot]:
    """The times of the next working days that still have places, earliest first."""
    if not hall.slot_places:
        return []
    calendar = calendar_of_office(hall.office, now=now)
    taken = _taken(hall, now)
    day, found = local_day(now), list[Slot]()
    for _ in range(SLOT_DAYS):
        hours = calendar.hours_on(day)
        for at in _starts(hours, hall.slot_minutes) if hours else ():
            places = hall.slot_places - taken.get(at, 0)
            if at >= now + SLOT_NOTICE and places > 0:
                found.append(Slot(at, places))
        day = calendar.next_working_day(day)
    return found


def _starts(hours: tuple[datetime, datetime], minutes: int) -> list[datetime]:
    """The slots that end before the office closes."""
    step = timedelta(minutes=minutes)
    return [hours[0] + step * place for place in range((hours[1] - hours[0]) // step)]


def _taken(hall: Hall, now: datetime) -> dict[datetime, int]:
    booked = Visit.objects.filter(office=hall.office, slot_at__gte=now)
    counts: dict[datetime, int] = {}
    for at in booked.exclude(state=Visit.State.LEFT).values_list("slot_at", flat=True):
        if at is not None:
            counts[at] = counts.get(at, 0) + 1
    return counts
