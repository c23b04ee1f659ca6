"""Twenty people, two windows, one clerk new since Monday: nobody beyond thirty minutes unsaid."""

from dataclasses import dataclass, field

import pytest

from kualik.core.journal import history
from kualik.counter.models import Period, Visit
from kualik.counter.queries.waiting import AMBER, LIMIT, RED, serving, waiting
from kualik.counter.services.calling import call_next
from kualik.counter.services.finishing import finish, hand_in, reasons_wanted
from kualik.counter.services.moving import subject_of
from kualik.counter.services.warning import warn
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import build_world

PEOPLE = 20
EVERY = 3
# Every fifth person has a priority.
FIRST_EVERY = 5


@dataclass
class Desk:
    """A clerk who needs ``minutes`` for each person, one of them to call and get the papers."""

    place: int
    minutes: int
    visit: Visit | None = None
    busy: int = 0
    served: list[str] = field(default_factory=list)


@pytest.fixture
def lobby(db: None, kualik_files: object) -> Lobby:
    return open_lobby(build_world().demo)


def play(lobby: Lobby, *, skilled: int, novice: int) -> list[Visit]:
    """The hall minute by minute until everybody is gone; all visits."""
    desks = [Desk(0, skilled), Desk(1, novice)]
    minute = 0
    while minute < PEOPLE * EVERY or Visit.objects.filter(ended_at=None).exists():
        now = NOW + minute * MINUTE
        if minute % EVERY == 0 and minute < PEOPLE * EVERY:
            is_first = minute // EVERY % FIRST_EVERY == FIRST_EVERY - 1
            lobby.ticket(priority="disability" if is_first else "", now=now)
        warn(now=now)
        for desk in desks:
            work(lobby, desk, minute)
        minute += 1
    return list(Visit.objects.order_by("pk"))


def work(lobby: Lobby, desk: Desk, minute: int) -> None:
    """What a clerk does in one minute."""
    now, clerk = NOW + minute * MINUTE, lobby.clerks[desk.place]
    if desk.visit is not None:
        desk.busy -= 1
        if desk.busy == desk.minutes - 1:
            hand_in(visit=desk.visit, user=clerk, now=now)
        if desk.busy == 0:
            reasons = dict.fromkeys(reasons_wanted(desk.visit, now), "Келуші көп болды")
            finish(visit=desk.visit, outcome="filed", user=clerk, now=now, **reasons)
            desk.visit = None
    if desk.visit is None:
        desk.visit = call_next(window=lobby.windows[desk.place], user=clerk, now=now)
        desk.busy = desk.minutes


def test_a_novice_beside_a_skilled_clerk_keeps_everybody_within_thirty_minutes(
    lobby: Lobby,
) -> None:
    visits = play(lobby, skilled=5, novice=9)
    assert len(visits) == PEOPLE
    assert max(waiting(visit, NOW) for visit in visits) <= LIMIT
    assert max(serving(visit, NOW) for visit in visits) <= LIMIT
    assert not [visit for visit in visits if visit.waiting_reason or visit.serving_reason]


def test_where_the_hall_is_too_full_the_system_says_so_at_minute_twenty(lobby: Lobby) -> None:
    visits = play(lobby, skilled=8, novice=22)
    late = [visit for visit in visits if waiting(visit, NOW) > LIMIT]
    assert late, "the hall of this test is too full"
    for visit in visits:
        told = [entry.data for entry in history(subject_of(visit)) if "warned" in entry.action]
        for clock, spent in (("waiting", waiting(visit, NOW)), ("serving", serving(visit, NOW))):
            said = [data["spent"] for data in told if data["clock"] == clock]
            expected = [AMBER, RED, RED] if spent >= RED else [AMBER] if spent >= AMBER else []
            assert said == [int(moment.total_seconds()) for moment in expected], visit.number
    for visit in late:
        assert visit.waiting_reason
    assert not Period.objects.filter(ended_at=None).exists()


def test_in_a_full_hall_nobody_is_passed_by_who_came_much_later(lobby: Lobby) -> None:
    visits = play(lobby, skilled=8, novice=22)
    called = {row.visit_id: row.started_at for row in Period.objects.filter(state="called")}
    for visit in visits:
        passed_by = [
            other
            for other in visits
            if other.place_at > visit.place_at and called[other.pk] < called[visit.pk]
        ]
        assert all(other.priority for other in passed_by)
        assert all(other.place_at - visit.place_at <= 15 * MINUTE for other in passed_by)
