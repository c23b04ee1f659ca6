"""``kualik live``: tells screens and phones of a hall what changes, until stopped."""

import socket
import time
from argparse import ArgumentParser

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand

from kualik.counter.adapters.live import Live

# Listeners that do not go by themselves are dropped after so long.
LEAVE_SECONDS = 3
TAKEN_PAUSE_SECONDS = 15.0
BACKLOG = 2048


class Command(BaseCommand):
    help = "Serve the live events of the halls (KUALIK_LIVE_URL) on KUALIK_LIVE_PORT."
    # They would load every page of the site, which this process has not.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.LIVE_PORT)

    def handle(self, *_args: object, **options: object) -> None:
        line = self._line(str(options["host"]), int(str(options["port"])))
        config = uvicorn.Config(
            Live(),
            lifespan="off",
            ws="none",
            access_log=False,
            log_level="warning",
            server_header=False,
            # Whose address counts is decided as on the pages, by KUALIK_BEHIND_PROXY.
            proxy_headers=False,
            timeout_graceful_shutdown=LEAVE_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[line])

    def _line(self, host: str, port: int) -> socket.socket:
        """Where to listen; a port that another program holds is told once and waited for."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        is_told = False
        while True:
            try:
                return socket.create_server((host, port), family=family, backlog=BACKLOG)
            except OSError as error:
                if not is_told:
                    self.stderr.write(f"No live events yet, port {port}: {error.strerror}.")
                is_told = True
                time.sleep(TAKEN_PAUSE_SECONDS)
