"""The installation of the played day: its processes, its clock, its database to read from."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from tests.ports import free_row

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).parent
KUALIK = str(PROGRAM / "kualik")
PATIENCE = 90.0
SIMULATORS = 9
# The worker looks at the parts of the system no sooner than this after the last time.
TURN = timedelta(seconds=55)


class System:
    """Everything that ``make run`` starts, in processes of its own, on free ports."""

    def __init__(self, folder: Path, *, now: datetime) -> None:
        self.folder = folder
        self.port, self.live_port, self.printer_port = free_row(), free_row(), free_row()
        self.simulators = free_row(SIMULATORS)
        self.address = f"http://localhost:{self.port}"
        self.clock_file = folder / "clock"
        self.tickets = folder / "tickets"
        self.database = folder / "kualik.sqlite3"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.now = now
        self.set_clock(now)
        kept = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        self.environment = {
            **kept,
            "KUALIK_VAR": str(folder),
            "KUALIK_DEMO": "1",
            "KUALIK_CLOCK": str(self.clock_file),
            "KUALIK_PUBLIC_URL": self.address,
            "KUALIK_LIVE_PORT": str(self.live_port),
            "KUALIK_SIMULATORS_PORT": str(self.simulators),
            "DJANGO_SETTINGS_MODULE": "kualik.config.settings",
        }

    def set_clock(self, now: datetime) -> None:
        """Play ``now``; whoever reads the file meanwhile finds the old moment or the new one."""
        whole = self.clock_file.with_suffix(".new")
        whole.write_text(now.astimezone(UTC).isoformat(), encoding="ascii")
        whole.replace(self.clock_file)
        self.now = now

    def call(self, *arguments: str) -> None:
        """Run ``kualik`` to its end."""
        with self._log() as log:
            subprocess.run(
                [KUALIK, *arguments],
                env=self.environment, cwd=ROOT, check=True, stdout=log, stderr=log,
            )  # fmt: skip

    def start(self, name: str) -> None:
        """Start one of the processes, by its name."""
        with self._log() as log:
            self.processes[name] = subprocess.Popen(
                self._command(name), env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    def stop(self, *names: str) -> None:
        """End processes; all of them are told first."""
        stopped = [self.processes.pop(name) for name in names]
        for name, process in zip(names, stopped, strict=True):
            # The web server closes idle connections at once, as a loss of power would.
            process.send_signal(signal.SIGINT if name == "web" else signal.SIGTERM)
        for process in stopped:
            process.wait()

    def listen(self, port: int) -> None:
        """Wait until somebody listens on a port."""
        for _ in patiently():
            with closing(socket.socket()) as line:
                if line.connect_ex(("127.0.0.1", port)) == 0:
                    return
        raise TimeoutError(f"nobody listens on {port}")

    def await_web(self) -> None:
        """Wait until the web server answers."""
        for _ in patiently():
            try:
                if requests.get(f"{self.address}/healthz", timeout=PATIENCE).ok:
                    return
            except requests.RequestException:
                continue
        raise TimeoutError("the web server does not answer")

    def await_turn(self) -> None:
        """Wait until the worker has looked at all parts in the minute that is played."""
        query = "SELECT tried_at FROM incidents_probe WHERE code = 'worker'"
        for _ in patiently():
            rows = self.read(query)
            if rows and moment_of(rows[0][0]) > self.now.astimezone(UTC) - TURN:
                return
        raise TimeoutError("the worker does not look after the system")

    def await_sweep(self) -> None:
        """Wait until the sessions that are over by the clock that is played are gone: those that
        begin now are counted by the clock of the machine."""
        query = "SELECT done_at FROM core_job WHERE name = 'signatures.sweep_entries'"
        for _ in patiently():
            if any(done for (done,) in self.read(query)):
                return
        raise TimeoutError("the worker does not work")

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database, which is opened for reading only."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as line:
            return line.execute(query, values).fetchall()

    def faults(self) -> list[str]:
        """What the processes said went wrong."""
        text = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if line.startswith("Traceback")]

    def _command(self, name: str) -> list[str]:
        tools = {
            "messages": ["tools/message_catcher.py"],
            "authority": [
                "tools/authority_server.py",
                f"--port={self.simulators + 2}",
                f"--directory={self.folder / 'keys' / 'test-authority'}",
            ],
            "portal": ["tools/portal/__main__.py"],
            "printer": [
                "tools/ticket_printer.py",
                f"--port={self.printer_port}",
                f"--directory={self.tickets}",
            ],
        }
        if name == "web":
            threads = ["--worker-class", "gthread", "--threads", "4", "--log-level", "warning"]
            bound = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
            return [str(PROGRAM / "gunicorn"), "kualik.config.wsgi", *bound, *threads]
        if name in tools:
            return [sys.executable, *tools[name]]
        return [KUALIK, name]

    @contextmanager
    def _log(self) -> Iterator[Any]:
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            yield log


@contextmanager
def installation(folder: Path, *, now: datetime) -> Iterator[System]:
    """A demonstration that is loaded and runs; ended, with its folder, when the block ends."""
    system = System(folder, now=now)
    try:
        system.call("demo")
        for name in ("messages", "authority", "portal", "web", "printer", "live", "smpp"):
            system.start(name)
        for port in (system.simulators + 2, system.simulators + 4, system.printer_port):
            system.listen(port)
        system.start("worker")
        system.await_sweep()
        system.await_web()
        yield system
    finally:
        system.stop(*system.processes)


def patiently() -> Iterator[None]:
    """A try every twentieth of a second for as long as patience lasts."""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        yield
        time.sleep(0.05)


def moment_of(text: str) -> datetime:
    """A moment as SQLite keeps it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clear(folder: Path) -> None:
    """Remove what a day left behind."""
    shutil.rmtree(folder, ignore_errors=True)
