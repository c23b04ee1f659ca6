"""One telling of a request's course for every page and program, safe for the applicant's eyes."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.queries import ROLE_LABELS
from kualik.cases.models import Evidence, Request
from kualik.cases.queries import status_code
from kualik.cases.services import deciding
from kualik.cases.services.following import follow, usual_time
from kualik.cases.services.following.words import sentence
from kualik.core import journal
from kualik.core.journal import SYSTEM
from kualik.rules import refusal, standards
from kualik.rules.identifiers import public_number
from kualik.rules.language import LANGUAGES
from kualik.rules.lifecycle import AWAITING_RESULT, Role, State
from tests.cases.following import decided_by_machine, file_web
from tests.world import DUE_AT, FILED_AT, MASTERED_ON, World, complete, issue

PEOPLE = tuple((f"Сейіт{end}", "Арман", "") for end in ("ов", "ова", "қызы", "ұлы", "ев"))


@pytest.mark.parametrize("state", list(State))
def test_every_state_says_what_happened_and_whose_turn_it_is(world: World, state: State) -> None:
    course = follow(world.by_state[state], now=world.now)
    assert course.state is state
    assert course.stages[0].action == "cases.filed"
    assert [stage.at for stage in course.stages] == sorted(stage.at for stage in course.stages)
    for language in LANGUAGES:
        assert course.turn.what.get(language)
        assert all(stage.what.get(language) for stage in course.stages)
    assert bool(course.turn.by) == (state in AWAITING_RESULT)


@pytest.mark.parametrize("state", list(State))
def test_no_course_holds_a_name_or_a_documents_number(world: World, state: State) -> None:
    request = world.by_state[state]
    course = follow(request, now=world.now)
    said = repr(course).replace(repr(course.overdue), "").replace(repr(course.refused), "")
    for user in world.demo.staff.values():
        assert user.full_name not in said
    assert request.holder.kk not in said
    if request.certificate:
        assert request.certificate.number not in said


def test_each_step_says_in_which_role_somebody_did_it(world: World) -> None:
    course = follow(world.by_state[State.ISSUED], now=world.now)
    done = {stage.action: stage.who for stage in course.stages}
    assert done["cases.approve"] == ROLE_LABELS[Role.REGISTRAR]
    assert done["cases.seal"] == ROLE_LABELS[Role.AUTHORISED_PERSON]


def test_acts_that_do_not_concern_the_applicant_are_left_out(world: World) -> None:
    request = world.by_state[State.IN_REVIEW]
    subject = f"request:{request.number}"
    journal.record(subject=subject, action="message_sent_again", actor=SYSTEM, now=world.now)
    actions = [stage.action for stage in follow(request, now=world.now).stages]
    assert "message_sent_again" not in actions


def test_an_overdue_request_says_what_silence_means_and_who_answers(world: World) -> None:
    course = follow(world.by_state[State.ACCEPTED], now=world.now)
    assert course.overdue is not None
    assert course.overdue.since == DUE_AT
    assert course.overdue.silence == refusal.appeal().silence
    assert course.overdue.answerable is not None
    assert course.overdue.answerable.name == world.demo.staff[Role.OFFICE_HEAD].full_name
    assert course.overdue.answerable.phones == ("+7 727 300 00 01",)
    assert "cases.overdue" in [stage.action for stage in course.stages]


def test_without_a_head_of_the_office_the_authorised_person_answers(world: World) -> None:
    head = world.demo.staff[Role.OFFICE_HEAD]
    head.is_active = False
    head.save()
    course = follow(world.by_state[State.ACCEPTED], now=world.now)
    assert course.overdue is not None
    assert course.overdue.answerable is not None
    assert course.overdue.answerable.name == world.demo.staff[Role.AUTHORISED_PERSON].full_name


def test_a_term_that_was_missed_stays_in_the_course_after_the_answer(world: World) -> None:
    late = follow(world.by_state[State.ISSUED], now=world.now)
    assert late.overdue is None
    assert "cases.overdue" in [stage.action for stage in late.stages]
    request = file_web(world.demo, world=world)
    assert "cases.overdue" not in [stage.action for stage in follow(request, now=world.now).stages]


def test_the_usual_time_is_the_median_office_time_of_documents_that_stand(world: World) -> None:
    house = world.demo
    assert usual_time(house.provider, now=world.now) is None
    rows = complete(house.group, PEOPLE, number=30, now=world.now)
    house.completions += rows
    requests = [file_web(house, world=world) for _ in range(5)]
    registrar = house.staff[Role.REGISTRAR]
    deciding.approve_requests(requests=requests, user=registrar, role=Role.REGISTRAR, now=world.now)
    issue(house, *requests, now=world.now)
    for minutes, request in zip((600, 10, 20, 30, 400), requests, strict=True):
        certificate = Request.objects.get(pk=request.pk).certificate
        assert certificate is not None
        certificate.sealed_at = FILED_AT + timedelta(minutes=minutes)
        certificate.save()
    Request.objects.filter(pk__in=[row.pk for row in requests]).update(accepted_at=FILED_AT)
    # 600 minutes from 10:00 end at 20:00: seven and a half hours of them are office time.
    others = Request.objects.filter(state__in=[State.ISSUED, State.HANDED_OVER])
    others.exclude(pk__in=[row.pk for row in requests]).update(certificate=None)
    assert usual_time(house.provider, now=world.now) == timedelta(minutes=30)


def test_only_a_running_request_is_told_the_usual_time(world: World) -> None:
    assert follow(world.by_state[State.REFUSED], now=world.now).usual is None


def test_a_decision_of_the_machine_says_so_and_why(world: World) -> None:
    """Digital Code, article 43: the key factors are explained."""
    request = decided_by_machine(world.demo, world=world)
    automatic = follow(request, now=world.now).automatic
    assert automatic is not None
    assert automatic.may_ask
    assert len(automatic.factors) == 5
    assert str(MASTERED_ON.year) in automatic.factors[0].ru
    assert "120" in automatic.factors[2].ru
    assert follow(world.by_state[State.ISSUED], now=world.now).automatic is None


def test_a_refusal_says_the_ground_the_facts_what_to_mend_and_until_when(world: World) -> None:
    request = world.by_state[State.REFUSED]
    course = follow(request, now=world.now)
    refused = course.refused
    assert refused is not None
    assert request.refusal is not None
    assert (refused.clause, refused.facts.kk) == ("A303.9.2", request.refusal["facts"]["kk"])
    assert refused.mend == sentence("mend", "incomplete")
    months = refused.appeal_until.month - refused.decided_on.month
    assert months % 12 == 3
    assert not refused.is_late_to_appeal
    assert [paper.kind for paper in course.papers] == ["refusal"]
    assert course.papers[0].signed_at is None


def test_every_ground_of_every_edition_says_what_to_mend() -> None:
    for versions in standards.load_all().values():
        for standard in versions:
            for ground in standard.grounds:
                assert sentence("mend", ground.code).kk, ground.code


def test_a_confirmation_is_never_called_a_signature(world: World) -> None:
    request = file_web(world.demo, world=world)
    Evidence.objects.create(
        request=request, content="", sha256="", level="otp", way="code", made_at=world.now
    )
    confirmed = follow(request, now=world.now).confirmed
    assert "расталған" in confirmed.kk
    assert "подпис" not in confirmed.ru
    assert follow(world.by_state[State.FILED], now=world.now).confirmed.kk == ""


def ask(client: Client, body: object) -> tuple[int, dict[str, object]]:
    where = reverse("cases:api_status")
    sent = body if isinstance(body, str) else json.dumps(body)
    response = client.post(where, sent, content_type="application/json")
    assert "no-store" in response.headers["Cache-Control"]
    return response.status_code, response.json()


@pytest.mark.parametrize("state", list(State))
def test_a_program_gets_the_course_in_three_languages(world: World, state: State) -> None:
    request = world.by_state[state]
    asked = {"number": request.number, "code": status_code(request)}
    status, told = ask(Client(enforce_csrf_checks=True), asked)
    assert (status, told["state"]) == (200, state.value)
    assert set(told["state_text"]) == set(LANGUAGES)
    assert told["due_at"] == request.due_at.astimezone(follow_zone(request)).isoformat()
    said = json.dumps(told, ensure_ascii=False)
    for part in request.holder.kk.split():
        assert part not in said
    assert status_code(request) not in said.replace(request.number, "")
    assert bool(told["overdue"]) == (state in AWAITING_RESULT)


def follow_zone(request: Request) -> object:
    return follow(request, now=request.due_at).clock.due_at.tzinfo


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"number": 1, "code": 2}', '{"number": "x"}', "[" * 5000, "x" * 3000]
)
def test_a_body_that_is_no_question_is_refused_in_words(db: None, body: str) -> None:
    status, told = ask(Client(), body)
    assert (status, told["error"]) == (400, "status_body_unreadable")
    assert set(told["message"]) == set(LANGUAGES)


def test_programs_and_the_page_share_one_limit_on_guessing(world: World) -> None:
    request = world.by_state[State.FILED]
    client = Client()
    for place in range(5):
        assert ask(client, {"number": request.number, "code": f"00{place}"})[0] == 404
        data = {"number": request.number, "code": f"99{place}"}
        client.post(reverse("cases:status"), data)
    right = {"number": request.number, "code": status_code(request)}
    status, told = ask(client, right)
    assert (status, told["error"]) == (429, "too_many_tries")
    assert client.post(reverse("cases:status"), right).status_code == 429


def test_only_a_question_may_be_sent(db: None) -> None:
    assert Client().get(reverse("cases:api_status")).status_code == 405


def test_the_short_address_leads_strangers_to_the_status_page(world: World) -> None:
    known = world.by_state[State.FILED].number
    unknown = public_number(prefix="DEMO", year=2026, sequence=999, letter="Z")
    for number in (known, unknown):
        answer = Client().get(f"/r/{number}")
        assert answer.headers["Location"] == f"/status/?number={number}"
    page = Client().get(f"/status/?number={known}").content.decode()
    assert f'value="{known}"' in page
    assert Client().get("/r/850315300123").headers["Location"] == "/status/"
    typed = Client().get("/status/?number=850315300123").content.decode()
    assert 'value="850315300123"' not in typed
