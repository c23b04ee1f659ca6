"""A simulated SMS centre that speaks SMPP 3.4: what it takes is kept, what is typed is delivered.

It knows bind_transmitter, bind_receiver, bind_transceiver, submit_sm, enquire_link, unbind and
deliver_sm, joins parts by their header, sends receipts, and fails on demand.
"""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from kualik.notifications.adapters.alphabet import Place, cut, header, text_of, without_header

HEADER = struct.Struct(">LLLL")
RESPONSE = 0x80000000
NACK, BIND_RECEIVER, BIND_TRANSMITTER, SUBMIT, DELIVER = RESPONSE, 0x01, 0x02, 0x04, 0x05
UNBIND, BIND_TRANSCEIVER, ENQUIRE = 0x06, 0x09, 0x15
BINDS = {BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER}
OK, UNKNOWN_COMMAND, NOT_BOUND, WRONG_ADDRESS = 0x00, 0x03, 0x04, 0x0B
WRONG_PASSWORD, ALREADY_BOUND, THROTTLED = 0x0E, 0x05, 0x58
UDHI, RECEIPT, RECEIPT_WANTED = 0x40, 0x04, 0x03
STATE_CODES = {"DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5, "REJECTD": 8}
SUBMITS = ("accept", "throttle", "reject", "drop", "drop_after")
LARGEST_PACKET = 65_536


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """How the centre answers.

    ``submit``: accept, throttle, reject, drop the line before or after taking the part. ``times``
    limits a fault to so many parts (0: until changed). ``receipt`` is the state that receipts
    tell, empty for none; they come after ``delay`` seconds.
    """

    submit: str = "accept"
    times: int = 0
    receipt: str = "DELIVRD"
    delay: float = 0.2

    def next_submit(self) -> str:
        """What happens to the part that came now."""
        chosen = self.submit
        if chosen != "accept" and self.times:
            self.times -= 1
            if not self.times:
                self.submit = "accept"
        return chosen


@dataclass(slots=True, kw_only=True)
class Sms:
    """A short message that was taken; ``parts`` by their place, ``total`` of them make it whole."""

    phone: str
    sender: str
    at: datetime
    total: int = 1
    parts: dict[int, str] = field(default_factory=dict)
    copies: int = 0
    state: str = ""

    @property
    def is_whole(self) -> bool:
        return len(self.parts) == self.total

    @property
    def text(self) -> str:
        """What the phone shows."""
        return "".join(self.parts[number] for number in sorted(self.parts))


@dataclass(frozen=True, slots=True)
class Submitted:
    """The fields of a submit_sm that matter here."""

    sender: str
    phone: str
    esm_class: int
    wants_receipt: bool
    coding: int
    content: bytes
    reference: int | None


class Centre:
    """The SMS centre: lines that are bound, messages that were taken."""

    def __init__(self, now: Callable[[], datetime], *, user: str, password: str) -> None:
        self.now, self.user, self.password = now, user, password
        self.behaviour = Behaviour()
        self.messages: list[Sms] = []
        self.submitted = self.acknowledged = 0
        self._open: dict[tuple[str, int, int], Sms] = {}
        self._ids = count(1)
        self._lines: list[Line] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        line = Line(self, writer)
        self._lines.append(line)
        try:
            while await line.take(reader):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, struct.error, ValueError):
            pass
        finally:
            self._lines.remove(line)
            writer.close()

    def hang_up(self) -> None:
        """Drop every line, as a centre that goes down does."""
        for line in self._lines:
            line.writer.close()

    @property
    def is_bound(self) -> bool:
        """Whether anybody could be sent a message."""
        return any(line.receives for line in self._lines)

    def send(self, *, phone: str, to: str, text: str) -> bool:
        """Deliver what a person wrote; False when nobody is bound to take it."""
        line = next((one for one in self._lines if one.receives), None)
        if line is None:
            return False
        made, group = cut(text), next(self._ids) & 0xFF
        total = len(made.parts)
        for number, content in enumerate(made.parts, start=1):
            lead = header(Place(group, total, number)) if total > 1 else b""
            line.deliver(
                source=phone.removeprefix("+"),
                to=to,
                esm_class=UDHI if lead else 0,
                coding=made.coding,
                content=lead + content,
            )
        return True

    def keep(self, submitted: Submitted) -> tuple[str, Sms]:
        """Take a part; its number and the message it belongs to."""
        place, content = None, submitted.content
        if submitted.esm_class & UDHI:
            place, content = without_header(content)
        self.submitted += 1
        sms = self._message_of(submitted, place)
        number = place.number if place else 1
        sms.copies += number in sms.parts
        sms.parts[number] = text_of(content, submitted.coding)
        return f"{next(self._ids):08X}", sms

    def receipt_later(self, identity: str, submitted: Submitted) -> None:
        """Tell after a while what became of a part, on whatever line is then bound."""
        task = asyncio.get_running_loop().create_task(self._receipt(identity, submitted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receipt(self, identity: str, submitted: Submitted) -> None:
        state, delay = self.behaviour.receipt, self.behaviour.delay
        await asyncio.sleep(delay)
        while (line := next((one for one in self._lines if one.receives), None)) is None:
            await asyncio.sleep(0.05)
        day = f"{self.now():%y%m%d%H%M}"
        text = (
            f"id:{identity} sub:001 dlvrd:001 submit date:{day} done date:{day} "
            f"stat:{state} err:000 text:"
        )
        options = option(0x001E, identity.encode() + b"\0")
        options += option(0x0427, bytes([STATE_CODES[state]]))
        if submitted.reference is not None:
            options += option(0x0204, submitted.reference.to_bytes(2, "big"))
        line.deliver(
            source=submitted.phone,
            to=submitted.sender,
            esm_class=RECEIPT,
            coding=0,
            content=text.encode(),
            options=options,
        )

    def _message_of(self, submitted: Submitted, place: Place | None) -> Sms:
        key = (submitted.phone, place.group, place.total) if place else None
        if key in self._open:
            sms = self._open[key]
        else:
            total = place.total if place else 1
            phone, sender = f"+{submitted.phone}", submitted.sender
            sms = Sms(phone=phone, sender=sender, at=self.now(), total=total)
            self.messages.append(sms)
            if key:
                self._open[key] = sms
        return sms


class Line:
    """One connection of somebody who may be bound."""

    def __init__(self, centre: Centre, writer: asyncio.StreamWriter) -> None:
        self.centre, self.writer = centre, writer
        self.bound = 0
        self._numbers = count(1)

    @property
    def receives(self) -> bool:
        """Whether this line takes what people write."""
        return self.bound in (BIND_RECEIVER, BIND_TRANSCEIVER) and not self.writer.is_closing()

    async def take(self, reader: asyncio.StreamReader) -> bool:
        """Answer one packet; False after the last."""
        raw = await reader.readexactly(HEADER.size)
        size, command, _, number = HEADER.unpack(raw)
        if not HEADER.size <= size <= LARGEST_PACKET:
            raise ValueError("no packet of SMPP")
        body = await reader.readexactly(size - HEADER.size)
        if command & RESPONSE:
            self.centre.acknowledged += command == DELIVER | RESPONSE
            return True
        goes_on = self._answered(command, number, body)
        with suppress(ConnectionError):
            await self.writer.drain()
        return goes_on

    def deliver(
        self,
        *,
        source: str,
        to: str,
        esm_class: int,
        coding: int,
        content: bytes,
        options: bytes = b"",
    ) -> None:
        """Send a deliver_sm."""
        body = (
            text(b"") + address(source) + address(to) + bytes([esm_class, 0, 0]) + text(b"") * 2
            + bytes([0, 0, coding, 0, len(content)]) + content + options
        )  # fmt: skip
        self._write(DELIVER, OK, next(self._numbers), body)

    def _answered(self, command: int, number: int, body: bytes) -> bool:
        if command in BINDS:
            self._bind(command, number, body)
        elif command == ENQUIRE:
            self._write(ENQUIRE | RESPONSE, OK, number)
        elif command == UNBIND:
            self._write(UNBIND | RESPONSE, OK, number)
            return False
        elif command == SUBMIT:
            return self._submit(number, body)
        else:
            self._write(NACK, UNKNOWN_COMMAND, number)
        return True

    def _bind(self, command: int, number: int, body: bytes) -> None:
        user, password, *_ = body.split(b"\0")
        status = OK
        if self.bound:
            status = ALREADY_BOUND
        elif (user.decode(), password.decode()) != (self.centre.user, self.centre.password):
            status = WRONG_PASSWORD
        else:
            self.bound = command
        version = option(0x0210, b"\x34")
        answer = text(b"DEMO") + version if status == OK else b""
        self._write(command | RESPONSE, status, number, answer)

    def _submit(self, number: int, body: bytes) -> bool:
        if self.bound not in (BIND_TRANSMITTER, BIND_TRANSCEIVER):
            self._write(SUBMIT | RESPONSE, NOT_BOUND, number)
            return True
        act = self.centre.behaviour.next_submit()
        refusals = {"throttle": THROTTLED, "reject": WRONG_ADDRESS}
        if act in refusals:
            self._write(SUBMIT | RESPONSE, refusals[act], number)
            return True
        if act == "drop":
            return False
        submitted = read_submit(body)
        identity, _ = self.centre.keep(submitted)
        if submitted.wants_receipt and self.centre.behaviour.receipt:
            self.centre.receipt_later(identity, submitted)
        if act == "drop_after":
            return False
        self._write(SUBMIT | RESPONSE, OK, number, text(identity.encode()))
        return True

    def _write(self, command: int, status: int, number: int, body: bytes = b"") -> None:
        if not self.writer.is_closing():
            self.writer.write(HEADER.pack(HEADER.size + len(body), command, status, number) + body)


def read_submit(body: bytes) -> Submitted:
    """The fields of a submit_sm. Raises ValueError or struct.error for what is none."""
    at = 0

    def octets(size: int) -> bytes:
        nonlocal at
        at += size
        if at > len(body):
            raise ValueError("the packet ends too soon")
        return body[at - size : at]

    def string() -> str:
        return octets(body.index(b"\0", at) + 1 - at)[:-1].decode("latin-1")

    string()
    octets(2)
    sender = string()
    octets(2)
    phone = string()
    esm_class = octets(3)[0]
    string(), string()
    registered, _, coding, _, size = octets(5)
    content = octets(size)
    return Submitted(
        sender=sender,
        phone=phone,
        esm_class=esm_class,
        wants_receipt=registered & RECEIPT_WANTED == 1,
        coding=coding,
        content=content,
        reference=_option(body[at:], 0x0204),
    )


def option(tag: int, value: bytes) -> bytes:
    """An optional parameter."""
    return struct.pack(">HH", tag, len(value)) + value


def text(value: bytes) -> bytes:
    """A C-octet string."""
    return value + b"\0"


def address(number: str) -> bytes:
    """Type, plan and number of an address."""
    kind = (1, 1) if number.isdecimal() else (5, 0)
    return bytes(kind) + text(number.encode("latin-1", errors="replace"))


def _option(options: bytes, tag: int) -> int | None:
    at = 0
    while at + 4 <= len(options):
        found, size = struct.unpack_from(">HH", options, at)
        if found == tag:
            return int.from_bytes(options[at + 4 : at + 4 + size], "big")
        at += 4 + size
    return None
