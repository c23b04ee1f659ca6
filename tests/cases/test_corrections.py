"""A wish to have data written otherwise: filed once, answered once, never changing a document."""

from datetime import timedelta

import pytest

from kualik.accounts.services import register_persons
from kualik.accounts.services.persons import PersonFacts
from kualik.cases.models import Correction, Request
from kualik.cases.queries.corrections import change, changes_of, replacement_ordered_by
from kualik.cases.services.correcting import (
    MOST_A_DAY,
    accept_correction,
    names_of,
    refuse_correction,
    wanted_names,
    withdraw_correction,
)
from kualik.cases.services.deciding import approve_request, hand_over_request
from kualik.certificates.models import Certificate
from kualik.certificates.services.standing import revoke_certificate, suspend_certificate
from kualik.core import journal
from kualik.core.models import StaffTask
from kualik.notifications.models import Message
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_public_number
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from kualik.training.services import correct_completion
from tests.cases.papers import NEW_NAME, ask_to_correct
from tests.world import World, issue

WRONG, RIGHT = "Әбдірахманова Айгерім Нұрланқызы", "Әбдірахманова Айгерим Нұрланқызы"
WHY = Text("Қоса берілген құжат оқылмайды.", "Приложенный документ не читается.")


def free(world: World) -> Completion:
    return world.demo.free[0]


def accept(world: World, correction: Correction, role: Role = Role.REGISTRAR, **days):
    user = world.demo.staff[role]
    return accept_correction(correction=correction, days=days, user=user, role=role, now=world.now)


def code_of(violation: pytest.ExceptionInfo[RuleViolation]) -> str:
    return violation.value.code


def test_the_differing_letters_are_found_one_by_one() -> None:
    found = change("holder_kk", "Айгерим Kим", "Айгерім Ким")
    assert [(row.place, row.before, row.after) for row in found.letters] == [
        (6, "и", "і"),
        (9, "K", "К"),
    ]
    assert [row.is_latin for row in found.letters] == [False, True]
    assert "".join(piece.text for piece in found.old) == found.before
    assert "".join(piece.text for piece in found.new) == found.after
    assert [piece.text for piece in found.new if piece.is_other] == ["і", "К"]


def test_fields_that_stay_are_no_changes() -> None:
    assert changes_of({"a": "х", "b": "у"}, {"a": "х"}) == []


def test_the_parts_of_the_name_follow_the_full_name(world: World) -> None:
    completion = free(world)
    new = f"{completion.family_name} Жаннур {completion.patronymic}".strip()
    wanted = wanted_names(completion, {"holder_kk": new, "holder_ru": new})
    assert wanted == {"holder_kk": new, "holder_ru": new, "given_name": "Жаннур"}


def test_the_full_name_follows_its_parts(world: World) -> None:
    completion = free(world)
    wanted = wanted_names(completion, {"given_name": "Жаннур"})
    new = " ".join(filter(None, (completion.family_name, "Жаннур", completion.patronymic)))
    assert wanted == {"holder_kk": new, "holder_ru": new, "given_name": "Жаннур"}


def test_look_alike_letters_are_repaired(world: World) -> None:
    completion = free(world)
    typed = names_of(completion)["holder_kk"].replace("а", "a")
    assert wanted_names(completion, {"holder_kk": typed, "holder_ru": typed}) == {}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Ахметова \u202eаниД", "name_control"),
        ("Ахметова\u200f Дина", "name_control"),
        ("Ахметова Дина 😀", "name_sign"),
        ("Ахметова " + "а" * 300, "name_too_long"),
        ("Ахметова Дина 2", "name_digits"),
        ("  ", "name_empty"),
        ("Ахметова Дина ⵣ", "letter_not_printed"),
    ],
)
def test_names_that_no_document_prints_are_refused(world: World, typed: str, code: str) -> None:
    with pytest.raises(RuleViolation) as violation:
        wanted_names(free(world), {"holder_kk": typed})
    assert code_of(violation) == code


def test_a_correction_is_registered_with_a_number_of_its_own(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, holder_kk=RIGHT)
    number = parse_public_number(found.number)
    assert (number.prefix, number.letter, number.sequence) == ("DEMO", "T", 1)
    assert found.before["holder_kk"] == free(world).holder_kk
    assert found.attachments.get().draft is None
    (entry,) = journal.history(f"correction:{found.number}")
    assert (entry.action, entry.actor) == (
        "cases.correction_filed",
        f"person:{found.person_id}",
    )
    task = StaffTask.objects.get(key=f"correction:{found.number}")
    assert (task.scope, task.role, task.closed_at) == ("DEMO", "registrar", None)
    other = ask_to_correct(world.demo.completions[0], now=world.now, holder_kk=RIGHT + "н")
    assert parse_public_number(other.number).sequence == 2


def test_the_person_hears_that_it_is_registered_and_decided(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, holder_kk=RIGHT)
    told = Message.objects.filter(about=f"correction:{found.number}")
    assert [message.event for message in told] == ["correction_filed"]
    assert f"/cabinet/corrections/{found.number}/" in told[0].body
    accept(world, found)
    assert told.filter(event="correction_decided").count() == 1


def test_it_stops_nothing_else(world: World) -> None:
    request = world.by_state[State.IN_REVIEW]
    assert request.completion is not None
    ask_to_correct(request.completion, now=world.now, holder_kk=RIGHT)
    registrar = world.demo.staff[Role.REGISTRAR]
    approve_request(request=request, user=registrar, role=Role.REGISTRAR, now=world.now)
    assert Request.objects.get(pk=request.pk).state == State.APPROVED


def test_one_wish_about_a_training_waits_at_a_time(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, holder_kk=RIGHT)
    with pytest.raises(RuleViolation) as violation:
        ask_to_correct(free(world), now=world.now, note="және тағы")
    assert code_of(violation) == "correction_exists"
    assert violation.value.params["number"] == found.number


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "correction_empty"),
        ({"holder_kk": RIGHT, "scans": 0}, "correction_needs_scan"),
    ],
)
def test_a_wish_says_something_and_proves_it(world: World, given: dict, code: str) -> None:
    with pytest.raises(RuleViolation) as violation:
        ask_to_correct(free(world), now=world.now, **given)
    assert code_of(violation) == code


def test_an_accepted_wish_corrects_the_completion_and_the_journal_keeps_both(
    world: World,
) -> None:
    completion = free(world)
    before = completion.holder_kk
    found = ask_to_correct(completion, now=world.now, holder_kk=RIGHT, holder_ru=RIGHT)
    assert accept(world, found) is None
    completion.refresh_from_db()
    assert (completion.holder_kk, completion.given_name) == (RIGHT, "Айгерим")
    (entry,) = journal.history(f"completion:{completion.pk}")
    assert entry.data["before"]["holder_kk"] == before
    assert entry.data["after"]["holder_kk"] == RIGHT
    assert Correction.objects.get(pk=found.pk).state == Correction.State.DONE
    assert StaffTask.objects.get(key=f"correction:{found.number}").closed_at


def test_days_of_training_are_corrected_with_it(world: World) -> None:
    completion = free(world)
    found = ask_to_correct(completion, now=world.now, note="Күні қате")
    day = completion.mastered_on - timedelta(days=1)
    accept(world, found, mastered_on=day)
    completion.refresh_from_db()
    assert completion.mastered_on == day


def test_a_note_alone_is_accepted_only_by_correcting_something(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, note="Атауы қате")
    with pytest.raises(RuleViolation) as violation:
        accept(world, found)
    assert code_of(violation) == "correction_changes_nothing"
    assert Correction.objects.get(pk=found.pk).state == Correction.State.OPEN


def test_days_do_not_end_before_they_begin(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, note="Күні қате")
    day = free(world).started_on - timedelta(days=1)
    with pytest.raises(RuleViolation) as violation:
        accept(world, found, mastered_on=day)
    assert code_of(violation) == "correction_days_wrong"


def test_a_field_that_is_no_name_and_no_day_is_never_corrected(world: World) -> None:
    with pytest.raises(ValueError, match="hours"):
        correct_completion(
            completion=free(world), changes={"hours": "9"}, actor=journal.SYSTEM, now=world.now
        )


def test_a_refusal_has_a_reason_in_both_languages(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, holder_kk=RIGHT)
    registrar = world.demo.staff[Role.REGISTRAR]
    given = {"user": registrar, "role": Role.REGISTRAR, "now": world.now}
    with pytest.raises(RuleViolation) as violation:
        refuse_correction(correction=found, reason=Text("Жоқ", " "), **given)
    assert code_of(violation) == "reason_missing"
    refuse_correction(correction=found, reason=WHY, **given)
    found.refresh_from_db()
    assert (found.state, found.reason_ru) == (Correction.State.REFUSED, WHY.ru)
    with pytest.raises(RuleViolation) as violation:
        accept(world, found)
    assert code_of(violation) == "conflict"


def test_the_person_withdraws_what_is_not_answered(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, holder_kk=RIGHT)
    withdraw_correction(correction=found, person=found.person, now=world.now)
    with pytest.raises(RuleViolation) as violation:
        accept(world, found)
    assert code_of(violation) == "conflict"
    assert StaffTask.objects.get(key=f"correction:{found.number}").closed_at


def test_staff_of_another_provider_decide_nothing(world: World) -> None:
    found = ask_to_correct(free(world), now=world.now, holder_kk=RIGHT)
    with pytest.raises(RuleViolation) as violation:
        accept_correction(
            correction=found,
            days={},
            user=world.other.staff[Role.REGISTRAR],
            role=Role.REGISTRAR,
            now=world.now,
        )
    assert code_of(violation) == "not_permitted"


def test_nobody_decides_about_the_own_correction(world: World) -> None:
    iin = world.demo.iins[Role.REGISTRAR]
    facts = PersonFacts(iin, "Ахметов", "Болат", "Серікұлы")
    person = register_persons(people=[facts], now=world.now)[iin]
    completion = free(world)
    Completion.objects.filter(pk=completion.pk).update(person=person)
    completion.refresh_from_db()
    found = ask_to_correct(completion, now=world.now, holder_kk=RIGHT)
    with pytest.raises(RuleViolation) as violation:
        accept(world, found)
    assert code_of(violation) == "own_case"


def test_a_standing_document_is_replaced_only_when_the_new_one_is_signed(world: World) -> None:
    earlier = world.by_state[State.HANDED_OVER]
    assert earlier.completion is not None
    old = earlier.certificate
    assert old is not None
    found = ask_to_correct(earlier.completion, now=world.now, holder_kk=RIGHT)
    ordered = accept(world, found)
    assert ordered is not None
    assert (ordered.state, ordered.replaces_id, ordered.edition) == (
        State.APPROVED,
        old.pk,
        earlier.edition,
    )
    assert (ordered.application_number, ordered.paper) == (found.number, earlier.paper)
    assert replacement_ordered_by(found) == ordered
    old.refresh_from_db()
    assert old.status == Certificate.Status.VALID
    issue(world.demo, ordered, now=world.now)
    old.refresh_from_db()
    new = Request.objects.get(pk=ordered.pk).certificate
    assert new is not None
    assert (old.status, old.replaced_by_id) == (Certificate.Status.REPLACED, new.pk)
    assert new.status == Certificate.Status.VALID
    assert new.facts["holder_kk"] == RIGHT
    assert old.facts["holder_kk"] != RIGHT


def test_what_is_replaced_is_not_handed_over(world: World) -> None:
    earlier = world.by_state[State.ISSUED]
    assert earlier.completion is not None
    ordered = accept(world, ask_to_correct(earlier.completion, now=world.now, holder_kk=RIGHT))
    assert ordered is not None
    issue(world.demo, ordered, now=world.now)
    by = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    with pytest.raises(RuleViolation) as violation:
        hand_over_request(request=Request.objects.get(pk=earlier.pk), **by)
    assert code_of(violation) == "document_replaced"
    hand_over_request(request=Request.objects.get(pk=ordered.pk), **by)
    assert Request.objects.get(pk=ordered.pk).state == State.HANDED_OVER


def test_a_change_that_no_document_prints_replaces_nothing(world: World) -> None:
    earlier = world.by_state[State.ISSUED]
    assert earlier.completion is not None
    parts = {"family_name": "Бөлек", "holder_kk": "Мүлде Басқа", "holder_ru": "Мүлде Басқа"}
    Completion.objects.filter(pk=earlier.completion_id).update(
        holder_kk="Мүлде Басқа", holder_ru="Мүлде Басқа"
    )
    earlier.completion.refresh_from_db()
    found = ask_to_correct(earlier.completion, now=world.now, **parts)
    assert set(found.wanted) == {"family_name"}
    assert accept(world, found) is None
    assert not Request.objects.exclude(replaces=None).exists()


def test_an_approved_draft_is_sent_back_and_made_anew_by_the_head(world: World) -> None:
    request = world.by_state[State.APPROVED]
    assert request.completion is not None
    draft = request.certificate
    assert draft is not None
    found = ask_to_correct(request.completion, now=world.now, holder_ru=RIGHT, holder_kk=RIGHT)
    with pytest.raises(RuleViolation) as violation:
        accept(world, found)
    assert code_of(violation) == "correction_draft_waits"
    assert violation.value.params["number"] == request.number
    request.completion.refresh_from_db()
    assert request.completion.holder_kk != RIGHT
    accept(world, found, Role.OFFICE_HEAD)
    draft.refresh_from_db()
    request.refresh_from_db()
    assert draft.status == Certificate.Status.VOID
    assert request.state == State.APPROVED
    assert request.certificate is not None
    assert request.certificate.facts["holder_ru"] == RIGHT


def test_a_suspended_document_is_not_replaced_away(world: World) -> None:
    request = world.by_state[State.ISSUED]
    assert request.completion is not None
    assert request.certificate is not None
    found = ask_to_correct(request.completion, now=world.now, holder_ru=RIGHT)
    given = {"reason": WHY, "actor": journal.SYSTEM, "now": world.now}
    suspend_certificate(certificate=request.certificate, **given)
    with pytest.raises(RuleViolation) as violation:
        accept(world, found)
    assert code_of(violation) == "correction_document_suspended"
    revoke_certificate(certificate=request.certificate, **given)
    assert accept(world, found) is None


def test_a_document_revoked_meanwhile_stops_its_replacement(world: World) -> None:
    request = world.by_state[State.ISSUED]
    assert request.completion is not None
    assert request.certificate is not None
    found = ask_to_correct(request.completion, now=world.now, holder_ru=RIGHT)
    ordered = accept(world, found)
    assert ordered is not None
    given = {"reason": WHY, "actor": journal.SYSTEM, "now": world.now}
    revoke_certificate(certificate=request.certificate, **given)
    with pytest.raises(RuleViolation) as violation:
        issue(world.demo, ordered, now=world.now)
    assert code_of(violation) == "replaced_not_standing"
    assert Request.objects.get(pk=ordered.pk).state == State.APPROVED


def test_a_second_correction_waits_for_the_first_new_document(world: World) -> None:
    earlier = world.by_state[State.HANDED_OVER]
    assert earlier.completion is not None
    found = ask_to_correct(earlier.completion, now=world.now, holder_kk=RIGHT)
    ordered = accept(world, found)
    assert ordered is not None
    earlier.completion.refresh_from_db()
    again = ask_to_correct(earlier.completion, now=world.now, holder_kk=WRONG + "н")
    assert accept(world, again, Role.OFFICE_HEAD) is None
    ordered.refresh_from_db()
    assert ordered.certificate is not None
    assert ordered.certificate.facts["holder_kk"] == WRONG + "н"
    assert Request.objects.exclude(replaces=None).count() == 1


def test_withdrawing_and_asking_again_is_no_way_round_the_days_limit(world: World) -> None:
    completion = world.demo.free[0]
    for _ in range(MOST_A_DAY):
        correction = ask_to_correct(completion, now=world.now, note="x")
        withdraw_correction(correction=correction, person=completion.person, now=world.now)
    with pytest.raises(RuleViolation, match="too_many_corrections"):
        ask_to_correct(completion, now=world.now, note="x")
    tomorrow = world.now + timedelta(days=1)
    assert ask_to_correct(completion, now=tomorrow, note="x").state == Correction.State.OPEN


def test_an_approval_prints_what_was_corrected_since_the_request_was_read(world: World) -> None:
    request = world.by_state[State.IN_REVIEW]
    assert request.completion is not None
    assert request.completion.holder_ru != RIGHT
    accept(world, ask_to_correct(request.completion, now=world.now, holder_ru=RIGHT))
    user = world.demo.staff[Role.REGISTRAR]
    approved = approve_request(request=request, user=user, role=Role.REGISTRAR, now=world.now)
    assert approved.certificate is not None
    assert approved.certificate.facts["holder_ru"] == RIGHT


def test_a_name_that_no_sheet_holds_is_neither_filed_nor_accepted(world: World) -> None:
    completion = world.demo.free[-1]
    with pytest.raises(RuleViolation, match="paper_overflow"):
        ask_to_correct(completion, now=world.now, holder_kk="Ә" * 100)
    found = ask_to_correct(completion, now=world.now, holder_kk=NEW_NAME)
    Correction.objects.filter(pk=found.pk).update(wanted={"holder_kk": "Ә" * 100})
    found.refresh_from_db()
    with pytest.raises(RuleViolation, match="paper_overflow") as caught:
        accept(world, found)
    assert caught.value.params == {"part": "holder"}
    found.refresh_from_db()
    completion.refresh_from_db()
    assert found.state == Correction.State.OPEN
    assert completion.holder_kk != "Ә" * 100


@pytest.mark.parametrize("name", ["Әбдіғаппарова Гүлнұр " + "Ж" * 40, "Ә" * 45 + " " + "Ә" * 40])
def test_a_long_name_that_the_sheet_holds_is_accepted(world: World, name: str) -> None:
    completion = world.demo.free[-1]
    accept(world, ask_to_correct(completion, now=world.now, holder_kk=name))
    completion.refresh_from_db()
    assert completion.holder_kk == name
