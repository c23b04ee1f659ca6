"""``kualik worker``: runs the jobs and accepts requests whose moment has come; ``--lines`` runs
those alone that wait for other systems."""

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections, connection

from kualik.cases.services.deciding import accept_due
from kualik.config.jobs import beat, enqueue_daily, run_one, run_one_of_lines
from kualik.config.probing import keep_probing, note_database_fault, probe_turn
from kualik.core import clock, jobs

PAUSE_SECONDS = 1.0
PAUSE_AFTER_FAULT_SECONDS = 5.0
Work = Callable[[str], bool]
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run waiting jobs, then wait for more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when no job waits")
        parser.add_argument(
            "--lines",
            action="store_true",
            help="only what waits for other systems; the worker beside it then leaves that alone",
        )

    def handle(self, *_args: object, **options: object) -> None:
        stop = threading.Event()

        def finish(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        name = jobs.worker_name()
        work = _work_lines if options["lines"] else _work
        if options["once"]:
            while not stop.is_set() and _turn(name, work):
                pass
            return
        if not options["lines"]:
            told = {"clock": clock.now, "stop": stop}
            threading.Thread(target=keep_probing, kwargs=told, daemon=True).start()
        _serve(name, work, stop)


def _serve(name: str, work: Work, stop: threading.Event) -> None:
    """Work until told to stop; a database that is away for a while is waited for."""
    is_greeted = False
    while not stop.is_set():
        if work is _work:
            beat(now=clock.now())
        try:
            pause = 0.0 if work(name) else PAUSE_SECONDS
            if not is_greeted:
                _greet(name)
                is_greeted = True
        except Error as fault:
            log.exception("the database does not answer as it should; trying again")
            note_database_fault(fault, now=clock.now())
            close_old_connections()
            pause, is_greeted = PAUSE_AFTER_FAULT_SECONDS, False
        stop.wait(pause)


def _turn(name: str, work: Work) -> bool:
    """What is due now, then one job; False when none waits."""
    if work is _work:
        probe_turn(clock=clock.now)
    return work(name)


def _work(name: str) -> bool:
    """Moments that have come, then one job; False when none waits."""
    accept_due(now=clock.now())
    enqueue_daily(now=clock.now())
    return run_one(worker=name, clock=clock.now)


def _work_lines(name: str) -> bool:
    """One job that waits for another system; False when none waits."""
    return run_one_of_lines(worker=name, clock=clock.now)


def _greet(name: str) -> None:
    """Say in the log who works, and with which database."""
    version = ".".join(str(part) for part in connection.get_database_version())
    log.info("worker %s at work, %s %s", name, connection.vendor, version)
