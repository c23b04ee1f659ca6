"""What fails at one provider is said where its visitors are: kiosk, queue and ticket (A57.10-4)."""

import pytest
from django.test import Client
from django.urls import reverse

from kualik.counter.queries.presence import screen_value
from kualik.counter.services.ticketing import token_of
from kualik.incidents.services.declaring import declare_incident
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role
from tests.counter.hall import Lobby, open_lobby
from tests.world import House, World, build_world

WHAT = Text("принтер істемейді", "принтер не работает", "the printer does not work")


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def fails(house: House, world: World) -> None:
    declare_incident(
        what=WHAT,
        began_at=world.now,
        user=house.staff[Role.OFFICE_HEAD],
        role=Role.OFFICE_HEAD,
        now=world.now,
    )


def pages(lobby: Lobby) -> dict[str, str]:
    """What visitors of the hall see, in Russian; the first page of the kiosk speaks all three."""
    client = Client()
    client.cookies[f"kualik-screen-{lobby.office.pk}"] = screen_value(lobby.hall)
    office = [lobby.office.pk]
    addresses = {
        "kiosk": reverse("counter:kiosk", args=office),
        "kiosk_lines": reverse("counter:kiosk_lines", args=[*office, "ru"]),
        "queue": reverse("counter:queue", args=office),
        "ticket": reverse("counter:ticket", args=[token_of(lobby.ticket().key)]),
    }
    return {
        name: client.get(where, {"lang": "ru"}).content.decode().lower()
        for name, where in addresses.items()
    }


def test_the_visitors_of_a_hall_read_what_fails_there(world: World) -> None:
    fails(world.demo, world)
    shown = pages(open_lobby(world.demo))
    assert {name: WHAT.ru in page for name, page in shown.items()} == dict.fromkeys(shown, True)
    assert all(WHAT.get(language) in shown["kiosk"] for language in LANGUAGES)


def test_what_fails_elsewhere_is_not_said_there(world: World) -> None:
    fails(world.other, world)
    assert not any(WHAT.ru in page for page in pages(open_lobby(world.demo)).values())
