"""A message that cannot be read: whose it is all the same, and what the administrator learns."""

import re
import tomllib
from pathlib import Path

import pytest
from pytest_django import Settings

from kualik.gateway.adapters import envelope, faults, wsse
from kualik.gateway.models import Arrival, Inbound
from kualik.gateway.services.masking import masked_message
from kualik.rules.language import LANGUAGES
from tests.gateway.conftest import BusKeys
from tests.gateway.test_gateway_receiving import (
    IIN,
    answer_of,
    fault_of,
    keys,
    message,
    news,
    pushed,
)

__all__ = ["keys"]

ROOM = Path(faults.__file__).resolve().parents[1]
# Where in the message, what stands there instead, and the reason by its row.
UNREADABLE = {
    "type": (b">REQUEST<", b">REQUESTS<", "message_type"),
    "date": (b"<messageDate>2026", b"<messageDate>yesterday", "bad_date"),
    "sender": (b"senderId>", b"senderID>", "missing"),
    "empty": (b"<request>", b"<request/><request>", "request_or_response"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_a_known_key_signed_is_its_own_even_where_it_cannot_be_read(
    keys: BusKeys, settings: Settings, case: str
) -> None:
    """One gateway carries the messages of many systems: a faulty one must not silence them."""
    settings.GATEWAY_REFUSALS = 3
    old, new, why = UNREADABLE[case]
    broken = message(data="<a>" + "x" * 20_000 + "</a>").replace(old, new)
    raw = wsse.sign(broken, keys.portal)
    for _ in range(5):
        reply = pushed(raw)
        assert fault_of(reply) == "2005"
        answer_of(reply, keys)
    arrival = Arrival.objects.first()
    assert bytes(arrival.raw) == raw
    words = faults.details()[why]
    assert arrival.reason["kk"] == words.kk.replace("{name}", "senderId")
    assert pushed(wsse.sign(message(), keys.portal)).status == 200


def test_a_body_of_two_elements_is_refused_by_a_signed_fault(keys: BusKeys) -> None:
    broken = message().replace(b"</soap:Body>", b"<a/></soap:Body>")
    reply = pushed(wsse.sign(broken, keys.portal))
    assert fault_of(reply) == "2013"
    answer_of(reply, keys)


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_fault_speaks_of_the_operation_that_was_asked(keys: BusKeys, is_signed: bool) -> None:
    broken = news().replace(b"requestDate", b"requestDay")
    reply = pushed(wsse.sign(broken, keys.portal) if is_signed else broken)
    assert fault_of(reply) == ("2005" if is_signed else "2015")
    name = b"changeMassageStatusNotificationFault1_changeMassageStatusNotificationFault"
    assert name in reply.content


def test_an_unknown_operation_is_answered_in_the_words_of_its_channel(keys: BusKeys) -> None:
    raw = wsse.sign(message().replace(b"ns2:sendMessage", b"ns2:sendAnything"), keys.portal)
    reply = pushed(raw)
    assert fault_of(reply) == "2005"
    assert b"sendMessageFault1_sendMessageFault" in reply.content
    assert Arrival.objects.get().reason["ru"] == "Неизвестная операция."


def test_every_reason_that_is_given_stands_in_the_table_in_three_languages() -> None:
    rows = tomllib.loads(faults.DATA.read_text("utf-8"))
    assert all(set(row) == set(LANGUAGES) for row in rows.values())
    source = "".join(file.read_text("utf-8") for file in ROOM.rglob("*.py"))
    given = set(re.findall(r"GatewayFault\([A-Z]+, \"(\w+)\"", source))
    given |= {f"signature_{why}" for why in re.findall(r" refused\(\"(\w+)\"\)", source)}
    assert given - set(rows) == set()
    assert len(given) > 30


def test_a_message_is_shown_without_a_person(keys: BusKeys) -> None:
    pushed(wsse.sign(message(password="a word", properties={"phone": "77010000001"}), keys.portal))
    shown = masked_message(bytes(Inbound.objects.get().arrival.raw))
    for told in ("900000001", "REQUEST", "EXAMPLE_CERT_SERVICE", "<n:IIN>•••", "rsa-sha256"):
        assert told in shown
    for hidden in (IIN, "a word", "77010000001", "MII"):
        assert hidden not in shown


@pytest.mark.parametrize("shape", ["text", "element", "typed"])
def test_an_inner_document_of_an_unknown_service_is_shown_as_names_alone(
    db: None, shape: envelope.Shape
) -> None:
    data = f'<a:r xmlns:a="urn:a" a:b="{IIN}"><a:n>{IIN}</a:n><!-- {IIN} --></a:r>'
    shown = masked_message(message(data=data, shape=shape))
    assert "<a:n>•••</a:n>" in shown
    assert IIN not in shown


def test_of_what_is_no_xml_only_names_are_shown(db: None) -> None:
    raw = f'<a x="Иванов"><b>Иван {IIN}</a><i{IIN}'.encode()
    assert masked_message(raw) == "<a>\n<b>\n</a>\n<i90••••••••17>"
    assert masked_message(b"\x00\xff") == ""


def test_an_iin_in_a_field_of_the_envelope_is_masked(db: None) -> None:
    shown = masked_message(message(message_id=IIN))
    assert IIN not in shown
    assert "90••••••••17" in shown
