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
    answer = caller_of(world.demo.provider).client.delete("/api/v1/register")
    assert problem_of(answer) == (405, "method_unknown")
    assert answer.headers["Allow"] == "GET"


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
            assert not [row for row in one["parameters"] if "iin" in row["name"].lower()]


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
