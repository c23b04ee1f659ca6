"""Nobody's session ends unsaid, and one press prolongs it (WCAG 2.2, 2.2.1)."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from kualik.core import clock
from kualik.core.staying import MOST_STAYS
from kualik.rules.lifecycle import Role
from tests.entering import open_cabinet
from tests.world import World, build_world, sign_in

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def world(kualik_files: object) -> World:
    return build_world()


def seconds_left(client: Client, page: str = "/check/") -> int:
    found = re.search(r'data-seconds="(\d+)"', client.get(page).content.decode())
    return int(found[1]) if found else 0


def applicant(world: World, since: datetime | None = None) -> Client:
    return open_cabinet(Client(), world.demo.requests[0].person, since=since)


def test_a_visitor_who_has_not_entered_is_told_of_no_session() -> None:
    assert "k-stay" not in Client().get("/check/").content.decode()


def test_an_applicant_reads_when_the_session_ends(world: World) -> None:
    client = applicant(world, clock.now() - HOUR)
    assert 7 * 3600 - 60 < seconds_left(client) <= 7 * 3600
    assert "k-stay--soon" not in client.get("/check/").content.decode()


def test_the_end_is_marked_a_quarter_of_an_hour_before(world: World) -> None:
    client = applicant(world, clock.now() - 8 * HOUR + timedelta(minutes=14))
    assert "k-stay--soon" in client.get("/check/").content.decode()


def test_a_press_prolongs_the_session_of_an_applicant_and_leads_back(world: World) -> None:
    client = applicant(world, clock.now() - 7 * HOUR)
    answer = client.post("/stay/", {"next": "/cabinet/"})
    assert (answer.status_code, answer.url) == (302, "/cabinet/")
    assert seconds_left(client) > 8 * 3600 - 60
    with time_machine.travel(clock.now() + 7 * HOUR, tick=True):
        assert client.get("/cabinet/").status_code == 200
    with time_machine.travel(clock.now() + 9 * HOUR, tick=True):
        assert client.get("/cabinet/").status_code == 302


def test_a_session_that_has_ended_cannot_be_prolonged(world: World) -> None:
    client = applicant(world, clock.now() - 9 * HOUR)
    client.post("/stay/")
    assert client.get("/cabinet/").status_code == 302


def test_an_entry_is_not_prolonged_for_ever(world: World) -> None:
    client = applicant(world, clock.now() - 7 * HOUR)
    for _ in range(MOST_STAYS):
        answer = client.post("/stay/", headers={"accept": "application/json"})
        assert answer.json()["seconds"] > 8 * 3600 - 60
    answer = client.post("/stay/", headers={"accept": "application/json"})
    assert answer.json() == {"seconds": 0, "until": ""}


def test_staff_read_the_end_and_prolong_it_too(world: World) -> None:
    client = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    client.get("/office/")
    with time_machine.travel(clock.now() + 6 * HOUR, tick=True):
        assert seconds_left(client, "/office/") < 2 * 3600 + 60
        client.post("/stay/", {"next": "/office/"})
        assert seconds_left(client, "/office/") > 8 * 3600 - 60
    with time_machine.travel(clock.now() + 13 * HOUR, tick=True):
        assert client.get("/office/").status_code == 200
    with time_machine.travel(clock.now() + 15 * HOUR, tick=True):
        assert client.get("/office/").status_code == 302


def test_staff_lose_nothing_when_they_only_look(world: World) -> None:
    client = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    client.get("/office/")
    with time_machine.travel(clock.now() + 3 * HOUR, tick=True):
        first = seconds_left(client, "/office/")
        assert abs(first - seconds_left(client, "/office/")) < 5


def test_a_stranger_gains_nothing_by_the_press() -> None:
    client = Client()
    assert client.post("/stay/").status_code == 302
    assert client.get("/cabinet/").status_code == 302
    assert client.get("/stay/").url == "/"
