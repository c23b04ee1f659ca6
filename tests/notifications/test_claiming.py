"""Workers that meet at one message: one of them sends it."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection

from kualik.core.jobs import LEASE, Later, NotNow, Payload
from kualik.notifications.adapters.carriers import Handed, Outgoing
from kualik.notifications.models import Message, MessagePart
from kualik.notifications.services.delivering import deliver
from kualik.notifications.services.receiving import receive_sms
from kualik.notifications.services.sending import Addresses, notify
from tests.notifications.conftest import MONDAY
from tests.notifications.telling import ABOUT, PHONE, VALUES, tell

pytestmark = pytest.mark.django_db(transaction=True)


class SlowCarrier:
    """Takes a message while everybody looks on."""

    name = "slow"
    may_repeat = False

    def __init__(self, *meetings: threading.Barrier) -> None:
        self.meetings = meetings
        self.taken: list[str] = []

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        for meeting in self.meetings:
            meeting.wait(timeout=10)
        self.taken.append(outgoing.body)
        yield Handed(1, 1, "77")

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        raise AssertionError("nobody died")


def together(count: int, work: Callable[[], object]) -> list[object]:
    """What ``work`` came to in threads that begin at once, errors too."""
    ended: list[object] = []

    def run() -> None:
        try:
            ended.append(work())
        except BaseException as fault:  # noqa: BLE001 - looked at by the test
            ended.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def test_while_one_worker_speaks_to_the_carrier_another_leaves_the_message_alone() -> None:
    (message,) = tell(now=MONDAY)
    inside, outside = threading.Barrier(2), threading.Barrier(2)
    carrier = SlowCarrier(inside, outside)
    ended: list[object] = []

    def work() -> None:
        ended.extend(together(1, lambda: deliver(of(message), carrier=carrier, now=MONDAY)))

    first = threading.Thread(target=work)
    first.start()
    inside.wait(timeout=10)
    with pytest.raises(Later, match="in other hands") as later:
        deliver(of(message), carrier=carrier, now=MONDAY + timedelta(seconds=30))
    assert later.value.at == MONDAY + LEASE
    outside.wait(timeout=10)
    first.join()
    assert ended == [None]
    assert len(carrier.taken) == 1
    message.refresh_from_db()
    assert message.state == "sent"


def of(message: Message) -> Payload:
    return {"message": message.pk}


def test_of_four_workers_at_the_same_moment_one_sends_it() -> None:
    (message,) = tell(now=MONDAY)
    carrier = SlowCarrier()
    ended = together(4, lambda: deliver(of(message), carrier=carrier, now=MONDAY))
    assert len(carrier.taken) == 1
    assert all(end is None or isinstance(end, NotNow | Later) for end in ended)
    assert MessagePart.objects.count() == 1


def test_told_at_the_same_moment_is_told_once() -> None:
    def told() -> int:
        return notify(
            event="request_filed",
            about=ABOUT,
            addresses=Addresses(sms=PHONE),
            language="kk",
            params=VALUES,
            now=MONDAY,
        )[0].pk

    ended = together(4, told)
    assert len(set(ended)) == 1
    assert Message.objects.count() == 1


def test_an_answer_that_comes_twice_at_once_is_kept_once() -> None:
    def received() -> int:
        return receive_sms(
            carrier="smsc", reference="901", phone=PHONE, text="1", received_at=MONDAY, now=MONDAY
        ).pk

    assert len(set(together(4, received))) == 1
