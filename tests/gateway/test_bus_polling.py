"""The second way in: messages that nobody pushed to us, and results that nobody spoke of."""

from datetime import datetime, timedelta

import pytest

from kualik.config.jobs import HANDLERS, enqueue_daily
from kualik.core.models import Job
from kualik.gateway.adapters.envelope import Data, Info, read_notice
from kualik.gateway.adapters.posting import LARGEST_ANSWER
from kualik.gateway.models import Arrival, Conversation, Inbound, Outbound, Peer, Profile
from kualik.gateway.services import outbox
from kualik.gateway.services.polling import AMOUNT, POLL_JOB, run_poll_job
from tests.gateway import bus as turns
from tests.gateway.bus import Bus
from tests.gateway.conftest import NOW, SERVICE
from tools.portal.wire import messages_response

MINUTE = timedelta(minutes=1)
State = Outbound.State


def waiting(number: int, *, service: str = SERVICE, text: str = "") -> tuple[Info, Data]:
    info = Info(
        message_id=f"9{number:08}",
        correlation_id=f"39{number:05}",
        service_id=service,
        message_type="REQUEST",
        message_date=NOW - timedelta(days=2),
        sender_id="pep",
    )
    return info, Data(text or f"<requestMessage>{number}</requestMessage>", "text")


def poll(now: datetime = NOW) -> None:
    run_poll_job({}, now)


def test_what_waits_is_taken_once_and_the_gateway_is_told(bus: Bus, bus_profile: Profile) -> None:
    bus.messages = [waiting(1), waiting(2)]
    poll()
    assert bus.messages == []
    taken = list(Inbound.objects.order_by("pk"))
    assert [row.message_id for row in taken] == ["900000001", "900000002"]
    assert [row.data for row in taken] == [
        "<requestMessage>1</requestMessage>",
        "<requestMessage>2</requestMessage>",
    ]
    kept = Arrival.objects.filter(outcome="taken").order_by("pk")
    assert [bool(row.raw) for row in kept] == [True, False]
    assert len({row.sha256 for row in kept}) == 1
    assert Job.objects.filter(name="gateway.handle").count() == 2
    notices = [read_notice(one) for one in bus.told("sendDeliveryNotification")]
    assert [notice.state for notice in notices] == ["MESSAGE_ACCEPTED"] * 2
    poll(NOW + MINUTE)
    assert Inbound.objects.count() == 2


def test_more_than_one_page_is_fetched_at_once(bus: Bus, bus_profile: Profile) -> None:
    bus.messages = [waiting(number) for number in range(1, AMOUNT + 4)]
    poll()
    assert Inbound.objects.count() == AMOUNT + 3
    assert bus.messages == []


def test_messages_that_are_too_large_together_are_fetched_one_by_one(
    bus: Bus, bus_profile: Profile
) -> None:
    bus.messages = [waiting(1), waiting(2)]
    bus.plan = [turns.fixed(200, b" " * (LARGEST_ANSWER + 1))]
    poll()
    assert bus.messages == []
    assert Inbound.objects.count() == 2
    amounts = [asked.info.amount for asked in bus.told("getMessages")]
    assert amounts[:2] == [AMOUNT, 1]


def test_a_message_that_comes_again_is_no_second_one_but_is_told_of_again(
    bus: Bus, bus_profile: Profile
) -> None:
    bus.messages = [waiting(1)]
    poll()
    bus.messages = [waiting(1)]
    poll(NOW + MINUTE)
    assert Inbound.objects.count() == 1
    assert len(bus.told("sendDeliveryNotification")) == 2
    assert bus.messages == []


def test_a_receipt_that_does_not_leave_at_once_leaves_later(bus: Bus, bus_profile: Profile) -> None:
    bus.messages = [waiting(1)]
    bus.plan = [turns.well, turns.fixed(503, b"")]
    poll()
    assert Inbound.objects.count() == 1
    assert len(bus.messages) == 1
    row = Outbound.objects.get()
    assert row.state == State.WAITING
    outbox.run_send_job({"outbound": row.pk}, NOW + MINUTE)
    assert bus.messages == []


def test_an_id_with_other_content_is_refused_by_name(bus: Bus, bus_profile: Profile) -> None:
    bus.messages = [waiting(1)]
    poll()
    bus.messages = [waiting(1, text="<requestMessage>another</requestMessage>")]
    poll(NOW + MINUTE)
    notice = read_notice(bus.told("sendDeliveryNotification")[-1])
    assert (notice.state, notice.error_code) == ("MESSAGE_NOT_ACCTEPTED", "9002")
    assert Inbound.objects.get().data == "<requestMessage>1</requestMessage>"


def test_an_unreadable_message_is_refused_and_the_next_one_taken(
    bus: Bus, bus_profile: Profile
) -> None:
    def turn(bus: Bus, _asked: turns.Envelope) -> turns.Reply:
        plain = messages_response(messages=bus.messages, now=NOW, session_id=turns.SESSION)
        return bus.signed(plain.replace(b"REQUEST", b"NONSENSE", 1))

    bus.messages = [waiting(1), waiting(2)]
    bus.plan = [turn]
    poll()
    assert Inbound.objects.get().message_id == "900000002"
    notices = [read_notice(one) for one in bus.told("sendDeliveryNotification")]
    assert sorted((one.message_id, one.error_code) for one in notices) == [
        ("900000001", "2005"),
        ("900000002", ""),
    ]


@pytest.mark.parametrize(
    "turn", [turns.unsigned, turns.fixed(503, b""), turns.fault("2007"), turns.lost]
)
def test_a_gateway_that_gives_no_good_answer_is_asked_at_the_next_minute(
    bus: Bus, bus_profile: Profile, turn: turns.Turn
) -> None:
    bus.messages = [waiting(1)]
    bus.plan = [turn]
    poll()
    assert not Inbound.objects.exists()
    poll(NOW + MINUTE)
    assert Inbound.objects.count() == 1


def test_only_services_that_are_taken_are_asked_for(bus: Bus, bus_profile: Profile) -> None:
    Profile.objects.create(
        provider=bus_profile.provider,
        peer=bus_profile.peer,
        family=Profile.Family.DOCUMENT,
        service_id="ANOTHER",
        changed_at=NOW,
    )
    poll()
    assert [one.info.service_id for one in bus.told("getMessages")] == [SERVICE]
    Peer.objects.update(is_active=False)
    poll()
    assert len(bus.told("getMessages")) == 1


def answered(conversation: Conversation, *, sent_at: datetime) -> Outbound:
    return Outbound.objects.create(
        peer=conversation.peer,
        conversation=conversation,
        operation=Outbound.Operation.SEND,
        kind=Outbound.Kind.RESPONSE,
        data="<responseMessage/>",
        state=State.SENT,
        message_id="900000050",
        created_at=sent_at,
        tried_at=sent_at,
        sent_at=sent_at,
    )


def test_a_result_without_news_is_asked_after_until_it_arrived(
    bus: Bus, conversation: Conversation
) -> None:
    row = answered(conversation, sent_at=NOW)
    bus.states = {row.message_id: "ON_DELIVERY"}
    for minute in range(4, 25, 4):
        poll(NOW + minute * MINUTE)
    assert len(bus.told("getMessageStatus")) == 2
    bus.states = {row.message_id: "DELIVERED"}
    for minute in range(28, 60, 4):
        poll(NOW + minute * MINUTE)
    row.refresh_from_db()
    assert row.delivered_at == NOW + 36 * MINUTE
    assert len(bus.told("getMessageStatus")) == 3


def test_an_old_result_is_asked_after_once_an_hour_and_at_last_no_more(
    bus: Bus, conversation: Conversation
) -> None:
    row = answered(conversation, sent_at=NOW - timedelta(days=2))
    bus.states = {row.message_id: "ON_DELIVERY"}
    for minute in range(0, 121, 20):
        poll(NOW + minute * MINUTE)
    assert len(bus.told("getMessageStatus")) == 3
    poll(NOW + timedelta(days=40))
    assert len(bus.told("getMessageStatus")) == 3


def test_the_job_of_the_minute_is_one_and_leaves_no_heap(bus: Bus, bus_profile: Profile) -> None:
    assert HANDLERS[POLL_JOB] is run_poll_job
    for seconds in (0, 20, 40, 60):
        enqueue_daily(now=NOW + timedelta(seconds=seconds))
    jobs_of_poll = Job.objects.filter(name=POLL_JOB)
    assert jobs_of_poll.count() == 2
    jobs_of_poll.update(done_at=NOW - timedelta(days=3))
    poll()
    assert not jobs_of_poll.exists()


def test_what_breaks_at_one_service_keeps_no_other_from_being_asked(
    bus: Bus, bus_profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    # No XML can carry the first one; the second one is unknown there.
    for service_id in ("A\x01", "B"):
        Profile.objects.create(
            provider=bus_profile.provider,
            peer=bus_profile.peer,
            family=Profile.Family.DOCUMENT,
            service_id=service_id,
            is_active=True,
            changed_at=NOW,
        )
    bus.messages = [waiting(1)]
    bus.plan = [turns.fault("2016")]
    poll()
    assert Inbound.objects.count() == 1
    assert [one.info.service_id for one in bus.told("getMessages")] == ["B", SERVICE]
    assert [row.levelname for row in caplog.records] == ["ERROR", "WARNING"]


def test_what_breaks_at_one_gateway_keeps_no_other_from_being_asked(
    bus: Bus, bus_profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Peer.objects.create(
        pk=bus_profile.peer_id - 1,
        code="BROKEN",
        async_url=bus.url,
        sender_id="kualik",
        # Nothing but a fault of ours makes such a row.
        certificates=7,
        algorithm=Peer.Algorithm.RSA,
        created_at=NOW,
    )
    Profile.objects.create(
        provider=bus_profile.provider,
        peer=broken,
        family=Profile.Family.UNIVERSAL,
        service_id=SERVICE,
        is_active=True,
        changed_at=NOW,
    )
    bus.messages = [waiting(1)]
    poll()
    assert Inbound.objects.count() == 1
    assert [row.levelname for row in caplog.records] == ["ERROR"]
