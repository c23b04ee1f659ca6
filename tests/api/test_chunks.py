"""A body in chunks and without a length, as streaming clients send it, to a server as we run it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.test import RequestFactory

from kualik.core.bodies import read_body
from kualik.rules.errors import RuleViolation
from tests.migrated import lay_tables
from tests.ports import free_row

ROOT = Path(__file__).resolve().parents[2]
GUNICORN = Path(sys.executable).with_name("gunicorn")
# As bin/run starts it.
OPTIONS = ("--workers", "1", "--worker-class", "gthread", "--threads", "4")
ASKED = json.dumps({"number": "DEMO-2026-Z000001-5", "code": "000000"}).encode()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a web server with tables and nobody in them."""
    folder, port = tmp_path_factory.mktemp("system"), free_row()
    lay_tables(folder / "kualik.sqlite3")
    environment = {
        "PATH": os.environ["PATH"],
        "KUALIK_VAR": str(folder),
        "KUALIK_DEMO": "0",
        **{f"KUALIK_{name}": name for name in ("SECRET_KEY", "IIN_KEY", "KEY_PASSPHRASE")},
    }
    command = (str(GUNICORN), "kualik.config.wsgi", "--bind", f"127.0.0.1:{port}", *OPTIONS)
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nobody listens")


def chunks(body: bytes, size: int = 7) -> Iterator[bytes]:
    for place in range(0, len(body), size):
        yield body[place : place + size]


def ask(port: int, path: str, body: bytes | Iterator[bytes]) -> tuple[int, str]:
    """Status and code of the answer; a body that is an iterator goes in chunks."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as line:
        line.request("POST", path, body, {"Content-Type": "application/json"})
        answer = line.getresponse()
        told = json.loads(answer.read())
    return answer.status, told.get("code") or told["error"]


@pytest.mark.parametrize("path", ["/api/v1/status", "/api/status"])
def test_a_body_in_chunks_is_read_as_one_with_a_length(port: int, path: str) -> None:
    expected = (404, "status_unknown")
    assert ask(port, path, ASKED) == expected
    assert ask(port, path, chunks(ASKED)) == expected


def test_a_body_in_chunks_has_the_limit_of_any_other(port: int) -> None:
    long = (b" " * 65_536 for _ in range(33))
    assert ask(port, "/api/v1/status", long) == (413, "body_too_large")


def test_a_body_in_chunks_that_breaks_off_is_refused(port: int) -> None:
    head = (
        b"POST /api/v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(head + b'5\r\n{"num\r\n')
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"body_cut_short" in answer


def test_a_server_that_puts_no_chunks_together_asks_for_a_length() -> None:
    made = RequestFactory().post(
        "/api/v1/status", ASKED, "application/json", HTTP_TRANSFER_ENCODING="chunked"
    )
    with pytest.raises(RuleViolation, match="body_length_unknown"):
        read_body(made, most=1000)
