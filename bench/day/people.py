"""Who comes on the day that is played: drawn from a fixed seed, the same at every run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import count
from math import exp

SEED = "a working day"
OPENS, LAST_COMES = time(8, 30), time(16, 50)
# The hours of the crowd, how wide each is (in hours), how much it outweighs the rest of the day.
PEAKS = ((10.3, 1.2, 0.8), (14.4, 1.0, 0.7))
# What people come for: how many of a hundred, and the minutes that one of them usually takes.
LINES = {"receive": (45, 7.0), "pick_up": (22, 4.0), "correct": (10, 8.0), "ask": (23, 3.0)}
PRIORITIES = ("disability", "veteran", "expecting", "with_child")
LANGUAGES = ("kk", "kk", "kk", "ru", "ru", "en")
PAPERS = 5


class Way(StrEnum):
    """How a visit goes."""

    USUAL = "usual"
    NO_SHOW = "no_show"
    RETURNS = "returns"
    LEAVES = "leaves"
    GIVES_UP = "gives_up"
    PAPER = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """``walk`` is from the call to the documents on the table, ``work`` from there to the end."""

    place: int
    at: datetime
    line: str
    priority: str
    language: str
    source: str
    walk: timedelta
    work: timedelta
    way: Way = Way.USUAL


def drawn(name: str) -> Iterator[float]:
    """Numbers from 0 to below 1, always the same ones for a name."""
    for place in count():
        digest = sha256(f"{SEED}:{name}:{place}".encode()).digest()
        yield int.from_bytes(digest[:8], "big") / 2**64


def come(number: int, day: datetime, *, outage: tuple[datetime, datetime]) -> list[Visitor]:
    """The visitors of the day that begins at ``day``, in the order in which they come."""
    moments = sorted(_arrivals(number, day))
    found = [_visitor(place, at) for place, at in enumerate(moments)]
    # Who comes while nothing answers has a number on paper; special courses need the server.
    free = [one.place for one in found if not outage[0] - timedelta(hours=1) < one.at < outage[1]]
    ways = {
        Way.NO_SHOW: [0.55, 0.8],
        Way.RETURNS: [0.3],
        Way.LEAVES: [0.42],
        Way.GIVES_UP: [0.66],
        Way.PAPER: [0.05 + 0.18 * step for step in range(PAPERS)],
    }
    for way, shares in ways.items():
        for share in shares:
            place = free.pop(int(share * len(free)))
            found[place] = replace(found[place], way=way, **_fit(way))
    return found


def _fit(way: Way) -> dict[str, str]:
    """What a special course presupposes."""
    if way is Way.PAPER:
        return {"line": "pick_up", "priority": "", "source": "kiosk"}
    return {"source": "phone" if way is Way.GIVES_UP else "kiosk"}


def _arrivals(number: int, day: datetime) -> Iterator[datetime]:
    """Moments by the curve of the day, to the second."""
    opens, last = _hours(OPENS), _hours(LAST_COMES)
    steps = 1000
    weights = []
    for step in range(steps):
        hour = opens + (last - opens) * step / steps
        crowds = (high * exp(-(((hour - at) / wide) ** 2)) for at, wide, high in PEAKS)
        weights.append(1 + sum(crowds))
    whole = sum(weights)
    chance = drawn("arrivals")
    for _ in range(number):
        wanted, step = next(chance) * whole, 0
        while wanted > weights[step]:
            wanted -= weights[step]
            step += 1
        hours = opens + (last - opens) * (step + wanted / weights[step]) / steps
        yield day + timedelta(seconds=round(hours * 3600))


def _hours(at: time) -> float:
    return at.hour + at.minute / 60


def _visitor(place: int, at: datetime) -> Visitor:
    chance = drawn(f"visitor {place}")
    line = _line(next(chance) * 100)
    usual = LINES[line][1]
    minutes = usual * (0.5 + next(chance))
    if next(chance) > 0.96:
        # A hard case: such a visit may well take longer than thirty minutes.
        minutes = 4.5 * usual
    is_first = next(chance) < 0.08
    source = next(chance)
    return Visitor(
        place=place,
        at=at,
        line=line,
        priority=PRIORITIES[int(next(chance) * len(PRIORITIES))] if is_first else "",
        language=LANGUAGES[int(next(chance) * len(LANGUAGES))],
        source="reception" if source > 0.92 else "phone" if source > 0.86 else "kiosk",
        walk=timedelta(seconds=20 + round(next(chance) * 60)),
        work=timedelta(seconds=round(minutes * 60)),
    )


def _line(share: float) -> str:
    for code, (weight, _) in LINES.items():
        share -= weight
        if share < 0:
            return code
    return "ask"
