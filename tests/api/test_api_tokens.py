"""Tokens of other systems: who makes them, what they open, when they end."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import ApiToken
from kualik.accounts.queries.tokens import Scope
from kualik.accounts.services.tokens import (
    OVERLAP,
    PREFIX,
    issue_token,
    renew_token,
    revoke_token,
)
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from tests.calling import Caller, caller_of, problem_of
from tests.world import World, enrol, sign_in

NEW = {"name": "Moodle", "scopes": ["completions:write", "register:read"], "days": "90"}


def admin(world: World) -> Client:
    client = sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])
    client.cookies["kualik_language"] = "en"
    return client


def secret_on(page: str) -> str:
    _, found, rest = page.partition(PREFIX)
    return found + rest.partition("<")[0] if found else ""


def test_a_token_tells_what_it_is(world: World) -> None:
    answer = caller_of(world.demo.provider, [Scope.REGISTER]).get("/token")
    told = json.loads(answer.content)
    assert told["scopes"] == ["register:read"]
    assert told["organisation"]["code"] == "DEMO"
    assert told["organisation"]["name"]["kk"] == world.demo.provider.name_kk


@pytest.mark.parametrize(
    ("secret", "code"), [("", "token_missing"), ("kualik_nobody", "token_unknown")]
)
def test_without_a_token_of_ours_nothing_opens(world: World, secret: str, code: str) -> None:
    answer = Caller(secret).get("/token")
    assert problem_of(answer) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_signed_in_person_is_no_program(world: World) -> None:
    assert problem_of(admin(world).get("/api/v1/register")) == (401, "token_missing")


def test_who_guesses_tokens_must_wait_and_who_has_one_need_not(world: World) -> None:
    friend = caller_of(world.demo.provider)
    for _ in range(30):
        Caller("kualik_guess").get("/token")
    answer = Caller("kualik_guess").get("/token")
    assert problem_of(answer) == (429, "too_many_tries")
    assert answer.headers["Retry-After"] == "900"
    assert friend.get("/token").status_code == 200


def test_every_answer_tells_what_is_left_and_the_rate_begins_anew(world: World) -> None:
    caller = caller_of(world.demo.provider)
    with time_machine.travel(clock.now(), tick=False) as moment:
        answers = [caller.get("/token") for _ in range(601)]
        left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers[:3]]
        assert left == [599, 598, 597]
        assert answers[0].headers["RateLimit-Limit"] == "600"
        assert answers[599].status_code == 200
        assert problem_of(answers[600]) == (429, "calls_spent")
        wait = int(answers[600].headers["Retry-After"])
        assert wait == int(answers[600].headers["RateLimit-Reset"])
        moment.shift(timedelta(seconds=wait))
        assert caller.get("/token").status_code == 200


def test_a_token_ends_with_its_day(world: World) -> None:
    caller = caller_of(world.demo.provider)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert problem_of(caller.get("/token")) == (401, "token_over")


def test_a_successor_works_beside_the_old_one_for_a_week(world: World) -> None:
    now = clock.now()
    old, secret = issue_token(
        provider=world.demo.provider,
        name="Moodle",
        scopes=[Scope.REGISTER],
        ends_at=now + timedelta(days=60),
        actor=SYSTEM,
        now=now,
    )
    made, fresh = renew_token(token=old, ends_at=now + timedelta(days=90), actor=SYSTEM, now=now)
    assert made.scopes == old.scopes
    assert [Caller(one).get("/token").status_code for one in (secret, fresh)] == [200, 200]
    with time_machine.travel(now + OVERLAP):
        assert [Caller(one).get("/token").status_code for one in (secret, fresh)] == [401, 200]


def test_renewing_never_lengthens_the_old_one_and_is_over_with_it(world: World) -> None:
    now = clock.now()
    old, _ = issue_token(
        provider=world.demo.provider,
        name="Moodle",
        scopes=[Scope.REGISTER],
        ends_at=now + timedelta(days=2),
        actor=SYSTEM,
        now=now,
    )
    renew_token(token=old, ends_at=now + timedelta(days=90), actor=SYSTEM, now=now)
    old.refresh_from_db()
    assert old.ends_at == now + timedelta(days=2)
    with pytest.raises(RuleViolation, match="token_over"):
        renew_token(
            token=old,
            ends_at=now + timedelta(days=90),
            actor=SYSTEM,
            now=now + timedelta(days=3),
        )


def test_a_revoked_token_opens_nothing_at_once(world: World) -> None:
    caller = caller_of(world.demo.provider)
    token = ApiToken.objects.get()
    revoke_token(token=token, actor=SYSTEM, now=clock.now())
    assert problem_of(caller.get("/token")) == (401, "token_over")
    acts = JournalEntry.objects.filter(subject=f"token:{token.pk}").order_by("sequence")
    assert [row.action for row in acts] == ["accounts.token_issued", "accounts.token_revoked"]


@pytest.mark.parametrize(
    ("scopes", "days", "code"),
    [
        ([], 30, "token_scopes_empty"),
        ([Scope.CHECK, Scope.REGISTER], 30, "token_scope_not_given"),
        ([Scope.CHECK], 0, "token_end_wrong"),
        ([Scope.CHECK], 400, "token_end_wrong"),
    ],
)
def test_a_token_of_no_organisation_only_checks_and_none_lasts_for_ever(
    db: None, scopes: list[Scope], days: int, code: str
) -> None:
    now = clock.now()
    with pytest.raises(RuleViolation, match=code):
        issue_token(
            provider=None,
            name="employer",
            scopes=scopes,
            ends_at=now + timedelta(days=days),
            actor=SYSTEM,
            now=now,
        )


def test_the_secret_is_shown_once_and_kept_nowhere(world: World) -> None:
    client = admin(world)
    answer = client.post(reverse("accounts:token_new"), NEW)
    until_shown = client.session["token_shown"]
    secret = secret_on(client.get(answer.url).content.decode())
    assert secret not in str(until_shown)
    assert Caller(secret).get("/token").status_code == 200
    assert secret_on(client.get(answer.url).content.decode()) == ""
    token = ApiToken.objects.get()
    assert (token.provider, token.hint) == (world.demo.provider, secret[-4:])
    assert secret not in str(ApiToken.objects.values())
    assert "…" + token.hint in client.get(reverse("accounts:tokens")).content.decode()


def test_the_page_renews_and_revokes(world: World) -> None:
    client = admin(world)
    where = client.post(reverse("accounts:token_new"), NEW).url
    old = ApiToken.objects.get()
    answer = client.post(reverse("accounts:token_renew", args=[old.pk]), {"days": "180"})
    assert secret_on(client.get(answer.url).content.decode())
    assert ApiToken.objects.count() == 2
    client.post(reverse("accounts:token_revoke", args=[old.pk]))
    page = client.get(where).content.decode()
    assert "Token revoked" in page
    assert "Make the second token" not in page
    client.post(reverse("accounts:token_renew", args=[old.pk]), {"days": "180"})
    assert ApiToken.objects.count() == 2


def test_a_form_without_scopes_or_with_an_iin_makes_nothing(world: World) -> None:
    client, where = admin(world), reverse("accounts:token_new")
    assert client.post(where, NEW | {"scopes": []}).status_code == 200
    assert (
        "Write no IIN here" in client.post(where, NEW | {"name": "850315300123"}).content.decode()
    )
    assert not ApiToken.objects.exists()


def test_another_organisation_finds_no_token_of_ours(world: World) -> None:
    caller_of(world.demo.provider)
    token = ApiToken.objects.get()
    other = sign_in(Client(), world.other.staff[Role.PROVIDER_ADMIN])
    assert token.hint not in other.get(reverse("accounts:tokens")).content.decode()
    for name in ("token_one", "token_renew", "token_revoke"):
        where = reverse(f"accounts:{name}", args=[token.pk])
        assert other.post(where, {"days": "30"}).status_code == 404, name
    token.refresh_from_db()
    assert token.revoked_at is None


def test_the_platform_makes_tokens_that_only_check(world: World) -> None:
    keeper = enrol("keeper", None, Role.PLATFORM_ADMIN, now=world.now)
    client = sign_in(Client(), keeper)
    page = client.get(reverse("accounts:token_new")).content.decode()
    assert 'value="check"' in page
    assert "register:read" not in page
    answer = client.post(
        reverse("accounts:token_new"), {"name": "employer", "scopes": ["check"], "days": "30"}
    )
    caller = Caller(secret_on(client.get(answer.url).content.decode()))
    assert json.loads(caller.get("/token").content)["organisation"] is None
    assert problem_of(caller.get("/register")) == (403, "scope_missing")
