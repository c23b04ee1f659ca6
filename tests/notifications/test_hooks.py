"""The address that SMS services call: signed, or refused; told twice, kept once."""

import hashlib
import json
from collections.abc import Mapping

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.core.models import Job, StaffTask
from kualik.notifications.models import InboundSms, Message, MessagePart
from kualik.notifications.services.receiving import ANSWER_JOB, mark_handled
from tests.notifications.conftest import MONDAY
from tests.notifications.telling import PHONE, tell

SECRET = "hook-secret"
DIGITS = PHONE.removeprefix("+")
pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


def at(carrier: str) -> str:
    return reverse("notifications:sms_hook", args=[carrier])


def sent(settings: Settings, carrier: str) -> Message:
    """A message that the carrier took under the number 77."""
    settings.SMS_URL, settings.SMS_HOOK_SECRET = f"{carrier}://login:psw@", SECRET
    (message,) = tell("request_issued", now=MONDAY)
    Message.objects.update(state="sent", carrier=carrier, sent_at=MONDAY)
    MessagePart.objects.create(
        message=message, number=1, total=1, carrier=carrier, reference="77", taken_at=MONDAY
    )
    return message


def smsc_status(status: str, *, how: str = "md5", secret: str = SECRET) -> Mapping[str, str]:
    signed = f"77:{DIGITS}:{status}:{secret}".encode()
    return {
        "id": "77", "phone": DIGITS, "status": status, "time": "23.11.2026 10:01:00",
        how: hashlib.new(how, signed, usedforsecurity=False).hexdigest(),
    }  # fmt: skip


def mobizon_event(status: str, *, secret: str = SECRET, kind: str = "sms-delivery-report") -> str:
    signed = f"26|1|2026-11-23 10:01:00|{secret}".encode()
    return json.dumps(
        {
            "eventId": 26, "eventType": kind, "eventCreateTs": "2026-11-23 10:01:00",
            "webhookId": 1, "attempt": 1,
            "data": {
                "campaignId": 1, "messageId": 77, "segNum": 3, "status": status, "to": DIGITS,
                "statusUpdateTs": "2026-11-23 10:00:59",
            },
            "sign": hashlib.sha1(signed, usedforsecurity=False).hexdigest(),
        }
    )  # fmt: skip


def call_mobizon(client: Client, body: str) -> int:
    return client.post(at("mobizon"), body, content_type="application/json").status_code


@pytest.mark.parametrize("how", ["md5", "sha1"])
@pytest.mark.parametrize(
    ("status", "state"),
    [("1", "delivered"), ("2", "delivered"), ("0", "sent"), ("-1", "sent"), ("20", "failed")]
    + [("3", "failed"), ("22", "failed"), ("23", "failed"), ("25", "failed")],
)
def test_smsc_reports_what_became_of_a_message(
    client: Client, settings: Settings, how: str, status: str, state: str
) -> None:
    message = sent(settings, "smsc")
    for _ in range(2):
        assert client.post(at("smsc"), smsc_status(status, how=how)).status_code == 200
        message.refresh_from_db()
        assert message.state == state
    assert StaffTask.objects.count() == (state == "failed")


@pytest.mark.parametrize(
    ("status", "state"),
    [("DELIVRD", "delivered"), ("ENQUEUD", "sent"), ("PDLIVRD", "sent"), ("UNDELIV", "failed")]
    + [("REJECTD", "failed"), ("EXPIRED", "failed"), ("DELETED", "failed")],
)
def test_mobizon_reports_what_became_of_a_message(
    client: Client, settings: Settings, status: str, state: str
) -> None:
    message = sent(settings, "mobizon")
    assert call_mobizon(client, mobizon_event(status)) == 200
    message.refresh_from_db()
    assert message.state == state


def test_a_late_good_report_takes_the_task_back(client: Client, settings: Settings) -> None:
    message = sent(settings, "smsc")
    client.post(at("smsc"), smsc_status("20"))
    client.post(at("smsc"), smsc_status("1"))
    message.refresh_from_db()
    assert message.state == "delivered"
    assert StaffTask.objects.get().closed_by == "system"
    client.post(at("smsc"), smsc_status("20"))
    message.refresh_from_db()
    assert message.state == "delivered"


def test_other_events_of_mobizon_are_no_concern_of_ours(client: Client, settings: Settings) -> None:
    sent(settings, "mobizon")
    assert call_mobizon(client, mobizon_event("DELIVRD", kind="form-submission")) == 200


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"eventId": 26}', "null"])
def test_a_call_that_is_none_is_refused(client: Client, settings: Settings, body: str) -> None:
    sent(settings, "mobizon")
    assert call_mobizon(client, body) == 403
    assert client.post(at("mobizon"), b"\xff\xfe", content_type="text/plain").status_code == 403


def test_a_forged_signature_changes_nothing_and_is_not_tried_for_long(
    client: Client, settings: Settings
) -> None:
    message = sent(settings, "smsc")
    forged = [
        smsc_status("20", secret="other"),
        {**smsc_status("1"), "status": "20"},
        {**smsc_status("20"), "sha1": "0" * 40},
        {**smsc_status("20"), "md5": ""},
        {**smsc_status("20"), "md5": "ә"},
    ]
    for fields in forged * 4:
        assert client.post(at("smsc"), fields).status_code == 403
    assert client.post(at("smsc"), smsc_status("20")).status_code == 429
    message.refresh_from_db()
    assert message.state == "sent"


def test_a_message_that_is_not_known_yet_is_asked_for_again(
    client: Client, settings: Settings
) -> None:
    message = sent(settings, "mobizon")
    message.parts.all().delete()
    assert call_mobizon(client, mobizon_event("DELIVRD")) == 404


def test_a_report_for_another_phone_is_not_ours(client: Client, settings: Settings) -> None:
    message = sent(settings, "mobizon")
    Message.objects.update(address="+77770000000")
    assert call_mobizon(client, mobizon_event("UNDELIV")) == 404
    message.refresh_from_db()
    assert message.state == "sent"


@pytest.mark.parametrize("carrier", ["mobizon", "kazinfoteh", "smpp", "nobody"])
def test_only_the_service_of_the_setting_is_listened_to(
    client: Client, settings: Settings, carrier: str
) -> None:
    sent(settings, "smsc")
    assert client.post(at(carrier), smsc_status("1")).status_code == 404


def test_without_a_secret_nobody_is_listened_to(client: Client, settings: Settings) -> None:
    sent(settings, "smsc")
    settings.SMS_HOOK_SECRET = ""
    assert client.post(at("smsc"), smsc_status("1", secret="")).status_code == 404


def test_the_address_is_called_and_not_opened(client: Client, settings: Settings) -> None:
    sent(settings, "smsc")
    assert client.get(at("smsc")).status_code == 405
    assert client.post(at("smsc"), {"mes": "1" * 70_000}).status_code == 413


# What people write


def smsc_answer(text: str, identity: str = "901") -> Mapping[str, str]:
    signed = f"{DIGITS}:{text}:1414:{SECRET}".encode()
    return {
        "id": identity, "phone": DIGITS, "mes": text, "to": "1414",
        "sha1": hashlib.sha1(signed, usedforsecurity=False).hexdigest(),
    }  # fmt: skip


def test_an_answer_is_kept_once_and_handed_on(client: Client, settings: Settings) -> None:
    """A303.10.a."""
    sent(settings, "smsc")
    for _ in range(3):
        assert client.post(at("smsc"), smsc_answer("1")).status_code == 200
    inbound = InboundSms.objects.get()
    assert (inbound.carrier, inbound.reference) == ("smsc", "901")
    assert (inbound.phone, inbound.text) == (PHONE, "1")
    assert Job.objects.get(name=ANSWER_JOB).payload == {"inbound": inbound.pk}
    assert mark_handled(inbound=inbound, outcome="filed", now=MONDAY)
    assert not mark_handled(inbound=inbound, outcome="filed again", now=MONDAY)
    inbound.refresh_from_db()
    assert (inbound.outcome, inbound.handled_at) == ("filed", MONDAY)


def test_an_answer_without_a_number_is_kept_once_too(client: Client, settings: Settings) -> None:
    sent(settings, "smsc")
    for _ in range(3):
        assert client.post(at("smsc"), smsc_answer("Иә", identity="")).status_code == 200
    assert InboundSms.objects.get().text == "Иә"


def test_an_answer_with_another_text_than_was_signed_is_refused(
    client: Client, settings: Settings
) -> None:
    sent(settings, "smsc")
    assert client.post(at("smsc"), {**smsc_answer("0"), "mes": "1"}).status_code == 403
    assert not InboundSms.objects.exists()
