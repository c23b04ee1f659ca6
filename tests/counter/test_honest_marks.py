"""Marks as they were made: nobody shortens a term afterwards, no window or visit stays stuck."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.core import clock
from kualik.core.errors import table
from kualik.core.journal import history
from kualik.counter.models import Period, Visit, Window
from kualik.counter.queries.reasons import reasons
from kualik.counter.services.calling import call_next, hold, miss, recall, take_back, take_over
from kualik.counter.services.finishing import finish, hand_in, plain_words, reasons_wanted
from kualik.counter.services.merging import Mark, merge_mark
from kualik.counter.services.moving import subject_of
from kualik.counter.services.warning import end_days, let_go
from kualik.counter.services.windows import close_window, note_seen, open_window
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import World, build_world, sign_in

State = Visit.State
IIN = "880101300125"


@pytest.fixture
def hands(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "clock"
    path.write_text(NOW.isoformat(), encoding="ascii")
    settings.CLOCK = str(path)
    return path


@pytest.fixture
def world(db: None, kualik_files: object, hands: Path) -> World:
    return build_world()


@pytest.fixture
def lobby(world: World) -> Lobby:
    return open_lobby(world.demo)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(RuleViolation) as told:
        act()
    assert told.value.code in table()
    return told.value.code


def called(lobby: Lobby, *, ago: int = 5) -> Visit:
    lobby.ticket(ago=ago)
    visit = call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW)
    assert visit is not None
    return visit


def served(lobby: Lobby) -> Visit:
    return hand_in(visit=called(lobby), user=lobby.clerks[0], now=NOW)


# A clerk who went away


def test_the_head_sends_a_called_visitor_back_into_the_line_with_the_place_kept(
    world: World, lobby: Lobby
) -> None:
    visit, head = called(lobby), world.demo.staff[Role.OFFICE_HEAD]
    place = visit.place_at
    take_over(visit=visit, user=head, now=NOW + MINUTE)
    assert (visit.state, visit.window, visit.user, visit.place_at) == (
        State.WAITING, None, None, place
    )  # fmt: skip
    close_window(window=lobby.windows[0], actor=head.acting_as(Role.OFFICE_HEAD), now=NOW + MINUTE)
    again = call_next(window=lobby.windows[1], user=lobby.clerks[1], now=NOW + MINUTE)
    assert again == visit
    entry = next(one for one in history(subject_of(visit)) if one.action.endswith("taken_over"))
    assert (entry.role, entry.data["clerk"]) == (
        Role.OFFICE_HEAD, f"user:{lobby.clerks[0].pk}"
    )  # fmt: skip


def test_who_was_being_served_is_laid_aside_and_another_window_goes_on(
    world: World, lobby: Lobby
) -> None:
    visit = served(lobby)
    take_over(visit=visit, user=world.demo.staff[Role.OFFICE_HEAD], now=NOW + MINUTE)
    assert visit.state == State.HELD
    other, clerk = lobby.windows[1], lobby.clerks[1]
    take_back(visit=visit, window=other, user=clerk, now=NOW + 2 * MINUTE)
    finish(visit=visit, outcome="filed", user=clerk, now=NOW + 9 * MINUTE)
    assert (visit.state, visit.handed_in_at) == (State.DONE, NOW)


def test_nobody_but_the_head_takes_over(world: World, lobby: Lobby) -> None:
    visit = called(lobby)
    act = {"visit": visit, "now": NOW}
    assert code_of(lambda: take_over(user=lobby.clerks[1], **act)) == "not_permitted"
    waits = lobby.ticket(ago=1)
    head = world.demo.staff[Role.OFFICE_HEAD]
    wrong = {"visit": waits, "user": head, "now": NOW}
    assert code_of(lambda: take_over(**wrong)) == "visit_move_forbidden"


def test_the_page_of_the_hall_frees_a_window_and_then_closes_it(world: World, lobby: Lobby) -> None:
    visit, where = called(lobby), reverse("counter:hall")
    typed = {"office": lobby.office.pk, "visit": visit.pk, "version": visit.version}
    act = reverse("counter:hall_act", args=["take_over"])
    clerk = sign_in(Client(), lobby.clerks[1])
    assert act not in clerk.get(where).content.decode()
    clerk.post(act, typed)
    stranger = sign_in(Client(), world.other.staff[Role.OFFICE_HEAD])
    assert stranger.post(act, typed).status_code == 404
    assert Visit.objects.get(pk=visit.pk).state == State.CALLED
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    assert act in head.get(where).content.decode()
    head.post(act, {**typed, "version": 0})
    assert Visit.objects.get(pk=visit.pk).state == State.CALLED, "the page was old"
    head.post(act, typed)
    assert Visit.objects.get(pk=visit.pk).state == State.WAITING
    window = {"office": lobby.office.pk, "window": lobby.windows[0].pk}
    head.post(reverse("counter:hall_act", args=["close"]), window)
    assert Window.objects.get(pk=lobby.windows[0].pk).state == Window.State.CLOSED


# After midnight


def test_a_visit_that_crossed_midnight_while_the_worker_was_away_ends_too(lobby: Lobby) -> None:
    visit, clerk = served(lobby), lobby.clerks[0]
    past = NOW + timedelta(hours=14, minutes=30)  # 00:30
    hold(visit=visit, user=clerk, now=past)
    assert end_days(now=past + timedelta(hours=1)) == 1
    visit.refresh_from_db()
    assert (visit.state, visit.ended_at) == (State.DONE, past)


def test_a_window_in_use_today_stays_open_and_stops_no_other(lobby: Lobby) -> None:
    tomorrow = NOW + timedelta(days=1)
    lobby.ticket(ago=5, now=tomorrow)
    call_next(window=lobby.windows[0], user=lobby.clerks[0], now=tomorrow)
    end_days(now=tomorrow + MINUTE)
    states = dict(Window.objects.values_list("number", "state"))
    assert states == {1: Window.State.OPEN, 2: Window.State.CLOSED}


def test_one_busy_window_does_not_end_the_job_of_the_minute(lobby: Lobby) -> None:
    """A visit of today that was called before its window's day turned."""
    tomorrow = NOW + timedelta(days=1)
    visit = called(lobby)
    Visit.objects.filter(pk=visit.pk).update(day=tomorrow.date())
    end_days(now=tomorrow)
    states = dict(Window.objects.values_list("number", "state"))
    assert states == {1: Window.State.OPEN, 2: Window.State.CLOSED}


@pytest.mark.parametrize("ends", [let_go, end_days])
def test_who_handed_in_and_is_missed_later_was_served(
    lobby: Lobby, ends: Callable[..., int]
) -> None:
    visit, clerk = served(lobby), lobby.clerks[0]
    Visit.objects.filter(pk=visit.pk).update(state=State.CALLED, calls=3)
    visit.refresh_from_db()
    miss(visit=visit, user=clerk, now=NOW + 5 * MINUTE)
    assert ends(now=NOW + timedelta(days=1)) == 1
    visit.refresh_from_db()
    assert (visit.state, visit.outcome) == (State.DONE, "unfinished")


def test_who_was_missed_without_papers_left(lobby: Lobby) -> None:
    visit, clerk = called(lobby), lobby.clerks[0]
    for _ in range(2):
        recall(visit=visit, user=clerk, now=NOW)
    miss(visit=visit, user=clerk, now=NOW)
    let_go(now=NOW + 30 * MINUTE)
    visit.refresh_from_db()
    assert visit.state == State.LEFT


# Reasons


def test_every_cause_is_in_three_languages_and_other_needs_words(lobby: Lobby) -> None:
    assert all(text.kk and text.ru and text.en for text in reasons().values())
    visit, clerk = hand_in(visit=called(lobby, ago=40), user=lobby.clerks[0], now=NOW), None
    clerk = lobby.clerks[0]
    end = {"visit": visit, "outcome": "filed", "user": clerk, "now": NOW + MINUTE}
    assert code_of(lambda: finish(**end, waiting_cause="other")) == "waiting_reason_missing"
    assert code_of(lambda: finish(**end, waiting_cause="weather")) == "reason_unknown"
    finish(**end, waiting_cause="no_window")
    assert (visit.waiting_cause, visit.waiting_reason) == ("no_window", "")


def test_words_lose_numbers_of_people_and_stay_out_of_the_journal(lobby: Lobby) -> None:
    visit = hand_in(visit=called(lobby, ago=40), user=lobby.clerks[0], now=NOW)
    words = f" Айгүл\u202e {IIN[:6]} {IIN[6:]}\nкешікті"
    end = {"visit": visit, "outcome": "filed", "user": lobby.clerks[0], "now": NOW + MINUTE}
    finish(**end, waiting_reason=words)
    visit.refresh_from_db()
    assert visit.waiting_cause == "other"
    assert visit.waiting_reason == plain_words(words)
    assert visit.waiting_reason.startswith("Айгүл ")
    assert IIN not in visit.waiting_reason.replace(" ", "")
    journal = json.dumps([entry.data for entry in history(subject_of(visit))], ensure_ascii=False)
    assert "Айгүл" not in journal
    assert '"waiting_cause": "other"' in journal
    client = sign_in(Client(), lobby.clerks[0])
    page = client.get(reverse("counter:visit", args=[visit.pk])).content.decode()
    assert "Айгүл" in page


def test_the_wish_to_come_later_explains_nothing(lobby: Lobby) -> None:
    visit = called(lobby, ago=40)
    Visit.objects.filter(pk=visit.pk).update(asked_later_at=NOW - 30 * MINUTE)
    visit.refresh_from_db()
    hand_in(visit=visit, user=lobby.clerks[0], now=NOW)
    end = {"visit": visit, "outcome": "filed", "user": lobby.clerks[0], "now": NOW + MINUTE}
    assert code_of(lambda: finish(**end)) == "waiting_reason_missing"
    client = sign_in(Client(), lobby.clerks[0])
    page = client.get(reverse("counter:window"), {"lang": "en"}).content.decode()
    assert "The visitor asked to be called later" in page


# Moments that lie back


def mark_of(visit: Visit, act: str, *, after: int, **more: str) -> Mark:
    return Mark(visit=visit.pk, act=act, at=NOW + after * MINUTE, key=f"{act}-1", **more)


def polled(lobby: Lobby, *, since: int, until: int) -> None:
    """The page of the first window asked once a minute all that time."""
    for minute in range(since, until + 1):
        window = Window.objects.get(pk=lobby.windows[0].pk)
        note_seen(window=window, now=NOW + minute * MINUTE)


def test_a_finish_two_hours_late_needs_the_reason_of_the_real_moment(lobby: Lobby) -> None:
    visit, clerk = served(lobby), lobby.clerks[0]
    polled(lobby, since=0, until=120)
    forged = mark_of(visit, "finish", after=20, outcome="filed")
    late = NOW + 120 * MINUTE
    told = code_of(lambda: merge_mark(mark=forged, user=clerk, now=late))
    assert told == "serving_reason_missing"
    said = mark_of(visit, "finish", after=20, outcome="filed", serving_cause="difficult")
    assert merge_mark(mark=said, user=clerk, now=late)
    visit.refresh_from_db()
    assert visit.is_recorded_later
    assert Period.objects.get(visit=visit, state=State.SERVING).is_recorded_later
    entry = next(one for one in history(subject_of(visit)) if one.action.endswith("finished"))
    assert entry.data["away"] is False


def test_a_handing_in_set_back_is_explained_at_the_finish(lobby: Lobby) -> None:
    visit, clerk = called(lobby, ago=20), lobby.clerks[0]
    polled(lobby, since=0, until=30)
    now = NOW + 30 * MINUTE
    assert merge_mark(mark=mark_of(visit, "hand_in", after=1), user=clerk, now=now)
    visit.refresh_from_db()
    assert (visit.handed_in_at, visit.handed_in_noted_at) == (NOW + MINUTE, now)
    assert reasons_wanted(visit, now) == {"waiting_reason"}
    end = {"visit": visit, "outcome": "filed", "user": clerk, "now": now}
    assert code_of(lambda: finish(**end)) == "waiting_reason_missing"


@pytest.mark.parametrize("comes_first", ["the mark", "the page"])
def test_a_mark_of_a_page_that_could_reach_nothing_keeps_its_moment(
    lobby: Lobby, comes_first: str
) -> None:
    visit, clerk = served(lobby), lobby.clerks[0]
    polled(lobby, since=0, until=10)
    if comes_first == "the page":
        polled(lobby, since=120, until=120)
    kept = mark_of(visit, "finish", after=20, outcome="filed")
    assert merge_mark(mark=kept, user=clerk, now=NOW + 120 * MINUTE)
    visit.refresh_from_db()
    assert (visit.ended_at, visit.is_recorded_later) == (NOW + 20 * MINUTE, True)


def test_every_request_of_the_windows_page_is_noted(lobby: Lobby, hands: Path) -> None:
    client = sign_in(Client(), lobby.clerks[0])

    def seen() -> object:
        return Window.objects.get(pk=lobby.windows[0].pk).seen_at

    for minute, name in enumerate(("window", "window_line")):
        hands.write_text((NOW + minute * MINUTE).isoformat(), encoding="ascii")
        client.get(reverse(f"counter:{name}"))
        assert seen() == clock.now()
    hands.write_text((NOW + 5 * MINUTE).isoformat(), encoding="ascii")
    client.post(reverse("counter:window_act", args=["pause"]))
    window = Window.objects.get(pk=lobby.windows[0].pk)
    assert (window.seen_at, window.away_from) == (clock.now(), NOW + MINUTE)


def test_what_was_marked_at_once_is_not_recorded_later(lobby: Lobby) -> None:
    visit, clerk = served(lobby), lobby.clerks[0]
    finish(visit=visit, outcome="filed", user=clerk, now=NOW + 5 * MINUTE)
    assert not Visit.objects.get(pk=visit.pk).is_recorded_later
    assert not Period.objects.filter(visit=visit, is_recorded_later=True).exists()


# Marks that cannot be read


def test_one_mark_that_cannot_be_read_does_not_keep_back_the_others(lobby: Lobby) -> None:
    visit = called(lobby)
    good = {"visit": visit.pk, "act": "hand_in", "at": NOW.isoformat(), "key": "good"}
    bad = [
        {**good, "key": "no-moment", "at": "x"},
        {**good, "key": "no-such-day", "at": "2026-02-31T10:00:00Z"},
        {**good, "key": "no-zone", "at": "2026-11-23T10:00:00"},
        {**good, "key": "no-visit", "visit": None},
        {**good, "key": "too-large", "visit": 10**30},
        {**good, "key": "no-act", "act": 7},
        {"key": "empty"},
        {**good, "key": "sp ace"},
    ]
    client = sign_in(Client(), lobby.clerks[0])
    answer = client.post(
        reverse("counter:window_merge"),
        json.dumps({"marks": [*bad, "nothing", None, good]}),
        content_type="application/json",
    )
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [one["key"] for one in results] == [*(one["key"] for one in bad), "", "", "good"]
    assert {one["code"] for one in results[:-1]} == {"mark_unreadable"}
    assert results[-1]["state"] == "merged"
    assert Visit.objects.get(pk=visit.pk).state == State.SERVING


def test_a_window_opened_again_goes_on(lobby: Lobby) -> None:
    tomorrow = NOW + timedelta(days=1)
    end_days(now=tomorrow)
    window = Window.objects.select_related("office").get(pk=lobby.windows[0].pk)
    assert open_window(window=window, user=lobby.clerks[0], now=tomorrow).state == "open"
