"""The public status page: number and second factor, nothing about the person."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from kualik.cases.models import Request
from kualik.cases.queries import status_code
from kualik.core import clock
from kualik.rules import refusal
from kualik.rules.lifecycle import State
from tests.world import World

MISSES = 10
PHONE_END = "0108"


@pytest.fixture
def visitor(client: Client) -> Client:
    client.cookies["kualik_language"] = "en"
    return client


def ask(client: Client, request: Request, code: str = "") -> str:
    data = {"number": request.number, "code": code or status_code(request)}
    return client.post(reverse("cases:status"), data).content.decode()


def test_the_answer_comes_to_a_post_and_is_not_kept(world: World, visitor: Client) -> None:
    request = world.by_state[State.IN_REVIEW]
    where = reverse("cases:status")
    data = {"number": request.number, "code": status_code(request)}
    asked = visitor.get(where, data).content.decode()
    assert "Show the status" in asked
    assert request.completion.programme.title_kk not in asked
    response = visitor.post(where, data)
    assert "no-store" in response.headers["Cache-Control"]
    assert request.completion.programme.title_kk in response.content.decode()


def test_a_change_of_language_keeps_what_is_shown_and_nothing_else_does(
    world: World, visitor: Client
) -> None:
    request, where = world.by_state[State.IN_REVIEW], reverse("cases:status")
    ask(visitor, request)
    turned = visitor.get(where, {"lang": "ru"}).content.decode()
    assert request.completion.programme.title_ru in turned
    assert request.number not in visitor.get(where).content.decode()
    assert request.number not in visitor.get(where, {"lang": "kk"}).content.decode()
    ask(visitor, request)
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert request.number not in visitor.get(where, {"lang": "ru"}).content.decode()


@pytest.mark.parametrize("state", list(State))
def test_every_state_tells_what_happened_and_what_comes_next_and_names_nobody(
    world: World, visitor: Client, state: State
) -> None:
    request = world.by_state[state]
    text = ask(visitor, request)
    assert "What happened and what comes next" in text
    assert "Next" in text
    for part in request.completion.holder_kk.split():
        assert part not in text
    assert "Болат" not in text
    assert "8503153" not in text
    if request.certificate is not None:
        assert request.certificate.number not in text
        assert request.certificate.code not in text


def test_an_overdue_request_says_that_silence_is_a_refusal_and_may_be_complained_about(
    world: World, visitor: Client
) -> None:
    text = ask(visitor, world.by_state[State.ACCEPTED])
    appeal = refusal.appeal()
    assert appeal.silence.en in text
    assert appeal.ways[0].text.en in text
    assert "The term has run out: Tuesday, 9 September 2025, 17:30" in text


def test_an_issued_request_is_not_called_overdue(world: World, visitor: Client) -> None:
    assert refusal.appeal().silence.en not in ask(visitor, world.by_state[State.ISSUED])


def test_the_reasons_of_a_refusal_stay_on_its_paper(world: World, visitor: Client) -> None:
    request = world.by_state[State.REFUSED]
    assert request.refusal is not None
    text = ask(visitor, request)
    assert request.refusal["facts"]["kk"] not in text
    assert refusal.appeal().ways[0].text.en in text


def test_the_last_digits_of_the_phone_are_a_second_factor_too(
    world: World, visitor: Client
) -> None:
    request = world.by_state[State.FILED]
    assert "What happened" in ask(visitor, request, code=PHONE_END)


def test_a_wrong_code_and_a_wrong_number_are_answered_alike(world: World, visitor: Client) -> None:
    request = world.by_state[State.FILED]
    wrong_code = ask(visitor, request, code="000000")
    unknown = Request(number="DEMO-2026-Z000999-9")
    wrong_number = ask(visitor, unknown, code="000000")
    said = "No request has this number and code"
    assert said in wrong_code
    assert said in wrong_number


def test_after_ten_misses_even_the_right_code_must_wait(world: World, visitor: Client) -> None:
    request = world.by_state[State.FILED]
    for _ in range(MISSES):
        ask(visitor, request, code="000000")
    data = {"number": request.number, "code": status_code(request)}
    response = visitor.post(reverse("cases:status"), data)
    assert response.status_code == 429
    assert "Too many tries" in response.content.decode()


def test_ten_misses_at_one_number_from_anywhere_leave_only_the_code_of_the_receipt(
    world: World, visitor: Client
) -> None:
    request, other = world.by_state[State.FILED], world.by_state[State.ACCEPTED]
    for place in range(MISSES):
        visitor.defaults["REMOTE_ADDR"] = f"192.0.2.{place}"
        ask(visitor, request, code=f"{place:04d}")
    visitor.defaults["REMOTE_ADDR"] = "192.0.2.100"
    assert "No request has this number and code" in ask(visitor, request, code=PHONE_END)
    assert "What happened" in ask(visitor, request)
    phone = "".join(filter(str.isdigit, other.completion.phone))
    assert "What happened" in ask(visitor, other, code=phone[-4:])


def test_the_phone_serves_again_on_the_next_day(world: World, visitor: Client) -> None:
    request = world.by_state[State.FILED]
    for place in range(MISSES):
        visitor.defaults["REMOTE_ADDR"] = f"192.0.2.{place}"
        ask(visitor, request, code="9999")
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=5), tick=False):
        assert "What happened" in ask(visitor, request, code=PHONE_END)


def test_a_spent_number_that_nobody_has_is_answered_alike(world: World, visitor: Client) -> None:
    texts = []
    for number in (world.by_state[State.FILED].number, "DEMO-2026-Z000999-2"):
        unknown = Request(number=number)
        for place in range(MISSES + 1):
            visitor.defaults["REMOTE_ADDR"] = f"192.0.2.{place}"
            text = ask(visitor, unknown, code="9999")
        texts.append(text.replace(number, ""))
    tokens = [re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text) for text in texts]
    assert tokens[0] == tokens[1]


def test_right_answers_cost_no_tries(world: World, visitor: Client) -> None:
    request = world.by_state[State.FILED]
    for _ in range(MISSES + 2):
        text = ask(visitor, request)
    assert "What happened" in text
