"""The page with all texts that people are sent."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kualik.core import clock
from kualik.core.journal import history
from kualik.notifications.models import Message, OwnWords
from kualik.notifications.queries import counts_by_event
from kualik.notifications.services.sending import Addresses, notify
from kualik.notifications.services.wording import events, placeholders
from kualik.rules.lifecycle import Role
from tests.world import World, build_world, sign_in

ADDRESS = "notifications:texts"


@pytest.fixture
def world(db, kualik_files) -> World:
    return build_world()


def test_every_event_stands_on_the_page_in_three_languages(world: World, client: Client) -> None:
    admin = sign_in(client, world.demo.staff[Role.PROVIDER_ADMIN])
    page = admin.get(reverse(ADDRESS)).content.decode()
    for event in events().values():
        assert event.name in page
    assert 'lang="kk"' in page
    assert 'lang="en"' in page


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_event_opens_by_words_of_the_pages_language(
    world: World, client: Client, language: str
) -> None:
    admin = sign_in(client, world.demo.staff[Role.PROVIDER_ADMIN])
    page = admin.get(reverse(ADDRESS), {"lang": language}).content.decode()
    summaries = re.findall(r'<span class="govuk-details__summary-text">(.*?)</span>', page)
    assert len(summaries) >= len(events())
    assert all(summaries)


def test_an_organisation_counts_its_own_messages_alone(world: World) -> None:
    now = clock.now()
    for scope, key in (("DEMO", "a"), ("OTHER", "b")):
        Message.objects.create(
            key=key, channel="sms", address="+77000000001", event="probe", language="kk",
            body="…", about="x:1", scope=scope, state="failed", created_at=now,
            give_up_at=now,
        )  # fmt: skip
    since = now - timedelta(days=1)
    assert counts_by_event(scope="DEMO", since=since)["probe"] == {"failed": 1}
    assert counts_by_event(scope=None, since=since)["probe"] == {"failed": 2}


@pytest.mark.parametrize("role", [Role.CLERK, Role.REGISTRAR])
def test_others_do_not_see_it(world: World, client: Client, role: Role) -> None:
    assert sign_in(client, world.demo.staff[role]).get(reverse(ADDRESS)).status_code == 403


OWN = {"kk": "Қызмет залы: 12-бөлме.", "ru": "Зал обслуживания: кабинет 12.", "en": "Room 12."}


def letter(world: World, *, scope: str = "DEMO", language: str = "ru") -> Message:
    """The letter of a request that was filed, with the values its text names."""
    names = ("number", "provider", "link", "due", "code", "programme", "date", "where", "by")
    event = events()["request_filed"]
    params = dict.fromkeys({*names, *placeholders(event.texts["email"][language][1])}, "…")
    (sent,) = notify(
        event="request_filed", about=f"request:{scope}", addresses=Addresses(email="a@example.kz"),
        language=language, params=params, now=world.now, scope=scope,
    )  # fmt: skip
    return sent


def test_an_organisation_adds_own_words_before_the_foot_of_a_letter(
    world: World, client: Client
) -> None:
    admin = sign_in(client, world.demo.staff[Role.PROVIDER_ADMIN])
    address = reverse("notifications:own_words", args=["request_filed"])
    assert address in admin.get(reverse(ADDRESS)).content.decode()
    assert admin.post(address, OWN).status_code == 302
    own, _, foot = letter(world).body.partition(OWN["ru"])
    assert own.strip()
    assert foot.startswith("\n\n-- \n")
    assert OWN["ru"] not in letter(world, scope="OTHER").body
    assert OWN["en"] in admin.get(reverse(ADDRESS)).content.decode()
    entry = history(f"provider:{world.demo.provider.pk}")[-1]
    assert (entry.action, entry.data["words"]) == ("notice_words_set", OWN)
    admin.post(address, dict.fromkeys(OWN, ""))
    assert OWN["en"] not in admin.get(reverse(ADDRESS)).content.decode()


@pytest.mark.parametrize(
    "change",
    [{"en": ""}, {"kk": "{number}"}, {"ru": "а" * 301}, {"kk": "ЖСН 880611399131"}],
)
def test_own_words_are_short_plain_and_in_every_language(
    world: World, client: Client, change: dict[str, str]
) -> None:
    admin = sign_in(client, world.demo.staff[Role.PROVIDER_ADMIN])
    address = reverse("notifications:own_words", args=["request_filed"])
    answer = admin.post(address, {**OWN, **change})
    assert "govuk-error-summary" in answer.content.decode()
    assert not OwnWords.objects.exists()


@pytest.mark.parametrize("event", ["one_time_code", "staff_link_made", "phone_added", "no_such"])
def test_letters_that_are_not_the_organisations_take_no_own_words(
    world: World, client: Client, event: str
) -> None:
    admin = sign_in(client, world.demo.staff[Role.PROVIDER_ADMIN])
    assert admin.get(reverse("notifications:own_words", args=[event])).status_code == 404
