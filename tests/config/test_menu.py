"""The menu names only pages that there are, and only those that let the person in."""

import re

import pytest
from django.test import Client
from django.urls import resolve, reverse

from kualik.config.menu import APPLICANT_ITEMS, PUBLIC_ITEMS, STAFF_ITEMS
from kualik.core.access import APPLICANT, PUBLIC, permission_of
from kualik.rules.lifecycle import Role
from tests.entering import open_cabinet
from tests.world import World, build_world, enrol, sign_in


@pytest.fixture
def world(kualik_files: object, db: None) -> World:
    return build_world()


def menu_of(client: Client) -> list[str]:
    """The addresses of the menu on a page that is open to all."""
    page = client.get("/standards/").content.decode()
    start = page.index('class="k-nav__list"')
    menu = page[start : page.index("</nav>", start)]
    return re.findall(r'href="([^"]+)"', menu)


def test_every_entry_has_its_page() -> None:
    for name, _ in (*PUBLIC_ITEMS, *APPLICANT_ITEMS):
        assert permission_of(resolve(reverse(name)).func) in (PUBLIC, APPLICANT), name
    for name, _ in STAFF_ITEMS:
        assert isinstance(permission_of(resolve(reverse(name)).func), frozenset), name


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in (Role.SYSTEM, Role.APPLICANT)]
)
def test_staff_open_every_page_of_their_menu(world: World, role: Role) -> None:
    user = world.demo.staff.get(role) or enrol(f"only-{role}", None, role, now=world.now)
    client = sign_in(Client(), user)
    addresses = menu_of(client)
    assert reverse("accounts:profile") in addresses
    for address in addresses:
        assert client.get(address).status_code == 200, address


def test_an_applicant_finds_the_cabinet_and_the_own_complaints(world: World) -> None:
    client = open_cabinet(Client(), world.demo.requests[0].person)
    assert menu_of(client) == ["/cabinet/", "/check/", "/providers/", "/cabinet/complaints/"]
    for address in menu_of(client):
        assert client.get(address).status_code == 200, address


@pytest.mark.django_db
def test_a_visitor_finds_the_public_pages_and_both_doors() -> None:
    assert menu_of(Client()) == [reverse(name) for name, _ in PUBLIC_ITEMS]
