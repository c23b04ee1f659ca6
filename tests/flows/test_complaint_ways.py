"""Complaints from their cause to the document (A57.17-2): every way ends where the law says."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_request, refuse_request
from kualik.cases.services.trial_signing import sign_letters_on_trial
from kualik.certificates.models import Letter
from kualik.certificates.services.letters import LETTER_JOB, run_letter_job
from kualik.complaints.models import Complaint
from kualik.complaints.queries import Body, bodies, clocks_of
from kualik.complaints.services.deciding import decide_complaint, record_body_decision
from kualik.complaints.services.handling import forward_complaint, take_up
from kualik.complaints.services.watching import run_watch_job
from kualik.core import jobs, journal
from kualik.core.clock import ZONE
from kualik.core.models import StaffTask
from kualik.rules.complaints import clock_from_record, clock_of, clock_to_record
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.rules.workdays import WeeklyHours, WorkCalendar
from tests.complaints.complaining import complain, head, ruling
from tests.world import FACTS, World, build_world, issue

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZONE)
LETTERS = {LETTER_JOB: run_letter_job}


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def as_head(world: World) -> dict[str, object]:
    return {"user": head(world), "role": Role.OFFICE_HEAD, "now": world.now}


def as_registrar(world: World) -> dict[str, object]:
    return {"user": world.demo.staff[Role.REGISTRAR], "role": Role.REGISTRAR, "now": world.now}


def decided(world: World, found: Complaint, kind: str) -> None:
    """The head takes a complaint up and decides it."""
    take_up(complaint=found, **as_head(world))
    decide_complaint(complaint=found, ruling=ruling(kind), **as_head(world))


def issued(world: World, state: State) -> Request:
    """The request of that state once the registrar approved it and the document is signed."""
    request = Request.objects.get(pk=world.by_state[state].pk)
    approve_request(request=request, **as_registrar(world))
    issue(world.demo, request, now=world.now)
    request.refresh_from_db()
    return request


def test_overdue_then_complaint_then_decision_then_issued(world: World) -> None:
    found = complain(world, State.IN_REVIEW)
    decide_complaint(complaint=found, ruling=ruling("action_ordered"), **as_registrar(world))
    assert StaffTask.objects.filter(kind="request_upheld", closed_at=None).count() == 1
    assert issued(world, State.IN_REVIEW).state == State.ISSUED
    run_watch_job({}, world.now)
    assert not StaffTask.objects.filter(kind="request_upheld", closed_at=None).exists()


@pytest.mark.parametrize("state", [State.REFUSED, State.NOT_ACCEPTED])
def test_refusal_then_complaint_then_reopened_then_issued(world: World, state: State) -> None:
    decided(world, complain(world, state), "act_cancelled")
    request = issued(world, state)
    assert request.state == State.ISSUED
    assert journal.broken_links(f"request:{request.number}") == []


def test_a_reopened_request_may_be_refused_again_on_another_paper(world: World) -> None:
    decided(world, complain(world), "sent_back")
    request = Request.objects.get(pk=world.by_state[State.REFUSED].pk)
    refuse_request(request=request, ground="unreliable", facts=FACTS, **as_registrar(world))
    letters = Letter.objects.filter(about=f"request:{request.number}", kind="refusal")
    assert [row.state for row in letters.order_by("pk")] == ["void", "draft"]


def test_rejected_then_sent_on_then_the_body_decides_then_issued(world: World) -> None:
    found = complain(world)
    decided(world, found, "rejected")
    forward_complaint(complaint=found, to="higher_body", **as_registrar(world))
    record_body_decision(
        complaint=found,
        ruling=ruling("act_cancelled_and_new"),
        outer_number="7",
        outer_on=world.now.date() - timedelta(days=1),
        **as_registrar(world),
    )
    assert issued(world, State.REFUSED).state == State.ISSUED
    assert {row.body for row in found.decisions.all()} == {"provider", "higher_body"}


def test_a_late_complaint_goes_the_same_way(world: World) -> None:
    found = complain(world, known_on=world.now.date() - timedelta(days=400))
    assert found.is_late
    decided(world, found, "act_cancelled")
    assert issued(world, State.REFUSED).state == State.ISSUED


def test_who_refused_does_not_judge_the_refusal(world: World) -> None:
    found = complain(world)
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        take_up(complaint=found, **as_registrar(world))
    decided(world, found, "act_cancelled")
    assert found.handler == head(world)


def test_the_paper_of_the_decision_is_sealed_and_signed_by_who_made_it(world: World) -> None:
    found = complain(world, text="Шағым 🙂: негізсіз бас тартты, құжаттарым толық болатын.")
    decided(world, found, "act_cancelled")
    letter = Letter.objects.get(kind="decision")
    later = world.now + timedelta(minutes=1)
    jobs.run_waiting(handlers=LETTERS, worker="test", clock=lambda: later)
    letter.refresh_from_db()
    assert letter.state == Letter.State.PREPARED
    iins = list(world.demo.iins.values())
    sign_letters_on_trial(letters=[letter], iins=iins, now=later)
    letter.refresh_from_db()
    assert (letter.state, letter.signer) == (Letter.State.SIGNED, head(world))


def test_the_chains_of_both_journals_hold(world: World) -> None:
    found = complain(world, at=MONDAY)
    monday = {**as_head(world), "now": MONDAY}
    take_up(complaint=found, **monday)
    decide_complaint(complaint=found, ruling=ruling("act_cancelled"), **monday)
    assert journal.broken_links(f"complaint:{found.number}") == []
    assert [entry.action for entry in journal.history(f"complaint:{found.number}")] == [
        "complaints.registered",
        "complaints.taken_up",
        "complaints.decided",
    ]


WEEKS = ("Mon-Fri 08:30-17:30", "Mon-Sat 09:00-14:00")
CALENDARS = st.sampled_from([WorkCalendar(WeeklyHours.parse(week)) for week in WEEKS])
TERMS = st.sampled_from(["forward", "provider", "quality_body", "higher_body"])


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2024, 1, 2), date(2027, 10, 1)), CALENDARS, TERMS)
def test_a_stored_clock_is_read_back_as_it_was(
    day: date, calendar: WorkCalendar, term: str
) -> None:
    clock = clock_of(term, registered=day, calendar=calendar)
    record = clock_to_record(clock, calendar)
    assert clock_from_record(record) == clock
    assert clock.warn_at < clock.due_at


def test_every_body_of_the_list_has_a_term_and_a_week() -> None:
    for body in bodies().bodies:
        assert isinstance(body, Body)
        assert body.calendar.hours.week
        assert body.name.kk != body.name.ru


def test_the_clocks_of_a_complaint_end_with_it(world: World) -> None:
    found = complain(world)
    decided(world, found, "act_cancelled")
    assert all(clock.ended_at == world.now for clock in clocks_of(found))
