"""Saying in time that somebody waits or sits too long, and clearing up after a day.

At the twentieth minute of either term the clerks of the provider get a task, at the twenty-fifth
a more urgent one, and so does the head of the office, or the administrator where there is none; the
window's page colours and sounds by itself (A57.3.2-3, A303.3.2-3). The worker looks every minute.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from kualik.accounts.models import User
from kualik.core.clock import ZONE, local_day
from kualik.core.jobs import Payload
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.counter.models import Period, Shift, Visit, Window
from kualik.counter.queries.outcomes import UNFINISHED
from kualik.counter.queries.waiting import AMBER, Clock, Level, Running, running
from kualik.counter.services.moving import move, record, subject_of
from kualik.counter.services.releasing import release_bookings
from kualik.counter.services.ticketing import close_bookings
from kualik.counter.services.windows import close_window
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

logger = logging.getLogger(__name__)

WATCH_JOB = "counter.watch"
JOBS_KEPT = timedelta(hours=1)
# The kinds of tasks by clock: of the twentieth minute, of the twenty-fifth.
KINDS = {
    Clock.WAITING: ("visit_waits", "visit_waits_long"),
    Clock.SERVING: ("visit_sits", "visit_sits_long"),
}
ALL_KINDS = tuple(kind for kinds in KINDS.values() for kind in kinds)
STAGES = ("20", "25", "25:head")
State = Visit.State
RUNNING = (State.WAITING, State.CALLED, State.SERVING, State.HELD, State.MISSED)


def run_watch_job(_payload: Payload, now: datetime) -> None:
    """The job of the minute, of which only the last hour is kept."""
    warn(now=now)
    settle(now=now)
    let_go(now=now)
    close_bookings(now=now)
    release_bookings(now=now)
    end_days(now=now)
    Job.objects.filter(name=WATCH_JOB, done_at__lt=now - JOBS_KEPT).delete()


def task_keys(visit: Visit, clock: str) -> list[str]:
    """The keys of the tasks that a clock of a visit may have opened."""
    return [f"visit_{clock}:{visit.pk}:{stage}" for stage in STAGES]


def warn(*, now: datetime) -> int:
    """Open the tasks of those whose term nears its end; how many were opened."""
    since = now - AMBER
    late = Q(handed_in_at=None, waiting_from__lte=since) | Q(handed_in_at__lte=since)
    found = Visit.objects.filter(late, day=local_day(now), state__in=RUNNING)
    rows = found.select_related("office__provider", "window").order_by("pk")
    return sum(_warn(visit, clock, now) for visit in rows if (clock := running(visit, now)))


def settle(*, now: datetime) -> int:
    """Take the tasks of clocks that ended meanwhile off the list; how many."""
    tasks = {
        task.key: task for task in StaffTask.objects.filter(kind__in=ALL_KINDS, closed_at=None)
    }
    visits = Visit.objects.in_bulk({_visit_of(task) for task in tasks.values()})
    count = 0
    for key, task in tasks.items():
        visit = visits.get(_visit_of(task))
        clock = running(visit, now) if visit else None
        if clock is None or not key.startswith(f"visit_{clock.clock}:"):
            count += close_task(key=key, actor=SYSTEM, now=now)
    return count


def let_go(*, now: datetime) -> int:
    """End the visits of missed people whose return period is over; how many."""
    over = Visit.objects.filter(state=State.MISSED, return_until__lt=now)
    return sum(_end(visit, now, at=None) for visit in over.select_related("office"))


def end_days(*, now: datetime) -> int:
    """End what earlier days left open, at the last moment at which anything happened in that hall;
    how many visits. Windows that nobody closed and where nothing happened today are closed."""
    today = local_day(now)
    left = Visit.objects.filter(day__lt=today).exclude(state__in=(State.DONE, State.LEFT))
    count = sum(_end(visit, now, at=_last_moment(visit)) for visit in left.select_related("office"))
    for window in Window.objects.exclude(state=Window.State.CLOSED).select_related("user"):
        if local_day(window.changed_at) < today and not _is_used(window, today):
            _close(window, now)
    return count


def _is_used(window: Window, today: date) -> bool:
    """Whether anybody was called or served at a window today."""
    midnight = datetime.combine(today, time(), tzinfo=ZONE)
    return Period.objects.filter(window=window, started_at__gte=midnight).exists()


def _close(window: Window, now: datetime) -> None:
    """Close a window unless somebody is there: the others are closed all the same."""
    try:
        close_window(window=window, actor=SYSTEM, now=now)
    except RuleViolation as violation:
        logger.warning("window %s stays open: %s", window.pk, violation.code)


@transaction.atomic
def _warn(visit: Visit, clock: Running, now: datetime) -> int:
    name = clock.clock.value
    soon, long = KINDS[clock.clock]
    first, second, third = task_keys(visit, name)
    if clock.level is Level.GREEN:
        return 0
    if clock.level is Level.AMBER:
        return _open(visit, clock, soon, first, Role.CLERK, now)
    close_task(key=first, actor=SYSTEM, now=now)
    opened = _open(visit, clock, long, second, Role.CLERK, now)
    return opened + _open(visit, clock, long, third, _chief(visit.office.provider), now)


def _chief(provider: Provider) -> Role:
    """Whose list the chief's warning comes on: the administrator's where nobody is the head."""
    heads = User.objects.filter(provider=provider, is_active=True, grants__role=Role.OFFICE_HEAD)
    return Role.OFFICE_HEAD if heads.exists() else Role.PROVIDER_ADMIN


def _open(visit: Visit, clock: Running, kind: str, key: str, role: Role, now: datetime) -> int:
    task = Task(
        key=key,
        kind=kind,
        subject=subject_of(visit),
        scope=visit.office.provider.code,
        role=role,
        params={
            "number": visit.number,
            "window": visit.window.number if visit.window else "–",
            "since_at": clock.since.isoformat(),
        },
    )
    if not open_task(task, now=now):
        return 0
    said = {"clock": clock.clock.value, "level": clock.level.value, "role": role.value}
    spent = int(clock.spent.total_seconds())
    record(visit, "warned", user=None, now=now, data={**said, "spent": spent})
    return 1


def _visit_of(task: StaffTask) -> int:
    return int(task.subject.rpartition(":")[2])


@transaction.atomic
def _end(visit: Visit, now: datetime, *, at: datetime | None) -> int:
    """End a visit unless somebody moved it meanwhile."""
    to = State.LEFT if visit.handed_in_at is None else State.DONE
    try:
        move(visit=visit, to=to, user=None, now=now, at=at, ended_at=at or now, outcome=UNFINISHED)
    except RuleViolation:
        return 0
    record(visit, "ended_by_itself", user=None, now=now, data={"at": (at or now).isoformat()})
    return 1


def _last_moment(visit: Visit) -> datetime | None:
    """When anything last happened in the hall on the day of a visit; not before what the visit
    itself is in began, which may be after midnight."""
    running = Period.objects.filter(visit=visit, ended_at=None).values_list("started_at", flat=True)
    periods = Period.objects.filter(visit__office=visit.office, visit__day=visit.day)
    shifts = Shift.objects.filter(window__office=visit.office)
    seen = [*_latest(periods), *_latest(shifts)]
    of_day = [moment for moment in seen if local_day(moment) == visit.day]
    return max([*of_day, *running], default=None)


def _latest(rows: QuerySet[Period] | QuerySet[Shift]) -> Iterable[datetime]:
    found = rows.aggregate(first=Max("started_at"), last=Max("ended_at"))
    return [moment for moment in found.values() if moment is not None]
