"""Who is next: priority by law, and nobody starved by it.

The rule is two sentences. *Whoever has waited twenty minutes goes first. Before that, priority is
a head start of minutes, never more than fifteen.* The line is ordered by the moment of the place,
less the head start of the person's priority (the weight in ``data/priorities.toml``), and those
whose place is twenty minutes old stand before all others, in the same order among themselves.

So a person with priority passes everybody who came within the fifteen minutes before, but nobody
whom the system has already warned of: in the last ten minutes of the term nobody new gets between
(A57.3.2, A303.3.2). In a hall where everybody is late, priority still counts among the late. The
place of a booking is the time booked: who comes early is not late before the others.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from kualik.core.clock import local_day
from kualik.counter.models import Visit, Window
from kualik.counter.queries.offered import priorities
from kualik.counter.queries.waiting import AMBER
from kualik.providers.models import Office

MOST_MINUTES = 15
Rank = tuple[bool, datetime, datetime, int]
State = Visit.State
# Called to a window, or served there.
AT_WINDOW = frozenset({State.CALLED, State.SERVING})


def head_start(priority: str) -> timedelta:
    """By how much a priority puts a person forward; nothing without one, or with one that the data
    no longer know."""
    found = priorities().get(priority)
    minutes = found.weight if found else 0
    return timedelta(minutes=min(max(minutes, 0), MOST_MINUTES))


def rank(visit: Visit, now: datetime | None = None) -> Rank:
    """What the line is ordered by, the smallest first; without ``now`` as if nobody were late."""
    is_late = now is not None and now - visit.place_at >= AMBER
    return (not is_late, visit.place_at - head_start(visit.priority), visit.place_at, visit.pk)


def in_order(visits: Iterable[Visit], now: datetime | None = None) -> list[Visit]:
    """Visits as they will be called; without ``now`` as if nobody were late."""
    return sorted(visits, key=lambda visit: rank(visit, now))


def line_of(visit: Visit) -> str:
    """The line where somebody is now: that of the number, or the one they were passed to."""
    return visit.passed_line or visit.line


def waiting_in(office: Office, *, now: datetime) -> QuerySet[Visit]:
    """Who waits in an office today."""
    return Visit.objects.filter(office=office, day=local_day(now), state=State.WAITING)


def open_windows(office: Office) -> list[Window]:
    """The windows of an office that call people now."""
    found = Window.objects.filter(office=office, is_active=True, state=Window.State.OPEN)
    return list(found)


def serves(window: Window, line: str) -> bool:
    """Whether a window is there for people of a line."""
    return not window.lines or line in window.lines


def takes(window: Window, line: str, opened: Collection[Window]) -> bool:
    """Whether a window calls people of a line: its own, and any that no open window is there for.

    Otherwise nobody would call them, however long they waited (A57.3.2, A303.3.2).
    """
    return serves(window, line) or not any(serves(one, line) for one in opened)


def waiting_for(window: Window, *, now: datetime) -> list[Visit]:
    """Whom a window may call, as they will be called: the lines it takes, and who was passed to it.

    Who was passed to another window waits for that one, until it closes.
    """
    opened = open_windows(window.office)
    free = Q(window=None) | Q(window__state=Window.State.CLOSED)
    rows = waiting_in(window.office, now=now).filter(Q(window=window) | free)
    mine = [
        visit
        for visit in rows
        if visit.window_id == window.pk or takes(window, line_of(visit), opened)
    ]
    return in_order(mine, now)
