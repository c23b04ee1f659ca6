"""The work a worker can do, what comes back every day, and the sign that a worker lives."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from django.conf import settings

from kualik.cases.services.sealing import SEAL_JOB, run_seal_job
from kualik.core import jobs
from kualik.core.clock import local_day
from kualik.core.jobs import Handler, Payload
from kualik.training.services import forget_lists, sweep_lists
from kualik.training.services.dry_run import (
    CHECK_JOB,
    IMPORT_JOB,
    run_check_job,
    run_import_job,
)

FORGET_JOB = "training.forget_lists"
SILENT_AFTER = timedelta(seconds=60)


def run_forget_job(_payload: Payload, now: datetime) -> None:
    """Discard the lists that nobody imported within a week, and files no list refers to."""
    forget_lists(now=now)
    sweep_lists(now=now)


HANDLERS: Mapping[str, Handler] = {
    SEAL_JOB: run_seal_job,
    CHECK_JOB: run_check_job,
    IMPORT_JOB: run_import_job,
    FORGET_JOB: run_forget_job,
}


def enqueue_daily(*, now: datetime) -> None:
    """The jobs of the day, each once however often this is called."""
    day = local_day(now).isoformat()
    jobs.enqueue(name=FORGET_JOB, key=f"{FORGET_JOB}:{day}", payload={}, now=now)


def beat(*, now: datetime) -> None:
    """Leave a sign of life, for the machine this worker runs on."""
    settings.WORKER_HEARTBEAT.touch(mode=0o600)
    os.utime(settings.WORKER_HEARTBEAT, (now.timestamp(), now.timestamp()))


def worker_state(*, now: datetime) -> Literal["alive", "silent"]:
    """Whether a worker of this machine left a sign of life within a minute."""
    try:
        beaten = settings.WORKER_HEARTBEAT.stat().st_mtime
    except OSError:
        return "silent"
    return "alive" if now - datetime.fromtimestamp(beaten, UTC) <= SILENT_AFTER else "silent"
