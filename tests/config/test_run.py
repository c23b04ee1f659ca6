"""`bin/run`: web server, worker and simulators together, as `make run` starts them."""

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.migrated import lay_tables
from tests.ports import free_row

ROOT = Path(__file__).resolve().parents[2]
SECRETS = ("KUALIK_SECRET_KEY", "KUALIK_IIN_KEY", "KUALIK_KEY_PASSPHRASE")


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A folder whose database has its tables already: migrating is proved elsewhere."""
    lay_tables(tmp_path / "kualik.sqlite3")
    return tmp_path


@pytest.fixture
def running(prepared: Path) -> Iterator[subprocess.Popen[str]]:
    port = free_row()
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "KUALIK_VAR": str(prepared),
        "KUALIK_DEMO": "0",
        "KUALIK_LOG_LEVEL": "INFO",
        "KUALIK_WEB_WORKERS": "1",
        **{name: f"the {name} of this test" for name in SECRETS},
    }
    with subprocess.Popen(
        [str(ROOT / "bin" / "run")],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def next_worker(process: subprocess.Popen[str]) -> int:
    """The number of the worker that says next that it is at work."""
    assert process.stderr
    for line in process.stderr:
        if found := re.search(r"worker \S+:(\d+) at work", line):
            return int(found[1])
    raise AssertionError("no worker came")


def web_server_of(process: subprocess.Popen[str]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    (found,) = [pid for pid, command in commands.items() if b"gunicorn" in command]
    return found


def test_a_worker_that_dies_is_started_again_and_all_of_it_ends_when_told_to(
    running: subprocess.Popen[str],
) -> None:
    first = next_worker(running)
    os.kill(first, signal.SIGKILL)
    second = next_worker(running)
    assert second != first
    web = web_server_of(running)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in (second, web))


def found_organisation(database: Path) -> None:
    """As much of the demonstration as says that it is loaded already: loading it is proved by the
    tests that play with it, and here nobody would look at what takes the most of the time."""
    with closing(sqlite3.connect(database)) as line, line:
        columns = line.execute("PRAGMA table_info(providers_provider)").fetchall()
        names = [name for _, name, _, is_wanted, _, is_key in columns if is_wanted and not is_key]
        values = ["DEMO" if name == "code" else "" for name in names]
        places = ", ".join("?" * len(names))
        line.execute(
            f"INSERT INTO providers_provider ({', '.join(names)}) VALUES ({places})",  # noqa: S608
            values,
        )


@pytest.fixture
def demonstration(prepared: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A demonstration with its first port; somebody else listens where its phone should."""
    found_organisation(prepared / "kualik.sqlite3")
    port = free_row(12)
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "KUALIK_SIMULATORS_PORT": str(port + 1),
        # The simulators have ten ports.
        "KUALIK_LIVE_PORT": str(port + 11),
        "KUALIK_VAR": str(prepared),
        "KUALIK_DEMO": "1",
        "KUALIK_WEB_WORKERS": "1",
    }
    with (
        socket.create_server(("127.0.0.1", port + 2)),
        subprocess.Popen(
            [str(ROOT / "bin" / "run")],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            yield process, port
        finally:
            process.terminate()


def answers(port: int, path: str) -> bool:
    """Whether somebody answers there within ten seconds."""
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def test_a_simulator_whose_port_is_taken_stops_nothing_and_all_end_with_the_web_server(
    demonstration: tuple[subprocess.Popen[str], int],
) -> None:
    process, port = demonstration
    assert process.stderr
    told = next(line for line in process.stderr if "simulator" in line)
    assert told.startswith("A simulator does not run: ")
    assert str(port + 2) in told
    assert answers(port, "/healthz")
    assert answers(port + 1, "/")
    assert answers(port + 3, "/rsa/ca")
    assert answers(port + 10, "/")
    with ExitStack() as ahead:
        for _ in range(8):
            ahead.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert answers(port, "/healthz"), "connections that ask nothing hold the web server"
    os.kill(web_server_of(process), signal.SIGTERM)
    process.wait(timeout=60)
    for closed in (port, port + 1, port + 3):
        socket.create_server(("127.0.0.1", closed)).close()
