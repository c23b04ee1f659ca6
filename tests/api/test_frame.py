"""The frame of every call: names, refusals, the description and its page."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.adapters.cursors import place_after, read_place
from kualik.accounts.queries.tokens import Scope
from kualik.config import api_docs
from kualik.config.api import api, scopes_by_operation, urlpatterns
from kualik.core import clock, errors
from kualik.core.access import PROGRAM, PUBLIC, permission_of
from kualik.rules.errors import RuleViolation
from tests.calling import Caller, caller_of, problem_of
from tests.world import World

OPEN = {"api-root", "openapi", "look_up_status", "missing"}


def description() -> Any:
    return json.loads(Client().get(reverse("api:openapi")).content)


def test_every_address_states_that_a_token_opens_it_or_that_it_is_open() -> None:
    stated = {one.name: permission_of(one.callback) for one in urlpatterns}
    assert {name for name, permission in stated.items() if permission == PUBLIC} == OPEN
    assert {permission for name, permission in stated.items() if name not in OPEN} == {PROGRAM}


def test_every_operation_but_the_open_one_asks_for_a_scope() -> None:
    scopes = scopes_by_operation()
    assert set(scopes.values()) == {scope.value for scope in Scope} | {""}
    assert [name for name, scope in scopes.items() if not scope] == ["get_token"]
    operations = {
        one["operationId"]
        for methods in description()["paths"].values()
        for one in methods.values()
    }
    assert operations - set(scopes) == {"look_up_status"}


@pytest.mark.parametrize("path", ["/nothing", "/register/a/b", "//"])
def test_an_address_that_is_none_is_a_problem_too(db: None, path: str) -> None:
    assert problem_of(Caller().get(path)) == (404, "not_found")
    assert problem_of(Caller().post(path, {})) == (404, "not_found")


def test_a_method_that_is_none_is_a_problem_too(world: World) -> None:
    client = caller_of(world.demo.provider).client
    answer = client.delete("/api/v1/register")
    assert problem_of(answer) == (405, "method_unknown")
    assert answer.headers["Allow"] == "GET, HEAD"
    assert client.head("/api/v1/checks").headers["Allow"] == "POST"


def test_head_is_answered_as_get_without_the_body(world: World) -> None:
    caller = caller_of(world.demo.provider)
    for path in ("/token", "/requests", "/register", "/openapi.json"):
        read = caller.get(path)
        answer = caller.client.head(
            f"/api/v1{path}", headers={"Authorization": f"Bearer {caller.secret}"}
        )
        assert (answer.status_code, answer.content) == (200, b"")
        for name in ("ETag", "Content-Type", "Content-Length"):
            assert answer.headers.get(name) == read.headers.get(name), name
    assert Client().head("/api/v1/token").status_code == 401


def test_an_answer_without_names_may_be_kept_by_the_caller_and_is_asked_for_each_time(
    world: World,
) -> None:
    caller = caller_of(world.demo.provider)
    kept = {
        path: caller.get(path).headers["Cache-Control"]
        for path in ("/token", "/requests", "/register", "/checks/0000000000000000")
    }
    assert kept == {
        "/token": "private, no-cache",
        "/requests": "private, no-cache",
        "/register": "private, no-store",
        "/checks/0000000000000000": "private, no-store",
    }
    for refused in (Caller().get("/token"), caller.get("/requests?x=1")):
        assert refused.headers["Cache-Control"] == "private, no-store"
    known = caller.get("/token", If_None_Match=caller.get("/token").headers["ETag"])
    assert (known.status_code, known.headers["Cache-Control"]) == (304, "private, no-cache")


def test_each_answer_to_a_token_tells_what_is_left_and_a_call_counts_once(world: World) -> None:
    caller = caller_of(world.demo.provider)
    answers = [
        caller.get("/token"),
        caller.get("/token?x=1"),
        caller.get("/requests/none"),
        caller.post("/checks", "{"),
        caller.post("/checks", "x" * 3_000_000),
        caller.post("/completions", {}),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 404, 400, 413, 422]
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers]
    assert left == list(range(left[0], left[0] - 6, -1))


def test_a_stranger_is_told_of_the_token_before_anything_else(world: World) -> None:
    assert problem_of(Caller().get("/register?x=1")) == (401, "token_missing")
    assert problem_of(Caller("kualik_x").post("/checks", "x" * 3_000_000))[0] == 401


def test_a_call_keeps_the_name_that_the_caller_gave_it_if_it_is_a_plain_one(world: World) -> None:
    caller = caller_of(world.demo.provider)
    assert caller.get("/token", X_Request_Id="trace-0001").headers["X-Request-Id"] == "trace-0001"
    for given in ("x", "850315300123", "a b c d e f", "a" * 65):
        named = caller.get("/token", X_Request_Id=given).headers["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{32}", named)


def test_a_failure_of_ours_is_a_problem_without_a_trace(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caller = caller_of(world.demo.provider)
    row = world.demo.requests[0]
    row.state = "no state"
    row.save(update_fields=["state"])
    answer = caller.get(f"/requests/{row.number}")
    assert problem_of(answer) == (500, "service_failed")
    assert "Traceback" not in answer.content.decode()
    assert answer.headers["X-Request-Id"] in caplog.text


def test_the_description_is_openapi_3_1_with_our_refusals_and_no_other_address(db: None) -> None:
    told = description()
    assert told["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in told["paths"])
    assert told["paths"]["/api/v1/register"]["get"]["security"] == [{"Bearer": ["register:read"]}]
    for methods in told["paths"].values():
        for one in methods.values():
            refusals = [row for status, row in one["responses"].items() if int(status) >= 400]
            assert refusals
            assert all(list(row["content"]) == ["application/problem+json"] for row in refusals)
            assert one["summary"]
            assert one["description"]


def test_no_parameter_of_an_address_is_an_iin(db: None) -> None:
    for methods in description()["paths"].values():
        for one in methods.values():
            names = [row.get("name") or row["$ref"] for row in one["parameters"]]
            assert not [name for name in names if "iin" in name.lower()]


def test_the_description_names_the_headers_of_each_answer(db: None) -> None:
    told = description()
    parts = told["components"]
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            sent = {row["$ref"].rpartition("/")[2] for row in one["parameters"] if "$ref" in row}
            assert sent <= set(parts["parameters"])
            assert ("If-None-Match" in sent) is (method == "get")
            for status, answer in one["responses"].items():
                assert "X-Request-Id" in answer["headers"], path
                links = [row["$ref"].rpartition("/")[2] for row in answer["headers"].values()]
                assert set(links) <= set(parts["headers"])
                is_limited = "security" in one and status != "401"
                assert ("RateLimit-Remaining" in answer["headers"]) is is_limited
                assert ("Retry-After" in answer["headers"]) is (status == "429")
                assert ("ETag" in answer["headers"]) is (method == "get" and status in "200 304")
    pushed = told["paths"]["/api/v1/completions"]["post"]["responses"]["200"]["headers"]
    assert "Idempotent-Replayed" in pushed


def test_the_headers_that_are_promised_always_are_there(world: World) -> None:
    caller, told = caller_of(world.demo.provider), description()
    parts = told["components"]["headers"]
    for path in ("/token", "/requests", "/register", "/requests/none", "/token?x=1"):
        answer = caller.get(path)
        place = re.sub(r"/none$", "/{number}", path.partition("?")[0])
        said = told["paths"][f"/api/v1{place}"]["get"]["responses"][str(answer.status_code)]
        for name, link in said["headers"].items():
            is_sure = parts[link["$ref"].rpartition("/")[2]].get("required")
            assert not is_sure or name in answer.headers, (path, name)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_for_people_explains_every_operation_and_every_code(
    db: None, language: str
) -> None:
    page = Client().get(reverse("api_docs"), {"lang": language}).content.decode()
    told = description()
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            assert f'id="{one["operationId"]}"' in page
            assert f"{method.upper()} {path}" in page
    for code in api_docs.CODES:
        assert f'id="{code}"' in page
        assert errors.table()[code].text.get(language)[:20] in page
    assert "//cdn" not in page


def test_the_page_shows_what_stands_in_what(db: None) -> None:
    page = Client().get(reverse("api_docs")).content.decode()
    assert '<span class="k-quiet">group.</span>title_kk' in page
    assert '<span class="k-quiet">rows[].</span>iin' in page
    assert '<span class="k-quiet">documents[].</span>code' in page


def test_the_root_leads_people_to_the_page(db: None) -> None:
    assert Client().get(api.get_root_path({})).url == reverse("api_docs")


def test_a_cursor_comes_back_as_it_was_given() -> None:
    now = clock.now()
    assert read_place(place_after(now, 17)) == (now, 17)


@pytest.mark.parametrize("cursor", ["", "=", "ы", "bnVsbA", "W10", "WyIyMDI2IiwxXQ", "!" * 10])
def test_any_other_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(RuleViolation, match="cursor_unreadable"):
        read_place(cursor)
