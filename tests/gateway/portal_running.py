"""The simulated portal in a thread, and beside it a system that believes only what it should."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from aiohttp import web

from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.envelope import Envelope
from kualik.gateway.adapters.faults import GatewayFault
from kualik.signatures.adapters.test_authority.storage import save_leaf
from tests.accounts.identity import PEOPLE
from tests.gateway.conftest import NOW, BusKeys
from tools.portal import wire
from tools.portal.app import application
from tools.portal.books import Books
from tools.portal.state import Portal

WAIT_SECONDS = 20.0
LARGEST = 16 * 1024 * 1024
Answer = Callable[[Envelope], str]


@dataclass
class System:
    """``taken`` are messages that were believed, ``raw`` their bytes, ``refused`` the codes of the
    others; ``answer`` makes the answer to a synchronous question. Without a clock it believes any
    date."""

    keys: BusKeys
    taken: list[Envelope] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answer: Answer = lambda _message: "<nothing/>"
    is_away: bool = False
    has_clock: bool = True

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if self.is_away:
            return web.Response(status=503)
        try:
            made, status = self._made(raw), 200
        except GatewayFault as fault:
            self.refused.append(fault.code)
            made = envelope.fault("sendMessage", fault.code, fault.message, now=NOW)
            status = 500
        signed = wsse.sign(made, self.keys.ours)
        return web.Response(body=signed, status=status, content_type="text/xml")

    def _made(self, raw: bytes) -> bytes:
        if len(raw) > LARGEST:
            raise GatewayFault("9003")
        message = envelope.read(raw)
        wsse.verify(raw, pinned=[self.keys.portal.certificate_der], now=NOW)
        at = message.info.message_date
        if self.has_clock and at is not None and abs((at - NOW).total_seconds()) > 86_400:
            raise GatewayFault("9001")
        self.taken.append(message)
        self.raw.append(raw)
        if message.operation == envelope.CHANGE_STATUS:
            return envelope.status_notification_response(
                now=NOW, session_id="{49af1eac-bbc4-4bd7-8d4f-5b778d828831}"
            )
        if message.operation == envelope.SYNC_SEND:
            return envelope.sync_response(
                message_id=message.info.message_id,
                now=NOW,
                data=self.answer(message),
                shape="element",
            )
        return envelope.async_ack(
            message_id=message.info.message_id,
            correlation_id=message.info.correlation_id,
            now=NOW,
        )


@dataclass
class Running:
    """A portal that listens, and how a test speaks to it."""

    url: str
    portal: Portal
    system: System

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=WAIT_SECONDS, **options)

    def post(self, path: str, told: object) -> Any:
        answer = requests.post(self.url + path, json=told, timeout=WAIT_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def file(self, service: str = "DEMO", people: list[object] | None = None, **told: str) -> str:
        """The number of a new request; of the graduate where no people are named."""
        asked = {"people": people or ["graduate"], "service": service, **told}
        number: str = self.post("/requests", asked)["numbers"][0]
        return number

    def request(self, number: str) -> dict[str, Any]:
        """What the books say of a request."""
        found = self.get("/books").json()["requests"]
        row: dict[str, Any] = next(one for one in found if one["number"] == number)
        return row

    def until(self, number: str, is_so: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The books when they say so."""
        end = threading.Event()
        for _ in range(int(WAIT_SECONDS / 0.05)):
            row = self.request(number)
            if is_so(row):
                return row
            end.wait(0.05)
        raise AssertionError(row)

    def send(self, bare: bytes, *, path: str = "/shep/async", key: Any = None) -> requests.Response:
        """A message of the system, signed."""
        signed = wsse.sign(bare, key or self.system.keys.ours)
        return requests.post(self.url + path, data=signed, timeout=WAIT_SECONDS)

    def ask(self, service_id: str, data: str, shape: Any = "element") -> Envelope:
        """A question to a register; its answer, whose signature is verified."""
        bare = wire.sync_request(
            message_id="m1",
            service_id=service_id,
            sender_id="kualik",
            now=NOW,
            data=data,
            shape=shape,
        )
        return self.read(self.send(bare, path="/shep/sync"))

    def read(self, answer: requests.Response) -> Envelope:
        """An answer of the portal, which has to be signed by it."""
        wsse.verify(answer.content, pinned=[self.system.keys.portal.certificate_der], now=NOW)
        return envelope.read(answer.content)


@contextmanager
def running(
    folder: Path, keys: BusKeys, *, now: Callable[[], datetime] = lambda: NOW
) -> Iterator[Running]:
    """The portal on a free port; two people are its citizens."""
    root = folder / "portal"
    (root / "kualik").mkdir(parents=True)
    save_leaf(root, "rsa", keys.portal.leaf)
    (root / "kualik" / "rsa.cer").write_bytes(keys.ours.certificate_der)
    (folder / "people.json").write_text(json.dumps(PEOPLE), encoding="utf-8")
    system = System(keys)
    loop, started, found = asyncio.new_event_loop(), threading.Event(), {}
    portal = Portal(books=Books(root / "books.sqlite3"), root=root, target="", now=now)
    portal.poll_seconds, portal.late_seconds = 0.05, 0.2

    async def serve() -> None:
        site = web.Application(client_max_size=32 * 1024 * 1024)
        for path in ("/gateway/async/", "/gateway/sync/"):
            site.router.add_post(path, system.take)
        runners = [web.AppRunner(one, access_log=None) for one in (site, application(portal))]
        for name, runner in zip(("site", "portal"), runners, strict=True):
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            found[name] = f"http://127.0.0.1:{runner.addresses[0][1]}"
            portal.target = found["site"]
        found["stop"] = asyncio.Event()
        started.set()
        await found["stop"].wait()
        for runner in reversed(runners):
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(WAIT_SECONDS)
    try:
        yield Running(found["portal"], portal, system)
    finally:
        loop.call_soon_threadsafe(found["stop"].set)
        thread.join()
        # What a task left in a thread still writes its books.
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        portal.books.line.close()
