"""Live events of a hall for screens: an ASGI application of its own (ADR 0025).

``GET /live/<office>/`` answers ``text/event-stream``. Each event ``hall`` carries the stamp, how
many wait, and the numbers called with their windows: what hangs in the hall for everybody. One
reader per office looks at the stamp once a second, however many listen.
"""

import asyncio
import json
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error, connections
from django.http import HttpRequest

from kualik.core import clock
from kualik.core.throttle import address_of
from kualik.counter.models import Hall
from kualik.counter.queries.screens import Screen, screen, stamp_of
from kualik.providers.models import Office

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Read = Callable[[int, int | None], Screen | None]
Offices = Callable[[], frozenset[int]]

PATH = re.compile(r"/live/([0-9]{1,9})/", re.ASCII)
LOOK_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15.0
# More than any hall has screens and phones; beyond it screens fall back to asking.
MOST_LISTENERS = 2000
# All phones of a hall may share the address of its network.
MOST_OF_ADDRESS = 300
# So long a hall that was just opened may have to wait for its first listener.
KNOWN_SECONDS = 10.0
RETRY_MS = 3000
log = logging.getLogger(__name__)


def read_screen(office: int, known: int | None) -> Screen | None:
    """The board of an office by primary key; None where nothing changed since the stamp ``known``
    or there is no queue. Its database connection does not outlive the call."""
    try:
        if stamp_of(office) in (None, known):
            return None
        found = Office.objects.filter(pk=office).first()
        return screen(found, now=clock.now()) if found else None
    finally:
        connections.close_all()


def read_offices() -> frozenset[int]:
    """The offices that have a hall, by primary key; its connection does not outlive the call."""
    try:
        return frozenset(Hall.objects.values_list("office", flat=True))
    finally:
        connections.close_all()


class Known:
    """Which offices have a hall, read again at most once in ``pause`` seconds."""

    def __init__(self, read: Offices, pause: float) -> None:
        self.read = sync_to_async(read)
        self.pause = pause
        self.offices: frozenset[int] = frozenset()
        self.looked_at: float | None = None
        self.lock = asyncio.Lock()

    async def has(self, office: int) -> bool:
        """Whether an office has a hall."""
        if office in self.offices:
            return True
        async with self.lock:
            now = asyncio.get_running_loop().time()
            if self.looked_at is None or now - self.looked_at >= self.pause:
                self.looked_at = now
                await self._look()
        return office in self.offices

    async def _look(self) -> None:
        try:
            self.offices = await self.read()
        except Exception:
            log.exception("the halls cannot be read; trying again")


class Feed:
    """What is known of one office, and who waits for the next change."""

    def __init__(self, office: int, read: Read, pause: float) -> None:
        self.office = office
        self.read = sync_to_async(read)
        self.pause = pause
        self.listeners = 0
        self.event = b""
        self.stamp: int | None = None
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Read once and tell everybody who listens if something changed; whatever fails is tried
        again, since a board that stands still lies."""
        try:
            found = await self.read(self.office, self.stamp)
            event = _event(found) if found else b""
        except Error:
            log.warning("the hall %s cannot be read; trying again", self.office)
            return
        except Exception:
            log.exception("the hall %s cannot be told; trying again", self.office)
            return
        if found is None:
            return
        self.stamp, self.event = found.stamp, event
        told, self.changed = self.changed, asyncio.Event()
        told.set()

    async def watch(self) -> None:
        """Look again after each pause, as long as anybody listens."""
        while self.listeners:
            await asyncio.sleep(self.pause)
            await self.look()


class Live:
    """The application: the feeds of all offices that somebody listens to.

    ``pause`` seconds lie between two looks, at most ``keep_alive`` between two signs of life;
    ``most_of_address`` listeners may come from one address.
    """

    def __init__(
        self,
        read: Read = read_screen,
        offices: Offices = read_offices,
        *,
        pause: float = LOOK_SECONDS,
        keep_alive: float = KEEP_ALIVE_SECONDS,
        most_of_address: int = MOST_OF_ADDRESS,
    ) -> None:
        self.read = read
        self.known = Known(offices, KNOWN_SECONDS)
        self.pause = pause
        self.keep_alive = keep_alive
        self.most_of_address = most_of_address
        self.feeds: dict[int, Feed] = {}
        self.addresses: Counter[str] = Counter()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # Web sockets are not spoken here; there is nothing to start or stop either.
            return
        found = PATH.fullmatch(scope["path"])
        if found is None:
            return await _refuse(send, 404)
        if scope["method"] != "GET":
            return await _refuse(send, 405)
        address = _address(scope)
        if self.addresses[address] >= self.most_of_address:
            return await _refuse(send, 429)
        if self.addresses.total() >= MOST_LISTENERS:
            return await _refuse(send, 503)
        self.addresses[address] += 1
        try:
            await self._serve(int(found[1]), receive, send)
        finally:
            self.addresses[address] -= 1
            self.addresses += Counter()
        return None

    async def _serve(self, office: int, receive: Receive, send: Send) -> None:
        """Tell one listener of an office until that one goes."""
        if not await self.known.has(office):
            return await _refuse(send, 404)
        feed = await self._join(office)
        if feed is None:
            return await _refuse(send, 503)
        try:
            await _stream(feed, receive, send, self.keep_alive)
        finally:
            self._leave(feed)
        return None

    async def _join(self, office: int) -> Feed | None:
        """The feed of an office, one listener more; None where it cannot be read now."""
        feed = self.feeds.get(office) or Feed(office, self.read, self.pause)
        if feed.stamp is None:
            await feed.look()
        if feed.stamp is None:
            return None
        # While this one was looking, another may have been first.
        feed = self.feeds.setdefault(office, feed)
        feed.listeners += 1
        if feed.task is None:
            feed.task = asyncio.create_task(feed.watch())
        return feed

    def _leave(self, feed: Feed) -> None:
        feed.listeners -= 1
        if not feed.listeners:
            self.feeds.pop(feed.office, None)


async def _stream(feed: Feed, receive: Receive, send: Send, keep_alive: float) -> None:
    """The present state at once, then each change, until the listener goes."""
    await send({"type": "http.response.start", "status": 200, "headers": _headers()})
    gone = asyncio.create_task(_gone(receive))
    try:
        changed, body = feed.changed, b"retry: %d\n\n" % RETRY_MS + feed.event
        while not gone.done():
            await send({"type": "http.response.body", "body": body, "more_body": True})
            waiting = asyncio.create_task(changed.wait())
            await asyncio.wait(
                {gone, waiting},
                timeout=keep_alive,
                return_when=asyncio.FIRST_COMPLETED,
            )
            is_news = changed.is_set()
            waiting.cancel()
            # Whoever is slow gets the last state alone, never a queue of old ones.
            changed, body = feed.changed, feed.event if is_news else b": \n\n"
    finally:
        gone.cancel()


def _address(scope: Message) -> str:
    """Whose listener it is, as the pages count visitors."""
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = (scope.get("client") or ("",))[0]
    request.META["HTTP_X_FORWARDED_FOR"] = b",".join(forwarded).decode("latin-1")
    return address_of(request)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _event(found: Screen) -> bytes:
    data = json.dumps(found.as_record(), ensure_ascii=False, separators=(",", ":"))
    return f"id: {found.stamp}\nevent: hall\ndata: {data}\n\n".encode()


def _headers() -> list[tuple[bytes, bytes]]:
    site = urlsplit(settings.PUBLIC_URL)
    return [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"access-control-allow-origin", f"{site.scheme}://{site.netloc}".encode()),
        (b"vary", b"Origin"),
        (b"x-content-type-options", b"nosniff"),
        # A proxy before us must not gather events into larger pieces.
        (b"x-accel-buffering", b"no"),
    ]
