"""The halls of the demonstration: every office has a queue, and two of them are lived in.

Visitors of the last working day are in the figures of the first organisation, and somebody has
booked a time there. Where the office is open now a clerk sits at a window; at the third
organisation people wait for it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from kualik.accounts.models import User
from kualik.core.journal import SYSTEM
from kualik.counter.models import Hall, Visit, Window
from kualik.counter.queries.opening import free_slots, opening
from kualik.counter.services.calling import call_next
from kualik.counter.services.finishing import finish, hand_in
from kualik.counter.services.ticketing import book, take_ticket
from kualik.counter.services.windows import HallPolicy, close_window, open_hall, open_window
from kualik.demo.story import Stage
from kualik.providers.models import Office, Provider
from kualik.rules.lifecycle import Role

MINUTE: Final = timedelta(minutes=1)
BEGINS: Final = time(10)
# Line, minutes after the beginning, minutes to the documents, minutes of the work, outcome.
YESTERDAY: Final = (
    ("receive", 0, 3, 11, "filed"),
    ("pick_up", 4, 12, 5, "handed_over"),
    ("receive", 9, 14, 9, "filed"),
    ("ask", 21, 13, 4, "answered"),
    ("correct", 26, 14, 12, "corrected"),
)
# Line, priority, minutes before now.
WAITING: Final = (("receive", "", 9), ("pick_up", "", 6), ("ask", "with_child", 2))


def open_halls(providers: Iterable[Provider], *, now: datetime) -> None:
    """A queue for each office; two people may book the same time."""
    for office in Office.objects.filter(provider__in=list(providers)).order_by("pk"):
        open_hall(office=office, policy=HallPolicy(slot_places=2), actor=SYSTEM, now=now)


def live_in(stage: Stage, *, waits: bool) -> None:
    """The visitors of the last working day, a booking, and what the hall looks like now."""
    hall = Hall.objects.select_related("office").get(office__provider=stage.provider)
    clerk = User.objects.get(provider=stage.provider, grants__role=Role.CLERK)
    window = Window.objects.get(office=hall.office, number=1)
    if waits:
        _wait(hall.office, now=stage.now)
    else:
        _receive(hall.office, window, clerk, at=stage.workday(1, BEGINS))
        _book(hall, now=stage.now)
    if opening(hall.office, now=stage.now).is_open:
        open_window(window=window, user=clerk, now=stage.now - 10 * MINUTE)


def _receive(office: Office, window: Window, clerk: User, *, at: datetime) -> None:
    """One window serves everybody of that day, one after the other."""
    open_window(window=window, user=clerk, now=at - 5 * MINUTE)
    for place, (line, after, _, _, _) in enumerate(YESTERDAY):
        _ticket(office, line=line, key=f"demo-yesterday-{place}", now=at + after * MINUTE)
    for _, after, wait, work, outcome in YESTERDAY:
        handed = at + (after + wait) * MINUTE
        visit = call_next(window=window, user=clerk, now=handed - MINUTE)
        if visit is None:
            break
        hand_in(visit=visit, user=clerk, now=handed)
        finish(visit=visit, outcome=outcome, user=clerk, now=handed + work * MINUTE)
    actor = clerk.acting_as(Role.CLERK)
    close_window(window=window, actor=actor, now=at + 120 * MINUTE)


def _wait(office: Office, *, now: datetime) -> None:
    """Some have tickets, if they could take one by now."""
    for place, (line, priority, before) in enumerate(WAITING):
        at = now - before * MINUTE
        if opening(office, now=at).is_open:
            _ticket(office, line=line, key=f"demo-today-{place}", now=at, priority=priority)


def _book(hall: Hall, *, now: datetime) -> None:
    """The last free time of the coming days."""
    slots: Sequence[datetime] = [slot.at for slot in free_slots(hall, now=now)]
    if slots:
        key = f"demo-booked-{hall.pk}"
        book(office=hall.office, line="receive", slot_at=slots[-1], language="kk", key=key, now=now)


def _ticket(office: Office, *, line: str, key: str, now: datetime, priority: str = "") -> None:
    take_ticket(
        office=office,
        line=line,
        source=Visit.Source.KIOSK,
        language="kk",
        priority=priority,
        key=f"{key}-{office.pk}",
        now=now,
    )
