"""How long somebody waits or is served, and how near that is to the thirty minutes of the act."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kualik.counter.models import Visit

AMBER = timedelta(minutes=20)
RED = timedelta(minutes=25)
# A57.3.2, A57.3.3, A303.3.2, A303.3.3: at most; the thirtieth minute itself is within the term.
LIMIT = timedelta(minutes=30)
NOTHING = timedelta()


class Level(StrEnum):
    """How near the limit a clock is."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    OVER = "over"


class Clock(StrEnum):
    """Which of the two terms of a visit runs."""

    WAITING = "waiting"
    SERVING = "serving"


@dataclass(frozen=True, slots=True)
class Running:
    """The clock that runs for a visit, since when, how long, how near the limit."""

    clock: Clock
    since: datetime
    spent: timedelta
    level: Level


def level(spent: timedelta) -> Level:
    """The level of a term of which ``spent`` is gone."""
    if spent > LIMIT:
        return Level.OVER
    if spent >= RED:
        return Level.RED
    return Level.AMBER if spent >= AMBER else Level.GREEN


def first_moment(ticket_at: datetime | None, slot_at: datetime | None) -> datetime | None:
    """When waiting begins: with the ticket, or at the time booked for who came before it.

    *Reading* of A57.3.2, A303.3.2: who was given a time and comes early does not queue until then.
    ``services.moving`` keeps it as ``Visit.waiting_from``, from which clocks and figures count.
    """
    if ticket_at is None or slot_at is None:
        return ticket_at
    return max(ticket_at, slot_at)


def waiting(visit: Visit, now: datetime) -> timedelta:
    """From the ticket to the handing in (A57.3.2, A303.3.2); who hands nothing in waits to the end.

    The call does not stop it, nor does an absence when called; nothing before a booked person came.
    """
    since = visit.waiting_from
    if since is None:
        return NOTHING
    return max((visit.handed_in_at or visit.ended_at or now) - since, NOTHING)


def serving(visit: Visit, now: datetime) -> timedelta:
    """From the handing in to the end (A57.3.3, A303.3.3), however often the person was passed on
    or held meanwhile."""
    if visit.handed_in_at is None:
        return NOTHING
    return max((visit.ended_at or now) - visit.handed_in_at, NOTHING)


def running(visit: Visit, now: datetime) -> Running | None:
    """The clock that runs; None for a visit that is over or has not begun."""
    since = visit.waiting_from
    if visit.ended_at is not None or since is None:
        return None
    if visit.handed_in_at is None:
        spent = waiting(visit, now)
        return Running(Clock.WAITING, since, spent, level(spent))
    spent = serving(visit, now)
    return Running(Clock.SERVING, visit.handed_in_at, spent, level(spent))
