"""Completions from learning systems: the checks of a list, all or nothing, once for each key."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from kualik.accounts.models import ApiAnswer
from kualik.accounts.queries.tokens import Scope
from kualik.accounts.services.commands import KEPT_FOR, forget_answers
from kualik.core import clock
from kualik.core.models import Job, JournalEntry
from kualik.training.models import Completion, Group, ImportDraft, Programme
from kualik.training.services.importing import IMPORTED_JOB
from tests.calling import Caller, caller_of, problem_of
from tests.world import World, iin

KEY = "2026-11-22-group-7"
GROUP = {
    "kind": "pd",
    "title_kk": "Балалар кардиологиясы",
    "title_ru": "Детская кардиология",
    "hours": 60,
    "started_on": "2026-10-05",
    "ended_on": "2026-10-16",
    "name": "DK-7",
}
PEOPLE = (
    ("Сатыбалдина", "Мөлдір", "Асқарқызы"),
    ("Бекмұратов", "Нұрлан", "Ерікұлы"),
    ("Ли", "Анна", ""),
)


def person(place: int, **more: Any) -> dict[str, Any]:
    family, given, patronymic = PEOPLE[place]
    named = {"family_name": family, "given_name": given, "patronymic": patronymic}
    return {"ref": f"u{place}", "iin": iin(700 + place), **named, **more}


def batch(*rows: dict[str, Any], **group: Any) -> dict[str, Any]:
    return {"group": GROUP | group, "rows": list(rows)}


def push(caller: Caller, body: object, key: str = KEY, path: str = "/completions/batch") -> Any:
    return caller.post(path, body, Idempotency_Key=key)


@pytest.fixture
def caller(world: World) -> Caller:
    return caller_of(world.demo.provider, [Scope.COMPLETIONS])


def test_a_group_is_saved_as_an_imported_list_would_be(world: World, caller: Caller) -> None:
    answer = push(caller, batch(person(0), person(1), person(2)))
    told = json.loads(answer.content)
    assert (answer.status_code, told["created"], told["existing"]) == (201, 3, 0)
    assert [(row["row"], row["ref"], row["is_new"]) for row in told["rows"]] == [
        (0, "u0", True),
        (1, "u1", True),
        (2, "u2", True),
    ]
    saved = Completion.objects.get(pk=told["rows"][0]["completion"])
    assert saved.holder_kk == "Сатыбалдина Мөлдір Асқарқызы"
    assert (saved.provider, saved.hours, str(saved.credits)) == (world.demo.provider, 60, "2.00")
    assert saved.group.name == "DK-7"
    assert str(saved.mastered_on) == "2026-10-16"
    history = ImportDraft.objects.get()
    assert (history.filename, history.result["created"]) == ("learning system", 3)
    assert history.uploaded_by.startswith("token:")
    assert iin(700) not in answer.content.decode()


def test_one_completion_is_pushed_alone_and_known_the_second_time(caller: Caller) -> None:
    alone = {name: value for name, value in GROUP.items() if name != "name"} | person(0)
    first = push(caller, alone, path="/completions")
    again = push(caller, alone, key="another-key", path="/completions")
    assert (first.status_code, again.status_code) == (201, 200)
    told = [json.loads(answer.content)["rows"][0] for answer in (first, again)]
    assert told[0]["completion"] == told[1]["completion"]
    assert [row["is_new"] for row in told] == [True, False]
    assert Completion.objects.filter(programme__title_ru="Детская кардиология").count() == 1


def test_a_key_that_comes_again_gets_the_first_answer(caller: Caller) -> None:
    body = batch(person(0), person(1))
    first, again = push(caller, body), push(caller, body)
    assert first.content == again.content
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert ImportDraft.objects.count() == 1


def test_a_key_never_means_two_commands(caller: Caller) -> None:
    push(caller, batch(person(0)))
    assert problem_of(push(caller, batch(person(1)))) == (422, "idempotency_key_reused")
    assert problem_of(push(caller, person(0) | {"kind": "pd"}, path="/completions")) == (
        422,
        "idempotency_key_reused",
    )


def test_two_systems_may_use_the_same_key(world: World, caller: Caller) -> None:
    other = caller_of(world.other.provider)
    assert push(caller, batch(person(0))).status_code == 201
    assert push(other, batch(person(0))).status_code == 201
    assert Programme.objects.filter(title_ru="Детская кардиология").count() == 2


def test_a_key_is_forgotten_after_a_month(caller: Caller) -> None:
    push(caller, batch(person(0)))
    assert forget_answers(now=clock.now() + KEPT_FOR - timedelta(hours=1)) == 0
    assert forget_answers(now=clock.now() + KEPT_FOR + timedelta(hours=1)) == 1
    assert not ApiAnswer.objects.exists()


def test_one_wrong_row_keeps_all_from_being_saved_and_the_key_may_be_used_again(
    caller: Caller,
) -> None:
    wrong = person(1) | {"iin": iin(701)[:11] + str((int(iin(701)[11]) + 1) % 10)}
    before = Completion.objects.count(), Group.objects.count(), Programme.objects.count()
    answer = push(caller, batch(person(0), wrong))
    assert problem_of(answer) == (422, "rows_refused")
    (fault,) = json.loads(answer.content)["errors"]
    assert (fault["row"], fault["ref"], fault["field"]) == (1, "u1", "iin")
    assert (fault["code"], fault["severity"]) == ("iin_check_digit", "error")
    assert "ЖСН" in fault["message"]["kk"]
    assert wrong["iin"] not in answer.content.decode()
    after = Completion.objects.count(), Group.objects.count(), Programme.objects.count()
    assert before == after
    assert not ImportDraft.objects.exists()
    assert push(caller, batch(person(0), person(1))).status_code == 201


def test_a_warning_is_saved_only_where_a_person_stands_by_it(caller: Caller) -> None:
    latin = person(0) | {"family_name": "Smith", "given_name": "Ann", "patronymic": ""}
    answer = push(caller, batch(latin))
    assert problem_of(answer) == (422, "rows_refused")
    assert json.loads(answer.content)["errors"][0]["severity"] == "warning"
    answer = push(caller, batch(latin | {"accept": True}))
    assert answer.status_code == 201
    assert json.loads(answer.content)["remarks"][0]["code"] == "name_in_latin"


def test_what_neither_rows_nor_group_tell_is_named(caller: Caller) -> None:
    body = {"rows": [person(0)], "group": {"kind": "pd", "title_kk": "Ә", "title_ru": "Э"}}
    answer = push(caller, body)
    assert problem_of(answer) == (422, "group_incomplete")
    told = json.loads(caller.post("/completions/check", body).content)
    assert told["missing"] == ["hours", "started_on", "ended_on"]
    assert told["is_fit"] is False


def test_a_trial_says_what_a_push_would_and_saves_nothing(caller: Caller) -> None:
    push(caller, batch(person(0)))
    count = Completion.objects.count()
    body = batch(person(0), person(1), person(2) | {"family_name": "Li", "given_name": "Anna"})
    told = json.loads(caller.post("/completions/check", body).content)
    assert [row["verdict"] for row in told["rows"]] == ["known", "ready", "attention"]
    assert told["is_fit"] is False
    assert Completion.objects.count() == count


def test_a_day_that_is_none_and_a_day_ahead_are_refused(caller: Caller) -> None:
    assert problem_of(push(caller, batch(person(0), ended_on="2026-13-45"))) == (422, "day_unknown")
    row = person(0) | {"ended_on": "2026-13-45"}
    assert problem_of(push(caller, batch(row))) == (422, "rows_refused")
    ahead = (clock.local_day(clock.now()) + timedelta(days=2)).isoformat()
    assert problem_of(push(caller, batch(person(0), ended_on=ahead))) == (422, "rows_refused")


def test_the_people_are_offered_their_documents_only_when_asked(caller: Caller) -> None:
    push(caller, batch(person(0)))
    assert not Job.objects.filter(name=IMPORTED_JOB).exists()
    push(caller, batch(person(1)) | {"offer": True}, key="second-key")
    assert Job.objects.filter(name=IMPORTED_JOB).count() == 1


def test_the_journal_names_the_program(caller: Caller) -> None:
    push(caller, batch(person(0)))
    entry = JournalEntry.objects.get(action="training.list_imported")
    assert (entry.actor.partition(":")[0], entry.role) == ("token", "program")


@pytest.mark.parametrize("key", [None, "short", "with space", "а" * 20, "x" * 101])
def test_a_push_without_a_proper_key_is_refused(caller: Caller, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency_Key": key}
    answer = caller.post("/completions/batch", batch(person(0)), **headers)
    assert problem_of(answer) == (422, "body_invalid")
    assert not ImportDraft.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "body_unreadable"),
        ("[" * 100_000, 400, "body_unreadable"),
        (b"\xff\xfe", 400, "body_unreadable"),
        ("[]", 422, "body_invalid"),
        ({}, 422, "body_invalid"),
        ({"rows": []}, 422, "body_invalid"),
        ({"rows": [{"iin": "1", "family_name": "А", "surprise": 1}]}, 422, "body_invalid"),
        ({"rows": [{"iin": "1\x00", "family_name": "А"}]}, 422, "body_invalid"),
        ({"rows": [{"iin": 850315300123, "family_name": "А"}]}, 422, "body_invalid"),
        ({"rows": [person(0)] * 501}, 422, "body_invalid"),
        ({"rows": [person(0)], "group": {"hours": "60"}}, 422, "body_invalid"),
        ({"rows": [person(0)], "group": {"hours": True}}, 422, "body_invalid"),
        ("x" * (2 * 1024 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_its_fields_and_never_repeated(
    caller: Caller, body: object, status: int, code: str
) -> None:
    answer = push(caller, body)
    assert problem_of(answer) == (status, code)
    assert "850315" not in answer.content.decode()
    assert not ImportDraft.objects.exists()


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ([], "body", "field_kind_wrong"),
        ({}, "rows", "field_required"),
        ({"rows": {}}, "rows", "field_kind_wrong"),
        ({"rows": []}, "rows", "field_size_wrong"),
        ({"rows": [{"iin": "1"}]}, "rows.0.family_name", "field_required"),
        ({"rows": [{"iin": 1, "family_name": "А"}]}, "rows.0.iin", "field_kind_wrong"),
        ({"rows": [person(0)], "more": 1}, "more", "field_not_described"),
        ({"rows": [person(0)], "group": {"hours": "x"}}, "group.hours", "field_no_number"),
        ({"rows": [person(0)], "group": {"hours": 0}}, "group.hours", "field_out_of_range"),
        ({"rows": [person(0)], "group": {"kind": "no"}}, "group.kind", "field_invalid"),
    ],
)
def test_a_misfit_is_told_by_the_callers_own_field_in_words(
    caller: Caller, body: object, field: str, code: str
) -> None:
    (fault,) = json.loads(push(caller, body).content)["errors"]
    assert (fault["field"], fault["code"]) == (field, code)
    assert "(" not in "".join(fault["message"].values())


def test_a_body_that_is_no_json_by_its_own_word_is_refused(caller: Caller) -> None:
    answer = caller.client.post(
        "/api/v1/completions/check",
        {"rows": "1"},
        headers={"Authorization": f"Bearer {caller.secret}"},
    )
    assert problem_of(answer) == (415, "body_not_json")


def test_the_same_person_twice_in_a_batch_is_refused(caller: Caller) -> None:
    answer = push(caller, batch(person(0), person(0)))
    assert problem_of(answer) == (422, "rows_refused")
    codes = {fault["code"] for fault in json.loads(answer.content)["errors"]}
    assert "person_doubled" in codes


def test_a_known_person_under_another_name_is_asked_about(world: World, caller: Caller) -> None:
    row = person(0) | {"iin": iin(100)}
    told = json.loads(caller.post("/completions/check", batch(row)).content)
    assert told["rows"][0]["verdict"] == "attention"
    assert told["remarks"][0]["code"] == "name_of_another"
    assert world.demo.completions[0].family_name not in json.dumps(told, ensure_ascii=False)


def test_completions_of_long_ago_are_taken_as_they_are(caller: Caller) -> None:
    with time_machine.travel(clock.now() + timedelta(days=3)):
        body = batch(person(0), started_on="1989-01-10", ended_on="1989-01-20")
        assert problem_of(push(caller, body)) == (422, "rows_refused")
