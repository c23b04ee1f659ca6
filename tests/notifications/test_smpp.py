"""Short messages over a real line of SMPP 3.4: parts, receipts, answers, and every way to fail."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from kualik.core import clock as real_clock
from kualik.core.jobs import NotNow
from kualik.core.models import Job, StaffTask
from kualik.core.tasks import open_tasks
from kualik.notifications.adapters.addresses import parse_address
from kualik.notifications.adapters.carriers import Handed
from kualik.notifications.adapters.smpp import SmppLink
from kualik.notifications.adapters.wire import LinkLost
from kualik.notifications.models import InboundSms, Message, MessagePart
from kualik.notifications.services.receiving import ANSWER_JOB
from kualik.notifications.services.settling import keep_part
from kualik.notifications.services.wording import faults
from tests.notifications.catching import Catching, MovedClock
from tests.notifications.lines import open_line, outgoing_of, turn_until, turn_until_lost
from tests.notifications.telling import ABOUT, PHONE, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(catching: Catching) -> Iterator[SmppLink]:
    line = open_line(catching)
    yield line
    line.close()


def state_is(state: str) -> bool:
    return set(Message.objects.values_list("state", flat=True)) == {state}


def test_a_kazakh_message_travels_in_parts_and_comes_back_delivered(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    (message,) = tell(now=clock())
    turn_until(link, clock, lambda: state_is("delivered"))
    (sms,) = catching.centre.messages
    assert (sms.phone, sms.sender, sms.text) == (PHONE, "KUALIK", message.body)
    assert (sms.total, sms.copies) == (3, 0)
    parts = MessagePart.objects.order_by("number")
    assert [(part.number, part.total, part.carrier) for part in parts] == [
        (1, 3, "smpp"), (2, 3, "smpp"), (3, 3, "smpp"),
    ]  # fmt: skip
    assert len({part.reference for part in parts}) == 3
    message.refresh_from_db()
    assert message.sent_at == message.delivered_at == clock()


def test_an_english_message_is_one_part_of_seven_bits(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    (message,) = tell(now=clock(), language="en")
    turn_until(link, clock, lambda: state_is("delivered"))
    (sms,) = catching.centre.messages
    assert (sms.total, sms.text) == (1, message.body)


@pytest.mark.parametrize("state", ["UNDELIV", "EXPIRED", "REJECTD"])
def test_a_message_that_does_not_arrive_becomes_a_task(
    catching: Catching, clock: MovedClock, link: SmppLink, state: str
) -> None:
    catching.centre.behaviour.receipt = state
    tell("request_issued", now=clock())
    turn_until(link, clock, lambda: state_is("failed"))
    (task,) = open_tasks(roles=["registrar"], scope="DEMO")
    assert (task.subject, task.params["reason"]["en"]) == (ABOUT, faults()["not_delivered"].en)
    assert Message.objects.get().fault == f"not_delivered: {state}"


def test_a_receipt_that_comes_after_a_new_line_still_counts(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    catching.centre.behaviour.delay = 1.0
    tell(now=clock(), language="en")
    turn_until(link, clock, lambda: state_is("sent"))
    link.close()
    other = open_line(catching)
    turn_until(other, clock, lambda: state_is("delivered"))
    other.close()


def test_a_centre_that_asks_to_slow_down_gets_every_part_once(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    catching.centre.behaviour.submit, catching.centre.behaviour.times = "throttle", 2
    tell(now=clock())

    def is_sent() -> bool:
        clock.move(seconds=5)
        return state_is("sent") or state_is("delivered")

    turn_until(link, clock, is_sent)
    (sms,) = catching.centre.messages
    assert (sms.is_whole, sms.copies) == (True, 0)
    assert catching.centre.submitted == 3


def test_a_part_that_was_taken_is_not_sent_again_when_the_next_is_refused(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    (message,) = tell(now=clock())
    Job.objects.update(run_at=clock() + timedelta(days=1))
    handed = iter(link.send(outgoing_of(message)))
    next(handed)
    catching.centre.behaviour.submit = "throttle"
    with pytest.raises(NotNow, match="Throttling"):
        next(handed)
    assert catching.centre.submitted == 1


def test_a_number_that_the_centre_rejects_is_never_tried_again(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    catching.centre.behaviour.submit = "reject"
    tell(now=clock())
    turn_until(link, clock, lambda: state_is("failed"))
    assert "Destination" in Message.objects.get().fault
    assert StaffTask.objects.get().kind == "message_failed"


def test_a_line_lost_before_the_part_was_taken_leaves_a_question_and_no_copy(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    """The protocol cannot tell a part that was taken from one that was not."""
    catching.centre.behaviour.submit, catching.centre.behaviour.times = "drop", 1
    tell("request_issued", now=clock())
    turn_until_lost(link, clock)
    clock.move(minutes=1)
    other = open_line(catching)
    turn_until(other, clock, lambda: state_is("unsure"))
    other.close()
    assert catching.centre.messages == []
    assert StaffTask.objects.get().kind == "message_unsure"


def test_a_receipt_answers_the_question_of_a_message_whose_line_was_lost(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    catching.centre.behaviour.submit, catching.centre.behaviour.times = "drop_after", 1
    tell(now=clock(), language="en")
    turn_until_lost(link, clock)
    clock.move(minutes=1)
    other = open_line(catching)
    turn_until(other, clock, lambda: state_is("delivered"))
    other.close()
    (sms,) = catching.centre.messages
    assert (sms.is_whole, sms.copies, catching.centre.submitted) == (True, 0, 1)
    assert [task.kind for task in StaffTask.objects.filter(closed_at=None)] == []


def test_a_centre_down_for_an_hour_loses_nothing_and_doubles_nothing(
    catching: Catching, clock: MovedClock
) -> None:
    told = [tell(now=clock(), about=f"request:{number}", language="en") for number in range(10)]
    catching.go_down()
    with pytest.raises(LinkLost):
        open_line(catching)
    clock.move(hours=1)
    assert state_is("waiting")
    catching.go_up()
    link = open_line(catching)
    turn_until(link, clock, lambda: state_is("delivered"))
    link.close()
    assert len(catching.centre.messages) == catching.centre.submitted == len(told)


@pytest.mark.real_clock
def test_the_process_sends_opens_a_lost_line_again_and_ends_when_told(
    transactional_db: None, catching: Catching, process: "subprocess.Popen[str]"
) -> None:
    assert process.stderr is not None
    stands = (line for line in process.stderr if "stands" in line)
    next(stands)
    tell(now=real_clock.now(), language="en")
    catching.until(lambda: catching.centre.acknowledged == 1)
    assert state_is("delivered")
    catching.go_down()
    catching.go_up()
    next(stands)
    catching.until(lambda: catching.centre.is_bound)
    assert catching.answers(phone=PHONE, text="1")
    catching.until(lambda: catching.centre.acknowledged == 2)
    assert InboundSms.objects.get().text == "1"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    catching.until(lambda: not catching.centre.is_bound)


@pytest.fixture
def process(transactional_db: None, catching: Catching) -> Iterator["subprocess.Popen[str]"]:
    """``kualik smpp`` on the database of the test."""
    environment = {
        **os.environ,
        "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "KUALIK_SMS_URL": catching.smpp_url,
        "KUALIK_LOG_LEVEL": "INFO",
        "PYTHONPATH": os.pathsep.join([str(Path("src").resolve()), str(Path().resolve())]),
    }
    program = "from kualik.config.program import main; import sys; sys.argv[1:] = ['smpp']; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True
    ) as started:
        yield started
        started.kill()


def test_a_wrong_password_is_no_line_and_is_not_repeated_in_the_error(
    catching: Catching,
) -> None:
    with pytest.raises(LinkLost, match="Invalid Password") as caught:
        SmppLink(parse_address(f"smpp://kualik:wrong@127.0.0.1:{catching.smpp_port}/"))
    assert "wrong" not in str(caught.value)


def test_a_silent_centre_is_asked_whether_it_is_there(catching: Catching) -> None:
    link = SmppLink(parse_address(f"{catching.smpp_url}&silence=0"))
    link.keep_alive()
    assert link.is_open
    catching.go_down()
    with pytest.raises(LinkLost):
        link.keep_alive()


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x10" + b"\0" * 3]
)
def test_a_port_that_speaks_something_else_is_no_line(raw: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"smpp://kualik:demo@127.0.0.1:{other.getsockname()[1]}/?answer=0.3"
        accepted: list[socket.socket] = []

        def answer() -> None:
            connection, _ = other.accept()
            connection.sendall(raw)
            accepted.append(connection)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(LinkLost):
            SmppLink(parse_address(url))
        thread.join()
        accepted[0].close()


# What people write


def test_an_answer_is_kept_once_and_handed_on(
    catching: Catching, clock: MovedClock, link: SmppLink
) -> None:
    """A303.10.a."""
    assert catching.answers(phone=PHONE, text="1")
    turn_until(link, clock, lambda: InboundSms.objects.exists())
    inbound = InboundSms.objects.get()
    assert (inbound.carrier, inbound.phone, inbound.text) == ("smpp", PHONE, "1")
    assert inbound.received_at == clock()
    job = Job.objects.get(name=ANSWER_JOB)
    assert job.payload == {"inbound": inbound.pk}
    # The centre did not hear our acknowledgement and sends it again, on another line.
    assert catching.answers(phone=PHONE, text="1")
    assert catching.answers(phone=PHONE, text="2")
    turn_until(link, clock, lambda: InboundSms.objects.count() == 2)
    assert list(InboundSms.objects.order_by("pk").values_list("text", flat=True)) == ["1", "2"]
    clock.move(minutes=11)
    assert catching.answers(phone=PHONE, text="1")
    turn_until(link, clock, lambda: InboundSms.objects.count() == 3)


def test_a_long_answer_is_joined(catching: Catching, clock: MovedClock, link: SmppLink) -> None:
    text = "Иә, куәлікті алғым келеді. " * 8
    assert catching.answers(phone=PHONE, text=text)
    turn_until(link, clock, lambda: InboundSms.objects.exists())
    assert InboundSms.objects.get().text == text


def test_with_nobody_on_the_line_an_answer_is_not_taken(catching: Catching) -> None:
    assert not catching.answers(phone=PHONE, text="1")


# A process that died


@pytest.mark.parametrize(("taken", "state", "submitted"), [(3, "sent", 0), (2, "unsure", 0)])
def test_after_a_crash_only_what_was_surely_taken_counts_as_sent(
    catching: Catching, clock: MovedClock, link: SmppLink, taken: int, state: str, submitted: int
) -> None:
    (message,) = tell(now=clock())
    for number in range(1, taken + 1):
        keep_part(message, Handed(number, 3, f"A{number}"), carrier="smpp", now=clock())
    Message.objects.update(state="sending", claimed_at=clock(), carrier="smpp")
    clock.move(minutes=3)
    turn_until(link, clock, lambda: state_is(state))
    assert catching.centre.submitted == submitted
