"""The message catcher in a thread, and a clock that a test moves."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from kualik.core import jobs
from kualik.notifications.services.delivering import run_email_job
from kualik.notifications.services.sending import EMAIL_JOB
from tests.ports import free_row
from tools.message_catcher import Catcher

LOOPBACK = "127.0.0.1"


class MovedClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


class Catching:
    """A mail server and an SMS centre on free ports of loopback, which may go down and come back.

    Everything that touches them runs in their own loop, in a thread of its own.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.catcher = Catcher(now, user="kualik", password="demo")
        self.centre, self.mail = self.catcher.centre, self.catcher.mail
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        self.smtp_port = free_row(2)
        self.smpp_port = self.smtp_port + 1
        self.go_up()

    def go_up(self) -> None:
        """Listen, at the same ports as before."""
        mail = self._do(asyncio.start_server(self.mail.serve, LOOPBACK, self.smtp_port))
        centre = self._do(asyncio.start_server(self.centre.serve, LOOPBACK, self.smpp_port))
        self._servers = [mail, centre]

    def go_down(self) -> None:
        """Drop every line and listen no more."""
        self._do(self._down())

    def answers(self, *, phone: str, text: str) -> bool:
        """A person writes back."""
        return self._do(self._send(phone, text))

    def until(self, reached: Callable[[], object]) -> None:
        """Wait until something is so here."""
        self._do(asyncio.wait_for(self._wait(reached), timeout=30), seconds=40)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine of the same loop comes to."""
        return self._do(work)

    def end(self) -> None:
        """Stop for good."""
        self.go_down()
        self._do(self._settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def smpp_url(self) -> str:
        return f"smpp://kualik:demo@{LOOPBACK}:{self.smpp_port}/?sender=KUALIK"

    @property
    def smtp_url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.smtp_port}/?tls=none&from=kualik@demo.example"

    async def _down(self) -> None:
        for server in self._servers:
            server.close()
        self.centre.hang_up()
        await asyncio.sleep(0.01)

    async def _settle(self) -> None:
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _send(self, phone: str, text: str) -> bool:
        return self.centre.send(phone=phone, to="1414", text=text)

    async def _wait(self, reached: Callable[[], object]) -> None:
        while not reached():
            await asyncio.sleep(0.02)

    def _do(self, work: Coroutine[Any, Any, Any], *, seconds: float = 10) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=seconds)


def send_mail(clock: MovedClock) -> int:
    """Run the jobs of letters that are due; how many ran."""
    return jobs.run_waiting(handlers={EMAIL_JOB: run_email_job}, worker="one", clock=clock)
