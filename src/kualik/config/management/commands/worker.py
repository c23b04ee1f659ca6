"""``kualik worker``: runs the jobs and accepts requests whose moment has come."""

import signal
import threading
from types import FrameType

from django.core.management.base import BaseCommand, CommandParser

from kualik.cases.services.deciding import accept_due
from kualik.config.jobs import HANDLERS, enqueue_daily
from kualik.core import clock, jobs

PAUSE_SECONDS = 1.0


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
        while not stop.is_set():
            accept_due(now=clock.now())
            enqueue_daily(now=clock.now())
            busy = jobs.run_one(handlers=HANDLERS, worker=name, clock=clock.now)
            if not busy and options["once"]:
                return
            if not busy:
                stop.wait(PAUSE_SECONDS)
