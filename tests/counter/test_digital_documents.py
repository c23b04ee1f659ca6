"""Identifying by an electronic document, against the simulated service over HTTP (A303.8.1,
A303.10.c, A303.10.d)."""

import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.config.jobs import HANDLERS, enqueue_daily
from kualik.core import journal
from kualik.core.models import Job
from kualik.counter.adapters.numbers import open_number
from kualik.counter.models import DocumentAsk, Identification
from kualik.counter.queries.work import facts_of
from kualik.counter.services.asking import FORGET_DOCUMENTS_JOB, forget_documents
from kualik.rules import standards
from kualik.rules.lifecycle import Role
from kualik.training.models import Completion
from tests.counter.desk import MONDAY, at_desk, iin_of, served_visit
from tests.counter.documents_service import TOKEN, Running, row, running
from tests.world import World, build_world, iin

STRANGER = iin(7777)
State = DocumentAsk.State


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def mine(world: World) -> Completion:
    return world.demo.free[0]


@pytest.fixture
def service(settings: Settings, tmp_path: Path, mine: Completion) -> Iterator[Running]:
    person = mine.person
    known = row(iin_of(person), person.family_name, person.given_name, person.patronymic)
    stranger = row(STRANGER, "Сағынтаев", "Олжас")
    with running(settings, tmp_path, [known, stranger]) as found:
        yield found


@pytest.fixture
def clerk(world: World) -> Client:
    return at_desk(world.demo.staff[Role.CLERK])


def ask(client: Client, number: str, visit: str = "no") -> HttpResponse:
    answer: HttpResponse = client.post(
        reverse("counter:ask_document"), {"iin": number, "visit": visit}
    )
    return answer


def asked(client: Client, completion: Completion, visit: str = "no") -> DocumentAsk:
    answer = ask(client, iin_of(completion.person), visit)
    assert answer.status_code == 302, answer.content.decode()
    found = DocumentAsk.objects.latest("pk")
    assert answer.headers["Location"] == reverse("counter:asked", args=[found.pk])
    return found


def look(client: Client, found: DocumentAsk) -> HttpResponse:
    answer: HttpResponse = client.get(reverse("counter:asked", args=[found.pk]))
    found.refresh_from_db()
    return answer


def test_the_person_allows_and_is_identified(
    world: World, clerk: Client, mine: Completion, service: Running
) -> None:
    """A303.8.1, A303.10.c."""
    visit = served_visit(world.demo)
    question = asked(clerk, mine, str(visit.pk))
    assert world.demo.provider.name_ru in service.page("ru")
    assert mine.person.full_name in service.page("ru")
    assert look(clerk, question).status_code == 200
    assert question.state == State.ASKED
    service.answer(question.reference)
    answer = look(clerk, question)
    record = Identification.objects.get()
    assert answer.headers["Location"] == reverse("counter:work", args=[record.pk])
    assert (question.state, question.identification) == (State.ALLOWED, record)
    (entry,) = journal.history(f"document_ask:{question.pk}")
    assert (entry.action, entry.role) == ("counter.document_asked", "clerk")
    assert (record.kind, record.person, record.visit) == ("digital_document", mine.person, visit)
    (entry,) = journal.history(f"identification:{record.pk}")
    assert entry.data["last"] == "", "the journal would keep it longer than the data"
    assert record.checked_by == world.demo.staff[Role.CLERK]
    assert record.facts["family_name"] == mine.person.family_name
    assert len(open_number(bytes(record.number_sealed))) == 9
    visit.refresh_from_db()
    assert visit.person == mine.person


def test_the_words_of_the_act_stand_beside_the_question_in_three_languages(
    clerk: Client, mine: Completion, service: Running
) -> None:
    """A303.10.d."""
    page = look(clerk, asked(clerk, mine)).content.decode()
    steps = standards.get("A303").items_of("digital_document")
    assert len(steps) >= 2
    for language in ("kk", "ru", "en"):
        part = page.partition(f'<div class="k-card" lang="{language}"')[2]
        part = part.partition("</div>")[0].replace("&quot;", '"')
        for step in steps:
            assert step.name.get(language) in part


def test_the_question_has_its_time_and_the_page_its_clock(
    clerk: Client, mine: Completion, service: Running
) -> None:
    question = asked(clerk, mine)
    assert question.ends_at == MONDAY + timedelta(minutes=5)
    page = look(clerk, question).content.decode()
    assert "23.11.2026 10:05" in page
    assert reverse("counter:asked_state", args=[question.pk]) in page
    told = clerk.get(reverse("counter:asked_state", args=[question.pk])).json()
    assert told == {"state": "asked", "said": ""}


def test_the_person_denies(clerk: Client, mine: Completion, service: Running) -> None:
    question = asked(clerk, mine)
    service.answer(question.reference, "deny")
    page = look(clerk, question).content.decode()
    assert question.state == State.DENIED
    assert "did not allow" in page
    look(clerk, question)
    asked_for, denied = journal.history(f"document_ask:{question.pk}")
    assert asked_for.action == "counter.document_asked"
    assert (denied.action, denied.role) == ("counter.document_denied", "clerk")
    assert not Identification.objects.exists()


def test_no_answer_in_time(
    monday: time_machine.Traveller, clerk: Client, mine: Completion, service: Running
) -> None:
    question = asked(clerk, mine)
    monday.shift(timedelta(minutes=6))
    page = look(clerk, question).content.decode()
    assert question.state == State.EXPIRED
    assert "is over" in page
    assert bytes(question.iin_sealed) == b""
    actions = [row.action for row in journal.history(f"document_ask:{question.pk}")]
    assert actions == ["counter.document_asked", "counter.document_expired"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("another", "digital_document_of_another"),
        ("expired", "identity_document_expired"),
        ("not_active", "digital_document_not_active"),
        ("no_names", "digital_documents_answer_wrong"),
        ("nonsense", "digital_documents_answer_wrong"),
    ],
)
def test_a_wrong_answer_identifies_nobody(
    clerk: Client, mine: Completion, service: Running, fault: str, code: str
) -> None:
    question = asked(clerk, mine)
    service.answer(question.reference, fault=fault)
    assert look(clerk, question).status_code == 200
    assert (question.state, question.fault) == (State.FAILED, code)
    assert bytes(question.iin_sealed) == b""
    assert not Identification.objects.exists()


def test_data_that_are_over_on_arrival_identify_nobody(
    clerk: Client, mine: Completion, service: Running
) -> None:
    question = asked(clerk, mine)
    service.answer(question.reference, keep="0")
    look(clerk, question)
    assert question.fault == "digital_document_over"


def test_a_service_that_fails_for_a_moment_is_asked_again(
    clerk: Client, mine: Completion, service: Running
) -> None:
    question = asked(clerk, mine)
    service.answer(question.reference, fault="broken")
    page = look(clerk, question).content.decode()
    assert question.state == State.ASKED
    assert "does not answer" in page
    service.service.asks[question.reference].fault = "none"
    assert look(clerk, question).status_code == 302
    assert question.state == State.ALLOWED


def test_two_looks_make_one_record(clerk: Client, mine: Completion, service: Running) -> None:
    question = asked(clerk, mine)
    service.answer(question.reference)
    stale = DocumentAsk.objects.get(pk=question.pk)
    look(clerk, question)
    state = reverse("counter:asked_state", args=[stale.pk])
    assert clerk.get(state).json()["state"] == "allowed"
    assert Identification.objects.count() == 1


def test_asking_twice_disturbs_the_person_once(
    clerk: Client, mine: Completion, service: Running
) -> None:
    assert asked(clerk, mine) == asked(clerk, mine)
    assert len(service.service.asks) == 1


def test_a_stranger_is_registered_by_the_names_of_the_document(
    clerk: Client, service: Running
) -> None:
    assert ask(clerk, STRANGER).status_code == 302
    question = DocumentAsk.objects.get()
    service.answer(question.reference)
    look(clerk, question)
    assert Identification.objects.get().person.full_name == "Сағынтаев Олжас"


def test_who_uses_no_app_shows_the_document_itself(
    world: World, clerk: Client, service: Running
) -> None:
    answer = ask(clerk, iin_of(world.demo.free[1].person))
    assert answer.status_code == 422
    assert "has no document of this person" in answer.content.decode()
    assert not DocumentAsk.objects.exists()


def test_nobody_asks_for_their_own_document(world: World, clerk: Client, service: Running) -> None:
    assert ask(clerk, world.demo.iins[Role.CLERK]).status_code == 422
    assert not service.service.asks


def test_a_service_that_is_away_stops_nothing(
    clerk: Client, mine: Completion, settings: Settings
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.DIGITAL_DOCUMENTS_URL = f"http://127.0.0.1:{probe.getsockname()[1]}"
        answer = ask(clerk, iin_of(mine.person))
    assert answer.status_code == 422
    assert "does not answer" in answer.content.decode()


def test_without_the_service_nothing_is_offered(
    clerk: Client, mine: Completion, settings: Settings
) -> None:
    settings.DIGITAL_DOCUMENTS_URL = ""
    assert reverse("counter:ask_document") not in clerk.get("/office/work/").content.decode()
    assert "not connected" in ask(clerk, iin_of(mine.person)).content.decode()


def test_the_service_takes_no_question_without_the_token(
    clerk: Client, mine: Completion, service: Running, settings: Settings
) -> None:
    settings.DIGITAL_DOCUMENTS_TOKEN = f"not-{TOKEN}"
    answer = ask(clerk, iin_of(mine.person))
    assert "makes no sense" in answer.content.decode()


def test_data_are_forgotten_when_their_time_is_over_and_the_fact_remains(
    monday: time_machine.Traveller, clerk: Client, mine: Completion, service: Running
) -> None:
    """A303.10.c: the data have a time limit."""
    question = asked(clerk, mine)
    service.answer(question.reference, keep="120")
    look(clerk, question)
    record = Identification.objects.get()
    assert record.expires_at == MONDAY + timedelta(seconds=120)
    assert forget_documents(now=MONDAY + timedelta(seconds=119)) == 0
    over = MONDAY + timedelta(seconds=120)
    assert facts_of(record, now=over) == {}
    monday.shift(timedelta(seconds=120))
    enqueue_daily(now=over)
    HANDLERS[FORGET_DOCUMENTS_JOB](Job.objects.get(name=FORGET_DOCUMENTS_JOB).payload, over)
    record.refresh_from_db()
    assert (record.facts, record.number_end, bytes(record.number_sealed)) == ({}, "", b"")
    assert (record.kind, record.checked_at) == ("digital_document", MONDAY)
    assert forget_documents(now=over) == 0
    page = clerk.get(reverse("counter:work", args=[record.pk])).content.decode()
    assert mine.person.full_name in page


def test_nothing_is_kept_longer_than_a_day(
    clerk: Client, mine: Completion, service: Running
) -> None:
    question = asked(clerk, mine)
    service.answer(question.reference)
    later = MONDAY + timedelta(days=30)
    service.service.asks[question.reference].keep_until = later
    look(clerk, question)
    assert Identification.objects.get().expires_at == MONDAY + timedelta(hours=24)


def test_a_question_nobody_followed_loses_the_iin(
    clerk: Client, mine: Completion, service: Running
) -> None:
    question = asked(clerk, mine)
    forget_documents(now=question.ends_at)
    question.refresh_from_db()
    assert (question.state, bytes(question.iin_sealed)) == (State.EXPIRED, b"")
    forget_documents(now=question.ends_at)
    (_, entry) = journal.history(f"document_ask:{question.pk}")
    assert (entry.action, entry.actor) == ("counter.document_expired", "system")


def test_the_iin_goes_in_the_body_alone(clerk: Client, mine: Completion, service: Running) -> None:
    question = asked(clerk, mine)
    assert re.fullmatch(r"[0-9a-f]{32}", question.reference)
    assert iin_of(mine.person) not in look(clerk, question).content.decode()


def test_the_page_of_the_phone_is_reached_from_this_computer_alone(service: Running) -> None:
    answer = requests.get(f"{service.address}/", headers={"Host": "phone.example.kz"}, timeout=10)
    assert answer.status_code == 403
