"""What hangs in the hall for everybody: numbers and windows, never a name."""

from dataclasses import dataclass
from datetime import datetime

from kualik.core.clock import local_day
from kualik.counter.models import Hall, Visit
from kualik.providers.models import Office

State = Visit.State


@dataclass(frozen=True, slots=True)
class Call:
    """A number that a window waits for or serves; ``calls`` grows when it is called again."""

    number: str
    window: int
    calls: int
    language: str
    is_served: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """The board at one stamp; the last called number first."""

    stamp: int
    called: tuple[Call, ...]
    waiting: int

    def as_record(self) -> dict[str, object]:
        """The screen as programs read it."""
        return {
            "stamp": self.stamp,
            "waiting": self.waiting,
            "called": [
                {
                    "number": call.number,
                    "window": call.window,
                    "calls": call.calls,
                    "language": call.language,
                    "is_served": call.is_served,
                }
                for call in self.called
            ],
        }


def screen(office: Office, *, now: datetime) -> Screen | None:
    """What the board of an office shows; None where there is no queue.

    The stamp is read before the rest: a change between the two is shown, and told once more.
    """
    stamp = stamp_of(office.pk)
    if stamp is None:
        return None
    today = Visit.objects.filter(office=office, day=local_day(now))
    called = today.filter(state__in=[State.CALLED, State.SERVING]).select_related("window")
    return Screen(
        stamp=stamp,
        called=tuple(
            Call(
                number=visit.number,
                window=visit.window.number,
                calls=visit.calls,
                language=visit.language,
                is_served=visit.state == State.SERVING,
            )
            for visit in called.order_by("-called_at", "-pk")
            if visit.window is not None
        ),
        waiting=today.filter(state=State.WAITING).count(),
    )


def stamp_of(office: int) -> int | None:
    """The stamp of an office by primary key; None where there is no queue."""
    return Hall.objects.filter(office=office).values_list("stamp", flat=True).first()
