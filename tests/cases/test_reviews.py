"""A person looks again at what the machine decided (Digital Code, article 43)."""

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import User
from kualik.cases.models import HumanReview, Request
from kualik.cases.services.deciding import Decider, approve_as
from kualik.cases.services.reviewing import ask_review, decide_review
from kualik.certificates.models import Certificate
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry, StaffTask
from kualik.notifications.models import Message
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from tests.cases.following import decided_by_machine, file_web, staff
from tests.entering import open_cabinet
from tests.world import World, sign_in

ANSWER = Text("Тізім тексерілді, шешім дұрыс.", "Список проверен, решение верно.")
SENT = {"outcome": "confirmed", "answer_kk": ANSWER.kk, "answer_ru": ANSWER.ru}


@pytest.fixture
def machine(world: World) -> Request:
    return decided_by_machine(world.demo, world=world)


def asked(request: Request, world: World, why: str = "") -> HumanReview:
    return ask_review(request=request, why=why, actor=SYSTEM, now=world.now)


def answer(review: HumanReview, world: World, role: Role, outcome: str) -> HumanReview:
    return decide_review(
        review=review,
        outcome=HumanReview.Outcome(outcome),
        answer=ANSWER,
        user=staff(world, role),
        role=role,
        now=world.now,
    )


def office(user: User) -> Client:
    client = sign_in(Client(), user)
    client.cookies["kualik_language"] = "en"
    return client


def test_a_person_asks_on_the_page_and_the_office_gets_a_task(
    world: World, machine: Request
) -> None:
    client = open_cabinet(Client(), machine.person)
    where = reverse("cases:human_review", args=[machine.number])
    own = reverse("cases:own_request", args=[machine.number])
    assert client.post(where, {"why": "Сағат саны қате"}).headers["Location"] == own
    review = HumanReview.objects.get(request=machine)
    assert (review.why, review.outcome) == ("Сағат саны қате", "open")
    tasks = StaffTask.objects.filter(kind="human_review", closed_at=None)
    assert {(task.role, task.scope) for task in tasks} == {
        ("office_head", "DEMO"), ("registrar", "DEMO"), ("authorised_person", "DEMO"),
    }  # fmt: skip
    about = f"request:{machine.number}"
    assert Message.objects.filter(about=about, event="human_review_asked").exists()
    entry = JournalEntry.objects.get(subject=about, action="cases.review_asked")
    assert entry.role == "applicant"
    assert where not in client.get(own).content.decode()


def test_nobody_asks_twice_and_nobody_asks_about_a_persons_decision(
    world: World, machine: Request
) -> None:
    asked(machine, world)
    with pytest.raises(RuleViolation, match="review_asked_already"):
        asked(machine, world)
    with pytest.raises(RuleViolation, match="review_not_automatic"):
        asked(world.by_state[State.ISSUED], world)
    with pytest.raises(RuleViolation, match="review_not_automatic"):
        asked(world.by_state[State.FILED], world)


def test_a_registrar_confirms_with_an_answer_in_both_languages(
    world: World, machine: Request
) -> None:
    review = asked(machine, world)
    answer(review, world, Role.REGISTRAR, "confirmed")
    assert Certificate.objects.get(pk=machine.certificate_id).status == "valid"
    assert not StaffTask.objects.filter(kind="human_review", closed_at=None).exists()
    told = Message.objects.get(event="human_review_decided", about=f"request:{machine.number}")
    assert "шешім өзгеріссіз қалды" in told.body
    page = open_cabinet(Client(), machine.person).get(
        reverse("cases:own_request", args=[machine.number])
    )
    assert ANSWER.kk in page.content.decode()
    assert ANSWER.ru in page.content.decode()


@pytest.mark.parametrize("role", [Role.OFFICE_HEAD, Role.AUTHORISED_PERSON])
def test_the_head_of_the_office_changes_and_the_document_is_revoked(
    world: World, machine: Request, role: Role
) -> None:
    answer(asked(machine, world), world, role, "changed")
    certificate = Certificate.objects.get(pk=machine.certificate_id)
    assert certificate.status == "revoked"
    assert "пересмотрено" in certificate.status_reason_ru
    assert ANSWER.ru not in certificate.status_reason_ru


def test_a_draft_goes_back_to_review_and_the_answer_stays_to_be_read(world: World) -> None:
    request = file_web(world.demo, world=world)
    approve_as(Decider(SYSTEM, Role.SYSTEM), requests=[request], now=world.now)
    answer(asked(request, world), world, Role.OFFICE_HEAD, "changed")
    request.refresh_from_db()
    assert (request.state, request.certificate) == (State.IN_REVIEW, None)
    page = open_cabinet(Client(), request.person).get(
        reverse("cases:own_request", args=[request.number])
    )
    assert ANSWER.kk in page.content.decode()


def test_a_registrar_may_not_change_and_no_answer_is_given_twice(
    world: World, machine: Request
) -> None:
    review = asked(machine, world)
    with pytest.raises(RuleViolation, match="not_permitted"):
        answer(review, world, Role.REGISTRAR, "changed")
    answer(review, world, Role.REGISTRAR, "confirmed")
    with pytest.raises(RuleViolation, match="review_decided_already"):
        answer(review, world, Role.OFFICE_HEAD, "changed")
    assert Certificate.objects.get(pk=machine.certificate_id).status == "valid"


def test_an_answer_in_one_language_is_none(world: World, machine: Request) -> None:
    with pytest.raises(RuleViolation, match="review_answer_missing"):
        decide_review(
            review=asked(machine, world),
            outcome=HumanReview.Outcome.CONFIRMED,
            answer=Text("Дұрыс", " "),
            user=staff(world, Role.REGISTRAR),
            role=Role.REGISTRAR,
            now=world.now,
        )


def test_the_office_sees_the_demand_answers_it_and_comes_back_to_the_list(
    world: World, machine: Request
) -> None:
    asked(machine, world, why="Сағат саны қате")
    client = office(staff(world, Role.REGISTRAR))
    assert machine.number in client.get(reverse("cases:reviews")).content.decode()
    where = reverse("cases:review", args=[machine.number])
    page = client.get(where).content.decode()
    assert "Сағат саны қате" in page
    assert 'value="changed"' not in page
    assert client.post(where, SENT | {"outcome": "changed"}).status_code == 200
    assert client.post(where, SENT).headers["Location"] == reverse("cases:reviews")
    assert HumanReview.objects.get().outcome == "confirmed"


def test_the_head_of_the_office_is_offered_the_change(world: World, machine: Request) -> None:
    asked(machine, world)
    where = reverse("cases:review", args=[machine.number])
    page = office(staff(world, Role.OFFICE_HEAD)).get(where).content.decode()
    assert 'value="changed"' in page


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.OFFICE_HEAD, Role.AUTHORISED_PERSON])
def test_another_providers_office_finds_nothing(world: World, machine: Request, role: Role) -> None:
    asked(machine, world)
    client = office(world.other.staff[role])
    assert machine.number not in client.get(reverse("cases:reviews")).content.decode()
    where = reverse("cases:review", args=[machine.number])
    assert client.get(where).status_code == 404
    assert client.post(where, SENT).status_code == 404
    assert HumanReview.objects.get().outcome == "open"
