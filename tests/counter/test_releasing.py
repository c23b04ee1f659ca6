"""Bookings that a closed office cannot keep, what the journal says of tickets, what is measured."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kualik.core.models import JournalEntry, StaffTask
from kualik.counter.models import Visit
from kualik.counter.queries.line import MEASURED, RECENT, typical_times
from kualik.counter.queries.offered import lines
from kualik.counter.queries.outcomes import outcomes
from kualik.counter.services.moving import subject_of, touch
from kualik.counter.services.releasing import CLOSED_THEN, release_bookings
from kualik.counter.services.ticketing import book, close_bookings
from kualik.counter.services.warning import run_watch_job
from kualik.providers.models import Closure, Office
from kualik.rules.lifecycle import Role
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import build_world

TOMORROW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # Tuesday, 11:00 in Almaty
State = Visit.State


@pytest.fixture
def lobby(db: None, kualik_files: object) -> Lobby:
    return open_lobby(build_world().demo)


def booked(lobby: Lobby, at: datetime, key: str = "b") -> Visit:
    data = {"line": "receive", "slot_at": at, "language": "ru", "key": f"test-key-{key}"}
    return book(office=lobby.office, now=NOW, **data).visit


def close_day(lobby: Lobby, at: datetime) -> None:
    provider = lobby.office.provider
    Closure.objects.create(provider=provider, day=at.date(), reason_kk="жөндеу", reason_ru="ремонт")


def journal_of(visit: Visit) -> list[str]:
    rows = JournalEntry.objects.filter(subject=subject_of(visit)).order_by("sequence")
    return [row.action.removeprefix("counter.") for row in rows]


def test_a_closure_ends_the_bookings_of_its_day_and_tells_the_head(lobby: Lobby) -> None:
    first, second = booked(lobby, TOMORROW), booked(lobby, TOMORROW + 15 * MINUTE, "c")
    other = booked(lobby, TOMORROW + timedelta(days=1), "d")
    assert release_bookings(now=NOW) == 0
    close_day(lobby, TOMORROW)
    run_watch_job({}, NOW)
    for visit in (first, second):
        visit.refresh_from_db()
        assert (visit.state, visit.outcome, visit.ended_at) == (State.LEFT, CLOSED_THEN, NOW)
        assert journal_of(visit) == ["booked", "booking_released"]
    other.refresh_from_db()
    assert other.state == State.BOOKED
    task = StaffTask.objects.get(kind="bookings_released")
    assert (task.role, task.scope, task.params["count"]) == ("office_head", "DEMO", 2)
    assert release_bookings(now=NOW + MINUTE) == 0
    assert StaffTask.objects.filter(kind="bookings_released").count() == 1
    assert CLOSED_THEN in outcomes()


def test_new_hours_end_the_bookings_that_lie_outside_them(lobby: Lobby) -> None:
    early, late = booked(lobby, TOMORROW), booked(lobby, TOMORROW + timedelta(hours=5), "c")
    shorter = {str(day): [8 * 60 + 30, 14 * 60] for day in range(5)}
    Office.objects.filter(pk=lobby.office.pk).update(hours=shorter)
    assert release_bookings(now=NOW) == 1
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.state, late.state) == (State.BOOKED, State.LEFT)


def test_the_journal_tells_who_gave_a_ticket_and_what_became_of_a_booking(lobby: Lobby) -> None:
    given = lobby.ticket()
    entry = JournalEntry.objects.get(subject=subject_of(given))
    assert entry.action == "counter.ticket_given"
    assert entry.actor == lobby.clerks[0].acting_as(Role.CLERK).name
    assert entry.data["number"] == given.number
    visit = booked(lobby, TOMORROW)
    assert close_bookings(now=TOMORROW + 11 * MINUTE) == 1
    assert journal_of(visit) == ["booked", "booking_lapsed"]
    said = JournalEntry.objects.get(action="counter.booked").data
    assert said["slot_at"] == TOMORROW.isoformat()


def served(lobby: Lobby, place: int, *, ended: datetime, minutes: int) -> Visit:
    return Visit(
        office=lobby.office,
        day=ended.date(),
        line="ask",
        number=f"D{place:03d}",
        sequence=1000 + place,
        source=Visit.Source.KIOSK,
        key=f"served-{place:05d}",
        ticket_at=ended - timedelta(hours=1),
        place_at=ended - timedelta(hours=1),
        called_at=ended - minutes * MINUTE,
        ended_at=ended,
        state=State.DONE,
    )


def test_the_wait_is_measured_at_the_last_visits_of_a_month(lobby: Lobby) -> None:
    old = [served(lobby, n, ended=NOW - RECENT - MINUTE, minutes=40) for n in range(3)]
    Visit.objects.bulk_create(old)
    usual = timedelta(minutes=lines()["ask"].minutes)
    assert typical_times(lobby.office, now=NOW)["ask"] == usual
    days = timedelta(days=10)
    slow = [served(lobby, 10 + n, ended=NOW - 2 * days, minutes=30) for n in range(MEASURED + 5)]
    fast = [served(lobby, 100 + n, ended=NOW - days, minutes=2) for n in range(MEASURED)]
    Visit.objects.bulk_create([*slow, *fast])
    touch(lobby.office)
    assert typical_times(lobby.office, now=NOW)["ask"] == 2 * MINUTE


def test_while_the_hall_stands_nothing_is_measured_again(lobby: Lobby) -> None:
    first = typical_times(lobby.office, now=NOW)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert typical_times(lobby.office, now=NOW) == first
    assert len(asked) == 1, "the stamp alone"
    touch(lobby.office)
    with CaptureQueriesContext(connection) as asked:
        typical_times(lobby.office, now=NOW)
    assert len(asked) == 1 + len(lines())
    cache.clear()


def test_measuring_reads_an_index_and_sorts_nothing(lobby: Lobby) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan is that of SQLite")
    done = Visit.objects.filter(
        office=lobby.office, line="ask", state=State.DONE, ended_at__gte=NOW - RECENT
    )
    plan = done.order_by("-ended_at").explain()
    assert "ended_of_a_line" in plan
    assert "TEMP B-TREE" not in plan
