"""What comes in by SMPP, however phones and centres write it; kept once."""

from datetime import timedelta

import pytest
from smpplib import smpp
from smpplib.client import SimpleSequenceGenerator

from kualik.core.models import Job
from kualik.notifications.adapters.alphabet import Place
from kualik.notifications.adapters.smpp import Inbound, Receipt, content_of
from kualik.notifications.models import InboundPiece, InboundSms
from kualik.notifications.queries import inbound_sms
from kualik.notifications.services.receiving import receive_piece, receive_sms
from tests.notifications.conftest import MONDAY
from tests.notifications.telling import PHONE

PHONE_DIGITS = PHONE.removeprefix("+")
WRITTEN = b"id:00A7 sub:001 dlvrd:001 submit date:2611231000 done date:2611231001 stat:%s err:000"


def read(**fields: object) -> Receipt | Inbound | None:
    """What is understood of a deliver_sm that travelled as bytes."""
    numbers = SimpleSequenceGenerator()
    given = {"source_addr": PHONE_DIGITS, "destination_addr": "1414", **fields}
    raw = smpp.make_pdu("deliver_sm", client=numbers, **given).generate()
    return content_of(smpp.parse_pdu(raw, client=numbers, allow_unknown_opt_params=True))


@pytest.mark.parametrize(
    ("fields", "understood"),
    [
        (
            {"esm_class": 4, "short_message": WRITTEN % b"DELIVRD"},
            Receipt("00A7", "DELIVRD", PHONE_DIGITS, None),
        ),
        (
            {"esm_class": 4, "short_message": (WRITTEN % b"undeliv").lower()},
            Receipt("00a7", "UNDELIV", PHONE_DIGITS, None),
        ),
        (
            {"esm_class": 4, "short_message": b"", "message_state": 3, "receipted_message_id": "B8",
             "user_message_reference": 515},
            Receipt("B8", "EXPIRED", PHONE_DIGITS, 515),
        ),
        ({"esm_class": 4, "short_message": b"who knows"}, None),
        ({"esm_class": 0x20, "short_message": WRITTEN % b"ENROUTE"}, None),
        (
            {"short_message": b"1"},
            Inbound(PHONE_DIGITS, "1414", "1", None, ""),
        ),
        (
            {"short_message": "Иә".encode("utf-16-be"), "data_coding": 8},
            Inbound(PHONE_DIGITS, "1414", "Иә", None, ""),
        ),
        (
            {"message_payload": b"\x1be", "short_message": b""},
            Inbound(PHONE_DIGITS, "1414", "€", None, ""),
        ),
        (
            {"esm_class": 0x40, "short_message": b"\x05\x00\x03\x07\x02\x01ab"},
            Inbound(PHONE_DIGITS, "1414", "ab", Place(7, 2, 1), ""),
        ),
        (
            {"short_message": b"ab", "sar_msg_ref_num": 300, "sar_total_segments": 2,
             "sar_segment_seqnum": 2},
            Inbound(PHONE_DIGITS, "1414", "ab", Place(300, 2, 2), ""),
        ),
        ({"esm_class": 0x40, "short_message": b"\x09\x00"}, None),
    ],
)  # fmt: skip
def test_a_packet_is_understood(
    fields: dict[str, object], understood: Receipt | Inbound | None
) -> None:
    assert read(**fields) == understood


@pytest.mark.django_db
def test_the_same_reference_is_kept_once_for_each_carrier() -> None:
    said = {
        "reference": "901", "phone": PHONE_DIGITS, "text": "1", "received_at": MONDAY,
        "now": MONDAY,
    }  # fmt: skip
    first = receive_sms(carrier="smsc", **said)
    assert receive_sms(carrier="smsc", **{**said, "text": "2"}) == first
    assert receive_sms(carrier="smpp", **said) != first
    assert (InboundSms.objects.count(), Job.objects.count()) == (2, 2)
    assert inbound_sms(first.pk).text == "1"


@pytest.mark.django_db
def test_who_is_no_phone_is_kept_as_written_and_a_long_text_is_cut() -> None:
    kept = receive_sms(
        carrier="smsc", reference="1", phone="BANK-OF-EVERYTHING-AND-MORE", text="\0a" * 2000,
        received_at=MONDAY, now=MONDAY,
    )  # fmt: skip
    assert kept.phone == "BANK-OF-EVERYTHING-A"
    assert kept.text == "a" * 1000


@pytest.mark.django_db
def test_pieces_are_joined_in_their_order_and_a_lost_one_is_not_waited_for_for_ever() -> None:
    said = {"carrier": "smpp", "phone": PHONE_DIGITS, "to": "1414"}
    assert receive_piece(**said, text="c", place=Place(7, 3, 3), now=MONDAY) is None
    assert receive_piece(**said, text="a", place=Place(7, 3, 1), now=MONDAY) is None
    assert receive_piece(**said, text="a", place=Place(7, 3, 1), now=MONDAY) is None
    assert receive_piece(**said, text="x", place=Place(8, 2, 1), now=MONDAY) is None
    whole = receive_piece(**said, text="b", place=Place(7, 3, 2), now=MONDAY)
    assert whole is not None
    assert whole.text == "abc"
    assert InboundPiece.objects.count() == 1
    tomorrow = MONDAY + timedelta(days=1)
    assert receive_piece(**said, text="y", place=Place(8, 2, 2), now=tomorrow) is None
    assert list(InboundPiece.objects.values_list("text", flat=True)) == ["y"]
