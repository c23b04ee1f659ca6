"""What a clerk and the chief see of the hall: who waits how long, which window does what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from kualik.accounts.models import User
from kualik.core.clock import local_day
from kualik.counter.models import Hall, Period, Visit, Window
from kualik.counter.queries.offered import Line, Priority, lines, priorities
from kualik.counter.queries.order import AT_WINDOW, in_order, line_of, waiting_for, waiting_in
from kualik.counter.queries.waiting import Level, Running, running

State = Visit.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A visit as a list shows it: its running clock, its line, its right to go first."""

    visit: Visit
    clock: Running | None
    line: Line | None
    priority: Priority | None

    @property
    def minutes(self) -> int:
        """Whole minutes of the running clock."""
        return int(self.clock.spent.total_seconds() // 60) if self.clock else 0

    @property
    def level(self) -> Level:
        return self.clock.level if self.clock else Level.GREEN

    @property
    def alarm(self) -> str:
        """What a screen sounds for once: who, which clock, how near its end; empty while green."""
        if self.clock is None or self.level is Level.GREEN:
            return ""
        return f"{self.visit.pk}:{self.clock.clock}:{self.level}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A window with who is there."""

    window: Window
    guest: Guest | None
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A whole hall at one moment: everybody who is in it, and those who booked today."""

    hall: Hall
    posts: Sequence[Post]
    waiting: Sequence[Guest]
    held: Sequence[Guest]
    missed: Sequence[Guest]
    booked: Sequence[Visit]

    @property
    def everybody(self) -> list[Guest]:
        """Who is in the hall, at the windows too."""
        at_windows = [post.guest for post in self.posts if post.guest]
        return [*self.waiting, *self.held, *self.missed, *at_windows]

    @property
    def alarms(self) -> str:
        """All that sounds, separated by blanks."""
        return alarms_of(self.everybody)

    @property
    def open_posts(self) -> int:
        return sum(post.window.state == Window.State.OPEN for post in self.posts)

    @property
    def worst(self) -> Guest | None:
        """Who of those present is nearest to the end of a term, or beyond it."""
        present = (one for one in self.everybody if one.visit.state != Visit.State.MISSED)
        return max(present, key=lambda guest: guest.minutes, default=None)


def halls_of(user: User) -> QuerySet[Hall]:
    """The queues of somebody's provider, the main office first."""
    found = Hall.objects.filter(office__provider=user.provider_id).select_related("office")
    return found.order_by("-office__is_main", "office_id")


def visits_of(user: User) -> QuerySet[Visit]:
    """The tickets of somebody's provider."""
    found = Visit.objects.filter(office__provider=user.provider_id)
    return found.select_related("office", "window", "user")


def windows_of(user: User) -> QuerySet[Window]:
    """The windows in use at offices with a queue, by office and number."""
    found = Window.objects.filter(
        office__provider=user.provider_id, office__hall__isnull=False, is_active=True
    )
    return found.select_related("office", "user").order_by("-office__is_main", "office", "number")


def seat_of(user: User) -> Window | None:
    """The window somebody sits at, open or paused."""
    found = Window.objects.filter(user=user).exclude(state=Window.State.CLOSED)
    return found.select_related("office").first()


def guest_of(visit: Visit, now: datetime) -> Guest:
    """A visit as lists show it."""
    return Guest(
        visit=visit,
        clock=running(visit, now),
        line=lines().get(line_of(visit)),
        priority=priorities().get(visit.priority),
    )


def guests_of(visits: Iterable[Visit], now: datetime) -> list[Guest]:
    """Visits as lists show them, in their order."""
    return [guest_of(visit, now) for visit in visits]


def guests_for(window: Window, *, now: datetime) -> list[Guest]:
    """Whom a window may call, as they will be called."""
    return guests_of(waiting_for(window, now=now), now)


def held_in(window: Window, *, now: datetime) -> list[Guest]:
    """Who was laid aside in the office of a window, the own ones first."""
    rows = _today(window.office_id, now).filter(state=State.HELD).select_related("window")
    found = sorted(rows, key=lambda visit: (visit.window_id != window.pk, visit.place_at))
    return guests_of(found, now)


def missed_in(window: Window, *, now: datetime) -> list[Guest]:
    """Who did not come when called and may still come back."""
    rows = _today(window.office_id, now).filter(state=State.MISSED, return_until__gte=now)
    return guests_of(rows.order_by("return_until"), now)


def floor_of(hall: Hall, *, now: datetime) -> Floor:
    """Everybody in a hall now."""
    office = hall.office
    here = _today(office.pk, now).select_related("window")
    at_windows = {
        visit.window_id: guest_of(visit, now) for visit in here.filter(state__in=AT_WINDOW)
    }
    windows = Window.objects.filter(office=office, is_active=True).select_related("user")
    waiting = waiting_in(office, now=now)
    return Floor(
        hall=hall,
        posts=[
            Post(
                window=window,
                guest=at_windows.get(window.pk),
                lines=[line for code, line in lines().items() if code in window.lines],
            )
            for window in windows.order_by("number")
        ],
        waiting=guests_of(in_order(waiting.select_related("window"), now), now),
        held=guests_of(here.filter(state=State.HELD).order_by("place_at"), now),
        missed=guests_of(here.filter(state=State.MISSED).order_by("return_until"), now),
        booked=list(here.filter(state=State.BOOKED).order_by("slot_at")),
    )


def alarms_of(guests: Iterable[Guest]) -> str:
    """What a screen sounds for, separated by blanks."""
    return " ".join(guest.alarm for guest in guests if guest.alarm)


def course_of(visit: Visit) -> list[Period]:
    """The periods of a visit, oldest first."""
    rows = Period.objects.filter(visit=visit).select_related("window", "user")
    return list(rows.order_by("started_at", "pk"))


def _today(office: int, now: datetime) -> QuerySet[Visit]:
    return Visit.objects.filter(office=office, day=local_day(now))
