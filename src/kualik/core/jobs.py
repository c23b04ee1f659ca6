"""Work done later by a worker process, safe to run twice.

A job is a row written in the transaction that wants the work. A worker claims it by a lease,
runs its handler and marks the end; a worker that dies loses the lease and another takes over.
``config.jobs`` names the handlers, so no room is found by a string path.
"""

import logging
import os
import socket
import traceback
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from kualik.core.models import Job
from kualik.rules.errors import RuleViolation

Payload = Mapping[str, object]
Handler = Callable[[Payload, datetime], None]
Clock = Callable[[], datetime]

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
LONGEST_PAUSE = timedelta(hours=1)
log = logging.getLogger(__name__)


class Later(Exception):
    """Raised by a handler: the work waits for somebody else and is tried again at ``at``.

    It is no failure: attempts are counted anew, so a job may wait for days.
    """

    def __init__(self, at: datetime, why: str = "") -> None:
        super().__init__(why)
        self.at = at


class NotNow(Exception):
    """Raised by a handler: an outside party cannot take the work now; the argument says why.

    It is tried again after the usual pause, with one line in the log instead of a trace.
    """


def enqueue(
    *,
    name: str,
    key: str,
    payload: Payload,
    now: datetime,
    run_at: datetime | None = None,
    patience: timedelta | None = None,
) -> bool:
    """Add a job once; False when ``key`` is there already."""
    payloads = {key: payload}
    return bool(
        enqueue_all(name=name, payloads=payloads, now=now, run_at=run_at, patience=patience)
    )


def enqueue_all(
    *,
    name: str,
    payloads: Mapping[str, Payload],
    now: datetime,
    run_at: datetime | None = None,
    patience: timedelta | None = None,
) -> int:
    """Add several jobs of one name, by key; how many were new.

    A job is tried ``MAX_ATTEMPTS`` times, and further until ``patience`` after its first moment.
    """
    run_at = run_at or now
    keys = list(payloads)
    known: set[str] = set()
    for start in range(0, len(keys), 400):
        known |= set(
            Job.objects.filter(key__in=keys[start : start + 400]).values_list("key", flat=True)
        )
    fresh = [
        Job(
            name=name,
            key=key,
            payload=dict(payload),
            run_at=run_at,
            give_up_at=None if patience is None else run_at + patience,
        )
        for key, payload in payloads.items()
        if key not in known
    ]
    Job.objects.bulk_create(fresh, batch_size=200, ignore_conflicts=True)
    return len(fresh)


def renew_all(
    *,
    name: str,
    payloads: Mapping[str, Payload],
    now: datetime,
    patience: timedelta | None = None,
) -> int:
    """Add several jobs; one that ended under the same key, well or not, begins anew with its new
    payload, one that waits or runs stays as it is. How many were added."""
    keys = list(payloads)
    for start in range(0, len(keys), 400):
        ended = Job.objects.filter(key__in=keys[start : start + 400])
        ended.exclude(done_at=None, failed_at=None).delete()
    return enqueue_all(name=name, payloads=payloads, now=now, patience=patience)


def reset(*, keys: list[str], now: datetime) -> int:
    """Give finished or failed jobs a new start; how many rows changed."""
    return (
        Job.objects.filter(key__in=keys)
        .exclude(done_at=None, failed_at=None)
        .update(
            run_at=now, attempts=0, done_at=None, failed_at=None, leased_until=None, last_error=""
        )
    )


def claim(*, worker: str, now: datetime, names: list[str] | None = None) -> Job | None:
    """The next waiting job, leased to ``worker``; None when nothing waits."""
    waiting = Job.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        done_at=None,
        failed_at=None,
        run_at__lte=now,
    )
    if names is not None:
        waiting = waiting.filter(name__in=names)
    _give_up(waiting, now)
    with transaction.atomic():
        rows = waiting.order_by("run_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        job = rows.first()
        if job is None:
            return None
        taken = waiting.filter(pk=job.pk).update(
            worker=worker, leased_until=now + LEASE, attempts=F("attempts") + 1
        )
    if not taken:
        return None
    job.refresh_from_db()
    return job


def run_one(
    *, handlers: Mapping[str, Handler], worker: str, clock: Clock, last: Collection[str] = ()
) -> bool:
    """Claim and run one job; False when none waits. Those of the names ``last`` have time: they are
    taken where nothing else waits."""
    first = [name for name in handlers if name not in last]
    job = claim(worker=worker, now=clock(), names=first)
    if job is None and last:
        job = claim(worker=worker, now=clock(), names=list(last))
    if job is None:
        return False
    try:
        handlers[job.name](job.payload, clock())
    except Later as later:
        _held(job).update(
            run_at=later.at, attempts=0, leased_until=None, last_error=str(later)[-4000:]
        )
    except RuleViolation as violation:
        # A rule says the same at every try; only a lost race may end otherwise.
        _retry(
            job, now=clock(), error=traceback.format_exc(), is_final=violation.code != "conflict"
        )
    except NotNow as reason:
        _retry(job, now=clock(), error=str(reason))
        log.warning("job %s, attempt %s: %s", job.key, job.attempts, reason)
    except Exception:
        _retry(job, now=clock(), error=traceback.format_exc(limit=8))
        log.exception("job %s failed, attempt %s", job.key, job.attempts)
    else:
        _held(job).update(done_at=clock(), leased_until=None)
    return True


def run_waiting(*, handlers: Mapping[str, Handler], worker: str, clock: Clock) -> int:
    """Run jobs until none waits; how many ran."""
    count = 0
    while run_one(handlers=handlers, worker=worker, clock=clock):
        count += 1
    return count


def cancel(*, keys: list[str]) -> int:
    """Forget work that nobody has begun; how many rows went."""
    return Job.objects.filter(key__in=keys, done_at=None, leased_until=None).delete()[0]


def worker_name() -> str:
    """Host and process, for the row and the log."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def _give_up(waiting: QuerySet[Job], now: datetime) -> None:
    """A job whose worker died every time is left to a person."""
    spent = waiting.filter(attempts__gte=MAX_ATTEMPTS, leased_until__isnull=False)
    spent.filter(Q(give_up_at=None) | Q(give_up_at__lte=now)).update(
        failed_at=now, leased_until=None, last_error="the worker died at every attempt"
    )


def _retry(job: Job, *, now: datetime, error: str, is_final: bool = False) -> None:
    """Pauses of 2, 4, 8 … seconds, at most an hour; then failed for a person to look at."""
    run_at = now + min(timedelta(seconds=2 ** min(job.attempts, 12)), LONGEST_PAUSE)
    is_spent = job.attempts >= MAX_ATTEMPTS
    if is_spent and job.give_up_at is not None and now < job.give_up_at:
        # The last try comes when the patience ends, not up to an hour later.
        is_spent, run_at = False, min(run_at, job.give_up_at)
    _held(job).update(
        run_at=run_at,
        leased_until=None,
        failed_at=now if is_final or is_spent else None,
        last_error=error[-4000:],
    )


def _held(job: Job) -> QuerySet[Job]:
    """The row while this attempt still holds its lease; another worker's is left alone."""
    return Job.objects.filter(pk=job.pk, worker=job.worker, attempts=job.attempts, done_at=None)
