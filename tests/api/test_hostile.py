"""Calls of a hostile or careless program: what it sends does not come back, stay or spread."""

import hashlib
import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kualik.accounts.models import ApiAnswer
from kualik.accounts.services.commands import command_digest
from kualik.certificates.models import Certificate
from kualik.config.api import MOST_TOLD
from kualik.core import clock
from kualik.core.throttle import count_miss, is_spent
from kualik.training.api import GUESSES
from kualik.training.models import Completion, ImportDraft
from tests.api.test_completions_in import batch, person, push
from tests.api.test_reading import sealed
from tests.calling import Caller, caller_of, problem_of
from tests.world import World, iin

UNKNOWN = "00000000000000"


@pytest.fixture
def caller(world: World) -> Caller:
    return caller_of(world.demo.provider)


def test_the_names_of_fields_that_are_none_of_ours_do_not_come_back(caller: Caller) -> None:
    row = person(0) | {iin(5): 1, f"iin{iin(6)}": 1, "x" * 5000: 1, "family name": 1}
    answer = push(caller, {"rows": [row], iin(7): 1})
    assert problem_of(answer) == (422, "body_invalid")
    fields = {fault["field"] for fault in json.loads(answer.content)["errors"]}
    assert fields == {"rows.0.?", "?"}


def test_a_body_of_many_misfits_is_told_of_the_first_ones(caller: Caller) -> None:
    rows = [{f"f{place}": 1 for place in range(100)}] * 100
    answer = push(caller, {"rows": rows})
    assert len(json.loads(answer.content)["errors"]) == MOST_TOLD
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("length", ["²", "9" * 5000, "-1", "+5"])
def test_a_length_that_is_none_is_refused(caller: Caller, length: str) -> None:
    answer = caller.client.post(
        "/api/v1/checks",
        "{}",
        content_type="application/json",
        CONTENT_LENGTH=length,
        headers={"Authorization": f"Bearer {caller.secret}"},
    )
    assert problem_of(answer) == (413, "body_too_large")


@pytest.mark.parametrize("ref", [iin(701), f"ИИН {iin(701)}", f"{iin(701)[:6]}-{iin(701)[6:]}"])
def test_an_iin_is_no_name_of_a_row(caller: Caller, ref: str) -> None:
    for answer in (
        push(caller, batch(person(0, ref=ref))),
        caller.post("/checks", {"documents": [{"code": "x", "ref": ref}]}),
    ):
        assert problem_of(answer) == (422, "body_invalid")
        assert ref not in answer.content.decode()


def test_twelve_digits_that_are_no_iin_name_a_row(caller: Caller) -> None:
    ref = "5f0c2d4e-0000-4000-8000-999999999999"
    told = json.loads(push(caller, batch(person(0, ref=ref))).content)
    assert told["rows"][0]["ref"] == ref


def test_an_iin_taken_for_a_key_is_not_kept_nor_found_by_trying(caller: Caller) -> None:
    first = push(caller, batch(person(0)), key=iin(700))
    again = push(caller, batch(person(0)), key=iin(700))
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    kept = ApiAnswer.objects.get()
    assert iin(700) not in f"{kept.key}{kept.digest}{kept.body}"
    assert len(kept.key) == 64


def test_a_command_is_not_told_by_a_digest_that_anybody_can_make() -> None:
    made = command_digest(path="/x", body=b"{}")
    assert made == command_digest(path="/x", body=b"{}")
    assert made != command_digest(path="/y", body=b"{}")
    assert made != hashlib.sha256(b"/x\n{}").hexdigest()


def test_a_refusal_under_the_judgement_that_saves_leaves_nothing(caller: Caller) -> None:
    wrong = person(1) | {"iin": "850315300124"}
    assert problem_of(push(caller, batch(person(0), wrong))) == (422, "rows_refused")
    assert not ImportDraft.objects.exists()
    assert not Completion.objects.filter(programme__title_ru="Детская кардиология").exists()


def test_a_list_costs_as_many_queries_as_one_document(world: World, caller: Caller) -> None:
    codes = [one.code for one in sealed(world)]
    codes += [f"{UNKNOWN}{place:02}" for place in range(40)]

    def ask(asked: list[str]) -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = caller.post("/checks", {"documents": [{"code": code} for code in asked]})
        assert answer.status_code == 200
        return len(queries)

    ask(codes[-1:])
    assert ask(codes) <= ask(codes[-1:]) + 1


def test_one_damaged_record_does_not_hide_the_others(world: World, caller: Caller) -> None:
    one, two = sealed(world)[:2]
    Certificate.objects.filter(pk=one.pk).update(facts_sha256="0" * 64)
    answer = caller.post("/checks", {"documents": [{"code": one.code}, {"code": two.code}]})
    told = json.loads(answer.content)["documents"]
    assert [row["verdict"] for row in told] == ["altered", "valid"]
    assert told[0]["document"] is None
    assert told[0]["reasons"][0]["code"] == "record_damaged"


@pytest.mark.parametrize(
    ("name", "value"),
    [("If_Match", '"x"'), ("If_Unmodified_Since", "Sun, 22 Nov 2020 10:00:00 GMT")],
)
def test_a_condition_for_changes_says_nothing_of_a_reading(
    caller: Caller, name: str, value: str
) -> None:
    assert caller.get("/token", **{name: value}).status_code == 200


def test_signatures_that_are_taken_for_minutes_leave_no_gap_behind_a_cursor(
    world: World, caller: Caller
) -> None:
    slow, quick = sealed(world)[:2]
    Certificate.objects.filter(pk=slow.pk).update(status=Certificate.Status.DRAFT)
    with time_machine.travel(world.now + timedelta(minutes=3), tick=False):
        early = json.loads(caller.get("/register").content)["cursor"]
    Certificate.objects.filter(pk=slow.pk).update(status=Certificate.Status.VALID)
    with time_machine.travel(world.now + timedelta(minutes=9), tick=False):
        told = json.loads(caller.get(f"/register?cursor={early or ''}").content)["documents"]
    assert {slow.number, quick.number} <= {row["number"] for row in told}


@pytest.mark.parametrize("path", ["/completions/check", "/completions/batch"])
def test_whom_the_register_knows_is_not_found_out_by_trying(
    world: World, caller: Caller, path: str
) -> None:
    guesser, now = str(world.demo.provider.pk), clock.now()
    count_miss(GUESSES, guesser, now=now, times=GUESSES.misses - 1)
    mine = batch(person(1))
    assert push(caller, mine, key="before-all", path=path).status_code < 300
    assert not is_spent(GUESSES, guesser, now=now)
    push(caller, batch(person(0, iin=iin(100))), path=path)
    assert problem_of(push(caller, mine, path=path)) == (429, "too_many_tries")
    other = caller_of(world.demo.provider)
    assert problem_of(push(other, mine, path=path)) == (429, "too_many_tries")
    assert push(caller_of(world.other.provider), mine, path=path).status_code < 300
