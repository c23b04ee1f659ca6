"""What the pages for visitors offer at a moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kualik.core.clock import local_day
from kualik.counter.models import Visit
from kualik.counter.queries.line import Outlook, expected_wait
from kualik.counter.queries.offered import Line, lines
from kualik.providers.models import Office

State = Visit.State


@dataclass(frozen=True, slots=True)
class Choice:
    """A line that can be chosen, with what somebody would meet who does."""

    line: Line
    outlook: Outlook


def choices(office: Office, *, now: datetime, priority: str = "") -> list[Choice]:
    """All lines in the order of the screens."""
    outlooks = expected_wait(office, now=now, priority=priority)
    return [Choice(line, outlooks[code]) for code, line in lines().items()]


def expected_now(office: Office, *, now: datetime, early: timedelta) -> list[Visit]:
    """Who may say that they are there: booked for about now, or missed when called."""
    today = Visit.objects.filter(office=office, day=local_day(now)).order_by("place_at", "pk")
    booked = today.filter(state=State.BOOKED, slot_at__lte=now + early)
    missed = today.filter(state=State.MISSED, return_until__gte=now)
    return [*missed, *booked]
