import itertools

import pytest

from kualik.rules import lifecycle
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import TRANSITIONS, Event, Role, State, allowed_events, transition

HAPPY_PATH = [
    (State.FILED, Event.ACCEPT, Role.SYSTEM, State.ACCEPTED),
    (State.ACCEPTED, Event.START_REVIEW, Role.REGISTRAR, State.IN_REVIEW),
    (State.IN_REVIEW, Event.APPROVE, Role.REGISTRAR, State.APPROVED),
    (State.APPROVED, Event.SEAL, Role.AUTHORISED_PERSON, State.ISSUED),
    (State.ISSUED, Event.HAND_OVER, Role.CLERK, State.HANDED_OVER),
]


@pytest.mark.parametrize(("state", "event", "by", "to"), HAPPY_PATH)
def test_a_request_travels_from_filing_to_hand_over(state, event, by, to):
    assert transition(state, event, by=by).to == to


@pytest.mark.parametrize(
    ("state", "event", "by"), list(itertools.product(State, Event, Role)), ids=str
)
def test_every_state_event_and_role_either_moves_or_names_its_error(state, event, by):
    move = TRANSITIONS.get((state, event))
    if move is not None and by in move.by:
        assert transition(state, event, by=by, reason="Негіздеме") is move
        assert event in allowed_events(state, by)
        return
    with pytest.raises(RuleViolation) as caught:
        transition(state, event, by=by, reason="Негіздеме")
    expected = "transition_unknown" if move is None else "transition_forbidden"
    assert caught.value.code == expected
    assert event not in allowed_events(state, by)


@pytest.mark.parametrize("reason", ["", "  \n"])
@pytest.mark.parametrize(
    ("state", "event"), [pair for pair, move in TRANSITIONS.items() if move.needs_reason]
)
def test_a_move_against_the_person_cannot_be_made_without_a_reason(state, event, reason):
    by = min(TRANSITIONS[state, event].by)
    with pytest.raises(RuleViolation) as caught:
        transition(state, event, by=by, reason=reason)
    assert caught.value.code == "reason_missing"


def test_refusals_reopening_and_withdrawal_by_staff_need_a_reason_and_nothing_else_does():
    explained = {event for (_, event), move in TRANSITIONS.items() if move.needs_reason}
    assert explained == {
        Event.DECLINE,
        Event.REFUSE,
        Event.SEND_BACK,
        Event.REOPEN,
        Event.RECORD_WITHDRAWAL,
    }


def test_only_the_seal_leads_to_issued():
    """A57.10-2: nothing is issued unsigned."""
    ways = {pair for pair, move in TRANSITIONS.items() if move.to == State.ISSUED}
    assert ways == {(State.APPROVED, Event.SEAL)}


def test_acceptance_is_refused_only_before_acceptance():
    ways = {source for (source, _), move in TRANSITIONS.items() if move.to == State.NOT_ACCEPTED}
    assert ways == {State.FILED}


def test_only_a_registrar_or_the_head_of_the_office_decides_against_a_person():
    assert TRANSITIONS[State.IN_REVIEW, Event.REFUSE].by == {Role.REGISTRAR, Role.OFFICE_HEAD}


def test_the_machine_may_approve_beside_them_and_never_refuses_or_sends_back():
    deciders = {Role.REGISTRAR, Role.OFFICE_HEAD}
    assert TRANSITIONS[State.IN_REVIEW, Event.APPROVE].by == {*deciders, Role.SYSTEM}
    caused = {event for (_, event), move in TRANSITIONS.items() if Role.SYSTEM in move.by}
    assert not caused & {Event.REFUSE, Event.DECLINE, Event.SEND_BACK, Event.WITHDRAW}


def test_a_complaint_reopens_refusals_of_both_kinds_and_nothing_else():
    """A57.17-2."""
    ways = {source for source, event in TRANSITIONS if event == Event.REOPEN}
    assert ways == {State.REFUSED, State.NOT_ACCEPTED}
    assert TRANSITIONS[State.REFUSED, Event.REOPEN].to == State.IN_REVIEW


@pytest.mark.parametrize(
    "role", [Role.CONTACT_CENTRE, Role.INSPECTOR, Role.PROVIDER_ADMIN, Role.PLATFORM_ADMIN]
)
def test_those_who_only_look_or_administer_move_nothing(role):
    assert all(allowed_events(state, role) == () for state in State)


def test_the_person_may_withdraw_until_the_decision_and_do_nothing_else():
    allowed = {state: allowed_events(state, Role.APPLICANT) for state in State}
    assert {state for state, events in allowed.items() if events} == {
        State.FILED,
        State.ACCEPTED,
        State.IN_REVIEW,
    }
    assert set(itertools.chain(*allowed.values())) == {Event.WITHDRAW}


def test_open_and_final_states_are_all_states_once():
    assert set(State) == lifecycle.OPEN_STATES | lifecycle.FINAL_STATES
    assert not lifecycle.OPEN_STATES & lifecycle.FINAL_STATES
    assert lifecycle.AWAITING_RESULT < lifecycle.OPEN_STATES
    reopened = {source for source, event in TRANSITIONS if event == Event.REOPEN}
    left = {source for source, _ in TRANSITIONS}
    assert left - reopened == lifecycle.OPEN_STATES


def test_every_state_can_be_reached_from_filing():
    reached = {State.FILED}
    for _ in State:
        reached |= {move.to for (source, _), move in TRANSITIONS.items() if source in reached}
    assert reached == set(State)


def test_states_and_events_have_names_in_three_languages_and_no_two_alike():
    for labels, keys in ((lifecycle.STATE_LABELS, State), (lifecycle.EVENT_LABELS, Event)):
        assert set(labels) == set(keys)
        for language in ("kk", "ru", "en"):
            texts = [getattr(text, language) for text in labels.values()]
            assert all(texts)
            assert len(set(texts)) == len(texts)
            assert not any("ӛ" in text for text in texts)


def test_the_diagram_shows_every_move_and_every_dead_end():
    lines = lifecycle.mermaid().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> filed"]
    assert "    approved --> issued: seal (system, authorised_person)" in lines
    assert [line for line in lines if line.endswith("--> [*]")] == [
        "    handed_over --> [*]",
        "    withdrawn --> [*]",
    ]
    assert len(lines) == 2 + len(TRANSITIONS) + 2
