"""Where somebody stands in the line, and how long it will take.

The expected wait is the time that windows need for those ahead, by the moving median of each line,
divided by the windows that are open for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.core.cache import cache

from kualik.counter.models import Visit, Window
from kualik.counter.queries.offered import Line, lines
from kualik.counter.queries.order import (
    head_start,
    in_order,
    line_of,
    open_windows,
    rank,
    serves,
    takes,
    waiting_in,
)
from kualik.counter.queries.screens import stamp_of
from kualik.providers.models import Office

# So many of the last visits of a line make its median, none of them older than this.
MEASURED = 50
RECENT = timedelta(days=30)
# What was measured at one stamp of the hall is asked for by many phones at once.
KEPT_SECONDS = 900
MINUTE = timedelta(minutes=1)
State = Visit.State


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many are ahead, at how many open windows; ``wait`` is None where no window is open."""

    ahead: int
    windows: int
    wait: timedelta | None

    @property
    def minutes(self) -> int | None:
        """The wait in whole minutes, rounded up; over ten of them to fives."""
        if self.wait is None:
            return None
        whole = -(-self.wait // MINUTE)
        return whole if whole <= 10 else -(-whole // 5) * 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The hall at one moment: who waits, in order; the open windows; minutes of each line."""

    waiting: Sequence[Visit]
    windows: Sequence[Window]
    typical: dict[str, timedelta]

    def outlook(self, line: str, ahead: Sequence[Visit]) -> Outlook:
        """What stands before somebody of ``line`` behind ``ahead``: only those who go to the same
        windows count."""
        serving = [window for window in self.windows if takes(window, line, self.windows)]
        before = [
            visit
            for visit in ahead
            if any(takes(window, line_of(visit), self.windows) for window in serving)
        ]
        if not serving:
            return Outlook(len([visit for visit in ahead if line_of(visit) == line]), 0, None)
        needed = sum((self.typical[line_of(visit)] for visit in before), timedelta())
        return Outlook(len(before), len(serving), needed / len(serving))


def unserved_lines(office: Office) -> list[Line]:
    """The lines that no window in use is there for, open or not; none without a queue."""
    windows = list(Window.objects.filter(office=office, office__hall__isnull=False, is_active=True))
    if not windows:
        return []
    return [
        line
        for code, line in lines().items()
        if not any(serves(window, code) for window in windows)
    ]


def snapshot(office: Office, *, now: datetime) -> Snapshot:
    """The hall now."""
    waiting = in_order(waiting_in(office, now=now), now)
    return Snapshot(waiting, open_windows(office), typical_times(office, now=now))


def typical_times(office: Office, *, now: datetime) -> dict[str, timedelta]:
    """How long a window is busy with one person of each line: the median of the last visits from
    the call to the end, or what the data say until there are some. Kept while the hall stands."""
    key = f"counter.typical:{office.pk}:{stamp_of(office.pk)}"
    seconds: dict[str, float] | None = cache.get(key)
    if seconds is None:
        seconds = {code: _typical(office, line, now) for code, line in lines().items()}
        cache.set(key, seconds, KEPT_SECONDS)
    return {code: timedelta(seconds=spent) for code, spent in seconds.items()}


def _typical(office: Office, line: Line, now: datetime) -> float:
    done = Visit.objects.filter(
        office=office, line=line.code, state=State.DONE, ended_at__gte=now - RECENT
    )
    spans = [
        (ended - called).total_seconds()
        for called, ended in done.exclude(called_at=None)
        .order_by("-ended_at")
        .values_list("called_at", "ended_at")[:MEASURED]
        if called is not None and ended is not None
    ]
    return median(spans) if spans else timedelta(minutes=line.minutes).total_seconds()


def position_of(visit: Visit, *, now: datetime) -> Outlook | None:
    """Who is ahead of a visit; None for one that does not wait."""
    if visit.state != State.WAITING:
        return None
    hall = snapshot(visit.office, now=now)
    ahead = [one for one in hall.waiting if rank(one, now) < rank(visit, now)]
    return hall.outlook(line_of(visit), ahead)


def expected_wait(office: Office, *, now: datetime, priority: str = "") -> dict[str, Outlook]:
    """For each line what somebody would meet who takes a ticket now, with a priority or none."""
    hall = snapshot(office, now=now)
    place = now - head_start(priority)
    ahead = [one for one in hall.waiting if rank(one, now)[:2] <= (True, place)]
    return {code: hall.outlook(code, ahead) for code in lines()}
