"""The other end of our lines in tests: an HTTP server that speaks the contract and may misbehave.

It verifies what we send, signs what it answers and keeps books. ``plan`` holds what the next
questions meet with, one each; after that everything is answered as it should be.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.envelope import Data, Envelope, Info
from tools.portal import wire

SESSION = "{49af1eac-bbc4-4bd7-8d4f-5b778d828831}"
Reply = tuple[int, bytes]
Turn = Callable[["Bus", Envelope], Reply]


@dataclass
class Bus:
    """``messages`` wait to be fetched, ``states`` are what it says of messages of ours."""

    key: wsse.LeafKey
    pinned: bytes
    now: datetime
    plan: list[Turn] = field(default_factory=list)
    asked: list[Envelope] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    messages: list[tuple[Info, Data]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    copies: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/channel"

    def answer(self, raw: bytes) -> Reply:
        """What a question meets with; an unsigned one meets with a fault."""
        wsse.verify(raw, pinned=[self.pinned], now=self.now)
        envelope.check(raw)
        asked = envelope.read(raw)
        self.asked.append(asked)
        self.raw.append(raw)
        turn = self.plan.pop(0) if self.plan else well
        return turn(self, asked)

    def signed(self, plain: bytes, status: int = 200) -> Reply:
        """An answer with the bus's signature."""
        return status, wsse.sign(plain, self.key)

    def told(self, operation: str = "sendMessage") -> list[Envelope]:
        """What was asked of one operation, in order."""
        return [asked for asked in self.asked if asked.operation == operation]


def well(bus: Bus, asked: Envelope) -> Reply:
    """The answer of a gateway that works."""
    return bus.signed(_answers()[asked.operation](bus, asked))


def _answers() -> dict[str, Callable[[Bus, Envelope], bytes]]:
    return {
        "sendMessage": _acknowledged,
        "sendDeliveryNotification": _noted,
        "getMessageStatus": _status,
        "getMessages": _waiting,
        "SendMessage": _echo,
    }


def _acknowledged(bus: Bus, asked: Envelope) -> bytes:
    key = asked.info.properties["kualik-key"]
    bus.copies += key in bus.ids
    message_id = bus.ids.setdefault(key, str(900_000_001 + len(bus.ids)))
    return envelope.async_ack(
        message_id=message_id, correlation_id=asked.info.correlation_id, now=bus.now
    )


def _noted(bus: Bus, asked: Envelope) -> bytes:
    bus.messages = [one for one in bus.messages if one[0].message_id != asked.info.message_id]
    return wire.delivery_notification_response(notification_id="7", now=bus.now, session_id=SESSION)


def _status(bus: Bus, asked: Envelope) -> bytes:
    state = bus.states.get(asked.info.message_id)
    if state is None:
        return envelope.fault("getMessageStatus", "2019", "Сообщение не найдено", now=bus.now)
    return wire.message_status_response(state=state, code="0", message="", now=bus.now)


def _waiting(bus: Bus, asked: Envelope) -> bytes:
    found = [one for one in bus.messages if one[0].service_id == asked.info.service_id]
    shown = found[: asked.info.amount or 10]
    return wire.messages_response(messages=shown, now=bus.now, session_id=SESSION)


def _echo(bus: Bus, asked: Envelope) -> bytes:
    return envelope.sync_response(
        message_id=asked.info.message_id,
        now=bus.now,
        data=asked.data.text,
        shape=asked.data.shape,
    )


def fault(code: str, text: str = "Ошибка", *, is_signed: bool = True) -> Turn:
    """A refusal by the contract."""

    def turn(bus: Bus, asked: Envelope) -> Reply:
        plain = envelope.fault(asked.operation, code, text, now=bus.now)
        return bus.signed(plain, 500) if is_signed else (500, plain)

    return turn


def fixed(status: int, content: bytes) -> Turn:
    """An answer that looks at nothing."""
    return lambda _bus, _asked: (status, content)


def lost(bus: Bus, asked: Envelope) -> Reply:
    """The message is taken; the acknowledgement is not heard."""
    well(bus, asked)
    return 0, b""


def unsigned(bus: Bus, asked: Envelope) -> Reply:
    """The right answer, without a signature."""
    return 200, _answers()[asked.operation](bus, asked)


def foreign(key: wsse.LeafKey) -> Turn:
    """The right answer, signed by somebody else."""

    def turn(bus: Bus, asked: Envelope) -> Reply:
        return 200, wsse.sign(_answers()[asked.operation](bus, asked), key)

    return turn


def changed(bus: Bus, asked: Envelope) -> Reply:
    """The right answer, changed after it was signed."""
    status, content = well(bus, asked)
    return status, content.replace(b"<messageId>9", b"<messageId>8")


def crossed(bus: Bus, asked: Envelope) -> Reply:
    """The acknowledgement of another conversation."""
    plain = envelope.async_ack(message_id="1", correlation_id="another", now=bus.now)
    return bus.signed(plain)


@contextmanager
def listening(bus: Bus) -> Iterator[Bus]:
    """The bus at work until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = bus.answer(raw)
            if not status:
                return
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_told: Any) -> None:
            """The books say it all."""

    server = ThreadingHTTPServer(("127.0.0.1", bus.port), Handler)
    bus.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield bus
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
