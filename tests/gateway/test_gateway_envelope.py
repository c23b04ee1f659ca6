"""Messages of the bus: the samples, what real senders do, what attackers do, and our own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from lxml import etree

from kualik.gateway.adapters import envelope, inner
from kualik.gateway.adapters.envelope import Data, GatewayFault, Info, Shape
from kualik.gateway.adapters.faults import PARSE, SCHEMA, TOO_LARGE
from tools.portal import wire

SAMPLES = Path(__file__).parents[1] / "fixtures" / "gateway" / "samples"
ENVELOPES = sorted(SAMPLES.glob("0*.xml")) + sorted(SAMPLES.glob("1[0-2]*.xml"))
PAYLOADS = sorted(SAMPLES.glob("1[45]*.xml"))
NOW = datetime(2026, 11, 23, 5, 0, 0, 719_000, tzinfo=UTC)
SESSION = "{49af1eac-bbc4-4bd7-8d4f-5b778d828831}"
TYPED = '<cs:Request xmlns:cs="urn:q"><iin>900101300017</iin></cs:Request>'
each_envelope = pytest.mark.parametrize("file", ENVELOPES, ids=lambda file: file.stem)


def sample(number: str) -> bytes:
    return next(SAMPLES.glob(f"{number}*.xml")).read_bytes()


def changed(number: str, old: str, new: str) -> bytes:
    raw = sample(number).decode()
    assert raw.count(old) >= 1
    return raw.replace(old, new).encode()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(GatewayFault) as found:
        call()
    return found.value.code


@each_envelope
def test_a_sample_is_read_and_is_of_the_contract(file: Path) -> None:
    raw = file.read_bytes()
    assert envelope.read(raw).operation
    envelope.check(raw)


@pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
def test_a_sample_of_the_file_store_is_of_its_schema(file: Path) -> None:
    inner.check(inner.element(file.read_text(encoding="utf-8")), "eds-temp-storage.xsd")


@pytest.mark.parametrize("number", ["10", "11"])
def test_a_sample_of_the_register_of_persons_is_of_its_schema(number: str) -> None:
    found = envelope.read(sample(number)).data
    assert found.shape == "typed"
    root = inner.element(found.text)
    # The types have no elements of their own: the schema declares two around them.
    root.tag = {"10": "request", "11": "data"}[number]
    inner.check(root, "gbdfl-root.xsd")


@pytest.mark.parametrize("number", ["01", "03", "04"])
def test_a_message_of_the_samples_is_written_again_as_it_was(number: str) -> None:
    read = envelope.read(sample(number))
    info = read.info
    made = wire.async_message(
        service_id=info.service_id,
        message_type=info.message_type,
        sender_id=info.sender_id,
        now=info.message_date or NOW,
        data=read.data.text,
        shape=read.data.shape,
        message_id=info.message_id,
        correlation_id=info.correlation_id,
        password=info.password,
        session_id=info.session_id,
    )
    envelope.check(made)
    again = envelope.read(made)
    assert (again.info, again.data) == (info, read.data)


def test_an_acknowledgement_and_the_notifications_of_the_samples_are_written_again() -> None:
    ack = envelope.read(sample("02")).info
    made = envelope.async_ack(
        message_id=ack.message_id,
        correlation_id=ack.correlation_id,
        now=ack.message_date or NOW,
        session_id=ack.session_id,
    )
    assert envelope.read(made).info == ack
    refused = envelope.read(sample("05"))
    notice = envelope.read_notice(refused)
    assert (notice.state, notice.is_resend_wanted) == ("MESSAGE_NOT_ACCTEPTED", True)
    made = wire.delivery_notification(
        message_id=notice.message_id,
        service_id=notice.service_id,
        sender_id=refused.info.sender_id,
        now=refused.info.message_date or NOW,
        password="secret",
        error_code=notice.error_code,
        error_message=notice.error_message,
        is_resend_wanted=True,
    )
    envelope.check(made)
    assert envelope.read_notice(envelope.read(made)) == notice
    told = envelope.read(sample("06"))
    state = envelope.read_notice(told)
    assert (state.state, state.notification_id, state.message_id) == (
        "DELIVERED",
        "77",
        "900000002",
    )
    made = wire.status_notification(
        notification_id=state.notification_id,
        message_id=state.message_id,
        state=state.state,
        code=state.code,
        message=state.message,
        now=told.info.message_date or NOW,
        session_id=told.info.session_id,
    )
    envelope.check(made)
    assert envelope.read_notice(envelope.read(made)) == state


@pytest.mark.parametrize("number", ["10", "11", "12"])
def test_a_typed_document_keeps_its_shape_on_the_way_back(number: str) -> None:
    read = envelope.read(sample(number))
    made = envelope.sync_response(message_id="1", now=NOW, data=read.data.text, shape="typed")
    envelope.check(made)
    again = envelope.read(made).data
    assert again.shape == "typed"
    first, second = (etree.fromstring(data.text) for data in (read.data, again))
    assert first.tag == second.tag
    assert [one.tag for one in first.iter()] == [one.tag for one in second.iter()]


def test_the_answer_of_the_consent_service_is_read_in_its_own_namespace() -> None:
    read = envelope.read(sample("13"))
    assert (read.info.message_id, read.info.code) == ("4579ed7a-8a17-4c6c-9cf6-c637f15b8b7f", "")
    assert [etree.QName(one).localname for one in envelope.read_inner(read.data.text)] == [
        "status",
        "code",
        "public-key",
    ]


def test_a_fault_of_the_samples_says_its_code_and_text() -> None:
    read = envelope.read(sample("07"))
    assert read.is_fault
    assert (read.info.code, read.info.message) == ("2015", "Ошибка валидации подписи")


OPERATIONS = (
    "SendMessage",
    "sendMessage",
    "sendDeliveryNotification",
    "getMessageStatus",
    "getMessages",
    "changeMassageStatusNotification",
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_fault_has_the_name_of_its_operation_twice(operation: str) -> None:
    made = envelope.fault(operation, "2013", "Ошибка разбора", now=NOW, session_id=SESSION)
    envelope.check(made)
    assert f":{operation}Fault1_{operation}Fault ".encode() in made
    assert envelope.read(made).info.session_id == SESSION


def test_everything_we_can_write_is_of_the_contract() -> None:
    info = Info(
        message_id="7",
        correlation_id="9",
        service_id="S",
        message_type="REQUEST",
        message_date=NOW,
        sender_id="pep",
    )
    made = [
        wire.sync_request(
            message_id="1",
            service_id="S",
            sender_id="kualik",
            now=NOW,
            data="<a/>",
            password="p",
            correlation_id="c",
            route_id="R_X",
            properties={"kualik-key": "k"},
            session_id=SESSION,
        ),
        envelope.sync_response(
            message_id="1", now=NOW, data="", correlation_id="c", message="э" * 400
        ),
        wire.async_message(
            service_id="S",
            message_type="NOTIFICATION",
            sender_id="kualik",
            now=NOW,
            data="<a/>",
            correlation_id="c",
            properties={"a": "1", "b": "2"},
        ),
        envelope.async_ack(message_id="1", correlation_id="2", now=NOW),
        wire.delivery_notification(message_id="1", service_id="S", sender_id="k", now=NOW),
        wire.delivery_notification_response(notification_id="1", now=NOW, session_id=SESSION),
        wire.message_status_request(message_id="1", sender_id="k", now=NOW, password="p"),
        wire.message_status_response(state="DELIVERED", code="0", message="", now=NOW),
        wire.messages_request(service_id="S", sender_id="k", now=NOW, amount=5),
        wire.messages_response(
            messages=[(info, Data("<a/>", "text")), (info, Data(TYPED, "typed"))],
            now=NOW,
            session_id=SESSION,
        ),
        wire.status_notification(
            notification_id="1",
            message_id="2",
            state="NOT_DELIVERED",
            code="1",
            message="нет",
            now=NOW,
            session_id=SESSION,
            error_code="2020",
            error_message="долго",
        ),
        envelope.status_notification_response(now=NOW, session_id=SESSION),
    ]
    for message in made:
        envelope.check(message)
        assert envelope.read(message).operation
    pulled = envelope.read_messages(envelope.read(made[9]))
    assert [data.shape for _, data in pulled] == ["text", "typed"]
    assert pulled[0][0] == info


def test_a_moment_leaves_with_the_offset_of_the_country_and_milliseconds() -> None:
    made = envelope.async_ack(message_id="1", correlation_id="2", now=NOW)
    assert b"<responseDate>2026-11-23T10:00:00.719+05:00</responseDate>" in made


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:15:04.719+05:00", datetime(2026, 3, 2, 4, 15, 4, 719_000, tzinfo=UTC)),
        ("2026-03-02T04:15:04Z", datetime(2026, 3, 2, 4, 15, 4, tzinfo=UTC)),
        ("2026-03-02T09:15:04", datetime(2026, 3, 2, 4, 15, 4, tzinfo=UTC)),
        ("2024-02-29T10:15:04+06:00", datetime(2024, 2, 29, 4, 15, 4, tzinfo=UTC)),
        ("2026-03-02T09:15:04.123456789+05:00",
         datetime(2026, 3, 2, 4, 15, 4, 123_456, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_moment_is_read_with_any_offset_or_none(text: str, moment: datetime) -> None:
    assert envelope.read_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "вчера", "2026-03-02", "2026-02-30T00:00:00Z", "20260302T091504Z", "9999-12-31T23:59:59Z",
     "2026-03-02T09:15:04+99:00", "2026-03-02T24:00:00Z"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    assert code_of(lambda: envelope.read_moment(text)) == SCHEMA


def test_fields_in_another_order_and_empty_properties_are_read() -> None:
    raw = sample("01").decode()
    info = raw[raw.index("<messageInfo>") + 13 : raw.index("</messageInfo>")]
    fields = ["".join(etree.tostring(one, encoding="unicode", with_tail=False).split("\n"))
              for one in etree.fromstring(f"<i>{info}</i>")]  # fmt: skip
    turned = raw.replace(info, "<properties/>" + "".join(reversed(fields)))
    read, first = envelope.read(turned.encode()), envelope.read(sample("01"))
    assert read.info == first.info


def test_a_session_without_braces_gets_them_and_what_is_none_is_left_out() -> None:
    bare = changed("01", "{9dcb38c2-24f1-48e2-96e5-00cfc9d1d6bc}",
                   "9dcb38c2-24f1-48e2-96e5-00cfc9d1d6bc")  # fmt: skip
    assert envelope.read(bare).info.session_id == "{9dcb38c2-24f1-48e2-96e5-00cfc9d1d6bc}"
    odd = changed("01", "{9dcb38c2-24f1-48e2-96e5-00cfc9d1d6bc}", "сеанс")
    assert envelope.read(odd).info.session_id == ""


DATA = "<messageData><data>{}</data></messageData>"


@pytest.mark.parametrize(
    ("inside", "shape", "text"),
    [
        ("&lt;a&gt;1&lt;/a&gt;", "text", "<a>1</a>"),
        ("<![CDATA[<a>1</a>]]>", "text", "<a>1</a>"),
        ("<n:a xmlns:n='urn:n'><n:b>1</n:b></n:a>", "element",
         '<n:a xmlns:n="urn:n"><n:b>1</n:b></n:a>'),
        ("<a>1</a><b>2</b>", "element", "<data><a>1</a><b>2</b></data>"),
        ("", "text", ""),
    ],
)  # fmt: skip
def test_an_inner_document_is_read_in_every_shape(inside: str, shape: str, text: str) -> None:
    raw = sample("01").decode()
    old = raw[raw.index("<messageData>") : raw.index("</request>")]
    read = envelope.read(raw.replace(old, DATA.format(inside)).encode())
    assert (read.data.shape, read.data.text) == (shape, text)


def test_an_element_inside_leaves_without_the_names_of_the_envelope() -> None:
    inner = '<a xmlns="urn:a"><b>1</b></a>'
    made = envelope.sync_response(message_id="1", now=NOW, data=inner, shape="element")
    assert envelope.read(made).data == Data(inner, "element")


def test_a_comment_hides_no_part_of_a_text() -> None:
    raw = changed("01", "<senderId>pep</senderId>", "<senderId>pep<!-- x -->ople</senderId>")
    assert envelope.read(raw).info.sender_id == "pepople"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<messageType>REQUEST", "<messageType>ORDER", SCHEMA),
        ("<serviceId>EXAMPLE_CERT_SERVICE</serviceId>", "", SCHEMA),
        ("<senderId>pep</senderId>", "<senderId>pep</senderId><senderId>x</senderId>", SCHEMA),
        ("<senderId>pep</senderId>", "<senderId><b>pep</b></senderId>", SCHEMA),
        ("<messageId>900000001", f"<messageId>{'9' * 101}", SCHEMA),
        ("2026-03-02T09:15:04.719+05:00", "вчера", SCHEMA),
        ("ns2:sendMessage", "ns2:sendMassage", SCHEMA),
        ("<request>", "<request/><request>", SCHEMA),
        ("</soap:Body>", "</soap:Body><soap:Body/>", PARSE),
        ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope",
         PARSE),
        ("<soap:Header/>", "<soap:Header/><soap:Header/>", PARSE),
    ],
)  # fmt: skip
def test_what_is_not_of_the_contract_is_refused(old: str, new: str, code: str) -> None:
    assert code_of(lambda: envelope.read(changed("01", old, new))) == code


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {x} "{f"&{y};" * 10}">' for x, y in zip("bcdefg", "abcdef", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "raw",
    [
        BOMB.encode() + sample("01").replace(b"EXAMPLE_CERT_SERVICE", b"&g;"),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE soap:Envelope [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + sample("01"),
        sample("01").replace(b"pep", "Сагат".encode("cp1251")),
        sample("01")[:-40],
        b"",
        b"PK\x03\x04",
        b"\xff\xfe\x00",
        b"<a>" * 50_000,
        b"<x>" * 100 + b"</x>" * 100,
        changed("01", "<messageData>", "<x>" * 70 + "</x>" * 70 + "<messageData>"),
    ],
    ids=["entities", "file", "own-dtd", "cp1251", "cut", "empty", "zip", "utf16", "open", "deep",
         "deep-inside"],
)  # fmt: skip
def test_what_cannot_be_read_safely_is_refused(raw: bytes) -> None:
    assert code_of(lambda: envelope.read(raw)) == PARSE


def test_a_message_that_declares_windows_1251_and_is_in_it_is_read() -> None:
    text = '<?xml version="1.0" encoding="windows-1251"?>' + sample("01").decode()
    read = envelope.read(text.encode("cp1251"))
    assert "ТЕСТОВ" in read.data.text


def test_an_inner_document_may_declare_any_encoding() -> None:
    root = envelope.read_inner('<?xml version="1.0" encoding="windows-1251"?><а>Қ</а>')
    assert (root.tag, root.text) == ("а", "Қ")


def test_a_text_is_read_as_its_readers_take_it_whatever_encoding_it_declares() -> None:
    def carried(text: str) -> str:
        raw = wire.sync_request(message_id="1", service_id="S", sender_id="s", now=NOW, data=text)
        return envelope.read(raw).data.text

    assert carried('\ufeff<?xml version="1.0" encoding="utf-16"?>\n<a>Қ</a>').strip() == "<a>Қ</a>"
    for kept in (
        '<?xml version="1.0" encoding="UTF-8"?><a>Қ</a>',
        '<?xml version="1.0"?><a/>',
        "Қ",
    ):
        assert carried(kept) == kept


def test_a_declaration_inside_a_document_is_its_text() -> None:
    root = envelope.read_inner("<a><![CDATA[1 <?xml version='1.0'?>2]]></a>")
    assert root.text == "1 <?xml version='1.0'?>2"


def test_long_white_space_takes_no_time() -> None:
    text = f"<a>{' ' * 1_000_000}<![CDATA[{'<?xml ' * 200_000}]]></a>"
    assert len(envelope.read_inner(text).text or "") == 2_200_000


def test_a_message_of_twenty_megabytes_is_refused_before_it_is_read() -> None:
    raw = changed("01", "<messageData>", f"<messageData><!--{'x' * 20_000_000}-->")
    assert code_of(lambda: envelope.read(raw)) == TOO_LARGE


@pytest.mark.parametrize("shape", ["text", "element", "typed"])
def test_what_xml_cannot_carry_is_refused_before_it_is_sent(shape: Shape) -> None:
    with pytest.raises(GatewayFault):
        envelope.sync_response(message_id="1", now=NOW, data="\x00", shape=shape)


def test_a_message_that_is_not_of_the_schema_does_not_leave() -> None:
    raw = changed("02", "<responseDate>2026-03-02T09:15:05+05:00</responseDate>", "")
    assert code_of(lambda: envelope.check(raw)) == SCHEMA
    told = changed("06", "DELIVERED", "ARRIVED")
    assert code_of(lambda: envelope.check(told)) == SCHEMA


def is_read(raw: bytes) -> bool:
    """Whether it is read, inside too; nothing but a fault may come of the rest."""
    try:
        envelope.read_inner(envelope.read(raw).data.text)
    except GatewayFault as fault:
        return not fault.message
    return True


@examples(max_examples=150)
@given(st.binary(max_size=400))
def test_bytes_of_any_kind_are_refused(raw: bytes) -> None:
    assert not is_read(raw)


@examples(max_examples=150)
@given(st.sampled_from(ENVELOPES), st.data())
def test_any_change_of_a_sample_is_read_or_refused(file: Path, data: st.DataObject) -> None:
    raw = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.sampled_from([b"<", b">", b"</", b"&", b'"', b"\x00", b"", b"<a/>"]))
        raw[at : at + data.draw(st.integers(0, 6))] = piece
    assert is_read(bytes(raw)) in (True, False)


@examples(max_examples=100)
@given(st.text(max_size=60), st.timedeltas(timedelta(days=-300), timedelta(days=300)))
def test_any_text_that_can_be_sent_arrives_as_it_was(text: str, later: timedelta) -> None:
    try:
        made = wire.async_message(
            service_id="S", message_type="REQUEST", sender_id="pep", now=NOW + later, data=text
        )
    except GatewayFault:
        return
    read = envelope.read(made)
    assert read.data.text == text
    assert abs((read.info.message_date or NOW) - NOW - later) < timedelta(milliseconds=1)
