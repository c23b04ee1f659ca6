"""What happens to a message that comes in: taken once, proven, acknowledged, handled later."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from kualik.config.logs import FaultsOnce
from kualik.core import clock
from kualik.core.jobs import Later
from kualik.core.models import Job, Miss, StaffTask
from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.envelope import Data, Envelope, GatewayFault, Info
from kualik.gateway.models import Arrival, Conversation, Inbound, Outbound, Peer, Profile
from kualik.gateway.services import handling
from kualik.gateway.services.handling import HANDLE_JOB, run_handle_job
from kualik.gateway.services.receiving import (
    Reply,
    check_heard,
    forget_refused,
    receive,
    refuse,
    take_pulled,
)
from tests.flows.racing import at_once
from tests.gateway.conftest import NOW, SERVICE, BusKeys
from tests.gateway.test_gateway_keys import node
from tools.portal import wire

IIN = "900101300017"
SESSION = "{49af1eac-bbc4-4bd7-8d4f-5b778d828831}"
INNER = (
    '<requestMessage xmlns:n="urn:example:cert-service"><n:SystemInfo><n:RequestNumber>101'
    f"</n:RequestNumber></n:SystemInfo><n:RequestData><n:IIN>{IIN}</n:IIN></n:RequestData>"
    "</requestMessage>"
)
DIGITAL = "EXAMPLE_CERTS_BY_IIN"
QUESTION = (
    '<d:documentRequest xmlns:d="http://digilocker.gov.kz/documentRequest/type/cert">'
    f"<d:iin>{IIN}</d:iin></d:documentRequest>"
)


@pytest.fixture
def keys(bus_keys: BusKeys, bus_profile: Profile) -> BusKeys:
    """The keys, where the service is known and open."""
    return bus_keys


def message(**changes: Any) -> bytes:
    told: dict[str, Any] = {
        "service_id": SERVICE,
        "message_type": "REQUEST",
        "sender_id": "pep",
        "now": NOW,
        "data": INNER,
        "message_id": "900000001",
        "correlation_id": "3900001",
        "session_id": SESSION,
    }
    return wire.async_message(**told | changes)


def question(**changes: Any) -> bytes:
    told: dict[str, Any] = {
        "service_id": DIGITAL,
        "sender_id": "digilocker",
        "now": NOW,
        "data": QUESTION,
        "shape": "element",
        "message_id": "q-1",
    }
    return wire.sync_request(**told | changes)


def news(**changes: Any) -> bytes:
    told: dict[str, Any] = {
        "notification_id": "77",
        "message_id": "900000002",
        "state": "DELIVERED",
        "code": "0",
        "message": "Доставлено",
        "now": NOW,
    }
    return wire.status_notification(**told | changes)


def pushed(raw: bytes, now: datetime = NOW, endpoint: Any = "async") -> Reply:
    return receive(endpoint=endpoint, raw=raw, address="192.0.2.1", now=now)


def answer_of(reply: Reply, keys: BusKeys) -> Envelope:
    """The answer, which is ours and of the contract."""
    wsse.verify(reply.content, pinned=[keys.ours.certificate_der], now=NOW)
    envelope.check(reply.content)
    return envelope.read(reply.content)


def fault_of(reply: Reply) -> str:
    envelope.check(reply.content)
    read = envelope.read(reply.content)
    assert (reply.status, read.is_fault) == (500, True)
    return read.info.code


def test_a_request_is_acknowledged_with_its_own_ids_and_its_work_waits(keys: BusKeys) -> None:
    raw = wsse.sign(message(), keys.portal)
    answer = answer_of(pushed(raw), keys)
    assert (answer.operation, answer.info.message_id) == ("sendMessageResponse", "900000001")
    assert (answer.info.correlation_id, answer.info.session_id) == ("3900001", SESSION)
    row = Inbound.objects.get()
    assert (row.kind, row.service_id, row.sender_id) == ("REQUEST", SERVICE, "pep")
    assert (row.data, row.dated_at, row.handled_at) == (INNER, NOW, None)
    assert (bytes(row.arrival.raw), row.arrival.outcome) == (raw, "taken")
    assert Job.objects.get(name=HANDLE_JOB).payload == {"inbound": row.pk}


def test_the_same_bytes_again_get_the_first_answer_and_are_not_taken_twice(keys: BusKeys) -> None:
    raw = wsse.sign(message(), keys.portal)
    first, second = pushed(raw), pushed(raw, NOW + timedelta(seconds=9))
    assert first.content == second.content
    assert Inbound.objects.count() == Job.objects.filter(name=HANDLE_JOB).count() == 1
    assert list(Arrival.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "taken",
        "repeated",
    ]


def test_a_copy_with_a_fresh_date_and_signature_is_the_same_message(keys: BusKeys) -> None:
    first = pushed(wsse.sign(message(), keys.portal))
    later = NOW + timedelta(minutes=3)
    copy = message(now=later, session_id="{" + "0" * 8 + "-0000-0000-0000-" + "0" * 12 + "}")
    assert pushed(wsse.sign(copy, keys.portal), later).content == first.content
    assert Inbound.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [{"data": INNER.replace("101", "102")}, {"correlation_id": "3900002"}, {"route_id": "R_X"}],
    ids=["data", "correlation", "route"],
)
def test_another_message_under_a_known_id_is_refused(
    keys: BusKeys, bus_profile: Profile, change: dict[str, str]
) -> None:
    if "route_id" in change:
        bus_profile.pk = None
        bus_profile.route_id = "R_X"
        bus_profile.save()
    pushed(wsse.sign(message(), keys.portal))
    reply = pushed(wsse.sign(message(**change), keys.portal))
    assert fault_of(reply) == "9002"
    answer_of(reply, keys)
    assert Inbound.objects.get().data == INNER


def test_the_gateway_gives_an_id_once_whatever_the_kind_of_the_message(
    keys: BusKeys, bus_peer: Peer
) -> None:
    pushed(wsse.sign(message(), keys.portal))
    assert fault_of(pushed(wsse.sign(message(message_type="UPDATE"), keys.portal))) == "9002"
    read = envelope.read(message(message_type="UPDATE"))
    with pytest.raises(GatewayFault) as found:
        take_pulled(peer=bus_peer, info=read.info, data=read.data, raw=b"<all/>", now=NOW)
    assert found.value.code == "9002"
    assert Inbound.objects.get().kind == "REQUEST"


def test_ids_of_questions_and_of_notifications_are_others(keys: BusKeys, bus_peer: Peer) -> None:
    bus_peer.sender_ids = ["pep", "digilocker"]
    bus_peer.save()
    pushed(wsse.sign(message(), keys.portal))
    asked = wsse.sign(question(message_id="900000001"), keys.portal)
    assert pushed(asked, endpoint="sync").status == 200
    assert pushed(wsse.sign(news(notification_id="900000001"), keys.portal)).status == 200
    assert set(Inbound.objects.values_list("kind", flat=True)) == {"REQUEST", "sync", "status"}


@pytest.mark.parametrize("hours", [-25, 25])
def test_a_date_out_of_the_window_is_refused(keys: BusKeys, hours: int) -> None:
    raw = wsse.sign(message(now=NOW + timedelta(hours=hours)), keys.portal)
    assert fault_of(pushed(raw)) == "9001"
    assert not Inbound.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sender_id": "somebody"}, "2007"),
        ({"service_id": "OTHER_SERVICE"}, "2016"),
        ({"correlation_id": ""}, "2019"),
        ({"message_id": ""}, "2005"),
        ({"message_type": "RESPONSE"}, "2019"),
        ({"message_type": "NOTIFICATION"}, "2019"),
    ],
)
def test_what_nobody_here_can_take_is_refused_by_a_signed_fault(
    keys: BusKeys, change: dict[str, str], code: str
) -> None:
    reply = pushed(wsse.sign(message(**change), keys.portal))
    assert fault_of(reply) == code
    answer_of(reply, keys)
    assert not Inbound.objects.exists()
    assert Arrival.objects.get().outcome == code


def test_nothing_is_taken_for_a_service_that_is_not_open(
    keys: BusKeys, bus_profile: Profile
) -> None:
    Profile.objects.update(is_active=False)
    assert fault_of(pushed(wsse.sign(message(), keys.portal))) == "2016"
    # What was begun before is ended.
    assert pushed(wsse.sign(message(message_type="UPDATE"), keys.portal)).status == 200


def test_a_route_that_is_nobodys_is_refused(keys: BusKeys, bus_profile: Profile) -> None:
    Profile.objects.update(route_id="R_ONE")
    assert fault_of(pushed(wsse.sign(message(route_id="R_TWO"), keys.portal))) == "2016"
    assert pushed(wsse.sign(message(route_id="R_ONE"), keys.portal)).status == 200


def test_a_peer_that_is_switched_off_is_nobody(keys: BusKeys) -> None:
    Peer.objects.update(is_active=False)
    assert fault_of(pushed(wsse.sign(message(), keys.portal))) == "2015"


def test_an_operation_of_the_other_channel_is_refused(keys: BusKeys) -> None:
    for raw, endpoint in ((question(), "async"), (message(), "sync")):
        assert fault_of(pushed(wsse.sign(raw, keys.portal), endpoint=endpoint)) == "2005"
    fetch = wire.messages_request(service_id=SERVICE, sender_id="pep", now=NOW)
    assert fault_of(pushed(wsse.sign(fetch, keys.portal))) == "2005"


@pytest.mark.parametrize("who", ["nobody", "foreign"])
def test_a_stranger_gets_an_unsigned_fault_and_little_is_kept_of_him(
    keys: BusKeys, who: str
) -> None:
    raw = message(data=INNER + " " * 50_000)
    reply = pushed(raw if who == "nobody" else wsse.sign(raw, keys.foreign))
    assert fault_of(reply) == "2015"
    assert b"Signature" not in reply.content
    assert len(bytes(Arrival.objects.get().raw)) == 16 * 1024
    assert not Inbound.objects.exists()


def test_a_body_changed_on_the_way_is_refused(keys: BusKeys) -> None:
    raw = wsse.sign(message(), keys.portal).replace(IIN.encode(), b"900101300018")
    assert fault_of(pushed(raw)) == "2015"


def test_no_iin_and_no_password_stands_in_the_log(
    keys: BusKeys, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="kualik"):
        pushed(wsse.sign(message(password="a word"), keys.portal))
        pushed(wsse.sign(message(password="a word", data=f"{INNER} "), keys.portal))
        pushed(message())
        pushed(b"<a>" + IIN.encode())
    assert "9002" in caplog.text
    assert IIN not in caplog.text
    assert "a word" not in caplog.text


def test_a_refusal_has_one_line_in_the_log_and_a_failure_of_a_page_keeps_its_own() -> None:
    def line(path: str, **told: Any) -> logging.LogRecord:
        made = logging.LogRecord("django.request", logging.ERROR, "", 1, "%s", ("",), None)
        made.__dict__.update(request=RequestFactory().post(path), status_code=500, **told)
        return made

    assert not FaultsOnce().filter(line("/gateway/async/"))
    assert FaultsOnce().filter(line("/office/gateway/"))
    failure = line("/gateway/async/")
    failure.exc_info = (ValueError, ValueError(), None)
    assert FaultsOnce().filter(failure)


def test_an_address_of_too_many_unsigned_messages_is_not_listened_to(
    keys: BusKeys, settings: Settings
) -> None:
    settings.GATEWAY_REFUSALS = 3
    good = wsse.sign(message(), keys.portal)
    bad = wsse.sign(message(service_id="OTHER"), keys.portal)
    for _ in range(5):
        assert (pushed(good).status, fault_of(pushed(bad))) == (200, "2016")
    assert [fault_of(pushed(b"<a/>")) for _ in range(4)] == ["2013"] * 3 + ["9004"]
    assert fault_of(pushed(good)) == "9004"
    assert Arrival.objects.count() == 13
    other = receive(endpoint="async", raw=good, address="192.0.2.2", now=NOW)
    assert other.status == 200
    assert pushed(good, NOW + timedelta(minutes=2)).status == 200
    assert Miss.objects.exists()


def test_bodies_that_were_not_read_whole_are_answered_by_faults_and_counted(
    db: None, settings: Settings
) -> None:
    settings.GATEWAY_REFUSALS = 2
    for code in ("9003", "2020"):
        check_heard("192.0.2.1", now=NOW)
        reply = refuse(endpoint="sync", fault=GatewayFault(code), address="192.0.2.1", now=NOW)
        assert fault_of(reply) == code
    with pytest.raises(GatewayFault) as found:
        check_heard("192.0.2.1", now=NOW)
    assert found.value.code == "9004"
    check_heard("192.0.2.2", now=NOW)


def test_of_a_stranger_little_is_kept_whatever_was_wrong_with_his_message(keys: BusKeys) -> None:
    fetch = wire.messages_request(service_id=SERVICE, sender_id="pep", now=NOW)
    raw = fetch.replace(b"</soap:Body>", b" " * 50_000 + b"</soap:Body>")
    assert fault_of(pushed(raw)) == "2015"
    assert len(bytes(Arrival.objects.get().raw)) == 16 * 1024


def test_a_stranger_who_writes_on_and_on_fills_no_disk(keys: BusKeys) -> None:
    for _ in range(8):
        assert fault_of(pushed(b"<a>" + b"x" * 50_000)) == "2013"
    kept = [len(bytes(row.raw)) for row in Arrival.objects.order_by("pk")]
    assert kept == [16 * 1024] * 5 + [0] * 3


def test_a_question_stays_one_whatever_type_of_message_it_names(
    keys: BusKeys, bus_peer: Peer
) -> None:
    bus_peer.sender_ids = ["digilocker"]
    bus_peer.save()
    named = b"<messageType>REQUEST</messageType><messageDate>"
    raw = wsse.sign(question().replace(b"<messageDate>", named), keys.portal)
    assert answer_of(pushed(raw, endpoint="sync"), keys).operation == "SendMessageResponse"
    assert Inbound.objects.get().kind == "sync"


def test_news_of_a_message_go_to_the_peer_that_took_it_where_two_hold_one_key(
    keys: BusKeys, conversation: Conversation
) -> None:
    other = Peer.objects.get()
    other.pk, other.code = None, "SECOND"
    other.save()
    sent = {"operation": Outbound.Operation.SEND, "data": "", "created_at": NOW}
    Outbound.objects.create(peer=other, message_id="900000002", **sent)
    pushed(wsse.sign(news(), keys.portal))
    assert Inbound.objects.get().peer == other


def test_what_breaks_inside_is_a_fault_without_a_trace_and_may_be_sent_again(
    keys: BusKeys, settings: Settings, tmp_path: Path
) -> None:
    raw = wsse.sign(message(), keys.portal)
    settings.KEYS_ROOT = tmp_path / "nothing-here"
    settings.DEMO = False
    reply = pushed(raw)
    assert fault_of(reply) == "9000"
    assert b"Traceback" not in reply.content
    assert not Inbound.objects.exists()
    assert not Job.objects.filter(name=HANDLE_JOB).exists()


def test_a_status_of_a_message_of_ours_is_acknowledged_and_noted_by_the_job(
    keys: BusKeys, conversation: Conversation
) -> None:
    row = Outbound.objects.create(
        peer=conversation.peer,
        conversation=conversation,
        operation=Outbound.Operation.SEND,
        kind=Outbound.Kind.NOTIFICATION,
        data="<a/>",
        state=Outbound.State.SENT,
        message_id="900000002",
        created_at=NOW,
        sent_at=NOW,
    )
    raw = wsse.sign(news(), keys.portal)
    answer = answer_of(pushed(raw), keys)
    assert answer.operation == "changeMassageStatusNotificationResponse"
    assert answer.info.session_id.startswith("{")
    assert pushed(raw).content == pushed(raw).content
    inbound = Inbound.objects.get()
    run_handle_job({"inbound": inbound.pk}, NOW)
    row.refresh_from_db()
    assert row.delivered_at == NOW
    inbound.refresh_from_db()
    assert (inbound.handled_at, inbound.fault) == (NOW, "")


def test_a_status_under_a_known_id_but_of_another_message_is_refused(keys: BusKeys) -> None:
    pushed(wsse.sign(news(), keys.portal))
    assert fault_of(pushed(wsse.sign(news(state="NOT_DELIVERED"), keys.portal))) == "9002"
    assert pushed(wsse.sign(news(notification_id="78"), keys.portal)).status == 200


def test_a_question_is_answered_in_its_own_shape_and_again_the_same(
    keys: BusKeys, bus_peer: Peer
) -> None:
    bus_peer.sender_ids = ["pep", "digilocker"]
    bus_peer.save()
    raw = wsse.sign(question(session_id=SESSION), keys.portal)
    reply = pushed(raw, endpoint="sync")
    answer = answer_of(reply, keys)
    assert (answer.info.message_id, answer.info.code) == ("q-1", "SCSS001")
    assert (answer.info.session_id, answer.data.shape) == (SESSION, "element")
    assert "documentResponse" in answer.data.text
    assert pushed(raw, endpoint="sync").content == reply.content
    row = Inbound.objects.get()
    assert (row.kind, row.handled_at) == ("sync", NOW)
    text = wsse.sign(question(message_id="q-2", shape="text"), keys.portal)
    assert answer_of(pushed(text, endpoint="sync"), keys).data.shape == "text"


def test_a_question_that_was_refused_may_be_asked_again(keys: BusKeys, bus_peer: Peer) -> None:
    bus_peer.sender_ids = ["pep", "digilocker"]
    bus_peer.save()
    raw = wsse.sign(question(data=QUESTION.replace(IIN, "1")), keys.portal)
    for _ in range(2):
        reply = pushed(raw, endpoint="sync")
        assert fault_of(reply) == "2005"
        answer_of(reply, keys)
    assert not Inbound.objects.exists()


def test_a_copy_of_a_question_waits_for_its_answer_and_takes_over_from_the_dead(
    keys: BusKeys, bus_peer: Peer
) -> None:
    bus_peer.sender_ids = ["digilocker"]
    bus_peer.save()
    raw = wsse.sign(question(), keys.portal)
    pushed(raw, endpoint="sync")
    # The process died before it could answer.
    Inbound.objects.update(answer=None, handled_at=None)
    assert fault_of(pushed(raw, NOW + timedelta(seconds=30), "sync")) == "2020"
    assert pushed(raw, NOW + timedelta(seconds=61), "sync").status == 200
    assert Inbound.objects.get().answer is not None


def test_a_pulled_message_is_taken_by_the_same_books_whatever_its_age(
    keys: BusKeys, bus_peer: Peer
) -> None:
    old = NOW - timedelta(days=5)
    read = envelope.read(message(now=old))
    taken = take_pulled(peer=bus_peer, info=read.info, data=read.data, raw=b"<all/>", now=NOW)
    assert (taken.dated_at, bytes(taken.arrival.raw)) == (old, b"<all/>")
    later = NOW + timedelta(hours=1)
    again = take_pulled(peer=bus_peer, info=read.info, data=read.data, raw=b"<all/>", now=later)
    assert (again.pk, again.taken_at) == (taken.pk, NOW)
    assert Job.objects.filter(name=HANDLE_JOB).count() == 1
    # The push of what was pulled is acknowledged, and the other way round.
    assert answer_of(pushed(wsse.sign(message(), keys.portal)), keys).info.message_id
    assert Inbound.objects.count() == 1
    with pytest.raises(GatewayFault) as found:
        take_pulled(peer=bus_peer, info=read.info, data=Data("<b/>", "text"), raw=b"", now=later)
    assert found.value.code == "9002"


def test_a_pulled_message_of_a_service_that_is_not_ours_is_refused(
    keys: BusKeys, bus_peer: Peer
) -> None:
    info: Info = replace(envelope.read(message()).info, service_id="OTHER")
    with pytest.raises(GatewayFault) as found:
        take_pulled(peer=bus_peer, info=info, data=Data("", "text"), raw=b"", now=NOW)
    assert found.value.code == "2016"


def test_news_that_overtook_its_request_waits_an_hour_for_it(keys: BusKeys) -> None:
    pushed(wsse.sign(message(message_type="UPDATE"), keys.portal))
    row = Inbound.objects.get()
    with pytest.raises(Later) as found:
        run_handle_job({"inbound": row.pk}, NOW + timedelta(minutes=59))
    assert found.value.at == NOW + timedelta(minutes=59) + handling.LOOKS_AGAIN
    end = NOW + timedelta(minutes=61)
    run_handle_job({"inbound": row.pk}, end)
    row.refresh_from_db()
    assert (row.fault, row.handled_at) == ("gateway_conversation_unknown", end)
    run_handle_job({"inbound": row.pk}, end + timedelta(days=1))
    row.refresh_from_db()
    assert row.handled_at == end


def test_news_wait_longer_for_a_request_whose_own_work_waits(keys: BusKeys) -> None:
    pushed(wsse.sign(message(), keys.portal))
    pushed(wsse.sign(message(message_type="UPDATE", message_id="2"), keys.portal))
    row = Inbound.objects.get(kind="UPDATE")
    with pytest.raises(Later):
        run_handle_job({"inbound": row.pk}, NOW + timedelta(days=2))
    # It waits, and a person knows.
    task = StaffTask.objects.get(kind="gateway_unhandled")
    assert (task.role, task.params) == ("platform_admin", {"peer": "EGOV", "message": "2"})
    Inbound.objects.filter(kind="REQUEST").update(handled_at=NOW)
    run_handle_job({"inbound": row.pk}, NOW + timedelta(days=3))
    row.refresh_from_db()
    task.refresh_from_db()
    assert (row.fault, task.closed_at) == (
        "gateway_conversation_unknown",
        NOW + timedelta(days=3),
    )


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_server_of_keys(
    bus_keys: BusKeys, bus_profile: Profile, settings: Settings
) -> None:
    """The acknowledgement is signed outside of the transaction that takes the message."""
    written: list[int] = []

    def sign(_path: str, asked: dict[str, Any]) -> dict[str, Any]:
        written.append(Miss.objects.create(key=str(len(written)), window_start=NOW).pk)
        connection.close()
        return {"status": 200, "xml": wsse.sign(asked["xml"].encode(), bus_keys.ours).decode()}

    root = Path(settings.KEYS_ROOT)
    (root / "gost.p12").write_bytes(b"store")
    (root / "gost.cer").write_bytes(bus_keys.ours.certificate_der)
    settings.GATEWAY_GOST_KEY, settings.GATEWAY_GOST_CERTIFICATE = "gost.p12", "gost.cer"
    settings.GATEWAY_GOST_PASSWORD = "word"
    Peer.objects.update(algorithm=Peer.Algorithm.GOST2015)
    with node(sign) as address:
        settings.NCANODE_URL = address
        reply = pushed(wsse.sign(message(), bus_keys.portal), NOW)
    assert (reply.status, len(written)) == (200, 1)


def test_what_was_refused_is_forgotten_after_a_month_and_what_was_taken_is_kept(
    keys: BusKeys, bus_peer: Peer
) -> None:
    bus_peer.sender_ids = ["pep", "digilocker"]
    bus_peer.save()
    pushed(wsse.sign(message(), keys.portal))
    pushed(wsse.sign(question(), keys.portal), endpoint="sync")
    pushed(b"<a/>")
    assert forget_refused(now=NOW + timedelta(days=29)) == 0
    assert forget_refused(now=NOW + timedelta(days=31)) == 1
    assert set(Arrival.objects.values_list("outcome", flat=True)) == {"taken"}
    assert Inbound.objects.get(kind="sync").answer is None
    assert Inbound.objects.get(kind="REQUEST").answer is not None


@pytest.mark.django_db(transaction=True)
def test_copies_that_come_at_one_moment_are_taken_once(
    bus_keys: BusKeys, bus_profile: Profile
) -> None:
    raw = wsse.sign(message(), bus_keys.portal)
    replies = at_once(*[lambda: pushed(raw)] * 6)
    contents = {reply.content for reply in replies if isinstance(reply, Reply)}
    assert [getattr(reply, "status", reply) for reply in replies] == [200] * 6
    assert len(contents) == 1
    assert Inbound.objects.count() == Job.objects.filter(name=HANDLE_JOB).count() == 1


def test_the_pages_answer_in_xml_and_keep_nothing(
    keys: BusKeys, settings: Settings, tmp_path: Path
) -> None:
    settings.CLOCK = str(tmp_path / "clock")
    Path(settings.CLOCK).write_text(NOW.isoformat(), encoding="ascii")
    assert clock.now() == NOW
    client = Client(enforce_csrf_checks=True)
    raw = wsse.sign(message(), keys.portal)
    good = client.post("/gateway/async/", raw, content_type="text/xml")
    assert (good.status_code, good.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert "no-store" in good.headers["Cache-Control"]
    bad = client.post("/gateway/sync/", b"<a/>", content_type="text/xml")
    assert fault_of(Reply(bad.content, bad.status_code)) == "2013"
    assert client.put("/gateway/sync/").status_code == 405
