"""The script's own books of the day, and the figures that follow from them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median, quantiles

from bench.day.people import Visitor

LIMIT = timedelta(minutes=30)
MOST_WORST = 20
Moment = datetime | None


@dataclass(kw_only=True)
class Entry:
    """What the script knows of one visitor; moments are those that it set the clock to.

    ``printed``: on the printer of the hall (True), or shown on the screen alone because the
    printer failed (False); None where no ticket is printed there.
    """

    visitor: Visitor
    number: str
    ticket_at: datetime
    printed: bool | None = None
    called: list[tuple[datetime, int]] = field(default_factory=list)
    was_missed: bool = False
    handed_in_at: Moment = None
    ended_at: Moment = None
    outcome: str = ""
    waiting_reason: str = ""
    serving_reason: str = ""
    is_recorded_later: bool = False

    @property
    def waited(self) -> timedelta:
        return (self.handed_in_at or self.ended_at or self.ticket_at) - self.ticket_at

    @property
    def served(self) -> timedelta:
        if self.handed_in_at is None or self.ended_at is None:
            return timedelta()
        return self.ended_at - self.handed_in_at

    @property
    def is_left(self) -> bool:
        """Went without handing anything in, and not because of having been missed."""
        return self.outcome in ("left", "cancelled") and not self.was_missed


@dataclass(kw_only=True)
class BlankBook:
    """Blanks by what became of them; ``before`` is what was left of earlier deliveries."""

    before: int = 0
    received: int = 0
    used: int = 0
    spoiled: int = 0
    lost: int = 0

    @property
    def left(self) -> int:
        return self.before + self.received - self.used - self.spoiled - self.lost


@dataclass(kw_only=True)
class Books:
    """All of the day."""

    entries: list[Entry] = field(default_factory=list)
    blanks: BlankBook = field(default_factory=BlankBook)
    races: int = 0

    def queue(self) -> dict[str, object]:
        """The figures of the queue by the codes of the page of figures."""
        rows = self.entries
        handed = [one for one in rows if one.handed_in_at is not None]
        served = [one for one in handed if one.ended_at is not None]
        left = [one for one in rows if one.is_left]
        in_time = sum(one.waited <= LIMIT for one in handed)
        quick = sum(one.served <= LIMIT for one in served)
        waiting, serving = [one.waited for one in handed], [one.served for one in served]
        return {
            "tickets": len(rows),
            "handed_in": len(handed),
            "waited": in_time,
            "waited_share": share(in_time, len(handed)),
            "served": quick,
            "served_share": share(quick, len(served)),
            "waiting_middle": middle(waiting),
            "waiting_ninth": ninth(waiting),
            "serving_middle": middle(serving),
            "serving_ninth": ninth(serving),
            "no_shows": sum(one.was_missed and one.handed_in_at is None for one in rows),
            "not_come": 0,
            "left": len(left),
            "left_late": sum(one.waited > LIMIT for one in left),
            "recorded_later": sum(one.is_recorded_later for one in rows),
        }

    def hours(self) -> list[tuple[object, ...]]:
        """Tickets, documents handed in, and waits beyond the limit by the hour of the ticket."""
        found: dict[int, list[int]] = {}
        for one in self.entries:
            row = found.setdefault(one.ticket_at.hour, [0, 0, 0])
            row[0] += 1
            row[1] += one.handed_in_at is not None
            row[2] += one.handed_in_at is not None and one.waited > LIMIT
        return [(f"{hour:02d}:00", *row) for hour, row in sorted(found.items())]

    def worst(self) -> list[tuple[object, ...]]:
        """Ticket, number, both lengths and reasons of those beyond a limit, the longest first."""
        late = [one for one in self.entries if one.ended_at is not None and _is_late(one)]
        late.sort(key=lambda one: (one.ticket_at - (one.ended_at or one.ticket_at), one.number))
        return [
            (
                f"{one.ticket_at:%d.%m.%Y %H:%M}",
                one.number,
                whole_minutes(one.waited),
                whole_minutes(one.served),
                "; ".join(filter(None, (one.waiting_reason, one.serving_reason))),
            )
            for one in late[:MOST_WORST]
        ]


def whole_minutes(length: timedelta) -> int:
    """Minutes, as a person reads them off the table."""
    return length // timedelta(minutes=1)


def share(part: int, whole: int) -> int | None:
    """Tenths of a per cent, rounded down."""
    return part * 1000 // whole if whole else None


def middle(lengths: Iterable[timedelta]) -> float | None:
    """Median in seconds."""
    seconds = [one.total_seconds() for one in lengths]
    return round(median(seconds), 3) if seconds else None


def ninth(lengths: Iterable[timedelta]) -> float | None:
    """Nine of ten are no longer; in seconds."""
    seconds = [one.total_seconds() for one in lengths]
    if len(seconds) < 2:
        return round(seconds[0], 3) if seconds else None
    return round(quantiles(seconds, n=10, method="inclusive")[-1], 3)


def _is_late(one: Entry) -> bool:
    waited_long = one.waited > LIMIT and (one.handed_in_at is not None or one.is_left)
    return waited_long or one.served > LIMIT
