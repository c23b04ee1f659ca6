"""A row and a job in the caller's transaction; sent once, tried for days, ended for all to see."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.models import Job, StaffTask
from kualik.core.tasks import close_task, open_tasks
from kualik.notifications.models import Message, MessagePart
from kualik.notifications.queries import channels, messages_about, sms_to
from kualik.notifications.services.delivering import give_up_overdue, report_silence
from kualik.notifications.services.sending import EMAIL_JOB, SMS_JOB, send_again
from kualik.notifications.services.wording import MASK, faults
from kualik.rules.errors import RuleViolation
from tests.notifications.catching import Catching, MovedClock, send_mail
from tests.notifications.conftest import MONDAY
from tests.notifications.telling import ABOUT, EMAIL, PHONE, tell

BOLAT = Actor(name="user:1", role="registrar")
pytestmark = pytest.mark.django_db


def by_mail(event: str = "request_filed", **said: object) -> Message:
    (message,) = tell(event, now=MONDAY, sms="", email=EMAIL, **said)  # type: ignore[arg-type]
    return message


def test_an_event_is_told_once_by_every_channel() -> None:
    first = tell(now=MONDAY, email=EMAIL)
    again = tell(now=MONDAY + timedelta(hours=1), email="other@demo.example", language="ru")
    assert [message.pk for message in first] == [message.pk for message in again]
    assert {message.channel for message in first} == {"sms", "email"}
    assert sorted(Job.objects.values_list("name", flat=True)) == [EMAIL_JOB, SMS_JOB]
    assert list(messages_about(ABOUT)) == first
    assert all(message.scope == "DEMO" for message in first)


@pytest.mark.django_db(transaction=True)
def test_what_a_rolled_back_transaction_said_is_never_sent(
    catching: Catching, clock: MovedClock
) -> None:
    with transaction.atomic():
        by_mail()
        transaction.set_rollback(True)
    assert send_mail(clock) == 0
    assert (Message.objects.count(), Job.objects.count()) == (0, 0)
    assert catching.mail.letters == []


def test_a_job_holds_neither_text_nor_address() -> None:
    (message,) = tell("one_time_code", now=MONDAY)
    (job,) = Job.objects.all()
    assert job.payload == {"message": message.pk}
    assert PHONE not in job.key


def test_only_what_has_an_address_and_a_carrier_is_written(settings: Settings) -> None:
    assert tell(now=MONDAY, sms="", email="") == []
    assert tell(now=MONDAY, sms="1414") == []
    settings.SMS_URL = ""
    assert channels() == {"email"}
    assert [message.channel for message in tell(now=MONDAY, email=EMAIL)] == ["email"]
    assert tell("number_unconfirmed", now=MONDAY, sms="", email=EMAIL) == []


def test_a_number_is_written_with_its_country() -> None:
    (message,) = tell(now=MONDAY, sms="8 701 123 45 67")
    assert message.address == PHONE


def test_an_unknown_event_is_an_error() -> None:
    with pytest.raises(KeyError):
        tell("request_eaten", now=MONDAY)


def test_at_night_a_notice_waits_and_an_answer_does_not() -> None:
    night = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)  # 23:30 in Almaty
    morning = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    (notice,) = tell("request_issued", now=night)
    (answer,) = tell("request_filed", now=night)
    (letter,) = tell("request_overdue", now=night, sms="", email=EMAIL)
    moments = dict(Job.objects.values_list("key", "run_at"))
    assert moments[f"{SMS_JOB}:{notice.pk}"] == morning
    assert moments[f"{SMS_JOB}:{answer.pk}"] == night
    assert moments[f"{EMAIL_JOB}:{letter.pk}"] == night
    assert notice.give_up_at == morning + timedelta(days=3)


def test_a_letter_arrives_with_proper_headers(catching: Catching, clock: MovedClock) -> None:
    message = by_mail(language="kk")
    assert send_mail(clock) == 1
    (letter,) = catching.mail.letters
    assert letter.to == EMAIL
    assert letter.subject == "DEMO-2026-000123 өтініші берілді"
    assert "Қабылдау сәті: 23.11.2026 08:30." in letter.text
    assert "1414, 8-800-080-7777" in letter.text
    headers = letter.message
    assert headers["From"] == "kualik@demo.example"
    assert headers["Content-Language"] == "kk"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Message-ID"].endswith("@demo.example>")
    assert headers["Date"]
    assert not [name for name in headers if name.lower().startswith(("list-", "bcc", "cc"))]
    assert headers.get_content_type() == "text/plain"
    message.refresh_from_db()
    assert (message.state, message.sent_at, message.carrier) == ("sent", MONDAY, "smtp")
    assert send_mail(clock) == 0


def test_a_mail_server_down_for_an_hour_loses_nothing_and_doubles_nothing(
    catching: Catching, clock: MovedClock
) -> None:
    catching.go_down()
    told = [by_mail(about=f"request:{number}") for number in range(6)]
    for _ in range(60):
        send_mail(clock)
        clock.move(minutes=1)
    assert {message.state for message in Message.objects.all()} == {"waiting"}
    assert StaffTask.objects.count() == 0
    catching.go_up()
    for _ in range(70):
        send_mail(clock)
        clock.move(minutes=1)
    assert {message.state for message in Message.objects.all()} == {"sent"}
    assert len(catching.mail.letters) == len(told)
    assert len({letter.message["Message-ID"] for letter in catching.mail.letters}) == len(told)


def test_an_hour_of_silence_is_told_to_the_administrator_once_and_taken_back(
    catching: Catching, clock: MovedClock
) -> None:
    catching.go_down()
    by_mail()
    send_mail(clock)
    report_silence(now=clock())
    assert StaffTask.objects.count() == 0
    clock.move(minutes=61)
    report_silence(now=clock())
    report_silence(now=clock())
    (task,) = open_tasks(roles=["platform_admin"], scope="")
    assert (task.kind, task.params["channel"]) == ("carrier_refuses", "email")
    catching.go_up()
    clock.move(hours=1)
    send_mail(clock)
    assert list(open_tasks(roles=["platform_admin"], scope="")) == []


def test_a_letter_is_tried_for_three_days_and_then_becomes_a_task(
    catching: Catching, clock: MovedClock
) -> None:
    catching.mail.behaviour = "busy"
    message = by_mail()
    tries = 0
    while Job.objects.filter(done_at=None, failed_at=None).exists() and tries < 200:
        tries += send_mail(clock)
        clock.at = Job.objects.get().run_at
    message.refresh_from_db()
    assert message.state == "failed"
    assert timedelta(days=3) <= clock() - MONDAY <= timedelta(days=3, hours=2)
    assert 70 < tries < 100
    (task,) = open_tasks(roles=["registrar"], scope="DEMO")
    assert (task.kind, task.subject) == ("message_failed", ABOUT)
    assert task.params == {
        "event": "request_filed", "channel": "email",
        "reason": asdict(faults()["given_up"]),
    }  # fmt: skip


def test_an_address_that_nobody_has_is_a_task_at_once(
    catching: Catching, clock: MovedClock
) -> None:
    catching.mail.behaviour = "refuse"
    message = by_mail()
    assert send_mail(clock) == 1
    message.refresh_from_db()
    assert (message.state, message.fault) == ("failed", "refused: the recipient is refused: 550")
    assert EMAIL not in str(StaffTask.objects.get().params)


def test_an_address_that_breaks_the_letter_is_never_sent(
    catching: Catching, clock: MovedClock
) -> None:
    message = by_mail()
    Message.objects.update(address="aigerim@demo.example\nBcc: all@demo.example")
    send_mail(clock)
    message.refresh_from_db()
    assert message.state == "failed"
    assert catching.mail.letters == []


def test_a_letter_whose_try_was_broken_off_goes_again_under_the_same_mark(
    catching: Catching, clock: MovedClock
) -> None:
    message = by_mail()
    send_mail(clock)
    # As if the process had died between the server's yes and our row.
    Message.objects.update(state="sending", sent_at=None)
    MessagePart.objects.all().delete()
    Job.objects.update(done_at=None)
    clock.move(minutes=3)
    send_mail(clock)
    marks = [letter.message["Message-ID"] for letter in catching.mail.letters]
    assert len(marks) == 2
    assert len(set(marks)) == 1
    message.refresh_from_db()
    assert message.state == "sent"


def test_a_failed_message_can_be_sent_again_by_staff(catching: Catching, clock: MovedClock) -> None:
    catching.mail.behaviour = "refuse"
    message = by_mail()
    with pytest.raises(RuleViolation, match="message_not_failed"):
        send_again(message=message, actor=BOLAT, now=clock())
    send_mail(clock)
    catching.mail.behaviour = "accept"
    clock.move(hours=1)
    send_again(message=message, actor=BOLAT, now=clock())
    assert StaffTask.objects.get().closed_by == "user:1"
    assert [entry.action for entry in journal.history(ABOUT)] == ["message_sent_again"]
    send_mail(clock)
    assert len(catching.mail.letters) == 1


def test_a_code_leaves_no_trace_once_it_is_sent(catching: Catching, clock: MovedClock) -> None:
    message = by_mail("one_time_code", about="code:1")
    assert "482913" in message.body
    send_mail(clock)
    message.refresh_from_db()
    assert "482913" in catching.mail.letters[0].text
    assert "482913" not in message.body + message.masked_body + message.subject
    assert MASK in message.body


def test_a_code_that_was_not_sent_in_its_life_is_forgotten_without_a_task(
    catching: Catching, clock: MovedClock
) -> None:
    catching.go_down()
    message = by_mail("one_time_code", about="code:1")
    send_mail(clock)
    clock.move(minutes=5)
    assert give_up_overdue(now=clock()) == 1
    message.refresh_from_db()
    assert message.state == "failed"
    assert "482913" not in message.body + message.masked_body
    assert StaffTask.objects.count() == 0
    with pytest.raises(RuleViolation, match="message_not_failed"):
        send_again(message=message, actor=BOLAT, now=clock())


def test_neither_code_nor_address_reaches_the_log(
    catching: Catching, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    catching.mail.behaviour = "busy"
    by_mail("one_time_code", about="code:1")
    send_mail(clock)
    lines = "\n".join(record.getMessage() for record in caplog.records if record.name != "asyncio")
    sql = [record for record in caplog.records if record.name == "django.db.backends"]
    assert sql == []
    assert "notifications.email" in lines
    assert "482913" not in lines
    assert EMAIL not in lines


def test_an_answer_finds_the_offers_to_its_number_the_newest_first() -> None:
    (offer,) = tell("completion_offer", now=MONDAY, about="completion:1")
    (later,) = tell("completion_offer", now=MONDAY + timedelta(days=1), about="completion:2")
    asked = {"phone": PHONE, "person": None, "event": "completion_offer"}
    assert list(sms_to(**asked, until=MONDAY + timedelta(hours=1))) == [offer]
    assert list(sms_to(**asked, until=MONDAY + timedelta(days=2))) == [later, offer]
    assert not sms_to(**asked, until=MONDAY - timedelta(days=1)).exists()
    assert not sms_to(**{**asked, "phone": "+77770000000"}, until=MONDAY).exists()


def test_a_task_that_staff_closed_does_not_come_back(catching: Catching, clock: MovedClock) -> None:
    catching.mail.behaviour = "refuse"
    message = by_mail()
    send_mail(clock)
    close_task(key=f"message_failed:{message.pk}", actor=BOLAT, now=clock())
    clock.move(days=4)
    assert give_up_overdue(now=clock()) == 0
    assert list(open_tasks(roles=["registrar"], scope="DEMO")) == []
