"""Calling people to the windows: turn, again, missed, back, held, passed on, finished."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from kualik.core.journal import SYSTEM, history
from kualik.counter.models import Hall, Period, Visit, Window
from kualik.counter.queries.hall import guests_for
from kualik.counter.queries.line import position_of, unserved_lines
from kualik.counter.queries.order import in_order
from kualik.counter.queries.waiting import Level, serving, waiting
from kualik.counter.services.calling import (
    call_next,
    call_one,
    come_back,
    hold,
    miss,
    pass_on,
    recall,
    take_back,
)
from kualik.counter.services.finishing import finish, hand_in
from kualik.counter.services.moving import MOVES, move, subject_of
from kualik.counter.services.ticketing import book, check_in
from kualik.counter.services.windows import close_window, open_window, pause_window
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import World, build_world

State = Visit.State


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def lobby(world: World) -> Lobby:
    return open_lobby(world.demo)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(RuleViolation) as told:
        act()
    return told.value.code


def call(lobby: Lobby, place: int = 0, *, after: int = 0) -> Visit:
    """The next person at a window, so many minutes after ten o'clock."""
    visit = call_next(
        window=lobby.windows[place], user=lobby.clerks[place], now=NOW + after * MINUTE
    )
    assert visit is not None
    return visit


def test_who_came_first_is_called_first(lobby: Lobby) -> None:
    second, first = lobby.ticket(ago=3), lobby.ticket(ago=5)
    assert [call(lobby).pk, call(lobby, 1).pk] == [first.pk, second.pk]
    assert call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW) == first


def test_nobody_waiting_is_no_error(lobby: Lobby) -> None:
    assert call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW) is None


def test_a_second_press_calls_nobody_else(lobby: Lobby) -> None:
    lobby.ticket(ago=5), lobby.ticket(ago=4)
    assert call(lobby).pk == call(lobby).pk
    assert Visit.objects.filter(state=State.CALLED).count() == 1


def test_the_next_waits_until_the_window_is_free(lobby: Lobby) -> None:
    lobby.ticket(ago=5), lobby.ticket(ago=4)
    hand_in(visit=call(lobby), user=lobby.clerks[0], now=NOW)
    assert code_of(lambda: call(lobby)) == "window_busy"


def test_priority_passes_those_of_the_last_quarter_of_an_hour_and_nobody_else(
    lobby: Lobby,
) -> None:
    long_here = lobby.ticket(ago=16)
    just_come = lobby.ticket(ago=14)
    disabled = lobby.ticket(ago=0, priority="disability")
    found = in_order(Visit.objects.all(), NOW)
    assert [row.pk for row in found] == [long_here.pk, disabled.pk, just_come.pk]


def test_who_has_waited_twenty_minutes_goes_before_every_priority(lobby: Lobby) -> None:
    late = lobby.ticket(ago=20)
    disabled = lobby.ticket(ago=10, priority="disability")
    assert [row.pk for row in in_order(Visit.objects.all())] == [disabled.pk, late.pk]
    assert call(lobby).pk == late.pk


def test_among_the_late_priority_still_counts(lobby: Lobby) -> None:
    late = lobby.ticket(ago=30)
    disabled = lobby.ticket(ago=21, priority="disability")
    assert [call(lobby).pk, call(lobby, 1).pk] == [disabled.pk, late.pk]


def test_however_many_priorities_come_nobody_is_starved_by_them(lobby: Lobby) -> None:
    """One window, five minutes each, and every five minutes somebody new with priority."""
    ordinary, now = lobby.ticket(now=NOW), NOW
    while True:
        lobby.ticket(priority="disability", now=now)
        visit = call_next(window=lobby.windows[0], user=lobby.clerks[0], now=now)
        assert visit is not None
        if visit.pk == ordinary.pk:
            break
        hand_in(visit=visit, user=lobby.clerks[0], now=now)
        now += 5 * MINUTE
        finish(visit=visit, outcome="filed", user=lobby.clerks[0], now=now)
    assert now - NOW <= 20 * MINUTE


def test_who_came_before_the_time_booked_waits_from_that_time(lobby: Lobby) -> None:
    slot = NOW + 60 * MINUTE
    booked = book(
        office=lobby.office, line="receive", slot_at=slot, language="kk", key="booked-1", now=NOW
    ).visit
    check_in(visit=booked, now=slot - 20 * MINUTE)
    for visit in (booked, Visit.objects.get(pk=booked.pk)):
        assert (visit.ticket_at, visit.waiting_from) == (slot - 20 * MINUTE, slot)
        assert waiting(visit, slot + 5 * MINUTE) == 5 * MINUTE
        assert waiting(visit, slot - 5 * MINUTE) == timedelta()


def test_a_window_calls_its_own_lines_only(lobby: Lobby) -> None:
    Window.objects.filter(pk=lobby.windows[0].pk).update(lines=["pick_up"])
    lobby.ticket(ago=9)
    picking_up = lobby.ticket(ago=2, line="pick_up")
    assert call(lobby).pk == picking_up.pk


def set_lines(lobby: Lobby, first: list[str], second: list[str]) -> None:
    for window, lines in zip(lobby.windows, (first, second), strict=True):
        window.lines = lines
        window.save()


def test_a_line_that_no_open_window_is_for_is_called_by_any(lobby: Lobby) -> None:
    """A57.3.2, A303.3.2: nobody waits because nobody may call them."""
    set_lines(lobby, ["receive"], ["pick_up"])
    visit, window = lobby.ticket(line="pick_up"), lobby.windows[0]
    assert guests_for(window, now=NOW) == []
    pause_window(window=lobby.windows[1], user=lobby.clerks[1], now=NOW)
    (guest,) = guests_for(window, now=NOW + 20 * MINUTE)
    assert (guest.visit, guest.level) == (visit, Level.AMBER)
    outlook = position_of(visit, now=NOW)
    assert outlook is not None
    assert (outlook.ahead, outlook.windows, outlook.minutes) == (0, 1, 0)
    assert call(lobby) == visit


def test_the_settings_name_the_lines_that_no_window_is_for(lobby: Lobby) -> None:
    assert unserved_lines(lobby.office) == [], "a window without lines serves all"
    set_lines(lobby, ["receive"], ["ask", "correct"])
    assert "pick_up" in {line.code for line in unserved_lines(lobby.office)}


def test_of_yesterday_nobody_is_called(lobby: Lobby) -> None:
    lobby.ticket(ago=24 * 60)
    assert call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW) is None


def test_calling_needs_the_own_open_window(lobby: Lobby) -> None:
    lobby.ticket(ago=5)
    theirs = {"window": lobby.windows[0], "user": lobby.clerks[1], "now": NOW}
    assert code_of(lambda: call_next(**theirs)) == "window_not_yours"
    pause_window(window=lobby.windows[0], user=lobby.clerks[0], now=NOW)
    assert code_of(lambda: call(lobby)) == "window_not_yours"


def test_a_person_is_called_out_of_turn_and_the_journal_says_so(lobby: Lobby) -> None:
    lobby.ticket(ago=9)
    late = lobby.ticket(ago=1)
    call_one(visit=late, window=lobby.windows[0], user=lobby.clerks[0], now=NOW)
    assert history(subject_of(late))[-1].action == "counter.called_out_of_turn"


def test_waiting_ends_with_the_handing_in_and_not_with_the_call(lobby: Lobby) -> None:
    visit = lobby.ticket(ago=12)
    call(lobby)
    visit.refresh_from_db()
    assert waiting(visit, NOW + 3 * MINUTE) == 15 * MINUTE
    hand_in(visit=visit, user=lobby.clerks[0], now=NOW + 3 * MINUTE)
    later = NOW + 20 * MINUTE
    assert (waiting(visit, later), serving(visit, later)) == (15 * MINUTE, 17 * MINUTE)
    finish(visit=visit, outcome="filed", user=lobby.clerks[0], now=later)
    assert serving(visit, later + 60 * MINUTE) == 17 * MINUTE


def test_every_state_is_a_period_without_a_gap(lobby: Lobby) -> None:
    visit = lobby.ticket(ago=12)
    call(lobby)
    visit.refresh_from_db()
    clerk = lobby.clerks[0]
    hand_in(visit=visit, user=clerk, now=NOW + 2 * MINUTE)
    hold(visit=visit, user=clerk, now=NOW + 5 * MINUTE)
    take_back(visit=visit, window=lobby.windows[1], user=lobby.clerks[1], now=NOW + 9 * MINUTE)
    finish(visit=visit, outcome="filed", user=lobby.clerks[1], now=NOW + 11 * MINUTE)
    rows = list(Period.objects.filter(visit=visit).order_by("started_at"))
    assert [row.state for row in rows] == ["waiting", "called", "serving", "held", "serving"]
    assert [row.started_at for row in rows[1:]] == [row.ended_at for row in rows[:-1]]
    assert [row.window and row.window.number for row in rows] == [None, 1, 1, 1, 2]
    assert rows[-1].ended_at == visit.ended_at == NOW + 11 * MINUTE


def test_nobody_is_missed_before_the_recalls_of_the_hall(lobby: Lobby) -> None:
    visit, clerk = lobby.ticket(ago=5), lobby.clerks[0]
    visit = call(lobby)
    assert code_of(lambda: miss(visit=visit, user=clerk, now=NOW)) == "recalls_left"
    recall(visit=visit, user=clerk, now=NOW + MINUTE)
    recall(visit=visit, user=clerk, now=NOW + 2 * MINUTE)
    miss(visit=visit, user=clerk, now=NOW + 3 * MINUTE)
    assert (visit.state, visit.return_until) == (State.MISSED, NOW + 13 * MINUTE)
    assert visit.window is None


def missed(lobby: Lobby) -> Visit:
    lobby.ticket(ago=5)
    visit, clerk = call(lobby), lobby.clerks[0]
    for _ in range(2):
        recall(visit=visit, user=clerk, now=NOW)
    return miss(visit=visit, user=clerk, now=NOW)


def test_who_comes_back_in_time_has_the_old_place(lobby: Lobby) -> None:
    visit = missed(lobby)
    lobby.ticket(ago=0)
    come_back(visit=visit, user=lobby.clerks[0], now=NOW + 10 * MINUTE)
    assert call(lobby, after=10).pk == visit.pk


def test_who_comes_back_too_late_needs_a_new_ticket(lobby: Lobby) -> None:
    visit = missed(lobby)
    late = NOW + 11 * MINUTE
    assert code_of(lambda: come_back(visit=visit, user=None, now=late)) == "return_over"


def test_who_is_passed_to_a_window_keeps_the_place_and_waits_for_that_one(lobby: Lobby) -> None:
    lobby.ticket(ago=9)
    visit = call(lobby)
    lobby.ticket(ago=8)
    pass_on(visit=visit, user=lobby.clerks[0], now=NOW, window=lobby.windows[1])
    assert call(lobby).pk != visit.pk, "the other window does not call them back"
    assert call(lobby, 1).pk == visit.pk


def test_a_window_that_closes_leaves_its_people_to_the_others(lobby: Lobby) -> None:
    lobby.ticket(ago=9)
    visit = call(lobby)
    pass_on(visit=visit, user=lobby.clerks[0], now=NOW, window=lobby.windows[1])
    close_window(window=lobby.windows[1], actor=SYSTEM, now=NOW)
    assert call(lobby).pk == visit.pk


def test_who_is_passed_to_a_line_keeps_number_place_and_clock(lobby: Lobby) -> None:
    lobby.ticket(ago=9)
    visit, number = call(lobby), "A001"
    hand_in(visit=visit, user=lobby.clerks[0], now=NOW)
    pass_on(visit=visit, user=lobby.clerks[0], now=NOW + MINUTE, line="pick_up")
    Window.objects.filter(pk=lobby.windows[1].pk).update(lines=["pick_up"])
    again = call(lobby, 1, after=2)
    assert (again.pk, again.number, again.line) == (visit.pk, number, "receive")
    hand_in(visit=again, user=lobby.clerks[1], now=NOW + 3 * MINUTE)
    assert again.handed_in_at == NOW, "the first mark of handing in counts"
    assert serving(again, NOW + 3 * MINUTE) == 3 * MINUTE


def test_passing_needs_an_aim_that_is_open(lobby: Lobby) -> None:
    lobby.ticket(ago=9)
    visit, clerk = call(lobby), lobby.clerks[0]
    assert code_of(lambda: pass_on(visit=visit, user=clerk, now=NOW)) == "pass_to_nobody"
    close_window(window=lobby.windows[1], actor=SYSTEM, now=NOW)
    closed = lobby.windows[1]
    assert code_of(lambda: pass_on(visit=visit, user=clerk, now=NOW, window=closed)) == (
        "window_closed"
    )


def test_another_clerks_visit_is_left_alone(lobby: Lobby) -> None:
    lobby.ticket(ago=9)
    visit, other = call(lobby), lobby.clerks[1]
    for act in (recall, hand_in, hold):
        assert code_of(lambda act=act: act(visit=visit, user=other, now=NOW)) == "visit_not_yours"


def test_more_than_thirty_minutes_need_a_reason_each(lobby: Lobby) -> None:
    lobby.ticket(ago=31)
    visit, clerk = call(lobby), lobby.clerks[0]
    hand_in(visit=visit, user=clerk, now=NOW)
    end = {"visit": visit, "outcome": "filed", "user": clerk, "now": NOW + 31 * MINUTE}
    assert code_of(lambda: finish(**end)) == "waiting_reason_missing"
    assert code_of(lambda: finish(**end, waiting_reason="Жарық өшті")) == "serving_reason_missing"
    finish(**end, waiting_reason="Жарық өшті", serving_reason="Құжат көп")
    visit.refresh_from_db()
    assert (visit.waiting_reason, visit.serving_reason) == ("Жарық өшті", "Құжат көп")


def test_the_thirtieth_minute_itself_needs_no_reason(lobby: Lobby) -> None:
    lobby.ticket(ago=30)
    visit, clerk = call(lobby), lobby.clerks[0]
    hand_in(visit=visit, user=clerk, now=NOW)
    finish(visit=visit, outcome="filed", user=clerk, now=NOW + 30 * MINUTE)
    assert visit.state == State.DONE


def test_an_outcome_with_papers_needs_the_mark_of_handing_in(lobby: Lobby) -> None:
    lobby.ticket(ago=3)
    visit, clerk = call(lobby), lobby.clerks[0]
    end = {"visit": visit, "user": clerk, "now": NOW}
    assert code_of(lambda: finish(**end, outcome="filed")) == "hand_in_missing"
    assert code_of(lambda: finish(**end, outcome="unfinished")) == "outcome_unknown"
    finish(**end, outcome="left")
    assert (visit.state, visit.outcome) == (State.LEFT, "left")


def test_a_stale_row_changes_nothing(lobby: Lobby) -> None:
    stale = lobby.ticket(ago=5)
    call(lobby)
    act = {"visit": stale, "to": State.LEFT, "user": None, "now": NOW}
    assert code_of(lambda: move(**act)) == "visit_conflict"
    assert Period.objects.filter(visit=stale, ended_at=None).count() == 1


def test_two_people_are_never_at_one_window(lobby: Lobby) -> None:
    lobby.ticket(ago=5)
    other = lobby.ticket(ago=4)
    call(lobby)
    act = {"visit": other, "to": State.CALLED, "user": lobby.clerks[0], "now": NOW}
    assert code_of(lambda: move(**act, window=lobby.windows[0])) == "window_busy"


def test_states_go_only_where_the_table_leads(lobby: Lobby) -> None:
    for state, open_to in MOVES.items():
        for to in set(State) - open_to:
            visit = Visit(office=lobby.office, state=state, number="A001")
            act = {"visit": visit, "to": to, "user": None, "now": NOW}
            assert code_of(lambda act=act: move(**act)) == "visit_move_forbidden"
    assert set(MOVES) == set(State)


def test_every_act_moves_the_stamp_and_is_journalled(lobby: Lobby) -> None:
    visit, clerk = lobby.ticket(ago=5), lobby.clerks[0]

    def stamp() -> int:
        return Hall.objects.get(pk=lobby.hall.pk).stamp

    seen = [stamp()]
    visit = call(lobby)
    seen.append(stamp())
    recall(visit=visit, user=clerk, now=NOW)
    seen.append(stamp())
    hand_in(visit=visit, user=clerk, now=NOW)
    seen.append(stamp())
    finish(visit=visit, outcome="filed", user=clerk, now=NOW)
    seen.append(stamp())
    assert seen == sorted(set(seen))
    entries = [entry for entry in history(subject_of(visit)) if entry.actor == f"user:{clerk.pk}"]
    said = [entry.action for entry in entries if entry.role == Role.CLERK]
    assert said[-4:] == [
        "counter.called",
        "counter.called_again",
        "counter.handed_in",
        "counter.finished",
    ]


def test_a_window_has_one_clerk_and_a_clerk_one_window(lobby: Lobby) -> None:
    first, second = lobby.windows
    clerk = lobby.clerks[0]
    assert code_of(lambda: open_window(window=second, user=clerk, now=NOW)) == "window_taken"
    close_window(window=second, actor=SYSTEM, now=NOW)
    assert code_of(lambda: open_window(window=second, user=clerk, now=NOW)) == "clerk_has_window"
    lobby.ticket(ago=1)
    call(lobby)
    first.refresh_from_db()
    assert code_of(lambda: close_window(window=first, actor=SYSTEM, now=NOW)) == "window_busy"


def test_nobody_sits_at_the_window_of_another_provider(world: World, lobby: Lobby) -> None:
    stranger = world.other.staff[Role.CLERK]
    close_window(window=lobby.windows[0], actor=SYSTEM, now=NOW)
    act = {"window": lobby.windows[0], "user": stranger, "now": NOW}
    assert code_of(lambda: open_window(**act)) == "window_not_yours"
