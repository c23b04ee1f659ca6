"""Clerks at one moment at one line: nobody is called twice, nobody is lost, nothing hangs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kualik.counter.models import Period, Visit, Window
from kualik.counter.services.calling import call_next, call_one, hold
from kualik.counter.services.finishing import finish, hand_in
from kualik.counter.services.merging import Mark, merge_mark
from kualik.counter.services.windows import open_window
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from tests.counter.hall import MINUTE, NOW, Lobby, lobby_of
from tests.flows.office import open_demo_office
from tests.flows.racing import at_once
from tests.world import enrol

CLERKS = 4
State = Visit.State


@pytest.fixture
def lobby(transactional_db: None, kualik_files: Path) -> Lobby:
    return lobby_of(open_demo_office().stage.provider, windows=CLERKS)


def caller(lobby: Lobby, place: int) -> Callable[[], object]:
    return lambda: call_next(window=lobby.windows[place], user=lobby.clerks[place], now=NOW)


def codes(outcomes: list[object]) -> list[str]:
    assert not [
        outcome
        for outcome in outcomes
        if isinstance(outcome, Exception) and not isinstance(outcome, RuleViolation)
    ], outcomes
    return [outcome.code for outcome in outcomes if isinstance(outcome, RuleViolation)]


def test_all_clerks_at_once_get_a_person_each_and_nobody_twice(lobby: Lobby) -> None:
    tickets = [lobby.ticket(ago=30 - place) for place in range(CLERKS + 2)]
    outcomes = at_once(*(caller(lobby, place) for place in range(CLERKS)))
    assert codes(outcomes) == []
    called = Visit.objects.filter(state=State.CALLED)
    assert sorted(called.values_list("pk", flat=True)) == [row.pk for row in tickets[:CLERKS]]
    assert sorted(called.values_list("window__number", flat=True)) == [1, 2, 3, 4]


def test_the_last_person_goes_to_one_window_and_the_others_hear_that_nobody_waits(
    lobby: Lobby,
) -> None:
    lobby.ticket(ago=5)
    outcomes = at_once(*(caller(lobby, place) for place in range(CLERKS)))
    assert codes(outcomes) == []
    assert len([outcome for outcome in outcomes if outcome is not None]) == 1
    assert Visit.objects.get().calls == 1


def test_a_double_press_at_one_window_calls_one_person(lobby: Lobby) -> None:
    lobby.ticket(ago=5), lobby.ticket(ago=4)
    outcomes = at_once(caller(lobby, 0), caller(lobby, 0), caller(lobby, 0))
    assert set(codes(outcomes)) <= {"window_busy"}
    assert Visit.objects.filter(state=State.CALLED).count() == 1


def test_of_two_who_call_the_same_person_by_hand_one_is_told(lobby: Lobby) -> None:
    visit = lobby.ticket(ago=5)

    def call(place: int) -> Callable[[], object]:
        mine = Visit.objects.select_related("office").get(pk=visit.pk)
        window, clerk = lobby.windows[place], lobby.clerks[place]
        return lambda: call_one(visit=mine, window=window, user=clerk, now=NOW)

    assert codes(at_once(call(0), call(1))) == ["visit_conflict"]
    assert Period.objects.filter(visit=visit, ended_at=None).count() == 1


def test_of_two_who_sit_down_at_one_window_one_is_told(lobby: Lobby) -> None:
    window = Window.objects.create(office=lobby.office, number=9, changed_at=NOW)
    people = [
        enrol(f"late{place}@example.kz", lobby.office.provider, Role.CLERK, now=NOW)
        for place in range(2)
    ]

    def sit(place: int) -> Callable[[], object]:
        mine = Window.objects.select_related("office").get(pk=window.pk)
        return lambda: open_window(window=mine, user=people[place], now=NOW)

    assert codes(at_once(sit(0), sit(1))) == ["window_taken"]
    assert window.shifts.count() == 1


def test_a_kept_mark_that_comes_twice_at_once_is_entered_once(lobby: Lobby) -> None:
    lobby.ticket(ago=5)
    visit, clerk = (
        call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW),
        lobby.clerks[0],
    )
    assert visit is not None
    mark = Mark(visit=visit.pk, act="hand_in", at=NOW + MINUTE, key="tab-1")

    def bring() -> object:
        return merge_mark(mark=mark, user=clerk, now=NOW + 5 * MINUTE)

    assert sorted(map(str, at_once(bring, bring, bring))) == ["False", "False", "True"]
    assert Period.objects.filter(visit=visit, state=State.SERVING).count() == 1


def test_a_whole_line_is_worked_off_by_all_windows_at_once(lobby: Lobby) -> None:
    """Every act at the same time from every window, until nobody waits."""
    tickets = [lobby.ticket(ago=20) for _ in range(20)]

    def work(place: int) -> Callable[[], object]:
        def until_empty() -> int:
            count, clerk, window = 0, lobby.clerks[place], lobby.windows[place]
            while visit := call_next(window=window, user=clerk, now=NOW):
                hand_in(visit=visit, user=clerk, now=NOW)
                if count == 0:
                    hold(visit=visit, user=clerk, now=NOW)
                finish(visit=visit, outcome="filed", user=clerk, now=NOW)
                count += 1
            return count

        return until_empty

    outcomes = at_once(*(work(place) for place in range(CLERKS)))
    assert codes(outcomes) == []
    assert sum(outcome for outcome in outcomes if isinstance(outcome, int)) == len(tickets)
    assert set(Visit.objects.values_list("state", "calls")) == {(State.DONE, 1)}
    assert Period.objects.filter(ended_at=None).count() == 0
