"""How many boards listen on one process: when each of them knew of a call, and what it cost."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import django
from django.core.management import call_command

from tests.ports import free_row

LISTENERS = 200
CALLS = 10
PAUSE_SECONDS = 1.7
KUALIK = str(Path(sys.executable).with_name("kualik"))
# A Monday at ten: the numbers on a board are those of its day.
AT = datetime.fromisoformat("2026-11-23T05:00:00+00:00")


def run() -> dict[str, Any]:
    """Milliseconds from the commit of a call until one listener, and until all, have it; memory
    and processor time of the process with all of them connected."""
    django.setup()
    clock_file = Path(os.environ["KUALIK_VAR"]) / "clock"
    clock_file.write_text(AT.isoformat(), encoding="ascii")
    os.environ["KUALIK_CLOCK"] = str(clock_file)
    call_command("migrate", verbosity=0)
    office = import_module("bench.ways").Office()
    lobby = import_module("tests.counter.hall").lobby_of(office.stage.provider, now=AT)
    port = free_row()
    with subprocess.Popen([KUALIK, "live", "--port", str(port)]) as process:
        try:
            wait_for(port)
            return asyncio.run(measured(lobby, port, process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def wait_for(port: int) -> None:
    """Until the process listens, at most half a minute."""
    for _ in range(300):
        with closing(socket.socket()) as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the process did not start")


async def measured(lobby: Any, port: int, pid: int) -> dict[str, Any]:
    """Connect everybody, then call one number after the other."""
    empty = memory(pid)
    heard: dict[str, list[float]] = {}
    here = asyncio.Semaphore(0)
    listeners = [
        asyncio.create_task(listen(port, lobby.office.pk, heard, here)) for _ in range(LISTENERS)
    ]
    for _ in listeners:
        await asyncio.wait_for(here.acquire(), 60)
    started, worked = time.perf_counter(), processor_seconds(pid)
    first, last = [], []
    for place in range(CALLS):
        number, at = await asyncio.to_thread(call, lobby, place)
        times = heard.setdefault(number, [])
        while len(times) < LISTENERS and time.perf_counter() < at + 30:
            await asyncio.sleep(0.01)
        if len(times) < LISTENERS:
            raise RuntimeError(f"{number}: {len(times)} of {LISTENERS} heard of it")
        first.append(min(times) - at)
        last.append(max(times) - at)
        # Not in step with the looks of the process, so that every distance to them occurs.
        await asyncio.sleep(PAUSE_SECONDS)
    spent = processor_seconds(pid) - worked
    found = {
        "listeners": LISTENERS,
        "calls": CALLS,
        "first_ms": round(median(first) * 1000),
        "all_ms": round(median(last) * 1000),
        "all_worst_ms": round(max(last) * 1000),
        "spread_worst_ms": round(max(b - a for a, b in zip(first, last, strict=True)) * 1000),
        "memory_alone_mib": empty,
        "memory_mib": memory(pid),
        "processor_share": round(spent / (time.perf_counter() - started), 3),
    }
    for one in listeners:
        one.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    return found


async def listen(
    port: int, office: int, heard: dict[str, list[float]], here: asyncio.Semaphore
) -> None:
    """One screen: note when each number was first heard."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /live/{office}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    known: set[str] = set()
    is_first = True
    try:
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            now = time.perf_counter()
            numbers = {call["number"] for call in json.loads(line[6:])["called"]}
            for number in numbers - known:
                heard.setdefault(number, []).append(now)
            known |= numbers
            if is_first:
                here.release()
                is_first = False
    finally:
        writer.close()


def call(lobby: Any, place: int) -> tuple[str, float]:
    """Take a ticket, call it at a free window, and when that was committed."""
    calling = import_module("kualik.counter.services.calling")
    finishing = import_module("kualik.counter.services.finishing")
    window, clerk = lobby.windows[place % 2], lobby.clerks[place % 2]
    busy = calling.visit_at(window)
    if busy is not None:
        finishing.finish(visit=busy, outcome="answered", user=clerk, now=AT)
    lobby.ticket(line="ask", now=AT)
    visit = calling.call_next(window=window, user=clerk, now=AT)
    return str(visit.number), time.perf_counter()


def memory(pid: int) -> float:
    """Resident memory of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [size] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return round(int(size) / 1024, 1)


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
