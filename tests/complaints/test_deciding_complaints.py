"""Deciding complaints: six kinds, reasons, independence, and what follows for the request."""

from datetime import datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps

from kualik.cases.models import FormerDecision, Request
from kualik.cases.services.overdue import report_overdue
from kualik.certificates.models import Certificate, Letter
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.complaints.queries import clocks_of, registered_at, timeline
from kualik.complaints.services.deciding import (
    Ruling,
    decide_complaint,
    effects_for,
    record_body_decision,
)
from kualik.complaints.services.handling import assign_handler, forward_complaint
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.models import StaffTask
from kualik.notifications.models import Message
from kualik.rules.complaints import law
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from tests.complaints.complaining import FINDINGS, complain, head, ruling
from tests.world import World, file_for

ZONE = ZoneInfo("Asia/Almaty")
SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=ZONE)
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZONE)
Effect = ComplaintDecision.Effect


def as_head(world: World, now: datetime | None = None) -> dict[str, object]:
    return {"user": head(world), "role": Role.OFFICE_HEAD, "now": now or world.now}


def as_registrar(world: World, now: datetime | None = None) -> dict[str, object]:
    user = world.demo.staff[Role.REGISTRAR]
    return {"user": user, "role": Role.REGISTRAR, "now": now or world.now}


def actions(request: Request) -> list[str]:
    return [entry.action for entry in journal.history(f"request:{request.number}")]


@pytest.mark.parametrize("state", [State.REFUSED, State.NOT_ACCEPTED])
def test_an_upheld_complaint_of_a_refusal_reopens_the_request(world: World, state: State) -> None:
    found = complain(world, state)
    before = Request.objects.get(pk=world.by_state[state].pk)
    decision = decide_complaint(complaint=found, ruling=ruling(), **as_head(world))
    request = Request.objects.get(pk=before.pk)
    assert decision.effect == Effect.REOPEN
    assert (request.state, request.refusal, request.decided_by) == (State.IN_REVIEW, None, None)
    assert (request.clock, request.due_at) == (before.clock, before.due_at)
    entry = journal.history(f"request:{request.number}")[-1]
    assert (entry.action, entry.data["clause"]) == ("cases.reopen", "A57.17-2")
    assert entry.data["undone"]["ground"] == before.refusal["ground"]
    assert StaffTask.objects.filter(kind="request_upheld", closed_at=None).count() == 1


@pytest.mark.parametrize(
    ("state", "event"), [(State.REFUSED, "refuse"), (State.NOT_ACCEPTED, "decline")]
)
def test_a_decision_undone_before_these_were_kept_comes_from_the_journal(
    world: World, state: State, event: str
) -> None:
    request = world.by_state[state]
    decide_complaint(complaint=complain(world, state), ruling=ruling(), **as_head(world))
    entries = {entry.action: entry for entry in journal.history(f"request:{request.number}")}
    made, undone = entries[f"cases.{event}"], entries["cases.reopen"]
    FormerDecision.objects.all().delete()
    journal.record(
        subject="request:LOST", action="cases.reopen", actor=journal.SYSTEM, now=world.now
    )
    migration = import_module("kualik.cases.migrations.0004_former_decisions")
    migration.keep_undone(apps, None)
    kept = FormerDecision.objects.get()
    assert (kept.request, kept.state, kept.refusal) == (request, state, undone.data["undone"])
    assert (kept.decided_at, kept.undone_at) == (made.at, undone.at)


def test_the_letter_of_the_old_refusal_becomes_void(world: World) -> None:
    request = world.by_state[State.REFUSED]
    (letter,) = Letter.objects.filter(about=f"request:{request.number}", kind="refusal")
    decide_complaint(complaint=complain(world), ruling=ruling(), **as_head(world))
    letter.refresh_from_db()
    assert letter.state == Letter.State.VOID


def test_an_overdue_request_stays_and_comes_first(world: World) -> None:
    request = world.by_state[State.IN_REVIEW]
    found = complain(world, State.IN_REVIEW)
    decision = decide_complaint(complaint=found, ruling=ruling("action_ordered"), **as_head(world))
    request.refresh_from_db()
    assert (decision.effect, request.state) == (Effect.HASTEN, State.IN_REVIEW)
    assert actions(request)[-1] == "cases.hastened"
    assert StaffTask.objects.get(kind="request_upheld").subject == f"request:{request.number}"


def test_a_mistake_in_a_document_orders_a_corrected_one(world: World) -> None:
    request = world.by_state[State.ISSUED]
    Request.objects.filter(pk=request.pk).update(edition="A57", edition_version=1)
    request.refresh_from_db()
    found = complain(world, State.ISSUED, subject="decision")
    decision = decide_complaint(complaint=found, ruling=ruling("action_ordered"), **as_head(world))
    filed = Request.objects.get(replaces=request.certificate)
    assert (decision.effect, filed.completion) == (Effect.REISSUE, request.completion)
    assert (filed.edition, filed.paper) == ("A57", request.paper)
    request.certificate.refresh_from_db()
    assert request.certificate.status == Certificate.Status.VALID


def test_a_document_that_should_not_exist_is_cancelled(world: World) -> None:
    request = world.by_state[State.ISSUED]
    found = complain(world, State.ISSUED, subject="decision")
    decide_complaint(complaint=found, ruling=ruling(effect="cancel"), **as_head(world))
    request.certificate.refresh_from_db()
    assert request.certificate.status == Certificate.Status.REVOKED
    assert actions(request)[-1] == "cases.result_cancelled"


@pytest.mark.parametrize("kind", ["rejected", "not_considered"])
def test_a_rejected_complaint_changes_nothing_and_must_still_be_sent_on(
    world: World, kind: str
) -> None:
    found = complain(world, at=MONDAY)
    decision = decide_complaint(complaint=found, ruling=ruling(kind), **as_head(world, MONDAY))
    request = world.by_state[State.REFUSED]
    request.refresh_from_db()
    assert (decision.effect, request.state) == (Effect.NONE, State.REFUSED)
    forward, provider = clocks_of(found)
    assert (forward.ended_at, provider.ended_at) == (None, MONDAY)
    forward_complaint(complaint=found, to="higher_body", **as_head(world, MONDAY))
    assert found.state == "forwarded"


def test_an_upheld_complaint_is_not_sent_on(world: World) -> None:
    found = complain(world)
    decide_complaint(complaint=found, ruling=ruling(), **as_head(world))
    with pytest.raises(RuleViolation, match="complaint_state_forbids"):
        forward_complaint(complaint=found, to="higher_body", **as_head(world))


def test_the_decision_of_the_higher_body_binds(world: World) -> None:
    found = complain(world)
    decide_complaint(complaint=found, ruling=ruling("rejected"), **as_head(world))
    forward_complaint(complaint=found, to="higher_body", **as_head(world))
    decision = record_body_decision(
        complaint=found,
        ruling=ruling(),
        outer_number="01-23/456",
        outer_on=local_day(world.now),
        **as_registrar(world),
    )
    request = world.by_state[State.REFUSED]
    request.refresh_from_db()
    assert (decision.body, decision.letter_number) == ("higher_body", "")
    assert (request.state, found.state, found.due_at) == (State.IN_REVIEW, "decided", None)
    assert Message.objects.filter(event="complaint_decided").count() == 2


def test_a_body_decides_nothing_that_was_not_sent_to_it(world: World) -> None:
    with pytest.raises(RuleViolation, match="complaint_state_forbids"):
        record_body_decision(
            complaint=complain(world),
            ruling=ruling(),
            outer_number="1",
            outer_on=local_day(world.now),
            **as_head(world),
        )


def test_the_paper_of_the_decision_waits_for_its_maker(world: World) -> None:
    found = complain(world, text="Мәтін 🙂\u202e: бас тарту негізсіз деп санаймын.")
    decision = decide_complaint(complaint=found, ruling=ruling(), **as_head(world))
    letter = Letter.objects.get(number=decision.letter_number)
    assert (letter.kind, letter.signer, letter.about) == (
        "decision",
        head(world),
        f"complaint:{found.number}",
    )
    assert letter.facts["found"] == {"kk": FINDINGS.kk, "ru": FINDINGS.ru}
    assert letter.facts["complained_of"]["kk"] == "Мәтін …: бас тарту негізсіз деп санаймын."


def test_the_complainant_is_told_of_the_decision(world: World) -> None:
    decide_complaint(complaint=complain(world), ruling=ruling(), **as_head(world))
    (message,) = Message.objects.filter(event="complaint_decided")
    assert "шағым қанағаттандырылды (қол қойылған шешім кейін беріледі)" in message.body


def test_somebody_complained_of_may_only_satisfy_it_in_full_within_three_days(
    world: World,
) -> None:
    found = complain(world, at=MONDAY)
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        decide_complaint(complaint=found, ruling=ruling("rejected"), **as_registrar(world, MONDAY))
    late = clocks_of(found)[0].due_at + timedelta(minutes=1)
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        decide_complaint(complaint=found, ruling=ruling(), **as_registrar(world, late))
    decision = decide_complaint(
        complaint=found, ruling=ruling(), **as_registrar(world, MONDAY + timedelta(days=2))
    )
    assert (decision.is_own, found.handler) == (True, None)
    (entry,) = [
        row
        for row in journal.history(f"complaint:{found.number}")
        if row.action == "complaints.decided"
    ]
    assert entry.data["is_own"] is True


def test_another_than_the_handler_does_not_decide(world: World) -> None:
    found = complain(world, State.IN_REVIEW, subject="conduct")
    assign_handler(complaint=found, handler=world.demo.staff[Role.REGISTRAR], **as_head(world))
    with pytest.raises(RuleViolation, match="complaint_not_yours"):
        decide_complaint(complaint=found, ruling=ruling("rejected"), **as_head(world))


@pytest.mark.parametrize(
    "findings",
    [Text("Негізсіз.", FINDINGS.ru), Text(FINDINGS.kk, ""), Text(FINDINGS.ru, FINDINGS.ru)],
)
def test_a_decision_without_reasons_in_both_languages_is_none(world: World, findings: Text) -> None:
    with pytest.raises(RuleViolation, match="complaint_findings_missing"):
        decide_complaint(
            complaint=complain(world),
            ruling=Ruling(kind="act_cancelled", findings=findings),
            **as_head(world),
        )


def test_an_effect_that_does_not_fit_is_refused(world: World) -> None:
    with pytest.raises(RuleViolation, match="complaint_effect_unfit"):
        decide_complaint(
            complaint=complain(world), ruling=ruling(effect="cancel"), **as_head(world)
        )


def test_a_request_that_was_made_anew_meanwhile_is_not_reopened(world: World) -> None:
    request = world.by_state[State.REFUSED]
    file_for(world.demo, [request.completion], now=world.now)
    decision = decide_complaint(complaint=complain(world), ruling=ruling(), **as_head(world))
    assert decision.effect == Effect.NONE


def test_every_kind_has_an_effect_for_every_state_of_a_request(world: World) -> None:
    for kind in law().decisions:
        assert effects_for(Complaint(subject="decision"), kind) == (Effect.NONE,)
        for request in world.by_state.values():
            offered = effects_for(Complaint(subject="decision", request=request), kind)
            assert offered
            assert kind.reopens or offered == (Effect.NONE,)


@pytest.mark.parametrize("subject", ["queue", "conduct", "delay"])
@pytest.mark.parametrize("state", [State.REFUSED, State.ISSUED])
def test_only_a_complaint_of_the_decision_undoes_it(
    world: World, subject: str, state: State
) -> None:
    request = world.by_state[state]
    found = complain(world, state, subject=subject)
    decision = decide_complaint(complaint=found, ruling=ruling("action_ordered"), **as_head(world))
    request.refresh_from_db()
    assert (decision.effect, request.state) == (Effect.NONE, state)


def test_sending_back_by_somebody_complained_of_is_no_satisfaction(world: World) -> None:
    found = complain(world)
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        decide_complaint(complaint=found, ruling=ruling("sent_back"), **as_registrar(world))


def test_nobody_without_the_role_decides_or_enters_a_decision(world: World) -> None:
    clerk = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    found = complain(world)
    with pytest.raises(RuleViolation, match="handler_unfit"):
        decide_complaint(complaint=found, ruling=ruling("rejected"), **clerk)
    forward_complaint(complaint=found, to="higher_body", **as_head(world))
    with pytest.raises(RuleViolation, match="handler_unfit"):
        record_body_decision(
            complaint=found,
            ruling=ruling(),
            outer_number="1",
            outer_on=local_day(world.now),
            **clerk,
        )


def test_a_reopened_request_is_not_told_of_as_one_without_an_answer(world: World) -> None:
    request = world.by_state[State.REFUSED]
    decide_complaint(complaint=complain(world), ruling=ruling(), **as_head(world))
    report_overdue(now=world.now + timedelta(hours=1))
    about = Message.objects.filter(about=f"request:{request.number}")
    assert not about.filter(event="request_overdue").exists()
    waiting = world.by_state[State.IN_REVIEW]
    assert StaffTask.objects.filter(key=f"request_overdue:{waiting.number}").exists()


@pytest.mark.parametrize("subject", ["delay", "queue", "conduct"])
def test_there_is_no_act_to_cancel_but_a_decision(world: World, subject: str) -> None:
    found = complain(world, State.IN_REVIEW, subject=subject)
    with pytest.raises(RuleViolation, match="complaint_decision_unfit"):
        decide_complaint(complaint=found, ruling=ruling("act_cancelled"), **as_head(world))


def test_who_answers_for_a_delay_may_only_satisfy_the_complaint_in_full(world: World) -> None:
    found = complain(world, State.IN_REVIEW)
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        decide_complaint(complaint=found, ruling=ruling("rejected"), **as_head(world))
    decision = decide_complaint(complaint=found, ruling=ruling("action_ordered"), **as_head(world))
    assert (decision.is_own, found.handler) == (True, None)


def test_deciding_before_the_day_of_registration_registers_at_that_moment(world: World) -> None:
    found = complain(world, at=SUNDAY)
    later = SUNDAY + timedelta(hours=2)
    decide_complaint(complaint=found, ruling=ruling(), **as_head(world, later))
    assert (registered_at(found), found.registered_on) == (later, SUNDAY.date())
    assert [clock.stage(later) for clock in clocks_of(found)] == ["kept", "kept"]
    assert [step.label.ru for step in timeline(found, now=later)] == [
        "Жалоба поступила",
        "Жалоба зарегистрирована",
        "Принято решение",
    ]


def test_what_is_sent_on_before_its_day_of_registration_is_registered_then(world: World) -> None:
    found = complain(world, at=SUNDAY)
    forward_complaint(complaint=found, to="higher_body", **as_head(world, SUNDAY))
    assert found.registered_on == SUNDAY.date()
