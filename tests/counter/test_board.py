"""The board of the hall: numbers and windows for everybody, names for nobody."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.counter.models import Visit
from kualik.counter.queries.screens import screen
from kualik.counter.services.calling import call_next, recall
from kualik.counter.services.finishing import finish, hand_in
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import World, build_world

ROW = re.compile(r'<tr class="([^"]+)" data-key="([^"]+)">')


@pytest.fixture(autouse=True)
def monday(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "clock").write_text(NOW.isoformat(), encoding="ascii")
    settings.CLOCK = str(tmp_path / "clock")


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def lobby(world: World) -> Lobby:
    return open_lobby(world.demo)


def call(lobby: Lobby, window: int = 0, *, after: int = 0) -> Visit:
    visit = call_next(
        window=lobby.windows[window], user=lobby.clerks[window], now=NOW + after * MINUTE
    )
    assert visit is not None
    return visit


def board(lobby: Lobby) -> str:
    answer = Client().get(reverse("counter:board", args=[lobby.office.pk]))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def record(lobby: Lobby) -> dict[str, object]:
    found = Client().get(reverse("counter:board_now", args=[lobby.office.pk])).json()
    assert isinstance(found, dict)
    return found


def test_the_last_called_number_stands_first_with_its_window(lobby: Lobby) -> None:
    first, second, waiting = (lobby.ticket(ago=place) for place in (5, 4, 3))
    call(lobby, 0)
    call(lobby, 1, after=1)
    rows = ROW.findall(board(lobby))
    assert rows == [("s-call", f"{second.number}-2-1"), ("s-call", f"{first.number}-1-1")]
    assert waiting.number not in board(lobby)
    assert "<strong data-waiting>1</strong>" in board(lobby)


def test_another_call_of_the_same_number_is_a_call_of_its_own(lobby: Lobby) -> None:
    lobby.ticket()
    visit = call(lobby)
    recall(visit=visit, user=lobby.clerks[0], now=NOW)
    assert ROW.findall(board(lobby)) == [("s-call", f"{visit.number}-1-2")]


def test_who_is_served_steps_back_and_who_is_done_goes(lobby: Lobby) -> None:
    lobby.ticket()
    visit = call(lobby)
    hand_in(visit=visit, user=lobby.clerks[0], now=NOW)
    assert ROW.findall(board(lobby)) == [("s-call--served", f"{visit.number}-1-1")]
    finish(visit=visit, outcome="answered", user=lobby.clerks[0], now=NOW)
    assert ROW.findall(board(lobby)) == []


def test_an_empty_board_asks_to_wait_in_both_languages(lobby: Lobby) -> None:
    shown = board(lobby)
    assert "Нөміріңізді күтіңіз" in shown
    assert "Ждите свой номер" in shown


def test_nothing_of_a_person_is_on_the_board_or_in_its_data(lobby: Lobby, world: World) -> None:
    person = world.demo.requests[0].person
    lobby.ticket(priority="disability")
    visit = call(lobby)
    Visit.objects.filter(pk=visit.pk).update(person=person, phone="+77010000001")
    shown = board(lobby) + str(record(lobby))
    for secret in (person.family_name, "+7701", "disability", lobby.clerks[0].full_name):
        assert secret not in shown
    called = record(lobby)["called"]
    assert isinstance(called, list)
    assert set(called[0]) == {"number", "window", "calls", "language", "is_served"}


def test_the_numbers_are_those_of_the_own_office_and_of_today(lobby: Lobby, world: World) -> None:
    other = open_lobby(world.other)
    other.ticket()
    call(other)
    lobby.ticket(ago=24 * 60)
    found = screen(lobby.office, now=NOW)
    assert found is not None
    assert (found.called, found.waiting) == ((), 0)


def test_the_stamp_grows_with_every_change_and_only_then(lobby: Lobby) -> None:
    lobby.ticket()
    before = record(lobby)["stamp"]
    assert record(lobby)["stamp"] == before
    call(lobby)
    assert record(lobby)["stamp"] != before


def test_readers_are_told_of_calls_and_pages_without_script_reload(lobby: Lobby) -> None:
    shown = board(lobby)
    assert re.search(r'role="status" aria-live="assertive" data-said', shown)
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in shown
    assert 'data-say-kk="Нөмірі {number}. Терезе {window}."' in shown
    assert 'data-say-ru="Номер {number}. Окно {window}."' in shown
