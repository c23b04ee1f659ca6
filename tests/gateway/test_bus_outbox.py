"""Messages to the bus: in order, once at a time, for as long as it takes."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from kualik.core import jobs
from kualik.core.jobs import LEASE, Later
from kualik.core.journal import Actor
from kualik.core.models import Job, JournalEntry, StaffTask
from kualik.gateway.adapters.envelope import Notice, read_notice
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.models import Conversation, Outbound, Peer, Profile
from kualik.gateway.services import outbox
from kualik.gateway.services.outbox import SEND_JOB, pause_after
from kualik.rules.errors import RuleViolation
from tests.gateway import bus as turns
from tests.gateway.bus import Bus, listening
from tests.gateway.conftest import NOW, open_conversation

HANDLERS = {SEND_JOB: outbox.run_send_job}
ADMIN = Actor(name="Асхат Қайратұлы", role="platform_admin")
SECOND = timedelta(seconds=1)
State = Outbound.State


@dataclass
class Hands:
    """A worker and its clock."""

    now: datetime = NOW
    name: str = "worker"
    runs: int = field(default=0)

    def work(self) -> int:
        """Run what is due."""
        return jobs.run_waiting(handlers=HANDLERS, worker=self.name, clock=lambda: self.now)

    def work_on(self, duration: timedelta, step: timedelta) -> None:
        """Run what falls due while time goes by."""
        until = self.now + duration
        while self.now < until:
            self.now += step
            self.work()


@pytest.fixture
def hands() -> Hands:
    return Hands()


def tell(
    conversation: Conversation, about: str, *, kind: str = "NOTIFICATION", now: datetime = NOW
) -> Outbound:
    return outbox.put(
        conversation=conversation,
        peer=conversation.peer,
        kind=kind,
        data=f"<responseMessage>{about}</responseMessage>",
        about=about,
        now=now,
    )


def said(bus: Bus) -> list[str]:
    """What the gateway was told, in order."""
    inner = [one.data.text for one in bus.told()]
    return [text.removeprefix("<responseMessage>").split("<")[0] for text in inner]


def test_a_message_leaves_after_the_commit_and_keeps_its_acknowledgement(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    row = tell(conversation, "001")
    assert bus.asked == []
    hands.work()
    row.refresh_from_db()
    assert (row.state, row.message_id, row.sent_at) == (State.SENT, "900000001", NOW)
    assert b"sendMessageResponse" in bytes(row.answer or b"")
    assert b"a word of the bus" not in bytes(row.raw or b"")
    (came,) = bus.told()
    assert came.info.properties == {"kualik-key": str(row.key)}
    assert came.info.correlation_id == conversation.correlation_id
    assert hands.work() == 0


def test_what_is_rolled_back_never_leaves(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    def act() -> None:
        with transaction.atomic():
            tell(conversation, "001")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert hands.work() == 0
    assert bus.asked == []


def test_messages_of_a_conversation_leave_in_the_order_they_were_written(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    rows = [tell(conversation, f"{number:03}") for number in range(1, 6)]
    # The last one's work falls due first.
    for place, row in enumerate(reversed(rows)):
        due = NOW - timedelta(hours=1) + place * SECOND
        Job.objects.filter(payload={"outbound": row.pk}).update(run_at=due)
    hands.work()
    assert said(bus) == ["001", "002", "003", "004", "005"]
    assert bus.copies == 0


def test_a_message_that_waits_keeps_back_its_own_conversation_only(
    bus: Bus, conversation: Conversation, bus_profile: Profile, hands: Hands
) -> None:
    bus.plan = [turns.fault("9000")]
    other = open_conversation(bus_profile, "3900002")
    for about in ("001", "002"):
        tell(conversation, about)
    tell(other, "of the other")
    hands.work()
    assert said(bus) == ["001", "of the other"]
    hands.now += SECOND
    hands.work()
    assert said(bus) == ["001", "of the other", "001", "002"]


def test_a_lost_acknowledgement_means_the_same_key_again(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    bus.plan = [turns.lost]
    row = tell(conversation, "010", kind="RESPONSE")
    hands.work()
    row.refresh_from_db()
    assert (row.state, row.fault) == (State.WAITING, "RemoteDisconnected")
    hands.now += SECOND
    hands.work()
    row.refresh_from_db()
    assert row.state == State.SENT
    first, second = (one.info.properties["kualik-key"] for one in bus.told())
    assert first == second == str(row.key)
    assert (len(bus.ids), bus.copies) == (1, 1)


def test_pauses_grow_to_five_minutes_and_never_end() -> None:
    pauses = [pause_after(tries).total_seconds() for tries in range(1, 12)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pause_after(100_000) == timedelta(minutes=5)


def test_a_conversation_waits_a_day_for_the_gateway_and_then_leaves_in_order(
    bus: Bus, conversation: Conversation, bus_profile: Profile, hands: Hands
) -> None:
    other = open_conversation(bus_profile, "3900002")
    Peer.objects.update(async_url="http://127.0.0.1:9/")
    for number in range(1, 5):
        tell(conversation, f"{number:03}", now=hands.now)
        tell(other, f"{number:03} of the other", now=hands.now)
        hands.work_on(timedelta(hours=6), timedelta(hours=2))
    assert Outbound.objects.filter(state=State.WAITING).count() == 8
    assert not Job.objects.exclude(failed_at=None).exists()
    Peer.objects.update(async_url=bus.url)
    hands.work_on(timedelta(minutes=10), SECOND * 10)
    assert [text for text in said(bus) if "other" not in text] == ["001", "002", "003", "004"]
    assert [text[:3] for text in said(bus) if "other" in text] == ["001", "002", "003", "004"]
    assert bus.copies == 0
    assert not Outbound.objects.exclude(state=State.SENT).exists()


def test_a_gateway_that_is_away_is_tried_by_one_message_for_all(
    conversation: Conversation, bus_profile: Profile, hands: Hands
) -> None:
    Peer.objects.update(async_url="http://127.0.0.1:9/")
    for number in range(40):
        tell(open_conversation(bus_profile, f"40{number:05}"), "001")
    hands.work()
    tried = Outbound.objects.filter(attempts__gt=0).count()
    assert tried == outbox.FAULTS_IN_A_ROW
    hands.now += SECOND
    hands.work()
    assert Outbound.objects.filter(attempts__gt=0).count() <= tried + 1


def test_a_switched_off_peer_is_told_nothing_until_it_is_back(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    Peer.objects.update(is_active=False)
    tell(conversation, "001")
    hands.work()
    assert bus.asked == []
    Peer.objects.update(is_active=True)
    hands.now += timedelta(minutes=5)
    hands.work()
    assert said(bus) == ["001"]


def test_a_final_refusal_is_a_persons_work_and_lets_the_next_one_go(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    bus.plan = [turns.fault("2019", "Цепочка не найдена.")]
    first, second = tell(conversation, "001"), tell(conversation, "002")
    hands.work()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.fault) == (State.FAILED, "2019 Цепочка не найдена.")
    assert second.state == State.SENT
    task = StaffTask.objects.get(closed_at=None)
    assert (task.kind, task.role) == ("gateway_failed", "platform_admin")
    assert task.params["reason"] == "2019 Цепочка не найдена"


def test_a_refusal_that_may_be_set_right_is_told_once_and_closes_by_itself(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    bus.plan = [turns.fault("2022", "Сертификат истёк")] * (outbox.TOLD_AT + 2)
    row = tell(conversation, "001")
    hands.work_on(timedelta(minutes=1), SECOND)
    row.refresh_from_db()
    assert row.state == State.WAITING
    task = StaffTask.objects.get()
    assert (task.kind, task.closed_at) == ("gateway_refuses", None)
    assert task.params == {"peer": "EGOV", "reason": "2022 Сертификат истёк"}
    hands.work_on(timedelta(minutes=5), SECOND * 10)
    row.refresh_from_db()
    assert row.state == State.SENT
    task.refresh_from_db()
    assert task.closed_at is not None


def test_words_of_a_refusal_are_kept_without_the_number_of_a_person(
    bus: Bus, conversation: Conversation, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    bus.plan = [turns.fault("2005", "Неверный ИИН 900101300017"), turns.fault("2013", "1" * 13)]
    rows = [tell(conversation, "001"), tell(conversation, "002")]
    hands.work()
    faults = Outbound.objects.order_by("pk").values_list("fault", flat=True)
    assert list(faults) == ["2005 Неверный ИИН …", "2013 …"]
    note(rows[0], "NOT_DELIVERED", message_id="1")
    told = f"{list(StaffTask.objects.values())}{list(Job.objects.values())}{caplog.text}"
    assert "900101300017" not in told


def test_one_refused_conversation_stays_told_of_while_others_go(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    bus.plan = [turns.fault("2022", "Сертификат істен шықты")] * outbox.TOLD_AT
    tell(conversation, "001")
    hands.work_on(timedelta(seconds=20), SECOND)
    assert Outbound.objects.get().attempts == outbox.TOLD_AT
    other = open_conversation(conversation.profile, "3900002")
    tell(other, "001")
    hands.work()
    assert [one.info.correlation_id for one in bus.told()][-1] == "3900002"
    task = StaffTask.objects.get(kind="gateway_refuses")
    assert task.closed_at is None
    hands.work_on(timedelta(minutes=1), SECOND)
    task.refresh_from_db()
    assert task.closed_at is not None


def test_what_breaks_inside_is_told_and_the_message_leaves_when_it_is_mended(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    row = tell(conversation, "001")
    # Nothing but a fault of ours makes such a row.
    Outbound.objects.update(operation="sendDeliveryNotification", data="no json")
    hands.work_on(timedelta(minutes=1), SECOND)
    row.refresh_from_db()
    assert (row.state, row.fault) == (State.WAITING, "inner fault")
    assert StaffTask.objects.get().params == {"peer": "EGOV", "reason": "inner fault"}
    Outbound.objects.update(operation=row.operation, data='{"service_id": "S"}')
    hands.work_on(timedelta(minutes=5), SECOND * 10)
    row.refresh_from_db()
    assert row.state == State.SENT


def test_an_acknowledgement_played_again_sends_nothing(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    tell(conversation, "001")
    hands.work()
    first = Outbound.objects.get()
    second = tell(conversation, "002")
    bus.plan = [turns.fixed(200, bytes(first.answer or b""))]
    hands.work()
    second.refresh_from_db()
    assert (second.state, second.message_id) == (State.WAITING, "")
    hands.now += SECOND
    hands.work()
    assert said(bus) == ["001", "002", "002"]


def test_an_unsigned_refusal_ends_no_message(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    bus.plan = [turns.fault("2019", is_signed=False)]
    row = tell(conversation, "001")
    hands.work()
    row.refresh_from_db()
    assert row.state == State.WAITING
    hands.now += SECOND
    hands.work()
    row.refresh_from_db()
    assert row.state == State.SENT


def test_a_conversation_has_one_answer(conversation: Conversation) -> None:
    tell(conversation, "010", kind="RESPONSE")
    with pytest.raises(RuleViolation, match="gateway_answered"):
        tell(conversation, "020", kind="RESPONSE")


def test_a_failed_message_goes_again_under_its_key_by_a_persons_hand(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    bus.plan = [turns.fault("2005")]
    row = tell(conversation, "010", kind="RESPONSE")
    hands.work()
    outbox.resend(outbound=row, actor=ADMIN, now=hands.now)
    hands.work()
    row.refresh_from_db()
    assert row.state == State.SENT
    assert len({one.info.properties["kualik-key"] for one in bus.told()}) == 1
    assert not StaffTask.objects.filter(closed_at=None).exists()
    entry = JournalEntry.objects.get(subject=f"outbound:{row.pk}")
    assert (entry.action, entry.actor) == ("gateway_resent", ADMIN.name)
    with pytest.raises(RuleViolation, match="gateway_not_failed"):
        outbox.resend(outbound=row, actor=ADMIN, now=hands.now)


def test_old_news_does_not_follow_later_news(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    bus.plan = [turns.fault("2005")]
    old = tell(conversation, "001")
    tell(conversation, "002")
    hands.work()
    with pytest.raises(RuleViolation, match="gateway_resend_late"):
        outbox.resend(outbound=old, actor=ADMIN, now=hands.now)


def test_a_receipt_for_a_fetched_message_is_written_once_while_it_waits(
    bus: Bus, bus_peer: Peer, hands: Hands
) -> None:
    for fault in (GatewayFault("2013"), GatewayFault("2013")):
        outbox.put_delivery(
            peer=bus_peer, message_id="77", service_id="S", fault=fault, now=hands.now
        )
    hands.work()
    (came,) = bus.told("sendDeliveryNotification")
    notice = read_notice(came)
    assert (notice.message_id, notice.service_id, notice.error_code) == ("77", "S", "2013")
    outbox.put_delivery(peer=bus_peer, message_id="77", service_id="S", fault=None, now=hands.now)
    hands.work()
    assert len(bus.told("sendDeliveryNotification")) == 2


def sent_answer(conversation: Conversation, hands: Hands) -> Outbound:
    row = tell(conversation, "010", kind="RESPONSE")
    hands.work()
    row.refresh_from_db()
    return row


def note(row: Outbound, state: str, *, message_id: str = "") -> Outbound | None:
    notice = Notice(message_id=message_id or row.message_id, state=state, code="7", message="жоқ")
    return outbox.note_status(peer=row.peer, notice=notice, heard_at=NOW, now=NOW)


def test_delivered_is_noted_once_and_stays(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    row = sent_answer(conversation, hands)
    assert note(row, "ON_DELIVERY") is None
    changed = note(row, "DELIVERED")
    assert changed is not None
    assert changed.delivered_at == NOW
    assert note(row, "DELIVERED") is None
    assert note(row, "NOT_DELIVERED") is None
    row.refresh_from_db()
    assert (row.state, row.delivered_at) == (State.SENT, NOW)


def test_undelivered_is_a_persons_work_unless_it_arrives_after_all(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    row = sent_answer(conversation, hands)
    note(row, "NOT_DELIVERED")
    row.refresh_from_db()
    assert (row.state, row.fault) == (State.FAILED, "NOT_DELIVERED 7 жоқ")
    assert StaffTask.objects.filter(closed_at=None, kind="gateway_failed").count() == 1
    note(row, "DELIVERED")
    row.refresh_from_db()
    assert (row.state, row.fault) == (State.SENT, "")
    assert not StaffTask.objects.filter(closed_at=None).exists()


def test_news_of_a_message_that_nobody_sent_changes_nothing(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    row = sent_answer(conversation, hands)
    assert note(row, "DELIVERED", message_id="1") is None
    assert note(row, "NOT_DELIVERED", message_id="1") is None


def test_news_that_overtake_the_acknowledgement_wait_for_it(
    bus: Bus, conversation: Conversation
) -> None:
    row = tell(conversation, "010", kind="RESPONSE")
    Outbound.objects.update(attempts=1, tried_at=NOW)
    with pytest.raises(Later):
        note(row, "DELIVERED", message_id="900000001")
    # What left after the news was heard is none that they are of.
    Outbound.objects.update(tried_at=NOW + SECOND)
    notice = Notice(message_id="900000001", state="DELIVERED")
    later = NOW + 2 * SECOND
    assert outbox.note_status(peer=row.peer, notice=notice, heard_at=NOW, now=later) is None


def test_a_try_that_a_dead_worker_began_is_repeated_after_its_lease(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    row = tell(conversation, "001")
    assert jobs.claim(worker="dead", now=NOW) is not None
    Outbound.objects.update(attempts=1, tried_at=NOW)
    hands.now = NOW + LEASE - SECOND
    hands.work()
    assert bus.asked == []
    hands.now = NOW + LEASE + SECOND
    hands.work()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.SENT, 2)


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_send_at_once_nor_overtake(
    transactional_db: None, bus: Bus, conversation: Conversation
) -> None:
    is_there, may_go = threading.Event(), threading.Event()

    def slow(bus: Bus, asked: turns.Envelope) -> turns.Reply:
        is_there.set()
        may_go.wait(20)
        return turns.well(bus, asked)

    bus.plan = [slow]
    rows = [tell(conversation, about) for about in ("001", "002")]

    def first() -> None:
        try:
            jobs.run_one(handlers=HANDLERS, worker="first", clock=lambda: NOW)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert is_there.wait(20)
    second = Hands(name="second")
    for _ in range(3):
        second.work()
        second.now += SECOND
    assert said(bus) == ["001"]
    may_go.set()
    thread.join(20)
    second.work()
    assert said(bus) == ["001", "002"]
    assert [row.state for row in Outbound.objects.order_by("pk")] == [State.SENT] * len(rows)
    assert [row.attempts for row in Outbound.objects.order_by("pk")] == [1, 1]


def test_a_good_exchange_ends_the_silence(
    bus: Bus, conversation: Conversation, bus_profile: Profile, hands: Hands
) -> None:
    bus.plan = [turns.fixed(503, b"")] * outbox.FAULTS_IN_A_ROW
    tell(conversation, "001")
    hands.work_on(SECOND * 20, SECOND)
    assert said(bus) == ["001"] * (outbox.FAULTS_IN_A_ROW + 1)
    assert cache.get(f"gateway:silence:{bus_profile.peer_id}") is None


def test_a_gateway_that_comes_back_at_another_port_is_no_other_gateway(
    bus: Bus, conversation: Conversation, hands: Hands
) -> None:
    tell(conversation, "001")
    hands.work()
    again = Bus(key=bus.key, pinned=bus.pinned, now=bus.now, ids=bus.ids)
    with listening(again):
        Peer.objects.update(async_url=again.url)
        tell(conversation, "002")
        hands.work()
    assert said(again) == ["002"]
