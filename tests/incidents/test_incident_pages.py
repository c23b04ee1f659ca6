"""The pages of incidents: banner, public history, and the way of a report by forms."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kualik.core.clock import ZONE
from kualik.core.faults import coded
from kualik.core.models import StaffTask
from kualik.incidents.models import Incident, Report
from kualik.incidents.services.telling import message_of, settle_notices
from kualik.notifications.services.settling import mark_failed
from kualik.notifications.services.wording import faults
from kualik.rules.lifecycle import Role
from tests.incidents.failing import MINUTE, fail, operators_pdf, report_of
from tests.world import World, sign_in

pytestmark = pytest.mark.django_db
OPEN, SENT_ON = 200, 302


def spelled(moment: object) -> str:
    return f"{moment:%d.%m.%Y %H:%M}"


@pytest.fixture
def incident(world: World) -> Incident:
    return fail(began_at=world.now - 30 * MINUTE)


@pytest.fixture
def head(world: World) -> Client:
    return sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])


def address(name: str, incident: Incident) -> str:
    return reverse(f"incidents:{name}", args=[incident.number, "DEMO"])


@pytest.mark.parametrize(
    ("language", "words"),
    [("kk", "what_kk"), ("ru", "what_ru"), ("en", "what_en")],
)
def test_while_it_lasts_every_page_says_so_in_its_language(
    incident: Incident, language: str, words: str
) -> None:
    client = Client(headers={"accept-language": language})
    for name in ("home", "cases:status", "providers:directory"):
        page = client.get(reverse(name), {"lang": language}).content.decode()
        assert "k-notices" in page
        assert getattr(incident, words) in page


def test_when_it_is_over_no_page_says_so_any_more_and_the_history_does(world: World) -> None:
    incident = fail(began_at=world.now - 60 * MINUTE, ended_at=world.now - 30 * MINUTE)
    page = Client().get(reverse("home")).content.decode()
    assert "k-notices" not in page
    assert incident.what_kk[1:] in Client().get(reverse("incidents:public")).content.decode()


def test_the_history_is_of_three_months(world: World) -> None:
    old = fail(began_at=world.now - timedelta(days=100), ended_at=world.now - timedelta(days=99))
    page = Client().get(reverse("incidents:public")).content.decode()
    assert old.what_kk[1:] not in page


def test_the_public_page_names_no_request_no_person_and_no_fault(
    world: World, incident: Incident
) -> None:
    page = Client().get(reverse("incidents:public")).content.decode()
    assert incident.what_kk[1:] in page
    assert incident.fault not in page
    assert incident.number not in page
    assert not any(request.number in page for request in world.demo.requests)


def test_a_head_declares_a_failure_and_sees_what_it_met(world: World) -> None:
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    sent = {
        "what_kk": "Сайт ашылмайды",
        "what_ru": "Сайт не открывается",
        "what_en": "The site does not open",
        "began_at": spelled((world.now - 20 * MINUTE).astimezone(ZONE)),
        "ended_at": "",
    }
    answer = head.post(reverse("incidents:declare"), sent)
    assert answer.status_code == SENT_ON
    assert head.post(reverse("incidents:declare"), sent).status_code == SENT_ON
    told = Client().get(reverse("incidents:public"), {"lang": "en"}).content.decode()
    assert "the site does not open" in told.lower()
    assert "Сайт" not in told
    found = Incident.objects.get()
    page = head.get(answer.headers["Location"]).content.decode()
    assert "Сайт ашылмайды" in page
    for request in found.requests.all():
        assert request.number in page
    ended = spelled((world.now - 5 * MINUTE).astimezone(ZONE))
    head.post(reverse("incidents:end", args=[found.number]), {"ended_at": ended})
    found.refresh_from_db()
    assert found.state == Incident.State.OVER


def test_a_wrong_form_says_what_is_wrong_and_declares_nothing(world: World) -> None:
    clerk = sign_in(Client(), world.demo.staff[Role.CLERK])
    future = spelled((world.now + timedelta(days=2)).astimezone(ZONE))
    sent = {"what_kk": "а", "what_ru": "а", "began_at": future}
    answer = clerk.post(reverse("incidents:declare"), sent)
    assert answer.status_code == OPEN
    assert "govuk-error-summary" in answer.content.decode()
    assert clerk.post(reverse("incidents:declare"), {}).status_code == OPEN
    assert not Incident.objects.exists()


def test_an_iin_in_the_words_is_masked(world: World) -> None:
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    number = next(iter(world.demo.iins.values()))
    sent = {
        "what_kk": f"Ашылмайды {number}",
        "what_ru": "Не открывается",
        "what_en": "It does not open",
        "began_at": spelled((world.now - 20 * MINUTE).astimezone(ZONE)),
    }
    head.post(reverse("incidents:declare"), sent)
    assert number not in Incident.objects.get().what_kk


def test_the_whole_way_of_a_report_by_forms(world: World, incident: Incident, head: Client) -> None:
    head.post(address("send", incident))
    page = head.get(reverse("incidents:incident", args=[incident.number])).content.decode()
    assert "operator@demo.example" not in page, "nobody took it yet"
    at = spelled((world.now - 10 * MINUTE).astimezone(ZONE))
    told = {"way": "letter", "reference": "12-5/77", "at": at, "note": ""}
    assert head.post(address("notice", incident), told).status_code == SENT_ON
    done = {"measures_kk": "Диск ауыстырылды", "measures_ru": "Диск заменён"}
    head.post(address("measures", incident), done)
    file = SimpleUploadedFile("протокол.pdf", operators_pdf(), content_type="text/html")
    day = f"{world.now.astimezone(ZONE):%d.%m.%Y}"
    sent = {"file": file, "number": "77-Т", "dated": day}
    assert head.post(address("upload", incident), sent).status_code == SENT_ON
    report = report_of(incident, world.demo.provider)
    assert report.state == Report.State.TO_SIGN
    assert report.protocol_name == "протокол.pdf"
    page = head.get(reverse("incidents:incident", args=[incident.number])).content.decode()
    for part in ("12-5/77", "Диск ауыстырылды", "Диск заменён", "77-Т"):
        assert part in page
    answer = head.get(address("protocol", incident))
    assert b"".join(answer.streaming_content) == operators_pdf()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_no_pdf_is_refused_in_words(
    world: World, incident: Incident, head: Client
) -> None:
    at = spelled((world.now - 10 * MINUTE).astimezone(ZONE))
    told = {"way": "letter", "reference": "12-5/77", "at": at, "note": ""}
    head.post(address("notice", incident), told)
    file = SimpleUploadedFile("p.pdf", b"<script>", content_type="application/pdf")
    day = f"{world.now.astimezone(ZONE):%d.%m.%Y}"
    answer = head.post(address("upload", incident), {"file": file, "number": "1", "dated": day})
    assert answer.status_code == OPEN
    assert "govuk-error-summary" in answer.content.decode()


def test_no_signature_and_a_broken_one_are_refused_in_words(
    world: World, incident: Incident, head: Client
) -> None:
    at = spelled((world.now - 10 * MINUTE).astimezone(ZONE))
    head.post(address("notice", incident), {"way": "phone", "reference": "1", "at": at, "note": ""})
    day = f"{world.now.astimezone(ZONE):%d.%m.%Y}"
    file = SimpleUploadedFile("p.pdf", operators_pdf(), content_type="application/pdf")
    head.post(address("upload", incident), {"file": file, "number": "1", "dated": day})
    signer = sign_in(Client(), world.demo.staff[Role.AUTHORISED_PERSON])
    for signature in ("", "?", "AAAA"):
        answer = signer.post(address("sign", incident), {"signature": signature})
        assert answer.status_code == OPEN
        assert "govuk-error-summary" in answer.content.decode()
    assert report_of(incident, world.demo.provider).state == Report.State.TO_SIGN


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_why_the_letter_did_not_leave_is_said_in_the_language_of_the_page(
    world: World, incident: Incident, head: Client, language: str
) -> None:
    head.post(address("send", incident))
    message = message_of(report_of(incident, world.demo.provider))
    mark_failed(message, coded("refused", "550 no such user"), now=world.now)
    settle_notices(now=world.now)
    where = reverse("incidents:incident", args=[incident.number])
    page = head.get(where, {"lang": language}).content.decode()
    assert faults()["refused"].get(language) in page
    assert "(550 no such user)" in page
    assert "refused: 550" not in page


def test_the_task_leads_to_the_page(world: World, incident: Incident, head: Client) -> None:
    assert StaffTask.objects.filter(kind="incident_tell", scope="DEMO").exists()
    page = head.get(reverse("cases:tasks")).content.decode()
    assert reverse("incidents:incident", args=[incident.number]) in page


def test_the_menu_of_staff_leads_to_the_list(head: Client) -> None:
    page = head.get(reverse("cases:office")).content.decode()
    assert reverse("incidents:list") in page
