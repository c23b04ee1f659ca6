"""Live events: the real process with real listeners, and the application by itself."""

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as program_settings
from django.db import OperationalError, connection
from pytest_django import Settings

from kualik.counter.adapters.live import Live, Message
from kualik.counter.queries.screens import Call, Screen
from kualik.counter.services.calling import call_next
from tests.counter.hall import NOW, Lobby, open_lobby
from tests.ports import free_row
from tests.world import build_world

PROGRAM = "from kualik.config.program import main; import sys; main()"
LISTENERS = 30


@pytest.fixture
def lobby(transactional_db: None, kualik_files: object) -> Lobby:
    return open_lobby(build_world().demo)


@pytest.fixture
def port(lobby: Lobby, tmp_path: Path) -> Iterator[int]:
    """``kualik live`` on the database of the test, on a Monday at ten."""
    number = free_row()
    (tmp_path / "clock").write_text(NOW.isoformat(), encoding="ascii")
    environment = {
        **os.environ,
        "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "KUALIK_CLOCK": str(tmp_path / "clock"),
        "PYTHONPATH": os.pathsep.join([str(Path("src").resolve()), str(Path().resolve())]),
    }
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "live", "--port", str(number)], env=environment
    ) as process:
        try:
            wait_for(number, process)
            yield number
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until the process listens; a refused connection is answered at once, so none is lost."""
    while process.poll() is None:
        with closing(socket.socket()) as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
    raise AssertionError("the process ended")


class Listener:
    """A screen that listens."""

    def __init__(self, port: int, office: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request("GET", f"/live/{office}/", headers={"Origin": "http://x"})
        self.answer = self.connection.getresponse()

    def next(self) -> dict[str, Any]:
        """The data of the next event."""
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream ended"
            if line.startswith("data: "):
                found: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return found

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


@pytest.fixture
def listen(port: int, lobby: Lobby) -> Iterator[Callable[[], Listener]]:
    """Makes listeners of the lobby, who leave when the test ends."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Listener(port, lobby.office.pk)))


def asked(port: int, method: str, path: str) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with closing(line):
        line.request(method, path)
        return line.getresponse().status


def test_every_listener_hears_of_a_call_and_later_ones_get_the_present_state(
    lobby: Lobby, listen: Callable[[], Listener]
) -> None:
    screens = [listen() for _ in range(LISTENERS)]
    assert all(screen.next()["called"] == [] for screen in screens)
    visit = lobby.ticket()
    call_next(window=lobby.windows[1], user=lobby.clerks[1], now=NOW)
    for screen in screens:
        told = screen.next()
        while not told["called"]:
            told = screen.next()
        assert [(call["number"], call["window"]) for call in told["called"]] == [(visit.number, 2)]
    assert listen().next()["called"][0]["number"] == visit.number


def test_the_stream_is_for_the_site_alone_and_kept_by_nobody(
    listen: Callable[[], Listener],
) -> None:
    heads = listen().answer.headers
    assert heads["Content-Type"].startswith("text/event-stream")
    assert heads["Access-Control-Allow-Origin"] == program_settings.PUBLIC_URL
    assert (heads["Cache-Control"], heads["Set-Cookie"]) == ("no-store", None)


def test_nothing_else_is_served_there(lobby: Lobby, port: int) -> None:
    for path in ("/", "/live/", "/live/999/", "/live/1", "/live/x/", "/office/", "/login/"):
        assert asked(port, "GET", path) == 404, path
    assert asked(port, "POST", f"/live/{lobby.office.pk}/") == 405


def test_a_taken_port_is_told_once_and_waited_for(tmp_path: Path) -> None:
    environment = {**os.environ, "KUALIK_VAR": str(tmp_path), "KUALIK_DEMO": "1"}
    environment["DJANGO_SETTINGS_MODULE"] = "kualik.config.settings"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "live", "--port", number],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr
            assert f"port {number}" in process.stderr.readline()
            assert process.poll() is None
            process.terminate()
            assert "Traceback" not in process.stderr.read()


# The application by itself


class Hall:
    """A board that a test changes; counts how often it is read."""

    def __init__(self) -> None:
        self.stamp = 1
        self.reads = 0
        self.is_away = False
        self.is_broken = False
        self.lists = 0

    def offices(self) -> frozenset[int]:
        self.lists += 1
        return frozenset({1})

    def read(self, office: int, known: int | None) -> Screen | None:
        self.reads += 1
        if self.is_broken:
            raise ValueError("something nobody thought of")
        if self.is_away:
            raise OperationalError("away")
        if office != 1 or known == self.stamp:
            return None
        return Screen(self.stamp, (Call("A001", 1, self.stamp, "kk", False),), 0)


class Ear:
    """One listener; ``leave`` ends the connection."""

    def __init__(self, live: Live, office: int = 1, address: str = "10.0.0.1") -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/live/{office}/",
            "client": ("127.0.0.1", 5000),
            "headers": [(b"x-forwarded-for", f"1.2.3.4, {address}".encode())],
        }
        self.task = asyncio.create_task(live(scope, self.receive, self.send))

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        told = message["body"] if "body" in message else str(message["status"]).encode()
        await self.heard.put(told)

    async def next(self, beginning: bytes) -> bytes:
        """The next thing heard that contains ``beginning``."""
        while True:
            body = await asyncio.wait_for(self.heard.get(), 10)
            if beginning in body:
                return body

    async def leave(self) -> None:
        self.gone.set()
        await self.task


def played(
    act: Callable[[Live, Hall], Awaitable[None]], *, keep_alive: float = 10.0, most: int = 300
) -> Hall:
    hall = Hall()

    async def play() -> None:
        live = Live(
            hall.read,
            hall.offices,
            pause=0.02,
            keep_alive=keep_alive,
            most_of_address=most,
        )
        await act(live, hall)

    asyncio.run(play())
    return hall


def test_one_reader_serves_all_listeners() -> None:
    async def act(live: Live, hall: Hall) -> None:
        ears = [Ear(live) for _ in range(100)]
        for ear in ears:
            await ear.next(b"id: 1")
        before = hall.reads
        hall.stamp = 2
        for ear in ears:
            await ear.next(b"id: 2")
        assert hall.reads - before < len(ears) / 2
        for ear in ears:
            await ear.leave()
        assert live.feeds == {}

    played(act)


def test_the_last_who_leaves_ends_the_reading() -> None:
    async def act(live: Live, hall: Hall) -> None:
        ear = Ear(live)
        await ear.next(b"id: 1")
        [feed] = live.feeds.values()
        await ear.leave()
        assert feed.task is not None
        await asyncio.wait_for(feed.task, 10)

    played(act)


def test_a_database_that_is_away_for_a_while_ends_no_stream() -> None:
    async def act(live: Live, hall: Hall) -> None:
        ear = Ear(live)
        await ear.next(b"id: 1")
        hall.is_away, before = True, hall.reads
        while hall.reads < before + 2:
            await asyncio.sleep(0)
        hall.is_away, hall.stamp = False, 5
        await ear.next(b"id: 5")
        await ear.leave()

    played(act)


def test_a_quiet_hall_gives_signs_of_life() -> None:
    async def act(live: Live, hall: Hall) -> None:
        ear = Ear(live)
        await ear.next(b"id: 1")
        assert await ear.next(b": \n\n") == b": \n\n"
        await ear.leave()

    played(act, keep_alive=0.02)


def test_a_hall_that_nobody_knows_is_not_watched() -> None:
    async def act(live: Live, hall: Hall) -> None:
        ear = Ear(live, office=2)
        assert await ear.next(b"404") == b"404"
        await ear.task
        assert live.feeds == {}

    played(act)


def test_numbers_that_are_no_halls_are_answered_without_the_database() -> None:
    async def act(live: Live, hall: Hall) -> None:
        for office in range(2, 52):
            ear = Ear(live, office=office)
            assert await ear.next(b"404") == b"404"
            await ear.task
        assert (hall.reads, hall.lists) == (0, 1)
        assert not live.addresses

    played(act)


def test_one_address_holds_so_many_listeners_and_leaves_room_to_others(
    settings: Settings,
) -> None:
    settings.BEHIND_PROXY = True

    async def act(live: Live, hall: Hall) -> None:
        ears = [Ear(live) for _ in range(3)]
        for ear in ears:
            await ear.next(b"id: 1")
        refused = Ear(live)
        assert await refused.next(b"429") == b"429"
        await refused.task
        other = Ear(live, address="10.0.0.2")
        await other.next(b"id: 1")
        await ears[0].leave()
        again = Ear(live)
        await again.next(b"id: 1")
        for ear in (*ears[1:], other, again):
            await ear.leave()
        assert not live.addresses

    played(act, most=3)


def test_no_fault_whatever_freezes_a_board() -> None:
    async def act(live: Live, hall: Hall) -> None:
        ear = Ear(live)
        await ear.next(b"id: 1")
        hall.is_broken, before = True, hall.reads
        while hall.reads < before + 2:
            await asyncio.sleep(0)
        hall.is_broken, hall.stamp = False, 7
        await ear.next(b"id: 7")
        await ear.leave()

    played(act)


def test_a_hall_that_cannot_be_read_now_is_asked_for_again_by_the_screen() -> None:
    async def act(live: Live, hall: Hall) -> None:
        hall.is_away = True
        ear = Ear(live)
        assert await ear.next(b"503") == b"503"
        await ear.task

    played(act)
