"""A transceiver of SMPP 3.4: hands short messages over, reads receipts and answers.

While the answer to a request is awaited, whatever else arrives is put aside, and it is
acknowledged only after the caller has stored it. One thread, no call back.
"""

import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smpplib import consts

from kualik.core.jobs import NotNow
from kualik.notifications.adapters.addresses import CarrierAddress
from kualik.notifications.adapters.alphabet import Place, cut, header, text_of, without_header
from kualik.notifications.adapters.carriers import AccountRefused, Handed, Never, Outgoing, Unsure
from kualik.notifications.adapters.wire import LinkLost, Wire

NAME = "smpp"
USUAL_PORT = 2775
ANSWER_SECONDS = 15.0
SILENCE_SECONDS = 30.0
LONGEST_REST_SECONDS = 30.0
READ_SECONDS = 0.2
INTERNATIONAL, ALPHANUMERIC, UNKNOWN, ISDN = 1, 5, 0, 1
UDHI = 0x40
KIND_BITS, RECEIPT, INTERMEDIATE = 0x3C, 0x04, 0x20
# The carrier's line is full; the message itself is fine.
BUSY = {
    consts.SMPP_ESME_RTHROTTLED,
    consts.SMPP_ESME_RMSGQFUL,
    consts.SMPP_ESME_RSYSERR,
    consts.SMPP_ESME_RSUBMITFAIL,
    consts.SMPP_ESME_RX_T_APPN,
    consts.SMPP_ESME_RX_R_APPN,
}
OURS = {
    consts.SMPP_ESME_RINVBNDSTS,
    consts.SMPP_ESME_RINVSRCADR,
    consts.SMPP_ESME_RINVSRCTON,
    consts.SMPP_ESME_RINVSRCNPI,
}
STATES = dict(
    enumerate(
        ("ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"), 1
    )
)
WRITTEN = re.compile(r"\bid:(?P<id>\S+)\b.*?\bstat:(?P<state>[A-Z]+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a part; ``number`` is our own of the message where the carrier repeats it."""

    reference: str
    state: str
    phone: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A short message of a person, or a part of one; ``reference`` where the carrier numbers it."""

    phone: str
    to: str
    text: str
    place: Place | None
    reference: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet that waits to be stored and acknowledged; None: nothing that we know."""

    sequence: int
    content: Receipt | Inbound | None


class SmppLink:
    """One bound connection. Raises LinkLost wherever it is lost; then make another."""

    name = NAME
    may_repeat = False

    def __init__(self, address: CarrierAddress) -> None:
        """Connect and bind. Raises LinkLost, also when the carrier refuses us."""
        self._address = address
        self._inbox: deque[Any] = deque()
        self._answers: dict[int, Any] = {}
        self._rest = 0.0
        self._ready_at = 0.0
        self._answer_seconds = float(address.options.get("answer", ANSWER_SECONDS))
        self._silence_seconds = float(address.options.get("silence", SILENCE_SECONDS))
        is_secure = address.options.get("tls") == "on"
        self._wire = Wire(address.host, address.port or USUAL_PORT, is_secure=is_secure)
        self._heard_at = time.monotonic()
        answer = self._ask(
            self._wire.packet(
                "bind_transceiver",
                system_id=address.user,
                password=address.secret,
                system_type=address.options.get("system_type", ""),
            )
        )
        if answer.status != consts.SMPP_ESME_ROK:
            raise self._wire.lost(f"refused: {described(answer.status)}")

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    @property
    def is_ready(self) -> bool:
        """Whether the carrier takes messages now; after it was busy it is left alone a while."""
        return self.is_open and time.monotonic() >= self._ready_at

    def close(self) -> None:
        """Say good-bye if the line still stands, and leave."""
        try:
            if self.is_open:
                self._ask(self._wire.packet("unbind"))
        except LinkLost:
            return
        self._wire.close()

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        """See ``Carrier``: part by part, each with a receipt asked for."""
        try:
            made = cut(outgoing.body)
        except ValueError as error:
            raise Never(str(error)) from None
        total = len(made.parts)
        for number, content in enumerate(made.parts, start=1):
            if number in outgoing.taken:
                continue
            lead = header(Place(outgoing.number, total, number)) if total > 1 else b""
            yield Handed(number, total, self._submit(outgoing, lead, content, made.coding))

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        """SMPP finds a message only by the number that we did not get; a receipt may tell later."""
        raise Unsure("the line was lost before the answer")

    def arrived(self, *, seconds: float) -> Iterator[Arrived]:
        """What came in, waiting for it up to ``seconds``; each must be acknowledged."""
        if not self._inbox and (packet := self._wire.read(seconds)) is not None:
            self._sort(packet)
        self._read_waiting()
        while self._inbox:
            packet = self._inbox.popleft()
            yield Arrived(packet.sequence, content_of(packet))

    def acknowledge(self, arrived: Arrived) -> None:
        """Tell the carrier that we keep it."""
        self._wire.write(self._wire.packet("deliver_sm_resp", answers=arrived.sequence))

    def keep_alive(self) -> None:
        """Ask after a silent carrier."""
        if time.monotonic() - self._heard_at > self._silence_seconds:
            self._ask(self._wire.packet("enquire_link"))

    def _submit(self, outgoing: Outgoing, lead: bytes, content: bytes, coding: int) -> str:
        sender = self._address.sender
        is_number = sender.isdecimal()
        packet = self._wire.packet(
            "submit_sm",
            source_addr_ton=ALPHANUMERIC if sender and not is_number else UNKNOWN,
            source_addr_npi=ISDN if is_number else 0,
            source_addr=sender,
            dest_addr_ton=INTERNATIONAL,
            dest_addr_npi=ISDN,
            destination_addr=outgoing.address.removeprefix("+"),
            esm_class=UDHI if lead else 0,
            data_coding=coding,
            registered_delivery=1,
            short_message=lead + content,
            user_message_reference=outgoing.number & 0xFFFF,
        )
        try:
            # A line that broke while it was idle shows it here, before anything is handed over.
            self._read_waiting()
        except LinkLost as lost:
            raise NotNow(f"the line is closed: {lost}") from None
        try:
            answer = self._ask(packet)
        except LinkLost as lost:
            raise Unsure(f"the line was lost before the answer: {lost}") from None
        self._judge(answer)
        return self._numbered(answer)

    def _judge(self, answer: Any) -> None:
        """Raise what the status of an answer means; a busy carrier is left alone for longer."""
        if answer.status == consts.SMPP_ESME_ROK:
            self._rest = 0.0
            return
        said = described(answer.status)
        if answer.status in BUSY:
            self._rest = min(max(1.0, 2 * self._rest), LONGEST_REST_SECONDS)
            self._ready_at = time.monotonic() + self._rest
            raise NotNow(said)
        raise AccountRefused(said) if answer.status in OURS else Never(said)

    def _numbered(self, answer: Any) -> str:
        """The carrier's number; some write it in hexadecimal here and in decimal in receipts."""
        reference = _plain(answer.message_id)
        if self._address.options.get("ids") != "hex":
            return reference
        try:
            return str(int(reference, 16))
        except ValueError:
            return reference

    def _ask(self, packet: Any) -> Any:
        """Send a request and wait for its answer."""
        self._wire.write(packet)
        until = time.monotonic() + self._answer_seconds
        while packet.sequence not in self._answers:
            if time.monotonic() > until:
                raise self._wire.lost("no answer")
            if (read := self._wire.read(READ_SECONDS)) is not None:
                self._sort(read)
        return self._answers.pop(packet.sequence)

    def _read_waiting(self) -> None:
        while (packet := self._wire.read(0.0)) is not None:
            self._sort(packet)

    def _sort(self, packet: Any) -> None:
        self._heard_at = time.monotonic()
        if packet.command == "deliver_sm":
            self._inbox.append(packet)
        elif packet.command == "enquire_link":
            self._wire.write(self._wire.packet("enquire_link_resp", answers=packet.sequence))
        elif packet.command == "unbind":
            self._wire.write(self._wire.packet("unbind_resp", answers=packet.sequence))
            raise self._wire.lost("the carrier said good-bye")
        elif packet.is_response():
            self._answers[packet.sequence] = packet
        else:
            self._wire.refuse(packet.sequence)


def content_of(packet: Any) -> Receipt | Inbound | None:
    """What a ``deliver_sm`` brings; None for what is neither a receipt nor a message."""
    kind = (packet.esm_class or 0) & KIND_BITS
    content = getattr(packet, "message_payload", None) or packet.short_message or b""
    if kind == RECEIPT:
        return _receipt(packet, content)
    return None if kind else _inbound(packet, content)


def described(status: int) -> str:
    """A status in words, as the protocol names it."""
    return str(consts.DESCRIPTIONS.get(status, f"status {status:#010x}"))[:150]


def _receipt(packet: Any, content: bytes) -> Receipt | None:
    written = WRITTEN.search(content.decode("latin-1"))
    found: Mapping[str, str] = written.groupdict() if written else {}
    reference = _plain(getattr(packet, "receipted_message_id", None)) or found.get("id", "")
    state = STATES.get(getattr(packet, "message_state", None) or 0) or found.get("state", "")
    if not state:
        return None
    number = getattr(packet, "user_message_reference", None)
    return Receipt(reference, state.upper(), _plain(packet.source_addr), number)


def _inbound(packet: Any, content: bytes) -> Inbound | None:
    place = None
    if (packet.esm_class or 0) & UDHI:
        try:
            place, content = without_header(content)
        except ValueError:
            return None
    elif getattr(packet, "sar_total_segments", None):
        place = Place(
            packet.sar_msg_ref_num or 0, packet.sar_total_segments, packet.sar_segment_seqnum or 0
        )
    return Inbound(
        phone=_plain(packet.source_addr),
        to=_plain(packet.destination_addr),
        text=text_of(content, packet.data_coding or 0),
        place=place,
        reference=_plain(getattr(packet, "receipted_message_id", None)),
    )


def _plain(field: bytes | None) -> str:
    return (field or b"").decode("latin-1").rstrip("\0")
