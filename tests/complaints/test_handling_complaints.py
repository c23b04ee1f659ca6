"""Who handles a complaint, where it goes, how its terms are watched (APPC, articles 91 and 97)."""

import csv
import io
import json
from datetime import datetime, timedelta
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import default_storage

from kualik.accounts.models import RoleGrant
from kualik.complaints.models import Complaint, ComplaintFile
from kualik.complaints.queries import clocks_of, handlers_for, running_clocks, timeline
from kualik.complaints.services.archiving import export_case, pack_case
from kualik.complaints.services.deciding import decide_complaint
from kualik.complaints.services.handling import (
    assign_handler,
    forward_complaint,
    note_court,
    take_up,
    withdraw_complaint,
)
from kualik.complaints.services.watching import run_watch_job, watch_terms
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.models import StaffTask
from kualik.notifications.models import Message
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from tests.complaints.complaining import complain, head, registrar, ruling
from tests.world import PEOPLE, World, iin

ZONE = ZoneInfo("Asia/Almaty")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZONE)
APPLICANT = Actor(name="person:1", role=Role.APPLICANT.value)


def as_head(world: World, now: datetime | None = None) -> dict[str, object]:
    return {"user": head(world), "role": Role.OFFICE_HEAD, "now": now or world.now}


def open_tasks(kind: str) -> list[str]:
    found = StaffTask.objects.filter(kind=kind, closed_at=None)
    return list(found.values_list("params__term", flat=True).order_by("params__term"))


def test_who_decided_the_request_is_not_offered_and_not_taken(world: World) -> None:
    found = complain(world)
    registrar = world.demo.staff[Role.REGISTRAR]
    assert list(handlers_for(found)) == [head(world)]
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        assign_handler(complaint=found, handler=registrar, **as_head(world))
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        take_up(complaint=found, user=registrar, role=Role.REGISTRAR, now=world.now)


def test_who_answers_for_a_delay_does_not_handle_the_complaint_of_it(world: World) -> None:
    found = complain(world, State.IN_REVIEW)
    assert list(handlers_for(found)) == [registrar(world)]
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        take_up(complaint=found, **as_head(world))
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        assign_handler(complaint=found, handler=head(world), **as_head(world))


def test_where_nobody_is_independent_it_is_sent_on(world: World) -> None:
    found = complain(world, State.IN_REVIEW, against=registrar(world))
    assert not handlers_for(found).exists()
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        decide_complaint(complaint=found, ruling=ruling("rejected"), **as_head(world))
    forward_complaint(complaint=found, to="higher_body", **as_head(world))
    assert found.state == "forwarded"


def test_the_person_complained_of_never_handles_it(world: World) -> None:
    found = complain(world, State.IN_REVIEW)
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        assign_handler(complaint=found, handler=head(world), against=head(world), **as_head(world))


def test_who_signed_the_document_does_not_handle_a_complaint_of_it(world: World) -> None:
    found = complain(world, State.ISSUED, subject="decision")
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    RoleGrant.objects.create(user=signer, role=Role.OFFICE_HEAD, granted_at=world.now)
    assert list(handlers_for(found)) == [head(world)]
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        assign_handler(complaint=found, handler=signer, **as_head(world))


def test_the_person_complained_of_cannot_say_that_another_is_meant(world: World) -> None:
    found = complain(world, State.IN_REVIEW, against=head(world))
    registrar, clerk = world.demo.staff[Role.REGISTRAR], world.demo.staff[Role.CLERK]
    with pytest.raises(RuleViolation, match="handler_not_independent"):
        assign_handler(complaint=found, handler=registrar, against=clerk, **as_head(world))
    found.refresh_from_db()
    assign_handler(complaint=found, handler=registrar, against=head(world), **as_head(world))
    assert (found.against, found.handler) == (head(world), registrar)


def test_whom_a_complaint_is_of_is_journalled(world: World) -> None:
    found = complain(world, State.IN_REVIEW, subject="conduct")
    registrar, clerk = world.demo.staff[Role.REGISTRAR], world.demo.staff[Role.CLERK]
    assign_handler(complaint=found, handler=registrar, against=clerk, **as_head(world))
    entry = journal.history(f"complaint:{found.number}")[-1]
    assert (entry.data["handler"], entry.data["against"]) == (
        f"user:{registrar.pk}",
        f"user:{clerk.pk}",
    )


@pytest.mark.parametrize("role", [Role.CLERK, Role.PROVIDER_ADMIN, Role.AUTHORISED_PERSON])
def test_only_deciders_of_the_office_handle_complaints(world: World, role: Role) -> None:
    found = complain(world, State.IN_REVIEW)
    with pytest.raises(RuleViolation, match="handler_unfit"):
        assign_handler(complaint=found, handler=world.demo.staff[role], **as_head(world))


def test_nobody_of_another_provider_handles_it(world: World) -> None:
    found = complain(world, State.IN_REVIEW)
    with pytest.raises(RuleViolation, match="handler_unfit"):
        take_up(
            complaint=found,
            user=world.other.staff[Role.OFFICE_HEAD],
            role=Role.OFFICE_HEAD,
            now=world.now,
        )


def test_taking_up_names_the_handler_and_closes_the_task(world: World) -> None:
    found = take_up(complaint=complain(world), **as_head(world))
    assert (found.state, found.handler) == (Complaint.State.IN_REVIEW, head(world))
    assert not StaffTask.objects.filter(kind="complaint_new", closed_at=None).exists()


def test_a_complaint_given_to_one_is_not_taken_by_another(world: World) -> None:
    registrar = world.demo.staff[Role.REGISTRAR]
    found = complain(world, State.IN_REVIEW)
    assign_handler(complaint=found, handler=registrar, **as_head(world))
    with pytest.raises(RuleViolation, match="complaint_not_yours"):
        take_up(complaint=found, **as_head(world))


def test_of_two_who_take_it_up_one_wins(world: World) -> None:
    first = complain(world)
    second = Complaint.objects.get(pk=first.pk)
    take_up(complaint=first, **as_head(world))
    with pytest.raises(RuleViolation, match="conflict"):
        take_up(complaint=second, **as_head(world))


def test_sending_on_ends_the_providers_clocks_and_begins_the_bodys(world: World) -> None:
    found = complain(world, at=MONDAY)
    later = MONDAY + timedelta(days=1)
    forward_complaint(complaint=found, to="higher_body", **as_head(world, later))
    clocks = {clock.term.code: clock for clock in clocks_of(found)}
    assert clocks["forward"].stage(later) == "kept"
    assert clocks["higher_body"].due_at == datetime(2026, 12, 23, 18, 30, tzinfo=ZONE)
    assert (found.state, found.due_at) == ("forwarded", clocks["higher_body"].due_at)
    message = Message.objects.get(event="complaint_forwarded")
    assert "23.12.2026" in message.body


def test_the_quality_body_has_fifteen_days(world: World) -> None:
    found = complain(world, at=MONDAY)
    forward_complaint(complaint=found, to="quality_body", **as_head(world, MONDAY))
    (clock,) = running_clocks(found)
    assert (clock.term.code, clock.term.days) == ("quality_body", 15)


def test_the_person_complained_of_may_send_it_on(world: World) -> None:
    found = complain(world)
    registrar = world.demo.staff[Role.REGISTRAR]
    forward_complaint(
        complaint=found, to="higher_body", user=registrar, role=Role.REGISTRAR, now=world.now
    )
    assert found.state == Complaint.State.FORWARDED


def test_the_case_that_was_sent_on_is_kept_as_it_was(world: World) -> None:
    found = complain(world)
    forward_complaint(complaint=found, to="higher_body", **as_head(world))
    kept = found.files.get(purpose=ComplaintFile.Purpose.CASE)
    with kept.content.open("rb") as content, ZipFile(content) as archive:
        names = archive.namelist()
    assert {"complaint.txt", "complaint.json", "request/request.json", "MANIFEST.csv"} <= set(names)
    (entry,) = [
        row
        for row in journal.history(f"complaint:{found.number}")
        if row.action == "complaints.forwarded"
    ]
    assert entry.data["sha256"] == kept.sha256


def test_an_unknown_body_is_refused(world: World) -> None:
    with pytest.raises(RuleViolation, match="complaint_body_unknown"):
        forward_complaint(complaint=complain(world), to="nobody", **as_head(world))


def test_the_case_is_read_without_this_system_and_holds_no_iin(world: World) -> None:
    found = complain(world, State.ISSUED, subject="decision")
    content = pack_case(found, now=world.now)
    assert content == pack_case(found, now=world.now)
    with ZipFile(io.BytesIO(content)) as archive:
        told = json.loads(archive.read("complaint.json"))
        listed = list(csv.reader(io.StringIO(archive.read("MANIFEST.csv").decode())))
        names = set(archive.namelist())
        texts = [archive.read(name).decode() for name in names if not name.endswith("pdf")]
    assert told["number"] == found.number
    assert {row[0] for row in listed[1:]} == names - {"MANIFEST.csv"}
    assert f"request/{world.by_state[State.ISSUED].certificate.number}.pdf" in names
    known = [*world.demo.iins.values(), *(iin(100 + place) for place in range(len(PEOPLE)))]
    assert not [one for one in known for text in texts if one in text]


def test_a_lost_file_does_not_stop_the_case(world: World) -> None:
    certificate = world.by_state[State.ISSUED].certificate
    default_storage.delete(certificate.file)
    found = complain(world, State.ISSUED, subject="decision")
    forward_complaint(complaint=found, to="higher_body", **as_head(world))
    with found.files.get().content.open("rb") as content, ZipFile(content) as archive:
        assert f"request/{certificate.number}.pdf.lost" in archive.namelist()


def test_taking_the_case_along_is_journalled(world: World) -> None:
    found = complain(world)
    actor = head(world).acting_as(Role.OFFICE_HEAD)
    export_case(complaint=found, actor=actor, now=world.now)
    steps = timeline(found, now=world.now)
    assert "complaints.exported" in {step.action for step in steps}


def test_the_complainant_withdraws_at_any_time_before_the_decision(world: World) -> None:
    found = complain(world)
    withdraw_complaint(complaint=found, reason="", actor=APPLICANT, now=world.now)
    assert (found.state, found.due_at) == (Complaint.State.WITHDRAWN, None)
    with pytest.raises(RuleViolation, match="complaint_state_forbids"):
        withdraw_complaint(complaint=found, reason="", actor=APPLICANT, now=world.now)


def test_staff_enter_a_withdrawal_with_its_grounds_only(world: World) -> None:
    actor = head(world).acting_as(Role.OFFICE_HEAD)
    with pytest.raises(RuleViolation, match="reason_missing"):
        withdraw_complaint(complaint=complain(world), reason=" ", actor=actor, now=world.now)


def test_the_note_on_the_court_is_kept(world: World) -> None:
    found = complain(world)
    decide_complaint(complaint=found, ruling=ruling("rejected"), **as_head(world))
    note_court(complaint=found, note="Іс № 7 соттың өндірісінде.", **as_head(world))
    found.refresh_from_db()
    assert found.court_note == "Іс № 7 соттың өндірісінде."


def test_staff_hear_at_four_fifths_of_each_term_and_after_its_end(world: World) -> None:
    found = complain(world, at=MONDAY)
    forward, provider = clocks_of(found)
    assert watch_terms(now=forward.warn_at - timedelta(seconds=1)) == 0
    watch_terms(now=forward.warn_at)
    assert (open_tasks("complaint_soon"), open_tasks("complaint_late")) == (["forward"], [])
    watch_terms(now=forward.due_at + timedelta(seconds=1))
    assert open_tasks("complaint_late") == ["forward"]
    watch_terms(now=provider.due_at + timedelta(seconds=1))
    assert open_tasks("complaint_late") == ["forward", "provider"]
    assert open_tasks("complaint_soon") == []


def test_what_is_done_is_not_warned_of_any_more(world: World) -> None:
    found = complain(world, at=MONDAY)
    late = clocks_of(found)[1].due_at + timedelta(hours=1)
    run_watch_job({}, late)
    decide_complaint(complaint=found, ruling=ruling(), **as_head(world, late))
    assert open_tasks("complaint_late") == []
    run_watch_job({}, late)
    assert open_tasks("complaint_late") == []
