"""Saying at the twentieth and the twenty-fifth minute that somebody waits or sits too long."""

from datetime import timedelta

import pytest

from kualik.accounts.models import User
from kualik.cases.queries.tasks import task_text, tasks_of
from kualik.config.jobs import HANDLERS, enqueue_daily
from kualik.core import jobs
from kualik.core.journal import history
from kualik.core.models import Job, StaffTask
from kualik.counter.models import Visit, Window
from kualik.counter.queries.waiting import Level, level
from kualik.counter.services.calling import call_next, hold, miss, recall
from kualik.counter.services.finishing import finish, hand_in
from kualik.counter.services.moving import subject_of
from kualik.counter.services.warning import WATCH_JOB, end_days, let_go, settle, warn
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


def kinds_of(user: User) -> list[str]:
    seen = tasks_of(user).filter(kind__startswith="visit_")
    return sorted(seen.values_list("kind", flat=True))


def called(lobby: Lobby) -> Visit:
    visit = call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW)
    assert visit is not None
    return visit


@pytest.mark.parametrize(
    ("minutes", "wanted"),
    [(0, "green"), (19.9, "green"), (20, "amber"), (24.9, "amber"), (25, "red"), (30, "red")],
)
def test_the_levels_begin_at_twenty_and_twenty_five(minutes: float, wanted: str) -> None:
    assert level(timedelta(minutes=minutes)) == wanted
    assert level(timedelta(minutes=30, seconds=1)) is Level.OVER


def test_where_nobody_heads_the_office_its_administrator_hears_at_twenty_five(
    world: World, lobby: Lobby
) -> None:
    User.objects.filter(pk=world.demo.staff[Role.OFFICE_HEAD].pk).update(is_active=False)
    lobby.ticket(ago=25)
    warn(now=NOW)
    assert kinds_of(world.demo.staff[Role.PROVIDER_ADMIN]) == ["visit_waits_long"]


def test_nobody_is_warned_before_the_twentieth_minute(lobby: Lobby) -> None:
    lobby.ticket(ago=19)
    assert warn(now=NOW) == 0
    assert warn(now=NOW + MINUTE) == 1


def test_at_twenty_the_clerks_hear_and_at_twenty_five_the_chief_too(
    world: World, lobby: Lobby
) -> None:
    clerk, chief = lobby.clerks[1], world.demo.staff[Role.OFFICE_HEAD]
    visit = lobby.ticket(ago=20)
    warn(now=NOW), warn(now=NOW + MINUTE)
    assert (kinds_of(clerk), kinds_of(chief)) == (["visit_waits"], [])
    warn(now=NOW + 5 * MINUTE), warn(now=NOW + 6 * MINUTE)
    assert (kinds_of(clerk), kinds_of(chief)) == (["visit_waits_long"], ["visit_waits_long"])
    said = [entry.data for entry in history(subject_of(visit)) if "warned" in entry.action]
    assert [(data["level"], data["role"], data["spent"]) for data in said] == [
        ("amber", "clerk", 20 * 60),
        ("red", "clerk", 25 * 60),
        ("red", "office_head", 25 * 60),
    ]


def test_the_task_says_who_and_since_when_in_three_languages(lobby: Lobby) -> None:
    visit = lobby.ticket(ago=20)
    warn(now=NOW)
    text = task_text(StaffTask.objects.get(kind="visit_waits"))
    for language in ("kk", "ru", "en"):
        assert visit.number in text.get(language)
        assert "23.11.2026 09:40" in text.get(language)


def test_another_provider_hears_nothing(world: World, lobby: Lobby) -> None:
    lobby.ticket(ago=26)
    warn(now=NOW)
    for role in (Role.CLERK, Role.OFFICE_HEAD):
        assert kinds_of(world.other.staff[role]) == []


def test_the_handing_in_ends_the_warning_and_serving_warns_for_itself(
    world: World, lobby: Lobby
) -> None:
    clerk = lobby.clerks[0]
    lobby.ticket(ago=26)
    warn(now=NOW)
    visit = called(lobby)
    hand_in(visit=visit, user=clerk, now=NOW)
    assert kinds_of(clerk) == []
    hold(visit=visit, user=clerk, now=NOW + 5 * MINUTE)
    warn(now=NOW + 20 * MINUTE)
    assert kinds_of(clerk) == ["visit_sits"], "who is laid aside is served all the same"
    warn(now=NOW + 25 * MINUTE)
    assert kinds_of(world.demo.staff[Role.OFFICE_HEAD]) == ["visit_sits_long"]
    finish(visit=visit, outcome="filed", user=clerk, now=NOW + 26 * MINUTE)
    assert StaffTask.objects.filter(kind__startswith="visit_", closed_at=None).count() == 0


def test_tasks_of_a_visit_that_ended_in_any_way_leave_the_list(lobby: Lobby) -> None:
    visit = lobby.ticket(ago=21)
    warn(now=NOW)
    Visit.objects.filter(pk=visit.pk).update(state=State.LEFT, ended_at=NOW)
    assert settle(now=NOW) == 1
    assert kinds_of(lobby.clerks[0]) == []


def test_who_does_not_come_back_is_let_go(lobby: Lobby) -> None:
    lobby.ticket(ago=5)
    visit, clerk = called(lobby), lobby.clerks[0]
    for _ in range(2):
        recall(visit=visit, user=clerk, now=NOW)
    miss(visit=visit, user=clerk, now=NOW)
    assert let_go(now=NOW + 10 * MINUTE) == 0
    assert let_go(now=NOW + 11 * MINUTE) == 1
    visit.refresh_from_db()
    assert (visit.state, visit.outcome) == (State.LEFT, "unfinished")


def test_a_forgotten_day_ends_where_it_last_was_busy(lobby: Lobby) -> None:
    """Not at midnight: the night would count as waiting."""
    waits = lobby.ticket(ago=30)
    lobby.ticket(ago=40)
    served, clerk = called(lobby), lobby.clerks[0]
    hand_in(visit=served, user=clerk, now=NOW + 5 * MINUTE)
    assert end_days(now=NOW + 60 * MINUTE) == 0
    assert end_days(now=NOW + timedelta(days=1)) == 2
    for visit, state in ((waits, State.LEFT), (served, State.DONE)):
        visit.refresh_from_db()
        assert (visit.state, visit.ended_at) == (state, NOW + 5 * MINUTE)
    assert not Window.objects.exclude(state=Window.State.CLOSED).exists()


def test_the_worker_looks_every_minute_and_keeps_one_hour_of_it(lobby: Lobby) -> None:
    visit = lobby.ticket(ago=19)
    names = {WATCH_JOB: HANDLERS[WATCH_JOB]}
    for minute in range(3):
        now = NOW + minute * MINUTE
        enqueue_daily(now=now), enqueue_daily(now=now)
        assert jobs.run_waiting(handlers=names, worker="w", clock=lambda now=now: now) == 1
    assert StaffTask.objects.get(kind="visit_waits").created_at == visit.ticket_at + 20 * MINUTE
    later = NOW + 90 * MINUTE
    enqueue_daily(now=later)
    jobs.run_waiting(handlers=names, worker="w", clock=lambda: later)
    assert Job.objects.filter(name=WATCH_JOB).count() == 1
