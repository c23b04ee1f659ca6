"""``kualik worker``: runs the jobs and accepts requests whose moment has come."""

import logging
import signal
import threading
from types import FrameType

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections, connection

from kualik.cases.services.deciding import accept_due
from kualik.config.jobs import HANDLERS, LAST, beat, enqueue_daily
from kualik.config.probing import keep_probing, note_database_fault, probe_turn
from kualik.core import clock, jobs

PAUSE_SECONDS = 1.0
PAUSE_AFTER_FAULT_SECONDS = 5.0
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run waiting jobs, then wait for more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when no job waits")

    def handle(self, *_args: object, **options: object) -> None:
        stop = threading.Event()

        def finish(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        name = jobs.worker_name()
        if options["once"]:
            while not stop.is_set() and _turn(name):
                pass
        else:
            _serve(name, stop)


def _serve(name: str, stop: threading.Event) -> None:
    """Work until told to stop; a database that is away for a while is waited for."""
    is_greeted = False
    told = {"clock": clock.now, "stop": stop}
    threading.Thread(target=keep_probing, kwargs=told, daemon=True).start()
    while not stop.is_set():
        beat(now=clock.now())
        try:
            pause = 0.0 if _work(name) else PAUSE_SECONDS
            if not is_greeted:
                _greet(name)
                is_greeted = True
        except Error as fault:
            log.exception("the database does not answer as it should; trying again")
            note_database_fault(fault, now=clock.now())
            close_old_connections()
            pause, is_greeted = PAUSE_AFTER_FAULT_SECONDS, False
        stop.wait(pause)


def _turn(name: str) -> bool:
    """What is due now, then one job; False when none waits."""
    probe_turn(clock=clock.now)
    return _work(name)


def _work(name: str) -> bool:
    """Moments that have come, then one job; False when none waits."""
    accept_due(now=clock.now())
    enqueue_daily(now=clock.now())
    return jobs.run_one(handlers=HANDLERS, worker=name, clock=clock.now, last=LAST)


def _greet(name: str) -> None:
    """Say in the log who works, and with which database."""
    version = ".".join(str(part) for part in connection.get_database_version())
    log.info("worker %s at work, %s %s", name, connection.vendor, version)
