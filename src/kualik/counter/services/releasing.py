"""Bookings that their hall cannot keep: the office is closed then, by a closure or by new hours."""

from datetime import datetime

from django.db import transaction

from kualik.core.tasks import Task, open_task
from kualik.counter.models import Hall, Visit
from kualik.counter.queries.opening import calendar_of_office
from kualik.counter.services.moving import move, record
from kualik.providers.queries import is_open_at
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.rules.workdays import WorkCalendar

CLOSED_THEN = "closed_then"
RELEASED_TASK = "bookings_released"
State = Visit.State


def release_bookings(*, now: datetime) -> int:
    """End the bookings of times at which their office is closed; how many. Their people read it
    on the page of the ticket, the head of the office learns the number."""
    booked = Visit.objects.filter(state=State.BOOKED, slot_at__gt=now)
    offices = booked.values_list("office", flat=True).distinct()
    halls = Hall.objects.filter(office__in=offices).select_related("office__provider")
    return sum(_release(hall, now) for hall in halls)


@transaction.atomic
def _release(hall: Hall, now: datetime) -> int:
    calendar = calendar_of_office(hall.office, now=now)
    booked = Visit.objects.filter(office=hall.office, state=State.BOOKED, slot_at__gt=now)
    rows = booked.select_related("office").order_by("slot_at", "pk")
    count = sum(_end(visit, now) for visit in rows if not _fits(visit, calendar))
    if count:
        _tell(hall, count, now)
    return count


def _fits(visit: Visit, calendar: WorkCalendar) -> bool:
    """Whether the office is open at the time booked."""
    return visit.slot_at is None or is_open_at(calendar, visit.slot_at)


def _end(visit: Visit, now: datetime) -> int:
    slot = visit.slot_at.isoformat() if visit.slot_at else ""
    try:
        move(visit=visit, to=State.LEFT, user=None, now=now, ended_at=now, outcome=CLOSED_THEN)
    except RuleViolation:
        # They gave it up, or came, at this very moment.
        return 0
    record(visit, "booking_released", user=None, now=now, data={"slot_at": slot})
    return 1


def _tell(hall: Hall, count: int, now: datetime) -> None:
    office = hall.office
    names = {"kk": office.name_kk, "ru": office.name_ru, "en": office.name_en}
    task = Task(
        key=f"{RELEASED_TASK}:{hall.pk}:{now:%Y-%m-%dT%H:%M}",
        kind=RELEASED_TASK,
        subject=f"hall:{hall.pk}",
        scope=office.provider.code,
        role=Role.OFFICE_HEAD,
        params={**names, "count": count},
    )
    open_task(task, now=now)
