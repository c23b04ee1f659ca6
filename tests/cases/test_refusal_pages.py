"""Refusing with a preview: grounds of the edition, facts in two languages, the ways of appeal."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.following.words import sentence
from kualik.complaints.queries import bodies
from kualik.core import clock
from kualik.core.clock import local_day
from kualik.papers.services.wording import long_date
from kualik.providers.models import Office
from kualik.rules import refusal
from kualik.rules.complaints import last_day_to_complain
from kualik.rules.lifecycle import Role, State
from tests.world import BEFORE_ACCEPTANCE, FACTS, FILED_LATE, World, file_for

SignIn = Callable[[User], Client]
GIVEN = {"ground": "incomplete", "facts_kk": FACTS.kk, "facts_ru": FACTS.ru}


def refuse(client: Client, case: Request, name: str = "refuse", **changes: str) -> str:
    where = reverse(f"cases:{name}", args=[case.number])
    return client.post(where, GIVEN | changes, follow=True).content.decode()


@pytest.fixture
def case(world: World) -> Request:
    return world.by_state[State.IN_REVIEW]


@pytest.fixture
def bolat(world: World, signed_in: SignIn) -> Client:
    return signed_in(world.demo.staff[Role.REGISTRAR])


def test_only_the_grounds_of_the_requests_own_edition_are_offered(
    bolat: Client, case: Request
) -> None:
    text = bolat.get(reverse("cases:refuse", args=[case.number])).content.decode()
    assert "(A303.9.1)" in text
    assert "(A303.9.2)" in text
    assert "A57.9" not in text
    assert 'value="papers_expired"' not in text


def test_an_iin_in_the_facts_of_a_refusal_is_masked(
    world: World, bolat: Client, case: Request
) -> None:
    iin = next(iter(world.demo.iins.values()))
    refuse(bolat, case, facts_ru=f"{FACTS.ru} ИИН {iin}", step="confirm")
    case.refresh_from_db()
    assert case.state == State.REFUSED
    assert iin not in str(case.refusal)


def test_the_preview_shows_both_languages_as_the_applicant_will_read_them(
    bolat: Client, case: Request
) -> None:
    text = refuse(bolat, case)
    appeal = refusal.appeal()
    for shown in (
        FACTS.kk,
        FACTS.ru,
        "строка 9 стандарта (приказ ҚР ДСМ-303/2020), A303.9.2",
        "ДӘЛЕЛДІ БАС ТАРТУ",
        "МОТИВИРОВАННЫЙ ОТКАЗ",
        appeal.heading.kk,
        appeal.heading.ru,
        *(way.text.ru for way in appeal.ways),
        case.completion.holder_kk,
        sentence("mend", "incomplete").kk,
        Office.objects.get(provider=case.provider, is_main=True).address_ru,
        *(body.address.kk for body in bodies().bodies),
        long_date(
            last_day_to_complain(local_day(clock.now()), appeal=appeal, ways_were_named=True), "ru"
        ),
    ):
        assert escape(shown) in text
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW


def test_what_no_sheet_holds_is_said_before_anything_is_decided(
    world: World, bolat: Client, case: Request
) -> None:
    signers = User.objects.filter(provider=case.provider, grants__role=Role.AUTHORISED_PERSON)
    signers.update(full_name="Ә" * 100)
    for step in ("preview", "confirm"):
        text = refuse(bolat, case, step=step)
        assert "There is a problem" in text
        assert "the name or position of the signer" in text
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW


def test_a_run_of_letters_without_a_blank_is_no_hindrance(bolat: Client, case: Request) -> None:
    run = "Ж" * 80
    text = refuse(bolat, case, facts_kk=f"{FACTS.kk} {run}")
    assert "There is a problem" not in text
    assert run in text


def test_the_confirmed_refusal_keeps_ground_clause_facts_and_appeal(
    bolat: Client, case: Request
) -> None:
    text = refuse(bolat, case, step="confirm")
    assert "The request is refused." in text
    assert FACTS.kk in text or FACTS.ru in text
    case.refresh_from_db()
    assert case.state == State.REFUSED
    assert case.refusal is not None
    assert (case.refusal["ground"], case.refusal["clause"]) == ("incomplete", "A303.9.2")
    assert case.refusal["facts"]["ru"] == FACTS.ru
    assert case.refusal["appeal"]["kk"] == refusal.appeal().text().kk


def test_the_text_can_be_changed_after_the_preview(bolat: Client, case: Request) -> None:
    text = refuse(bolat, case, step="edit")
    assert "See what the applicant will read" in text
    assert FACTS.ru in text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"facts_kk": "Жоқ"}, "id_facts_kk_error"),
        ({"facts_ru": "Нет"}, "id_facts_ru_error"),
        ({"facts_kk": FACTS.ru}, "id_facts_kk_error"),
        ({"facts_ru": ""}, "id_facts_ru_error"),
        ({"ground": "whim"}, "id_ground_error"),
        ({"ground": "papers_expired"}, "id_ground_error"),
    ],
)
def test_a_refusal_without_ground_or_facts_is_stopped_at_its_field(
    bolat: Client, case: Request, changes: dict[str, str], field: str
) -> None:
    text = refuse(bolat, case, **(changes | {"step": "confirm"}))
    assert "There is a problem" in text
    assert f'id="{field}"' in text
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW


def test_a_filed_request_may_be_declined_on_the_grounds_of_article_19_only(
    world: World, signed_in: SignIn
) -> None:
    (filed,) = file_for(world.demo, world.demo.free[:1], now=world.now, filed_at=FILED_LATE)
    with time_machine.travel(BEFORE_ACCEPTANCE, tick=False):
        declined_by(signed_in(world.demo.staff[Role.REGISTRAR]), filed)
    filed.refresh_from_db()
    assert filed.state == State.NOT_ACCEPTED


def declined_by(bolat: Client, filed: Request) -> None:
    shown = bolat.get(reverse("cases:request", args=[filed.number])).content.decode()
    assert f"{filed.number}/decline/" in shown
    text = bolat.get(reverse("cases:decline", args=[filed.number])).content.decode()
    assert 'value="papers_expired"' in text
    assert 'value="incomplete"' not in text
    preview = refuse(bolat, filed, "decline", ground="papers_expired")
    assert "в приеме заявления" in preview
    refuse(bolat, filed, "decline", ground="papers_expired", step="confirm")


@pytest.mark.parametrize("state", [State.FILED, State.ACCEPTED])
def test_after_the_acceptance_moment_nothing_can_be_declined_any_more(
    world: World, bolat: Client, state: State
) -> None:
    # Whether or not the acceptance is entered already: the moment itself ends article 19.
    case = world.by_state[state]
    where = reverse("cases:decline", args=[case.number])
    shown = bolat.get(where, follow=True)
    assert shown.redirect_chain == [(reverse("cases:request", args=[case.number]), 302)]
    assert "is accepted already" in shown.content.decode()
    assert where not in shown.content.decode()
    text = refuse(bolat, case, "decline", ground="papers_expired", step="confirm")
    assert "is accepted already" in text
    case.refresh_from_db()
    assert case.state == state


def test_a_refusal_of_what_somebody_approved_meanwhile_is_told(world: World, bolat: Client) -> None:
    approved = world.by_state[State.APPROVED]
    text = refuse(bolat, approved, step="confirm")
    assert "This cannot be done in the request" in text
    approved.refresh_from_db()
    assert (approved.state, approved.refusal) == (State.APPROVED, None)
