"""Tickets: numbers, places, the expected wait (A57.3.2, A303.3.2), booking, coming late, paper."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from kualik.core.errors import table
from kualik.counter.models import Hall, Period, Visit, Window
from kualik.counter.queries.line import expected_wait, position_of
from kualik.counter.queries.offered import lines, priorities
from kualik.counter.queries.opening import free_slots, opening
from kualik.counter.queries.order import MOST_MINUTES, in_order
from kualik.counter.queries.outcomes import outcomes
from kualik.counter.queries.waiting import waiting
from kualik.counter.services import ticketing
from kualik.counter.services.calling import call_next
from kualik.counter.services.finishing import finish
from kualik.counter.services.ticketing import (
    Ticket,
    book,
    cancel,
    check_in,
    close_bookings,
    come_later,
    enter_paper_number,
    find_ticket,
    take_ticket,
)
from kualik.providers.models import Closure
from kualik.rules.errors import RuleViolation
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import World, build_world

State, Source = Visit.State, Visit.Source
SLOT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 11:00, an hour later


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def lobby(world: World) -> Lobby:
    return open_lobby(world.demo)


def take(
    lobby: Lobby,
    key: str,
    *,
    line: str = "receive",
    at: datetime = NOW,
    source: Visit.Source = Source.KIOSK,
    priority: str = "",
) -> Ticket:
    return take_ticket(
        office=lobby.office,
        line=line,
        source=source,
        language="kk",
        priority=priority,
        key=f"test-key-{key}",
        now=at,
    )


def booked(lobby: Lobby, key: str = "b", *, at: datetime = SLOT, now: datetime = NOW) -> Visit:
    return book(
        office=lobby.office,
        line="receive",
        slot_at=at,
        language="ru",
        key=f"test-key-{key}",
        now=now,
    ).visit


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(RuleViolation) as told:
        act()
    assert told.value.code in table()
    return told.value.code


# Data


def test_the_data_of_lines_and_priorities_are_whole() -> None:
    letters = [line.letter for line in lines().values()]
    assert letters == ["A", "B", "C", "D"]
    assert all(line.bring and line.minutes > 0 for line in lines().values())
    assert all(0 < row.weight <= MOST_MINUTES for row in priorities().values())
    assert all("ӛ" not in text.kk for row in priorities().values() for text in (row.name, row.law))


def test_the_outcomes_that_tickets_write_have_words() -> None:
    assert {ticketing.CANCELLED, ticketing.NOT_COME} <= set(outcomes())


# Numbers


def test_numbers_count_by_line_and_begin_anew_every_day(lobby: Lobby) -> None:
    first = take(lobby, "1").visit
    assert [first.number, take(lobby, "2").visit.number] == ["A001", "A002"]
    assert take(lobby, "3", line="ask").visit.number == "D001"
    tomorrow = NOW + timedelta(days=1)
    assert take(lobby, "4", at=tomorrow).visit.number == "A001"
    assert (first.state, first.ticket_at, first.place_at) == (State.WAITING, NOW, NOW)
    period = Period.objects.get(visit=first)
    assert (period.state, period.started_at, period.ended_at) == ("waiting", NOW, None)


def test_a_second_tap_is_no_second_ticket(lobby: Lobby) -> None:
    one, again = take(lobby, "same"), take(lobby, "same", line="ask", at=NOW + MINUTE)
    assert (again.visit.pk, again.token, again.is_new) == (one.visit.pk, one.token, False)
    assert Visit.objects.count() == 1


def test_a_key_of_another_office_gives_nothing(lobby: Lobby, world: World) -> None:
    take(lobby, "same")
    other = open_lobby(world.other)
    assert code_of(lambda: take(other, "same")) == "key_unfit"


def test_the_address_of_a_ticket_is_found_by_its_secret_alone(lobby: Lobby) -> None:
    ticket = take(lobby, "1")
    assert find_ticket(ticket.token) == ticket.visit
    assert find_ticket(ticket.visit.token_hash) is None
    assert find_ticket("") is None
    assert ticket.token not in str(Visit.objects.values().get())


def test_every_ticket_moves_the_stamp(lobby: Lobby) -> None:
    before = Hall.objects.get(pk=lobby.hall.pk).stamp
    take(lobby, "1")
    assert Hall.objects.get(pk=lobby.hall.pk).stamp > before


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"line": "lunch"}, "line_unknown"),
        ({"priority": "friend"}, "priority_unknown"),
        ({"key": "short"}, "key_unfit"),
        ({"key": "850315300123 <b>"}, "key_unfit"),
    ],
)
def test_what_no_screen_offers_is_refused(lobby: Lobby, values: dict[str, str], code: str) -> None:
    asked = {"line": "receive", "priority": "", "key": "test-key-1", **values}
    refused = code_of(
        lambda: take_ticket(
            office=lobby.office, source=Source.KIOSK, language="kk", now=NOW, **asked
        )
    )
    assert refused == code


def test_an_office_without_a_hall_has_no_queue(world: World) -> None:
    office = world.demo.provider.offices.get()
    lobby = Lobby(office=office, hall=Hall(), windows=[], clerks=[])
    assert code_of(lambda: take(lobby, "1")) == "no_queue"


def test_after_hours_the_kiosk_gives_nothing_and_the_reception_does(lobby: Lobby) -> None:
    evening = NOW + timedelta(hours=9)
    assert code_of(lambda: take(lobby, "1", at=evening)) == "hall_closed"
    assert code_of(lambda: take(lobby, "1", at=evening, source=Source.PHONE)) == "hall_closed"
    assert take(lobby, "1", at=evening, source=Source.RECEPTION).is_new


def test_a_closed_office_says_when_it_opens(lobby: Lobby) -> None:
    assert opening(lobby.office, now=NOW).is_open
    evening = opening(lobby.office, now=NOW + timedelta(hours=9))
    assert (evening.is_open, f"{evening.opens_at:%d.%m %H:%M}") == (False, "24.11 08:30")
    Closure.objects.create(
        provider=lobby.office.provider, day=NOW.date(), reason_kk="жөндеу", reason_ru="ремонт"
    )
    closed = opening(lobby.office, now=NOW)
    assert (closed.is_open, f"{closed.opens_at:%d.%m %H:%M}") == (False, "24.11 08:30")


@pytest.mark.django_db(transaction=True)
def test_many_kiosks_at_once_give_different_numbers(kualik_files: object) -> None:
    lobby = open_lobby(build_world().demo)
    given: list[str] = []

    def press(place: int) -> None:
        try:
            given.extend(take(lobby, f"{place}-{n}").visit.number for n in range(5))
        finally:
            connection.close()

    people = [threading.Thread(target=press, args=(place,)) for place in range(4)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(given) == [f"A{number:03d}" for number in range(1, 21)]


# The place and the wait


def test_the_wait_is_the_work_ahead_divided_by_the_open_windows(lobby: Lobby) -> None:
    mine = [lobby.ticket(ago=4 - place) for place in range(3)][-1]
    outlook = position_of(mine, now=NOW)
    assert outlook is not None
    minutes = lines()["receive"].minutes
    assert (outlook.ahead, outlook.windows, outlook.minutes) == (2, 2, minutes)
    lobby.windows[1].state = Window.State.PAUSED
    lobby.windows[1].save()
    alone = position_of(mine, now=NOW)
    assert alone is not None
    assert alone.minutes == 2 * minutes


def test_the_wait_learns_from_the_last_visits(lobby: Lobby) -> None:
    for minute in range(3):
        lobby.ticket(ago=30, line="ask")
        called = NOW - 20 * MINUTE + 4 * minute * MINUTE
        visit = call_next(window=lobby.windows[0], user=lobby.clerks[0], now=called)
        assert visit is not None
        finish(visit=visit, outcome="answered", user=lobby.clerks[0], now=called + 3 * MINUTE)
    lobby.ticket(ago=1, line="ask")
    lobby.ticket(ago=1, line="ask")
    assert expected_wait(lobby.office, now=NOW)["ask"].wait == 3 * MINUTE


def test_people_for_other_windows_do_not_stand_ahead(lobby: Lobby) -> None:
    first, second = lobby.windows
    first.lines, second.lines = ["receive"], ["ask"]
    first.save()
    second.save()
    lobby.ticket(ago=5, line="ask")
    outlooks = expected_wait(lobby.office, now=NOW)
    assert (outlooks["receive"].ahead, outlooks["ask"].ahead) == (0, 1)
    pick_up, per_person = outlooks["pick_up"], lines()["ask"].minutes
    assert (pick_up.ahead, pick_up.windows) == (1, 2), "any open window takes what none is for"
    assert pick_up.wait == per_person * MINUTE / 2


def test_the_place_follows_the_order_of_calling(lobby: Lobby) -> None:
    early, late = lobby.ticket(ago=20), lobby.ticket(ago=5)
    first = lobby.ticket(priority="disability")
    assert in_order([early, late, first]) == [early, first, late]
    places = [position_of(visit, now=NOW) for visit in (early, first, late)]
    assert [place.ahead for place in places if place] == [0, 1, 2]
    offered = expected_wait(lobby.office, now=NOW, priority="disability")
    assert offered["receive"].ahead == 2


def test_who_is_called_has_no_place_in_the_line(lobby: Lobby) -> None:
    visit = lobby.ticket()
    call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW)
    visit.refresh_from_db()
    assert position_of(visit, now=NOW) is None


# Giving up, coming late


def test_a_ticket_given_up_leaves_the_line(lobby: Lobby) -> None:
    visit = cancel(visit=take(lobby, "1").visit, now=NOW + MINUTE)
    assert (visit.state, visit.outcome, visit.ended_at) == (State.LEFT, "cancelled", NOW + MINUTE)
    assert not Period.objects.filter(visit=visit, ended_at=None).exists()
    assert code_of(lambda: cancel(visit=visit, now=NOW)) == "visit_move_forbidden"


def test_who_comes_later_lets_others_pass_and_the_clock_runs_on(lobby: Lobby) -> None:
    late, other = take(lobby, "1").visit, take(lobby, "2", at=NOW + 2 * MINUTE).visit
    come_later(visit=late, now=NOW + 3 * MINUTE)
    late.refresh_from_db()
    assert in_order([late, other]) == [other, late]
    assert late.ticket_at == NOW
    assert waiting(late, NOW + 5 * MINUTE) == 5 * MINUTE
    assert (late.asked_later_at, late.waiting_reason) == (NOW + 3 * MINUTE, "")
    again = NOW + 4 * MINUTE
    assert code_of(lambda: come_later(visit=late, now=again)) == "later_once"


def test_of_two_acts_at_one_ticket_one_is_told(lobby: Lobby) -> None:
    mine = take(lobby, "1").visit
    call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW)
    assert code_of(lambda: cancel(visit=mine, now=NOW)) == "visit_conflict"


# Booking


def test_slots_are_of_office_hours_and_never_at_once(lobby: Lobby) -> None:
    times = [slot.at for slot in free_slots(lobby.hall, now=NOW)]
    assert times[0] == NOW + 30 * MINUTE
    assert {f"{at:%H:%M}" for at in times} >= {"08:30", "17:15"}
    assert not [at for at in times if at.weekday() > 4]
    lobby.hall.slot_places = 0
    assert free_slots(lobby.hall, now=NOW) == []


def test_a_slot_is_given_to_as_many_as_it_has_places(lobby: Lobby) -> None:
    visit = booked(lobby)
    assert (visit.state, visit.number, visit.slot_at) == (State.BOOKED, "A001", SLOT)
    assert (visit.ticket_at, waiting(visit, SLOT)) == (None, timedelta())
    assert code_of(lambda: booked(lobby, "c")) == "slot_taken"
    assert booked(lobby).pk == visit.pk
    cancel(visit=visit, now=NOW)
    assert booked(lobby, "c").number == "A002"


@pytest.mark.parametrize("at", [SLOT + 7 * MINUTE, NOW + MINUTE, SLOT + timedelta(days=30)])
def test_a_time_that_is_not_on_the_list_cannot_be_booked(lobby: Lobby, at: datetime) -> None:
    assert code_of(lambda: booked(lobby, at=at)) == "slot_taken"


def test_who_booked_waits_from_the_check_in_at_the_place_of_the_slot(lobby: Lobby) -> None:
    visit = booked(lobby)
    assert code_of(lambda: check_in(visit=visit, now=NOW)) == "too_early"
    after = take(lobby, "after", at=SLOT + 2 * MINUTE).visit
    check_in(visit=visit, now=SLOT + 4 * MINUTE)
    assert (visit.state, visit.ticket_at) == (State.WAITING, SLOT + 4 * MINUTE)
    assert in_order([after, visit]) == [visit, after]


def test_who_comes_after_the_kept_time_stands_at_the_end(lobby: Lobby) -> None:
    visit = booked(lobby)
    late = SLOT + 15 * MINUTE
    other = take(lobby, "other", at=SLOT + 14 * MINUTE).visit
    check_in(visit=visit, now=late)
    assert visit.place_at == late
    assert in_order([visit, other]) == [other, visit]


def test_a_booking_nobody_came_for_ends_and_one_kept_longer_stays(lobby: Lobby) -> None:
    gone, kept = booked(lobby), booked(lobby, "k", at=SLOT + 15 * MINUTE)
    come_later(visit=kept, now=NOW)
    now = SLOT + 30 * MINUTE
    assert close_bookings(now=now) == 1
    gone.refresh_from_db()
    assert (gone.state, gone.outcome, gone.ended_at) == (State.LEFT, "not_come", now)
    assert Visit.objects.get(pk=kept.pk).state == State.BOOKED
    assert close_bookings(now=now) == 0


# Numbers on paper


def paper(lobby: Lobby, number: str = "7", *, at: datetime, key: str = "p") -> Visit:
    return enter_paper_number(
        office=lobby.office,
        line="receive",
        number=number,
        at=at,
        user=lobby.clerks[0],
        key=f"test-key-{key}",
        now=NOW,
    )


def test_a_paper_number_waits_from_when_the_paper_was_given(lobby: Lobby) -> None:
    later = lobby.ticket(ago=5)
    visit = paper(lobby, at=NOW - 18 * MINUTE)
    assert (visit.number, visit.source) == ("P7", Source.PAPER)
    assert waiting(visit, NOW) == 18 * MINUTE
    assert Period.objects.get(visit=visit).is_recorded_later
    assert in_order([later, visit]) == [visit, later]
    assert paper(lobby, at=NOW - 18 * MINUTE).pk == visit.pk


def test_a_paper_number_is_of_today_and_only_once(lobby: Lobby) -> None:
    paper(lobby, at=NOW - MINUTE)
    assert code_of(lambda: paper(lobby, at=NOW - MINUTE, key="q")) == "paper_number_taken"
    assert code_of(lambda: paper(lobby, "8", at=NOW + MINUTE, key="q")) == "visit_moment_wrong"
    yesterday = NOW - timedelta(days=1)
    assert code_of(lambda: paper(lobby, "8", at=yesterday, key="q")) == "visit_moment_wrong"
    assert code_of(lambda: paper(lobby, "Ә1", at=NOW, key="q")) == "paper_number_unfit"
