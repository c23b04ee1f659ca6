"""The page of the own request: receipt, course, refusal, withdrawal; nobody else's eyes."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.cases.models import Mandate, Request
from kualik.cases.queries import status_code
from kualik.core.models import JournalEntry
from kualik.notifications.models import Message
from kualik.rules import refusal
from kualik.rules.identifiers import holds_iin
from kualik.rules.lifecycle import Role, State
from tests.cases.following import decided_by_machine, file_web
from tests.entering import open_cabinet
from tests.world import World, sign_in

PAGES = ("own_request", "own_receipt", "withdraw", "human_review")


def cabinet(person: Person) -> Client:
    client = open_cabinet(Client(), person)
    client.cookies["kualik_language"] = "en"
    return client


def page(request: Request, person: Person | None = None) -> str:
    client = cabinet(person or request.person)
    response = client.get(reverse("cases:own_request", args=[request.number]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_only_the_own_person_opens_the_pages(world: World, name: str) -> None:
    own, other = decided_by_machine(world.demo, world=world), world.by_state[State.FILED]
    where = reverse(f"cases:{name}", args=[own.number])
    assert cabinet(own.person).get(where).status_code == 200
    assert cabinet(other.person).get(where).status_code == 404
    assert cabinet(world.other.requests[0].person).post(where).status_code == 404
    assert Client().get(where).status_code == 302
    for house in (world.demo, world.other):
        for role in (Role.CLERK, Role.REGISTRAR):
            answer = sign_in(Client(), house.staff[role]).get(where)
            assert answer.status_code == 302
            assert answer.headers["Location"].startswith(reverse("signatures:enter"))
    unknown = reverse(f"cases:{name}", args=["DEMO-2026-Z000999-2"])
    assert cabinet(own.person).get(unknown).status_code == 404


@pytest.mark.parametrize("state", list(State))
def test_the_page_tells_the_course_in_every_state(world: World, state: State) -> None:
    request = world.by_state[state]
    text = page(request)
    assert "What happened and what comes next" in text
    assert status_code(request) in text
    assert not holds_iin(text.replace(request.number, ""))
    assert "Болат" not in text


def test_the_receipt_stands_first_right_after_filing(world: World) -> None:
    request = file_web(world.demo, world=world)
    text = page(request)
    assert "Your receipt" in text
    assert text.index("Your receipt") < text.index("What happened")
    assert reverse("cases:own_receipt", args=[request.number]) in text
    assert "Your receipt" not in page(world.by_state[State.IN_REVIEW])


def test_the_receipt_is_a_file_of_the_owner(world: World) -> None:
    request = world.by_state[State.FILED]
    answer = cabinet(request.person).get(reverse("cases:own_receipt", args=[request.number]))
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    assert request.number in answer.headers["Content-Disposition"]


def test_a_document_in_force_is_the_main_thing_on_the_page(world: World) -> None:
    request = world.by_state[State.ISSUED]
    assert request.certificate is not None
    text = page(request)
    assert reverse("certificates:own_file", args=[request.certificate.number]) in text


def test_a_refusal_is_reasoned_in_both_languages_with_the_way_on(world: World) -> None:
    request = world.by_state[State.REFUSED]
    assert request.refusal is not None
    text = page(request)
    assert request.refusal["facts"]["kk"] in text
    assert request.refusal["facts"]["ru"] in text
    assert "A303.9.2" in text
    assert "What to mend" in text
    assert "Last day to complain" in text
    assert refusal.appeal().ways[0].text.en in text
    assert "is being made" in text
    assert f"/cabinet/receive/{request.completion_id}/" in text
    assert f"/complaints/new/?request={request.number}" in text


def test_an_overdue_request_offers_the_complaint_and_names_who_answers(world: World) -> None:
    request = world.by_state[State.ACCEPTED]
    text = page(request)
    assert refusal.appeal().silence.en in text
    assert "still being worked on" in text
    assert world.demo.staff[Role.OFFICE_HEAD].full_name in text
    assert "tel:+77273000001" in text
    assert f"/complaints/new/?request={request.number}" in text


def test_a_request_is_withdrawn_after_a_question(world: World) -> None:
    request = world.by_state[State.FILED]
    client, where = cabinet(request.person), reverse("cases:withdraw", args=[request.number])
    assert "You may ask again at any time" in client.get(where).content.decode()
    request.refresh_from_db()
    assert request.state == State.FILED
    answer = client.post(where)
    assert answer.headers["Location"] == reverse("cases:own_request", args=[request.number])
    request.refresh_from_db()
    assert request.state == State.WITHDRAWN
    entry = JournalEntry.objects.get(subject=f"request:{request.number}", action="cases.withdraw")
    assert (entry.actor, entry.role) == (f"person:{request.person_id}", "applicant")
    told = Message.objects.filter(about=f"request:{request.number}", event="request_withdrawn")
    assert told.count() == 1
    assert "Ask again" in page(request)


def test_what_is_approved_cannot_be_withdrawn_any_more(world: World) -> None:
    request = world.by_state[State.APPROVED]
    client = cabinet(request.person)
    assert reverse("cases:withdraw", args=[request.number]) not in page(request)
    client.post(reverse("cases:withdraw", args=[request.number]))
    request.refresh_from_db()
    assert request.state == State.APPROVED


def test_the_short_address_leads_the_owner_to_the_own_page(world: World) -> None:
    request, other = world.by_state[State.FILED], world.by_state[State.ISSUED]
    client = cabinet(request.person)
    own = reverse("cases:own_request", args=[request.number])
    assert client.get(f"/r/{request.number}").headers["Location"] == own
    assert client.get(f"/r/{other.number}").headers["Location"].startswith("/status/")


@pytest.fixture
def mandate(world: World) -> Callable[..., Mandate]:
    def make(request: Request, representative: Person, state: str) -> Mandate:
        row = Mandate.objects.create(
            representative=representative,
            principal=request.person,
            principal_hash=request.person.iin_hash,
            principal_name=request.person.full_name,
            provider=request.provider,
            document_number="12",
            issued_by="Нотариус",
            issued_on=world.now.date(),
            valid_until=world.now.date().replace(year=world.now.year + 1),
            state=state,
            created_at=world.now,
        )
        Request.objects.filter(pk=request.pk).update(mandate=row)
        return row

    return make


@pytest.mark.parametrize(("state", "answer"), [("checked", 200), ("revoked", 404)])
def test_a_representative_follows_what_was_filed_while_the_mandate_lasts(
    world: World, mandate: Callable[..., Mandate], state: str, answer: int
) -> None:
    request, helper = world.by_state[State.IN_REVIEW], world.other.requests[0].person
    mandate(request, helper, state)
    where = reverse("cases:own_request", args=[request.number])
    assert cabinet(helper).get(where).status_code == answer


def test_what_a_person_decided_has_no_page_to_ask_for_one(world: World) -> None:
    request = world.by_state[State.ISSUED]
    answer = cabinet(request.person).get(reverse("cases:human_review", args=[request.number]))
    assert answer.headers["Location"] == reverse("cases:own_request", args=[request.number])


def test_a_decision_of_the_machine_is_named_as_such(world: World) -> None:
    request = decided_by_machine(world.demo, world=world)
    text = page(request)
    assert "The decision was made automatically" in text
    assert reverse("cases:human_review", args=[request.number]) in text
    assert "The decision was made automatically" not in page(world.by_state[State.ISSUED])
