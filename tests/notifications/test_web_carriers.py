"""Each SMS service over HTTP: what it is asked, and what each of its answers means."""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest
from pytest_django import Settings

from kualik.core import jobs
from kualik.core.models import Job, StaffTask
from kualik.core.tasks import open_tasks
from kualik.notifications.adapters.addresses import parse_address
from kualik.notifications.models import Message, MessagePart
from kualik.notifications.services.delivering import run_sms_job, worker_handlers
from kualik.notifications.services.sending import EMAIL_JOB, SMS_JOB
from kualik.notifications.services.wording import faults
from tests.notifications.catching import MovedClock
from tests.notifications.services import KAZINFOTEH_TAKEN, Service
from tests.notifications.telling import PHONE, tell

DIGITS = PHONE.removeprefix("+")
URLS = {
    "smsc": "smsc://login:p%40ss@127.0.0.1:{port}/?sender=KUALIK&tls=off",
    "mobizon": "mobizon://key@127.0.0.1:{port}/?sender=KUALIK&tls=off",
    "kazinfoteh-old": "kazinfoteh+old://login:p%40ss@127.0.0.1:{port}/?sender=KUALIK",
    "kazinfoteh": "kazinfoteh://login:p%40ss@127.0.0.1:{port}/?sender=KUALIK&tls=off",
}
TAKEN = {
    "smsc": '{"id": 77, "cnt": 3}',
    "mobizon": '{"code":0,"data":{"campaignId":1,"messageId":77,"status":2},"message":""}',
    "kazinfoteh-old": KAZINFOTEH_TAKEN.format(recipient=DIGITS),
    "kazinfoteh": '{"message_id":"77","status":"accepted","err":null,"error_message":null}',
}
NUMBERS = {"smsc": "77", "mobizon": "77", "kazinfoteh-old": "6e98c8ce", "kazinfoteh": "77"}
each_carrier = pytest.mark.parametrize("carrier", list(URLS))
pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.end()


def use(settings: Settings, service: Service, carrier: str) -> None:
    settings.SMS_URL = URLS[carrier].format(port=service.server_port)
    service.script.body = TAKEN[carrier]


def send(clock: MovedClock) -> int:
    return jobs.run_waiting(handlers={SMS_JOB: run_sms_job}, worker="one", clock=clock)


def sent_by(
    settings: Settings, service: Service, clock: MovedClock, carrier: str, body: str, status: int
) -> Message:
    """A message after one try that was answered so."""
    use(settings, service, carrier)
    service.script.body, service.script.status = body, status
    (message,) = tell(now=clock())
    send(clock)
    message.refresh_from_db()
    return message


@each_carrier
def test_a_message_is_sent_once_and_keeps_its_number(
    carrier: str, settings: Settings, service: Service, clock: MovedClock
) -> None:
    message = sent_by(settings, service, clock, carrier, TAKEN[carrier], 200)
    assert (message.state, message.carrier, message.fault) == ("sent", carrier, "")
    part = MessagePart.objects.get()
    assert (part.carrier, part.reference, part.total) == (carrier, NUMBERS[carrier], 1)
    assert send(clock) == 0
    assert len(service.script.asked) == 1


def test_smsc_is_asked_as_it_wants(settings: Settings, service: Service, clock: MovedClock) -> None:
    message = sent_by(settings, service, clock, "smsc", TAKEN["smsc"], 200)
    (asked,) = service.script.asked
    assert (asked.path, asked.query) == ("/sys/send.php", {})
    assert asked.form == {
        "login": "login", "psw": "p@ss", "phones": DIGITS, "mes": message.body,
        "id": str(message.pk), "sender": "KUALIK", "charset": "utf-8", "fmt": "3",
    }  # fmt: skip


def test_mobizon_is_asked_as_it_wants(
    settings: Settings, service: Service, clock: MovedClock
) -> None:
    message = sent_by(settings, service, clock, "mobizon", TAKEN["mobizon"], 200)
    (asked,) = service.script.asked
    assert asked.path == "/service/message/sendSmsMessage"
    assert asked.query == {"output": "json", "api": "v1", "apiKey": "key"}
    assert asked.form == {
        "recipient": DIGITS, "text": message.body, "from": "KUALIK", "params[validity]": "1440",
    }  # fmt: skip


def test_the_old_kazinfoteh_is_asked_as_it_wants(
    settings: Settings, service: Service, clock: MovedClock
) -> None:
    message = sent_by(settings, service, clock, "kazinfoteh-old", TAKEN["kazinfoteh-old"], 200)
    (asked,) = service.script.asked
    assert asked.path == "/api"
    assert asked.query == {
        "action": "sendmessage", "username": "login", "password": "p@ss", "recipient": DIGITS,
        "messagetype": "SMS:TEXT", "originator": "KUALIK", "messagedata": message.body,
    }  # fmt: skip


def test_the_new_kazinfoteh_is_asked_as_it_wants(
    settings: Settings, service: Service, clock: MovedClock
) -> None:
    message = sent_by(settings, service, clock, "kazinfoteh", TAKEN["kazinfoteh"], 200)
    (asked,) = service.script.asked
    assert asked.path == "/api/sms/send"
    assert asked.headers["Authorization"] == f"Basic {base64.b64encode(b'login:p@ss').decode()}"
    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    assert asked.json == {"to": DIGITS, "from": "KUALIK", "text": message.body}


def smsc_error(code: int) -> str:
    return json.dumps({"error": "words", "error_code": code})


def kazinfoteh_error(code: str) -> str:
    return (
        "<response><action>error</action><data><errorcode>"
        f"{code}</errorcode><errormessage>Wrong &amp; bad</errormessage></data></response>"
    )


@pytest.mark.parametrize(
    ("carrier", "status", "body", "state", "fault"),
    [
        ("smsc", 200, smsc_error(7), "failed", "smsc error 7"),
        ("smsc", 200, smsc_error(8), "failed", "smsc error 8"),
        ("smsc", 200, smsc_error(2), "waiting", "smsc error 2: login or password"),
        ("smsc", 200, smsc_error(3), "waiting", "smsc error 3: no money"),
        ("smsc", 200, smsc_error(9), "waiting", "smsc error 9: too many requests"),
        ("smsc", 503, "", "waiting", "status 503"),
        ("smsc", 500, "", "sending", "status 500"),
        ("smsc", 200, "<html>", "sending", "an answer that cannot be read"),
        ("smsc", 200, "[]", "sending", "an answer that cannot be read"),
        ("smsc", 200, '{"cnt": 1}', "sending", "an answer without a number"),
        ("mobizon", 200, '{"code":1,"data":{"recipient":"x"}}', "failed", "mobizon code 1"),
        ("mobizon", 200, '{"code":8,"data":null}', "waiting", "mobizon code 8"),
        ("mobizon", 200, '{"code":30,"data":null}', "waiting", "mobizon code 30"),
        ("mobizon", 200, '{"code":999,"data":null}', "sending", "mobizon code 999"),
        ("mobizon", 200, '{"code":100,"data":5}', "sending", "mobizon code 100"),
        ("mobizon", 404, "", "waiting", "status 404"),
        ("kazinfoteh-old", 200, kazinfoteh_error("100"), "waiting", "error 100: Wrong & bad"),
        ("kazinfoteh-old", 200, "<statuscode>2</statuscode>", "failed", "kazinfoteh status 2: "),
        ("kazinfoteh-old", 200, "", "sending", "an answer that cannot be read"),
        ("kazinfoteh", 200, '{"err":5,"error_message":"bad number"}', "failed", "bad number"),
        ("kazinfoteh", 400, '{"err":5}', "failed", "status 400"),
        ("kazinfoteh", 401, "", "waiting", "status 401"),
        ("kazinfoteh", 429, "", "waiting", "status 429"),
        ("kazinfoteh", 302, "", "waiting", "status 302"),
    ],
)
def test_every_answer_means_taken_later_never_or_unknown(
    carrier: str, status: int, body: str, state: str, fault: str,
    settings: Settings, service: Service, clock: MovedClock,
) -> None:  # fmt: skip
    message = sent_by(settings, service, clock, carrier, body, status)
    assert message.state == state
    assert message.fault.endswith(fault)
    assert "p@ss" not in Job.objects.get().last_error
    assert (Job.objects.get().done_at is not None) == (state == "failed")


@pytest.mark.parametrize("carrier", ["mobizon", "kazinfoteh-old", "kazinfoteh"])
def test_a_service_that_hangs_up_without_a_word_is_not_asked_twice(
    carrier: str, settings: Settings, service: Service, clock: MovedClock
) -> None:
    use(settings, service, carrier)
    service.script.breaks = True
    (message,) = tell("request_issued", now=clock())
    send(clock)
    service.script.breaks = False
    clock.move(minutes=10)
    send(clock)
    message.refresh_from_db()
    assert (message.state, message.fault) == (
        "unsure",
        "no_word: the service did not answer in time",
    )
    assert len(service.script.asked) == 1
    (task,) = open_tasks(roles=["registrar"], scope="DEMO")
    assert task.kind == "message_unsure"


@pytest.mark.parametrize(
    ("told", "asked", "state"),
    [
        ('{"status": 1, "last_date": "23.11.2026 10:00:05"}', 1, "sent"),
        ('{"status": -3}', 2, "sent"),
        (smsc_error(1), 1, "unsure"),
        (smsc_error(9), 1, "sending"),
    ],
)
def test_smsc_itself_tells_what_became_of_a_message(
    told: str, asked: int, state: str, settings: Settings, service: Service, clock: MovedClock
) -> None:
    use(settings, service, "smsc")
    service.bodies["status.php"] = told
    service.script.breaks = True
    (message,) = tell(now=clock())
    send(clock)
    service.script.breaks = False
    clock.move(minutes=10)
    send(clock)
    message.refresh_from_db()
    assert message.state == state
    paths = [one.path for one in service.script.asked]
    assert paths.count("/sys/send.php") == asked
    status = next(one for one in service.script.asked if one.path == "/sys/status.php")
    assert (status.form["id"], status.form["phone"]) == (str(message.pk), DIGITS)


def test_a_service_down_for_an_hour_loses_nothing_and_doubles_nothing(
    settings: Settings, clock: MovedClock
) -> None:
    service = Service()
    use(settings, service, "mobizon")
    port = service.server_port
    service.end()
    told = [tell(now=clock(), about=f"request:{number}") for number in range(6)]
    for _ in range(60):
        send(clock)
        clock.move(minutes=1)
    assert {message.state for message in Message.objects.all()} == {"waiting"}
    service = Service(port)
    service.script.body = TAKEN["mobizon"]
    for _ in range(70):
        send(clock)
        clock.move(minutes=1)
    service.end()
    assert {message.state for message in Message.objects.all()} == {"sent"}
    texts = [asked.form["text"] for asked in service.script.asked]
    assert len(texts) == len(told)
    assert StaffTask.objects.count() == 0


def test_while_a_service_is_away_one_message_a_minute_asks_after_it(
    settings: Settings, service: Service, clock: MovedClock
) -> None:
    use(settings, service, "kazinfoteh")
    service.script.status = 503
    for number in range(20):
        tell(now=clock(), about=f"request:{number}")
    for _ in range(5):
        send(clock)
        clock.move(minutes=1)
    assert len(service.script.asked) == 5


def test_a_refused_account_is_a_task_of_the_administrator_until_it_works(
    settings: Settings, service: Service, clock: MovedClock
) -> None:
    sent_by(settings, service, clock, "smsc", smsc_error(3), 200)
    (task,) = open_tasks(roles=["platform_admin"], scope="")
    assert task.params == {
        "channel": "sms",
        "reason": asdict(faults()["account_refused"]),
        "detail": "smsc error 3: no money",
    }
    service.script.body = TAKEN["smsc"]
    clock.move(minutes=5)
    send(clock)
    assert list(open_tasks(roles=["platform_admin"], scope="")) == []


def test_neither_text_nor_number_nor_secret_reaches_the_log(
    settings: Settings, service: Service, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for carrier in URLS:
        use(settings, service, carrier)
        service.script.breaks = True
        tell("one_time_code", now=clock(), about=f"code:{carrier}")
        send(clock)
    said = caplog.text + "".join(Job.objects.values_list("last_error", flat=True))
    assert "unsure" in said
    for secret in ("482913", DIGITS, "p@ss", "p%40ss", "apiKey"):
        assert secret not in said
    assert "p@ss" not in repr(parse_address(settings.SMS_URL))


def test_with_smpp_the_worker_leaves_short_messages_to_the_line(settings: Settings) -> None:
    settings.SMS_URL = "smpp://kualik:demo@127.0.0.1:2775/"
    assert set(worker_handlers()) == {EMAIL_JOB}
    settings.SMS_URL = URLS["smsc"].format(port=1)
    assert set(worker_handlers()) == {EMAIL_JOB, SMS_JOB}


def test_a_message_that_waits_into_the_night_waits_for_the_morning(
    settings: Settings, service: Service, clock: MovedClock
) -> None:
    use(settings, service, "kazinfoteh")
    service.script.status = 503
    tell("request_issued", now=clock())
    clock.move(hours=11, minutes=50)  # 21:50
    send(clock)
    service.script.status = 200
    clock.move(minutes=15)
    send(clock)
    assert Message.objects.get().state == "waiting"
    assert Job.objects.get().run_at == clock() + timedelta(hours=9, minutes=55)
    clock.move(hours=10)
    send(clock)
    assert Message.objects.get().state == "sent"


@pytest.mark.parametrize("url", ["no address", "smsc://login:secret@host:port/", ""])
def test_a_setting_that_is_no_address_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its text is looked at below
        parse_address(url)
    assert "secret@" not in str(refused.value).replace("user:secret@host", "")


def test_the_services_stand_at_their_own_addresses() -> None:
    address = parse_address("smsc://login:psw@?sender=KUALIK")
    assert (address.user, address.secret, address.host, address.sender) == (
        "login", "psw", "", "KUALIK",
    )  # fmt: skip
    assert parse_address("kazinfoteh+old://l:p@kazinfoteh.org:9507/").scheme == "kazinfoteh+old"
