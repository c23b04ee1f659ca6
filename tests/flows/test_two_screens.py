"""The whole way of somebody with a telephone: look, press once, have the document."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.urls import reverse

from kualik.accounts.services import confirm_phone
from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_request
from kualik.config.jobs import HANDLERS
from kualik.core import journal
from kualik.core.jobs import run_waiting
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.demo.loading import read_data
from kualik.demo.story import bring_group
from kualik.notifications.models import Message
from kualik.notifications.services.receiving import receive_sms
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.asking import WISH, at_home, confirm, hidden, page_of
from tests.flows.office import NOW, Office, open_demo_office
from tests.flows.test_race_and_crash import at_once

SUNDAY = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
OPENING = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
WORK = ("cases.decide_alone", "cases.seal", "training.list_imported", "notifications.answer")


@pytest.fixture
def office(db: None, kualik_files: Path) -> Office:
    found = open_demo_office()
    found.seal_automatically(decides_alone=True)
    return found


@pytest.fixture
def racing_office(transactional_db: None, kualik_files: Path) -> Office:
    found = open_demo_office()
    found.seal_automatically(decides_alone=True)
    return found


@pytest.fixture
def monday() -> Iterator[None]:
    """Monday at 11:00, in office hours."""
    with time_machine.travel(NOW, tick=False):
        yield


def completed(office: Office) -> Completion:
    """Somebody of a list that the office imported."""
    data = read_data()
    (found,) = bring_group(
        office.stage, data["people"], data["programme"][0], first=40, count=1, back=1
    )
    return found


def work(now: datetime) -> None:
    """What the worker does with asking, deciding and sealing."""
    handlers = {name: HANDLERS[name] for name in WORK}
    run_waiting(handlers=handlers, worker="test", clock=lambda: now)


def test_two_screens_and_one_button_end_with_the_document(office: Office, monday: None) -> None:
    mine = completed(office)
    client = at_home(mine.person)
    cabinet = client.get(reverse("cases:cabinet")).content.decode()
    assert page_of(mine) in cabinet
    answer = confirm(client, mine)
    filed = Request.objects.get(completion=mine)
    assert answer.headers["Location"] == reverse("cases:own_request", args=[filed.number])
    waiting = client.get(answer.headers["Location"])
    assert (waiting.status_code, waiting.headers["Refresh"]) == (200, "3")
    assert "Refresh" not in client.get(answer.headers["Location"], {"reload": "no"}).headers
    work(NOW + timedelta(seconds=2))
    filed.refresh_from_db()
    assert (filed.state, filed.decided_by) == (State.ISSUED, None)
    certificate = filed.certificate
    assert certificate is not None
    assert (certificate.status, certificate.person) == ("valid", mine.person)
    with default_storage.open(certificate.file) as paper:
        assert paper.read(5) == b"%PDF-"
    ready = client.get(answer.headers["Location"])
    assert certificate.number in ready.content.decode()
    assert "Refresh" not in ready.headers
    actions = [row.action for row in journal.history(f"request:{filed.number}")]
    assert actions[:4] == ["cases.filed", "cases.accept", "cases.start_review", "cases.approve"]
    assert actions[-1] == "cases.seal"
    assert page_of(mine) not in client.get(reverse("cases:cabinet")).content.decode()


def test_pressed_on_a_sunday_it_is_there_on_monday_when_the_office_opens(office: Office) -> None:
    """A303.7.2."""
    mine = completed(office)
    with time_machine.travel(SUNDAY, tick=False):
        client = at_home(mine.person)
        page = client.get(page_of(mine)).content.decode()
        assert "It counts as accepted" in page
        answer = confirm(client, mine)
        work(SUNDAY)
        assert "Refresh" not in client.get(answer.headers["Location"]).headers
    filed = Request.objects.get(completion=mine)
    assert (filed.state, filed.accepted_at) == (State.FILED, OPENING)
    work(OPENING - timedelta(seconds=1))
    filed.refresh_from_db()
    assert filed.state == State.FILED
    work(OPENING + timedelta(seconds=1))
    filed.refresh_from_db()
    assert filed.state == State.ISSUED
    assert filed.decided_at is not None
    assert filed.decided_at >= filed.accepted_at


def test_from_the_offer_to_the_document_by_one_short_message(
    office: Office, settings: object, monday: None
) -> None:
    """A303.10.a."""
    settings.SMS_URL = "smpp://kualik:secret@127.0.0.1:2775"
    mine = completed(office)
    phone = "+77010000123"
    confirm_phone(
        person=mine.person, phone=phone, how="counter", evidence={}, actor=SYSTEM, now=NOW
    )
    Job.objects.create(
        name="training.list_imported", key="import", run_at=NOW,
        payload={"import": office.stage.provider.imports.latest("pk").pk},
    )  # fmt: skip
    work(NOW)
    assert Message.objects.filter(address=phone, event="completion_offer").exists()
    later = NOW + timedelta(minutes=3)
    for _ in range(2):
        receive_sms(
            carrier="smpp", reference="77", phone=phone, text="1", received_at=later, now=later
        )
    work(later)
    filed = Request.objects.get(completion=mine)
    assert (filed.state, filed.channel) == (State.FILED, "sms-answer")
    approve_request(request=filed, user=office.registrar, role=Role.REGISTRAR, now=later)
    work(later)
    filed.refresh_from_db()
    assert filed.state == State.ISSUED
    events = Message.objects.filter(address=phone).values_list("event", flat=True)
    assert set(events) == {"completion_offer", "answer_filed", "request_issued"}


def test_pressed_three_times_at_once_it_is_filed_once(racing_office: Office, monday: None) -> None:
    mine = completed(racing_office)
    clients = [at_home(mine.person) for _ in range(3)]
    fields = hidden(clients[0].get(page_of(mine)))

    def press(place: int) -> str:
        answer = clients[place].post(page_of(mine), {**fields, **WISH})
        return str(answer.headers["Location"])

    outcomes = at_once(*(lambda place=place: press(place) for place in range(3)))
    filed = Request.objects.get(completion=mine)
    own = reverse("cases:own_request", args=[filed.number])
    assert outcomes == [own] * 3
