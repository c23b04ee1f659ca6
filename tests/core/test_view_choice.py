"""The low-vision version works without a script, stays chosen and leads back (A303.10.e)."""

import re

import pytest
from django.test import Client

from kualik.config.forms import LABELS
from kualik.core.looks import CHOICES, COOKIE, USUAL
from kualik.rules.lifecycle import Role
from tests.entering import open_cabinet
from tests.world import World, build_world, sign_in

YELLOW = {**USUAL, "size": "200", "colours": "yellow", "pictures": "off"}
CLASSES = 'class="govuk-template k-look k-size-200 k-colours-yellow k-pictures-off"'
pytestmark = pytest.mark.django_db


@pytest.fixture
def world(kualik_files: object) -> World:
    return build_world()


def choose(client: Client, came_from: str = "/check/", **choice: str) -> str:
    """The choice made by a press; where the visitor is led."""
    answer = client.post("/view/", {**YELLOW, "next": came_from, **choice})
    assert answer.status_code == 302
    return str(answer.url)


def html_of(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    return page[page.index("<html") : page.index(">", page.index("<html"))]


def test_a_choice_leads_back_and_every_page_looks_so() -> None:
    client = Client()
    assert choose(client, "/standards/?lang=ru") == "/standards/?lang=ru"
    for address in ("/", "/check/", "/login/", "/nowhere/", "/view/"):
        assert CLASSES in html_of(client, address) + ">"
    kept = client.cookies[COOKIE]
    assert kept.value == "200.yellow.usual.plain.off"
    assert (kept["max-age"], kept["samesite"], kept["httponly"]) == (31_536_000, "Lax", True)


def test_the_choice_survives_the_language_the_log_in_and_the_way_out(world: World) -> None:
    client = Client()
    choose(client)
    assert 'lang="ru"' in html_of(client, "/check/?lang=ru")
    person = world.demo.requests[0].person
    open_cabinet(client, person)
    assert CLASSES in html_of(client, "/cabinet/")
    client.post("/leave/")
    sign_in(client, world.demo.staff[Role.REGISTRAR])
    assert CLASSES in html_of(client, "/office/")
    client.post("/logout/")
    assert CLASSES in html_of(client, "/")


def test_one_press_brings_the_usual_version_back() -> None:
    client = Client()
    choose(client)
    assert choose(client, usual="1") == "/check/"
    assert "k-look" not in html_of(client, "/check/")
    assert client.cookies[COOKIE].value == ""


def test_the_sheet_of_the_version_is_loaded_only_by_who_chose_it() -> None:
    client = Client()
    assert "core/looks.css" not in client.get("/check/").content.decode()
    choose(client)
    assert "core/looks.css" in client.get("/check/").content.decode()


@pytest.mark.parametrize(
    "cookie",
    [
        "", "200", "200.yellow", "900.pink.far.gothic.maybe", "100.usual.usual.plain.on.more",
        '200"><script>.usual.usual.plain.on', "x" * 4000,
    ],
)  # fmt: skip
def test_a_cookie_that_is_not_ours_changes_nothing(cookie: str) -> None:
    client = Client()
    client.cookies[COOKIE] = cookie
    assert html_of(client, "/check/") == html_of(Client(), "/check/")


def test_a_part_of_a_cookie_that_is_not_ours_is_the_usual_one() -> None:
    client = Client()
    client.cookies[COOKIE] = "150.pink.usual.plain.on"
    assert html_of(client, "/check/").endswith('class="govuk-template k-look k-size-150"')


@pytest.mark.parametrize("choice", [{"size": "300"}, {"colours": ""}, {"pictures": "maybe"}])
def test_a_choice_that_is_not_offered_is_refused_with_the_reason(choice: dict[str, str]) -> None:
    client = Client()
    answer = client.post("/view/", {**YELLOW, **choice})
    assert answer.status_code == 200
    assert "govuk-error-summary" in answer.content.decode()
    assert COOKIE not in client.cookies


@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_nobody_is_led_to_a_foreign_site(foreign: str) -> None:
    assert choose(Client(), foreign) == "/view/"


def test_every_page_leads_to_the_choice_first_and_knows_where_it_was() -> None:
    for address in ("/", "/check/", "/nowhere/", "/standards/?lang=ru"):
        page = Client().get(address).content.decode()
        header = page[page.index("<header") :]
        first = re.search(r'<a href="([^"]*)"', header)
        assert first
        there = address.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
        assert first[1] == f"/view/?next={there}"


def test_an_iin_in_an_address_is_not_carried_along() -> None:
    page = Client().get("/check/?text=850315300123").content.decode()
    assert 'href="/view/?next=%2Fcheck%2F"' in page


def test_the_page_of_the_choice_does_not_lead_in_a_circle() -> None:
    page = Client().get("/view/", {"next": "/check/"}).content.decode()
    assert 'href="/view/?next=%2Fcheck%2F"' in page
    assert '<input type="hidden" name="next" value="/check/">' in page


def test_each_choice_has_words() -> None:
    assert {name: tuple(words) for name, words in LABELS.items()} == CHOICES
