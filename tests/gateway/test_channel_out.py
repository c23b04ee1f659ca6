"""What we say on the bus as a client, to a server that speaks the contract over real HTTP."""

import dataclasses
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lxml import etree

from kualik.gateway.adapters import envelope
from kualik.gateway.adapters.channel import (
    AsyncChannel,
    Line,
    Refused,
    Sent,
    SyncChannel,
    Unproven,
    Unreachable,
)
from kualik.gateway.adapters.envelope import Data, Info
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.adapters.ncanode_signing import NodeKey
from tests.gateway import bus as turns
from tests.gateway.bus import Bus
from tests.gateway.conftest import NOW, SERVICE, BusKeys
from tests.ports import free_row
from tools.portal import wire

DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><responseMessage>Өтініш қабылданды</responseMessage>'
)
TYPED = (
    '<cs:Request xmlns:cs="http://message.persistence.interactive.nat">'
    "<messageId>1</messageId></cs:Request>"
)


@pytest.fixture
def line(bus: Bus, bus_keys: BusKeys) -> Line:
    return Line(
        url=bus.url,
        sender_id="kualik",
        password="a word of the bus",
        key=bus_keys.ours,
        pins=[bus_keys.portal.certificate_der],
        now=NOW,
        seconds=5.0,
    )


def say(line: Line, *, data: str = DOCUMENT, correlation_id: str = "3900001") -> Sent:
    return AsyncChannel(line).send_message(
        service_id=SERVICE,
        kind="NOTIFICATION",
        data=data,
        correlation_id=correlation_id,
        key="5b1d4a52-3a57-4f57-9a5a-0d6f3bd3c7a1",
    )


def test_a_status_leaves_as_the_contract_has_it_and_is_acknowledged(bus: Bus, line: Line) -> None:
    sent = AsyncChannel(line).send_message(
        service_id=SERVICE,
        kind="NOTIFICATION",
        data=DOCUMENT,
        correlation_id="3900001",
        route_id="R_ALMATY",
        key="5b1d4a52-3a57-4f57-9a5a-0d6f3bd3c7a1",
    )
    (came,) = bus.told()
    assert came.data == Data(DOCUMENT, "text")
    assert (came.info.message_type, came.info.correlation_id) == ("NOTIFICATION", "3900001")
    assert (came.info.service_id, came.info.route_id) == (SERVICE, "R_ALMATY")
    assert (came.info.sender_id, came.info.password) == ("kualik", "a word of the bus")
    assert came.info.message_id == ""
    assert came.info.message_date == NOW
    assert (sent.message_id, sent.correlation_id) == ("900000001", "3900001")


def test_what_is_kept_of_an_envelope_holds_no_password(bus: Bus, line: Line) -> None:
    sent = AsyncChannel(line).send_message(
        service_id=SERVICE, kind="RESPONSE", data=DOCUMENT, correlation_id="1", key="k"
    )
    assert b"a word of the bus" in bus.raw[0]
    assert b"a word of the bus" not in sent.raw
    assert "Өтініш қабылданды" in sent.raw.decode()


def test_another_tool_finds_the_signature_of_what_left_good(
    bus: Bus, line: Line, bus_keys: BusKeys, tmp_path: Path
) -> None:
    say(line)
    sent, ours = tmp_path / "sent.xml", tmp_path / "ours.der"
    sent.write_bytes(bus.raw[0])
    ours.write_bytes(bus_keys.ours.certificate_der)
    told = subprocess.run(
        [
            "xmlsec1", "--verify", "--insecure", "--pubkey-cert-der", str(ours),
            "--id-attr:Id", "http://schemas.xmlsoap.org/soap/envelope/:Body", str(sent),
        ],
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr.decode()


@pytest.mark.parametrize(
    ("shape", "document"),
    [
        ("text", DOCUMENT),
        ("element", "<GetStatus><number>7</number></GetStatus>"),
        ("typed", TYPED),
    ],
)
def test_a_question_carries_its_document_in_each_shape(
    bus: Bus, line: Line, shape: envelope.Shape, document: str
) -> None:
    answer = SyncChannel(line).ask(
        "GBDFLUniversal_token", document, shape=shape, route_id="R_GBD", message_id="our-own-1"
    )
    (came,) = bus.told("SendMessage")
    assert came.data.shape == shape
    assert canonical(came.data.text) == canonical(document)
    assert (came.info.message_id, came.info.route_id) == ("our-own-1", "R_GBD")
    assert (answer.code, answer.message_id) == ("SCSS001", "our-own-1")
    assert canonical(answer.data.text) == canonical(document)


def test_messages_that_wait_are_fetched_in_every_shape(bus: Bus, line: Line) -> None:
    bus.messages = [waiting("1", "text"), waiting("2", "element")]
    pulled = AsyncChannel(line).messages(service_id=SERVICE, amount=20)
    assert [info.message_id for info, _ in pulled.messages] == ["1", "2"]
    assert [data.shape for _, data in pulled.messages] == ["text", "element"]
    assert pulled.unread == ()


def test_one_unreadable_message_keeps_no_other_from_being_fetched(bus: Bus, line: Line) -> None:
    def turn(bus: Bus, asked: envelope.Envelope) -> turns.Reply:
        plain = wire.messages_response(
            messages=[waiting("1"), waiting("2"), waiting("3")], now=NOW, session_id=turns.SESSION
        )
        return bus.signed(plain.replace(b"REQUEST", b"NONSENSE", 1))

    bus.plan = [turn]
    pulled = AsyncChannel(line).messages(service_id=SERVICE)
    assert [info.message_id for info, _ in pulled.messages] == ["2", "3"]
    ((unread, fault),) = pulled.unread
    assert (unread, fault.code) == ("1", "2005")


def test_a_receipt_names_the_fault_and_whether_to_send_again(bus: Bus, line: Line) -> None:
    channel = AsyncChannel(line)
    for fault in (None, GatewayFault("2013"), GatewayFault("9000")):
        channel.send_delivery_notification(message_id="77", service_id=SERVICE, fault=fault)
    notices = [envelope.read_notice(one) for one in bus.told("sendDeliveryNotification")]
    assert [notice.state for notice in notices] == [
        "MESSAGE_ACCEPTED",
        "MESSAGE_NOT_ACCTEPTED",
        "MESSAGE_NOT_ACCTEPTED",
    ]
    assert [notice.error_code for notice in notices] == ["", "2013", "9000"]
    assert [notice.is_resend_wanted for notice in notices] == [False, False, True]


def test_where_a_message_is_can_be_asked(bus: Bus, line: Line) -> None:
    bus.states = {"900000001": "DELIVERED"}
    notice = AsyncChannel(line).message_status("900000001")
    assert (notice.message_id, notice.state) == ("900000001", "DELIVERED")


@pytest.mark.parametrize(("code", "is_final"), [("2019", True), ("2005", True), ("2007", False)])
def test_a_signed_fault_is_a_refusal_and_some_are_final(
    bus: Bus, line: Line, code: str, is_final: bool
) -> None:
    bus.plan = [turns.fault(code, "Причина")]
    with pytest.raises(Refused) as refusal:
        say(line)
    assert (refusal.value.code, refusal.value.message) == (code, "Причина")
    assert refusal.value.is_final is is_final


def test_a_fault_that_nobody_signed_ends_nothing_but_is_told(bus: Bus, line: Line) -> None:
    bus.plan = [turns.fault("2019", is_signed=False)]
    with pytest.raises(Unproven) as answer:
        say(line)
    assert answer.value.code == "2019"


@pytest.mark.parametrize(
    "turn",
    [
        turns.unsigned,
        turns.changed,
        turns.crossed,
        turns.fixed(200, b"<html>proxy</html>"),
        turns.fixed(200, b""),
        turns.fixed(500, b"oops"),
        turns.fixed(200, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    ],
)
def test_an_answer_that_is_not_proven_is_none(bus: Bus, line: Line, turn: turns.Turn) -> None:
    bus.plan = [turn]
    with pytest.raises(Unproven):
        say(line)


def test_an_answer_by_another_key_is_none(bus: Bus, line: Line, bus_keys: BusKeys) -> None:
    bus.plan = [turns.foreign(bus_keys.foreign)]
    with pytest.raises(Unproven):
        say(line)


def test_a_good_answer_to_another_question_is_none(bus: Bus, line: Line) -> None:
    plain = wire.delivery_notification_response(
        notification_id="1", now=NOW, session_id=turns.SESSION
    )
    bus.plan = [lambda bus, _asked: bus.signed(plain)]
    with pytest.raises(Unproven):
        say(line)


@pytest.mark.parametrize("status", [302, 404, 502, 503])
def test_another_status_than_those_of_soap_is_no_answer(bus: Bus, line: Line, status: int) -> None:
    bus.plan = [turns.fixed(status, b"")]
    with pytest.raises(Unreachable, match=str(status)):
        say(line)


def test_a_connection_that_ends_without_a_word_is_no_answer(bus: Bus, line: Line) -> None:
    bus.plan = [turns.lost]
    with pytest.raises(Unreachable):
        say(line)
    assert len(bus.ids) == 1


def test_nobody_there_is_no_answer(line: Line) -> None:
    nowhere = f"http://127.0.0.1:{free_row()}/"
    with pytest.raises(Unreachable):
        say(replaced(line, url=nowhere))
    with pytest.raises(Unreachable):
        say(replaced(line, url="ftp://127.0.0.1/"))


@pytest.mark.parametrize("rest", ["X-Slow: ", "Connection: close\r\n\r\n<", "\r\n<"])
def test_an_answer_that_drips_ends_when_its_time_is_over(line: Line, rest: str) -> None:
    with dripping(f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{rest}".encode()) as url:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            say(replaced(line, url=url, seconds=0.4))
    assert time.monotonic() - began < 3


def test_an_answer_without_end_is_cut_off(line: Line) -> None:
    with flooding() as url, pytest.raises(Unreachable):
        say(replaced(line, url=url, seconds=20.0))


def test_a_server_of_keys_that_is_away_is_a_line_that_is_away(bus: Bus, line: Line) -> None:
    der = line.key.certificate_der
    key = NodeKey(address="http://127.0.0.1:9", store=b"", password="", certificate_der=der)
    with pytest.raises(Unproven) as away:
        say(dataclasses.replace(line, key=key))
    assert away.value.code == "2014"
    assert bus.asked == []


def test_what_xml_cannot_carry_is_refused_before_it_leaves(bus: Bus, line: Line) -> None:
    for document in ("a\x00b", "<open>"):
        with pytest.raises(Refused) as refusal:
            SyncChannel(line).ask(SERVICE, document, shape="element")
        assert refusal.value.is_final
    assert bus.asked == []


def waiting(message_id: str, shape: envelope.Shape = "text") -> tuple[Info, Data]:
    info = Info(
        message_id=message_id,
        correlation_id=f"39{message_id}",
        service_id=SERVICE,
        message_type="REQUEST",
        message_date=NOW,
        sender_id="pep",
    )
    return info, Data(f"<requestMessage>{message_id}</requestMessage>", shape)


def replaced(line: Line, *, url: str, seconds: float = 5.0) -> Line:
    return Line(
        url=url,
        sender_id=line.sender_id,
        password=line.password,
        key=line.key,
        pins=line.pins,
        now=line.now,
        seconds=seconds,
    )


def canonical(text: str) -> bytes:
    if text.startswith("<?xml"):
        return text.encode()
    root = etree.fromstring(text)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, method="c14n")


@contextmanager
def dripping(start: bytes) -> Iterator[str]:
    """A server that sends a byte now and then and never ends."""
    is_over = threading.Event()

    def drip(line: socket.socket) -> None:
        line.sendall(start)
        while not is_over.wait(0.05):
            line.sendall(b"a")

    with talking(drip) as url:
        yield url
        is_over.set()


@contextmanager
def flooding() -> Iterator[str]:
    """A server that sends more than any answer may have."""

    def flood(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
        for _ in range(20):
            line.sendall(b" " * 1024 * 1024)

    with talking(flood) as url:
        yield url


@contextmanager
def talking(say_on: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server of bare sockets: reads the question and lets ``say_on`` speak."""
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = door.accept()
        with line:
            try:
                line.recv(65_536)
                say_on(line)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}/"
    finally:
        door.close()
        thread.join(2)
