"""The work a worker can do: the name of a job and its handler, and what comes back every day."""

from collections.abc import Mapping
from datetime import datetime

from kualik.cases.services.sealing import SEAL_JOB, run_seal_job
from kualik.core import jobs
from kualik.core.clock import local_day
from kualik.core.jobs import Handler, Payload
from kualik.training.services import forget_lists
from kualik.training.services.dry_run import (
    CHECK_JOB,
    IMPORT_JOB,
    run_check_job,
    run_import_job,
)

FORGET_JOB = "training.forget_lists"


def run_forget_job(_payload: Payload, now: datetime) -> None:
    """Discard the lists that nobody imported within a week."""
    forget_lists(now=now)


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
