"""One command that several connections bring at one moment."""

import json
from functools import partial
from typing import Any

import pytest

from kualik.accounts.models import ApiAnswer
from kualik.training.models import Completion, ImportDraft
from tests.calling import Caller, caller_of
from tests.flows.racing import at_once
from tests.world import World, build_world, iin

CALLERS = 4
BODY = {
    "group": {
        "kind": "pd",
        "title_kk": "Балалар кардиологиясы",
        "title_ru": "Детская кардиология",
        "hours": 60,
        "started_on": "2026-10-05",
        "ended_on": "2026-10-16",
    },
    "rows": [{"iin": iin(700), "family_name": "Сатыбалдина", "given_name": "Мөлдір"}],
}


@pytest.fixture
def world(transactional_db: None, kualik_files: object) -> World:
    return build_world()


def test_a_completion_sent_under_four_keys_at_once_is_new_once(world: World) -> None:
    secret = caller_of(world.demo.provider).secret

    def push(key: str) -> Any:
        answer = Caller(secret).post("/completions/batch", BODY, Idempotency_Key=key)
        return answer.status_code, json.loads(answer.content)["rows"][0]["is_new"]

    acts = [partial(push, f"command-{number}") for number in range(CALLERS)]
    outcomes: list[Any] = at_once(*acts)
    assert sorted(outcomes) == [(200, False)] * (CALLERS - 1) + [(201, True)]


def test_a_key_sent_by_four_at_once_is_done_once_and_answered_alike(world: World) -> None:
    secret = caller_of(world.demo.provider).secret

    def push() -> Any:
        answer = Caller(secret).post("/completions/batch", BODY, Idempotency_Key="one-command")
        return answer.status_code, json.loads(answer.content)

    outcomes: list[Any] = at_once(*[push] * CALLERS)
    assert [outcome[0] for outcome in outcomes] == [201] * CALLERS
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert ApiAnswer.objects.count() == 1
    assert ImportDraft.objects.count() == 1
    assert Completion.objects.filter(programme__title_ru="Детская кардиология").count() == 1
