"""The page with all texts that people are sent."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kualik.core import clock
from kualik.notifications.models import Message
from kualik.notifications.queries import counts_by_event
from kualik.notifications.services.wording import events
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
