"""Requests per second of the check page beside an empty page of the same server."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import django
from django.core.management import call_command

from tests.ports import free_row

SECONDS = 4.0
CLIENTS = 8
ROUNDS = 3
PEOPLE = 100


def run() -> dict[str, float]:
    """Medians of interleaved rounds: the page of a code, its JSON, and ``/healthz``."""
    django.setup()
    call_command("migrate", verbosity=0)
    office = import_module("bench.ways").Office()
    requests = office.issue(office.bring(9000, PEOPLE))
    codes = [request.certificate.code for request in requests]
    paths = {
        "page": [f"/c/{code}" for code in codes],
        "json": [f"/c/{code}.json" for code in codes],
        "empty": ["/healthz"],
    }
    rates: dict[str, list[float]] = {name: [] for name in paths}
    with server() as port:
        for _ in range(ROUNDS):
            for name, listed in paths.items():
                rates[name].append(measure(port, listed))
    found = {f"{name}_per_second": round(sorted(rate)[1], 1) for name, rate in rates.items()}
    share = found["page_per_second"] / found["empty_per_second"]
    return {**found, "page_share_of_empty": round(share, 2)}


@contextmanager
def server() -> Iterator[int]:
    """gunicorn with two sync workers on a free port of this machine, on the bench's database."""
    port = free_row()
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    process = subprocess.Popen(
        [gunicorn, "kualik.config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"],
        env=os.environ, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Until the server answers, at most half a minute."""
    for _ in range(300):
        try:
            fetch(port, "/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not start")


def fetch(port: int, path: str) -> None:
    """One answered request; anything but 200 is an error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")


def measure(port: int, paths: list[str]) -> float:
    """Answers per second to ``CLIENTS`` clients during ``SECONDS``."""
    end = time.perf_counter() + SECONDS

    def client(start: int) -> int:
        done = start
        while time.perf_counter() < end:
            fetch(port, paths[done % len(paths)])
            done += 1
        return done - start

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(client, range(CLIENTS))) / SECONDS
