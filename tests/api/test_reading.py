"""Register, requests and checks for programs: pages, changes, digests, and nothing of others."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.http import HttpResponse

from kualik.accounts.queries import looks_of
from kualik.accounts.queries.tokens import Scope
from kualik.cases.models import Request
from kualik.cases.queries import status_code
from kualik.cases.services.looking import BY_TOKEN
from kualik.certificates.models import Certificate
from kualik.certificates.queries import SEALED
from kualik.certificates.services.standing import suspend_certificate
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.rules.identifiers import format_code
from kualik.rules.language import Text
from kualik.rules.lifecycle import State
from tests.calling import Caller, caller_of, problem_of
from tests.world import World, iin

REASON = Text("Тексеру жүріп жатыр", "Идёт проверка")
LATER = timedelta(minutes=6)


def told(answer: HttpResponse) -> Any:
    assert answer.status_code == 200, answer.content.decode()
    return json.loads(answer.content)


def sealed(world: World) -> list[Certificate]:
    return list(Certificate.objects.filter(provider=world.demo.provider, status__in=SEALED))


@pytest.fixture
def caller(world: World) -> Caller:
    return caller_of(world.demo.provider)


@pytest.fixture
def later(world: World) -> Any:
    with time_machine.travel(clock.now() + LATER, tick=False) as moment:
        yield moment


# The register


def test_the_register_is_read_page_by_page_and_holds_what_is_sealed(
    world: World, caller: Caller, later: Any
) -> None:
    expected = {row.number for row in sealed(world)}
    assert len(expected) > 1
    found, cursor = [], ""
    for _ in expected:
        page = told(caller.get(f"/register?limit=1&cursor={cursor}"))
        found += page["documents"]
        cursor = page["cursor"]
    assert not page["has_more"]
    assert {row["number"] for row in found} == expected
    assert len(found) == len(expected)
    assert told(caller.get(f"/register?cursor={cursor}"))["documents"] == []


def test_an_entry_says_what_the_document_says_without_its_code_and_without_an_iin(
    world: World, caller: Caller, later: Any
) -> None:
    (request,) = [row for row in world.demo.requests if row.state == State.HANDED_OVER]
    document = request.certificate
    assert document is not None
    answer = caller.get(f"/register/{document.number}")
    row = told(answer)
    assert row["holder_kk"] == document.holder
    assert (row["status"], row["hours"], row["credits"]) == ("valid", 120, "4")
    assert row["programme"]["ru"] == document.programme
    assert row["file_sha256"] == document.file_sha256
    said = answer.content.decode()
    assert document.code not in said
    assert "850315" not in said


def test_the_last_cursor_leads_to_what_changed_since(
    world: World, caller: Caller, later: Any
) -> None:
    cursor = told(caller.get("/register"))["cursor"]
    document = sealed(world)[0]
    suspend_certificate(certificate=document, reason=REASON, actor=SYSTEM, now=clock.now())
    assert told(caller.get(f"/register?cursor={cursor}"))["documents"] == []
    later.shift(LATER)
    (row,) = told(caller.get(f"/register?cursor={cursor}"))["documents"]
    assert (row["number"], row["status"]) == (document.number, "suspended")
    assert row["status_reason"]["kk"] == REASON.kk
    since = quote((clock.now() - LATER).isoformat())
    assert len(told(caller.get(f"/register?changed_since={since}"))["documents"]) == 1


def test_what_is_young_waits_until_every_act_of_its_moment_has_ended(
    world: World, caller: Caller
) -> None:
    with time_machine.travel(world.now + timedelta(seconds=20), tick=False):
        page = told(caller.get("/register"))
    assert (page["documents"], page["cursor"], page["has_more"]) == ([], None, False)


def test_a_known_answer_is_304_until_it_changes(world: World, caller: Caller, later: Any) -> None:
    document = sealed(world)[0]
    where = f"/register/{document.number}"
    etag = caller.get(where).headers["ETag"]
    again = caller.get(where, If_None_Match=etag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == etag
    assert again.headers["RateLimit-Remaining"]
    suspend_certificate(certificate=document, reason=REASON, actor=SYSTEM, now=clock.now())
    changed = caller.get(where, If_None_Match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_the_reading_of_a_program_is_written_down(world: World, caller: Caller, later: Any) -> None:
    document = sealed(world)[0]
    for _ in range(2):
        caller.get("/register")
        caller.get(f"/register/{document.number}")
    assert JournalEntry.objects.filter(action="certificates.read_by_program").count() == 1
    (look,) = looks_of(document.person)
    assert look.organisation == world.demo.provider.name
    assert look.role.ru == "Программа организации"
    assert look.about == document.number


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("chnaged_since=2026-11-22T10:00:00Z", "parameter_unknown"),
        ("cursor=nothing", "cursor_unreadable"),
        ("cursor=WzFd", "cursor_unreadable"),
        (f"cursor={'A' * 201}", "body_invalid"),
        ("limit=0", "body_invalid"),
        ("limit=201", "body_invalid"),
        ("limit=x", "body_invalid"),
        ("changed_since=yesterday", "body_invalid"),
        ("changed_since=2026-11-22T10:00:00", "body_invalid"),
        ("changed_since=2026-13-22T10:00:00Z", "moment_unreadable"),
        ("changed_since=0001-01-01T00:00:00%2B14:00", "moment_unreadable"),
    ],
)
def test_a_question_that_cannot_be_understood_is_refused(
    caller: Caller, query: str, code: str
) -> None:
    assert problem_of(caller.get(f"/register?{query}")) == (422, code)


# Requests


def test_requests_are_listed_by_state_and_completion(world: World, caller: Caller) -> None:
    listed = told(caller.get("/requests"))["requests"]
    assert {row["number"] for row in listed} == {row.number for row in world.demo.requests}
    first, second = (
        told(caller.get(f"/requests?limit=5{rest}"))
        for rest in ("", f"&cursor={told(caller.get('/requests?limit=5'))['cursor']}")
    )
    assert [row["number"] for row in first["requests"] + second["requests"]] == [
        row["number"] for row in listed[:10]
    ]
    for state, request in world.by_state.items():
        (row,) = told(caller.get(f"/requests?state={state}"))["requests"]
        assert row["number"] == request.number
        (row,) = told(caller.get(f"/requests?completion={request.completion_id}"))["requests"]
        assert row["state"] == state
    ahead = quote((clock.now() + timedelta(days=1)).isoformat())
    assert told(caller.get(f"/requests?filed_since={ahead}"))["requests"] == []


@pytest.mark.parametrize("state", list(State))
def test_a_request_is_followed_in_every_state(world: World, caller: Caller, state: State) -> None:
    request = world.by_state[state]
    answer = caller.get(f"/requests/{request.number}")
    row = told(answer)
    assert (row["state"], row["completion"]) == (state, request.completion_id)
    has_document = state in (State.ISSUED, State.HANDED_OVER)
    assert bool(row["certificate"]) is has_document
    said = answer.content.decode()
    assert "850315" not in said
    assert request.person.family_name not in said


def moments(record: Any) -> Iterator[str]:
    """Every moment of an answer, however deep."""
    match record:
        case dict():
            for value in record.values():
                yield from moments(value)
        case list():
            for value in record:
                yield from moments(value)
        case str() if re.match(r"\d{4}-\d{2}-\d{2}T", record):
            yield record


def test_moments_are_told_in_one_zone_and_english_falls_back_on_kazakh(
    world: World, caller: Caller, later: Any
) -> None:
    number, document = world.by_state[State.ISSUED].number, sealed(world)[0]
    answers = [
        told(caller.get(path))
        for path in (
            f"/requests/{number}",
            "/requests",
            f"/register/{document.number}",
            f"/checks/{document.code}",
            "/token",
        )
    ]
    for answer in answers:
        found = list(moments(answer))
        assert found
        assert all(moment.endswith("+05:00") for moment in found)
    programmes = [answers[0]["programme"], answers[2]["programme"]]
    programmes.append(answers[3]["document"]["programme"])
    assert all(text["en"] == text["kk"] for text in programmes)


def test_a_draft_of_a_document_is_not_told(world: World, caller: Caller) -> None:
    request = world.by_state[State.APPROVED]
    assert told(caller.get(f"/requests/{request.number}"))["certificate"] is None


def test_the_status_by_number_and_code_needs_no_token_and_answers_as_the_old_address(
    world: World,
) -> None:
    request = world.by_state[State.IN_REVIEW]
    asked = {"number": request.number, "code": status_code(request)}
    visitor = Caller()
    new = told(visitor.post("/status", asked))
    old = visitor.client.post("/api/status", json.dumps(asked), content_type="application/json")
    assert new == json.loads(old.content)


def test_guessing_at_the_new_address_is_limited_as_at_the_old_one(world: World) -> None:
    request, visitor = world.by_state[State.FILED], Caller()
    for _ in range(10):
        asked = {"number": request.number, "code": "000000"}
        assert problem_of(visitor.post("/status", asked)) == (404, "status_unknown")
    right = {"number": request.number, "code": status_code(request)}
    answer = visitor.post("/status", right)
    assert problem_of(answer) == (429, "too_many_tries")
    assert answer.headers["Retry-After"] == "900"
    old = visitor.client.post("/api/status", json.dumps(right), content_type="application/json")
    assert old.status_code == 429


def test_a_portal_learns_how_requests_stand_by_their_receipts_and_nothing_else(
    world: World,
) -> None:
    portal = caller_of(None, [Scope.STATUS])
    ours, other = world.by_state[State.IN_REVIEW], world.other.requests[0]
    rows = [
        {"ref": "a", "number": ours.number, "code": status_code(ours)},
        {"ref": "b", "number": other.number, "code": status_code(other)},
        {"ref": "c", "number": ours.number, "code": ours.phone[-4:]},
        {"ref": "d", "number": "nothing", "code": "ABCDEF"},
    ]
    answer = portal.post("/statuses", {"requests": rows})
    found = {row["ref"]: row["status"] for row in told(answer)["requests"]}
    assert (found["a"]["state"], found["b"]["number"]) == ("in_review", other.number)
    assert (found["c"], found["d"]) == (None, None)
    assert ours.person.family_name not in answer.content.decode()
    alone = {"number": ours.number, "code": status_code(ours)}
    assert found["a"] == told(Caller().post("/status", alone))


def test_a_portal_that_guesses_is_stopped_and_its_visitors_addresses_are_not(world: World) -> None:
    portal = caller_of(None, [Scope.STATUS])
    request = world.by_state[State.IN_REVIEW]
    wrong = [{"number": request.number, "code": f"00000{place}"} for place in range(10)]
    for _ in range(BY_TOKEN.misses // len(wrong)):
        told(portal.post("/statuses", {"requests": wrong}))
    right = {"number": request.number, "code": status_code(request)}
    answer = portal.post("/statuses", {"requests": [right]})
    assert problem_of(answer) == (429, "too_many_tries")
    assert answer.headers["Retry-After"]
    assert told(Caller().post("/status", right))["state"] == "in_review"


# Checks


def test_a_document_is_checked_by_its_code_however_it_is_spelled(
    world: World, caller: Caller
) -> None:
    document = sealed(world)[0]
    for code in (document.code, format_code(document.code), document.code.lower()):
        row = told(caller.get(f"/checks/{code}"))
        assert (row["verdict"], row["standing"]) == ("valid", "valid")
        assert row["document"]["number"] == document.number
        assert row["seal"]["is_test"] is True
        assert row["title"]["en"] == "The document is valid"


@pytest.mark.parametrize(
    ("code", "reason"),
    [("0000000000000000", "code_unknown"), ("nonsense", "code_unreadable")],
)
def test_a_code_of_nobody_is_unknown_and_opens_nothing(
    caller: Caller, code: str, reason: str
) -> None:
    row = told(caller.get(f"/checks/{code}"))
    assert (row["verdict"], row["document"]) == ("unknown", None)
    assert [one["code"] for one in row["reasons"]] == [reason]


def test_a_number_is_no_code(world: World, caller: Caller) -> None:
    row = told(caller.get(f"/checks/{sealed(world)[0].number}"))
    assert (row["verdict"], row["document"]) == ("unknown", None)


def test_a_list_is_checked_row_by_row(world: World, caller: Caller) -> None:
    one, two = sealed(world)[:2]
    suspend_certificate(certificate=two, reason=REASON, actor=SYSTEM, now=clock.now())
    body = {
        "documents": [
            {"ref": "a", "code": one.code, "number": one.number},
            {"ref": "b", "code": two.code, "number": one.number},
            {"ref": "c", "code": "0000000000000000"},
        ]
    }
    found = told(caller.post("/checks", body))
    rows = [(row["ref"], row["verdict"], row["number_differs"]) for row in found["documents"]]
    assert rows == [("a", "valid", False), ("b", "suspended", True), ("c", "unknown", False)]
    assert found["counts"]["valid"] == 1
    assert found["documents"][1]["status_reason"]["kk"] == REASON.kk


def test_an_employer_without_an_organisation_checks_and_sees_nothing_else(world: World) -> None:
    employer = caller_of(None, [Scope.CHECK])
    assert told(employer.get(f"/checks/{sealed(world)[0].code}"))["verdict"] == "valid"
    for path in ("/register", "/requests", f"/requests/{world.demo.requests[0].number}"):
        assert problem_of(employer.get(path)) == (403, "scope_missing")


def test_an_iin_sent_as_a_code_is_not_repeated(caller: Caller) -> None:
    answer = caller.post("/checks", {"documents": [{"code": iin(100)}]})
    assert iin(100) not in answer.content.decode()


# Who may what


CALLS = {
    "/completions/check": Scope.COMPLETIONS,
    "/completions": Scope.COMPLETIONS,
    "/completions/batch": Scope.COMPLETIONS,
    "/register": Scope.REGISTER,
    "/register/{certificate}": Scope.REGISTER,
    "/requests": Scope.REQUESTS,
    "/requests/{request}": Scope.REQUESTS,
    "/checks/{code}": Scope.CHECK,
    "/checks": Scope.CHECK,
    "/statuses": Scope.STATUS,
}
POSTED = {"/completions/check", "/completions", "/completions/batch", "/checks", "/statuses"}


def knock(caller: Caller, path: str, document: Certificate, request: Request) -> HttpResponse:
    address = path.format(certificate=document.number, request=request.number, code=document.code)
    return caller.post(address, {}) if path in POSTED else caller.get(address)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_its_own_calls_and_no_other(world: World, scope: Scope) -> None:
    caller, document = caller_of(world.demo.provider, [scope]), sealed(world)[0]
    for path, wanted in CALLS.items():
        answer = knock(caller, path, document, world.demo.requests[0])
        is_open = answer.status_code != 403
        assert is_open is (scope is wanted), path
        if not is_open:
            assert problem_of(answer) == (403, "scope_missing")


def test_without_a_token_every_call_is_401(world: World) -> None:
    for path in CALLS:
        answer = knock(Caller(), path, sealed(world)[0], world.demo.requests[0])
        assert problem_of(answer) == (401, "token_missing"), path


def test_another_organisation_finds_nothing_of_ours(world: World, later: Any) -> None:
    stranger, document = caller_of(world.other.provider), sealed(world)[0]
    request = world.demo.requests[0]
    for path in ("/register/{certificate}", "/requests/{request}"):
        answer = knock(stranger, path, document, request)
        assert problem_of(answer) == (404, "not_found"), path
    ours = {row.number for row in world.demo.requests}
    seen = {row["number"] for row in told(stranger.get("/requests"))["requests"]}
    assert seen
    assert not seen & ours
    assert told(stranger.get("/register"))["documents"] == []
    assert not told(stranger.get(f"/requests?completion={request.completion_id}"))["requests"]


@pytest.mark.parametrize(
    "number", ["nothing", "DEMO-2026-999999-1", "%00", "850315300123", "x" * 64]
)
@pytest.mark.parametrize("part", ["register", "requests"])
def test_what_nobody_has_is_not_found(caller: Caller, part: str, number: str) -> None:
    assert problem_of(caller.get(f"/{part}/{number}")) == (404, "not_found")
