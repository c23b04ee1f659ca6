"""A letter that cannot be made is told to staff, tried again, and called what it is."""

import pytest
import time_machine
from django.urls import reverse

from kualik.accounts.models import User
from kualik.certificates.models import Letter
from kualik.certificates.services.letters import (
    LETTER_JOB,
    draft_letter,
    letter_job_key,
    run_letter_job,
    run_succeed_job,
    shown_letters,
    void_letter,
)
from kualik.core import jobs, journal
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, StaffTask
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.certificates import letter_samples as samples
from tests.certificates import people
from tests.certificates.conftest import World

NOW = people.NOW
REASON = Text("Шешім өзгертілді", "Решение изменено")


def run_jobs() -> None:
    handlers = {LETTER_JOB: run_letter_job}
    jobs.run_waiting(handlers=handlers, worker="test", clock=lambda: NOW)


def spoilt(signer: User, /, kind: str = "refusal") -> Letter:
    """A letter whose signer has a name that no sheet holds, after its job."""
    User.objects.filter(pk=signer.pk).update(full_name="Ә" * 100)
    signer.refresh_from_db()
    letter = samples.draft(signer, kind)
    run_jobs()
    return letter


def given_up(signer: User) -> Letter:
    """A letter whose job met another fault until it was given up."""
    letter = samples.draft(signer)
    Job.objects.filter(key=letter_job_key(letter)).update(failed_at=NOW, last_error="OSError: no")
    return letter


def task_of(letter: Letter) -> StaffTask:
    return StaffTask.objects.get(kind="letter_failed", subject=f"letter:{letter.number}")


def page_of(user: User, letter: Letter) -> str:
    client = people.client_of(user)
    client.cookies["kualik_language"] = "en"
    return client.get(reverse("certificates:letter", args=[letter.number])).content.decode()


def again(user: User, letter: Letter) -> int:
    with time_machine.travel(NOW, tick=False):
        where = reverse("certificates:letter_again", args=[letter.number])
        return people.client_of(user).post(where).status_code


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("refusal", Role.REGISTRAR),
        ("notice", Role.REGISTRAR),
        ("decision", Role.REGISTRAR),
        ("report", Role.REGISTRAR),
    ],
)
def test_a_fault_that_no_second_try_mends_is_a_task_at_once(
    world: World, kind: str, role: Role
) -> None:
    letter = spoilt(world.signer, kind)
    task = task_of(letter)
    assert (task.scope, task.role, task.closed_at) == ("DEMO", role, None)
    assert task.params["number"] == letter.number
    assert "должность подписывающего" in task.params["reason"]["ru"]
    assert Job.objects.get(key=letter_job_key(letter)).failed_at is not None


def test_what_is_about_no_request_goes_to_the_administrator(world: World) -> None:
    User.objects.filter(pk=world.head.pk).update(full_name="Ә" * 100)
    world.head.refresh_from_db()
    letter = samples.draft(world.head, "decision", about="complaint:DEMO-2026-S000001-1")
    run_jobs()
    assert task_of(letter).role == Role.PROVIDER_ADMIN


def test_a_letter_given_up_for_any_other_reason_is_told_within_the_hour(world: World) -> None:
    letter = given_up(world.signer)
    assert not StaffTask.objects.exists()
    for _ in range(2):
        run_succeed_job({}, NOW)
    assert "Техникалық" in task_of(letter).params["reason"]["kk"]


def test_the_page_says_what_is_wrong_and_the_button_tries_again(world: World) -> None:
    letter = given_up(world.signer)
    run_succeed_job({}, NOW)
    shown = page_of(world.registrar, letter)
    for said in ("Could not be made", "A technical fault", "Make it again"):
        assert said in shown
    assert again(world.registrar, letter) == 302
    run_jobs()
    letter.refresh_from_db()
    assert letter.state == "prepared"
    assert task_of(letter).closed_at is not None
    assert "Make it again" not in page_of(world.registrar, letter)
    actions = [entry.action for entry in journal.history(f"letter:{letter.number}")]
    assert actions[1:] == ["certificates.letter_tried_again", "certificates.letter_prepared"]


def test_a_letter_that_has_its_file_is_not_made_again(world: World) -> None:
    letter = samples.prepared(world.signer)
    assert again(world.registrar, letter) == 302
    letter.refresh_from_db()
    assert letter.state == "prepared"
    assert Job.objects.get(key=letter_job_key(letter)).done_at is None


@pytest.mark.parametrize(
    ("who", "status"),
    [("clerk", 403), ("inspector", 403), ("stranger", 404), ("contact", 403), ("head", 302)],
)
def test_only_its_own_staff_try_again(world: World, who: str, status: int) -> None:
    letter = given_up(world.signer)
    assert again(getattr(world, who), letter) == status


def operators(*, failed: bool = True) -> Letter:
    """A letter of no provider; with a fault its job was given up."""
    facts = {"holder": samples.APPLICANT, "rows": [], "periods": [], "made_on": people.ISSUED_ON}
    letter = draft_letter(
        kind="transcript",
        provider=None,
        person=samples.addressee(),
        about="person:1",
        edition="A303",
        facts=facts,
        signer=None,
        actor=SYSTEM,
        now=NOW,
    )
    if failed:
        job = Job.objects.filter(key=letter_job_key(letter))
        job.update(failed_at=NOW, last_error="OSError: no")
        run_succeed_job({}, NOW)
    return letter


def platform() -> User:
    return people.employ(None, Role.PLATFORM_ADMIN, name="Асқаров Асхат Қайратұлы")


def seen(user: User, letter: Letter, name: str = "letter") -> int:
    where = reverse(f"certificates:{name}", args=[letter.number])
    return people.client_of(user).get(where).status_code


@pytest.mark.parametrize(
    ("who", "sees", "tries"),
    [
        ("signer", 404, 404),
        ("clerk", 404, 403),
        ("head", 404, 404),
        ("admin", 404, 404),
        ("registrar", 404, 404),
        ("stranger", 404, 404),
        ("contact", 403, 403),
        ("inspector", 200, 403),
    ],
)
def test_nobody_else_has_a_letter_of_the_operator_made_again(
    world: World, who: str, sees: int, tries: int
) -> None:
    letter = operators()
    user = getattr(world, who)
    assert (seen(user, letter), again(user, letter)) == (sees, tries)


def test_the_platform_administrator_has_a_letter_of_the_operator_made_again(world: World) -> None:
    letter, admin = operators(), platform()
    task = task_of(letter)
    assert (task.role, task.scope) == (Role.PLATFORM_ADMIN, "")
    client = people.client_of(admin)
    where = reverse("certificates:letter", args=[letter.number])
    assert where in client.get(reverse("cases:tasks")).content.decode()
    assert "Make it again" in page_of(admin, letter)
    with time_machine.travel(NOW, tick=False):
        answer = people.client_of(admin).post(
            reverse("certificates:letter_again", args=[letter.number])
        )
    assert answer.headers["Location"] == reverse("cases:tasks")
    assert Job.objects.get(key=letter_job_key(letter)).failed_at is None
    entry = journal.history(f"letter:{letter.number}")[-1]
    assert (entry.action, entry.role) == ("certificates.letter_tried_again", Role.PLATFORM_ADMIN)
    assert seen(admin, letter) == 404, "it is being made"


def test_the_platform_administrator_sees_no_other_letter(world: World) -> None:
    admin = platform()
    for letter in (operators(failed=False), given_up(world.signer)):
        assert (seen(admin, letter), again(admin, letter)) == (404, 404)
    assert seen(admin, operators(), "letter_file") == 403


def test_who_inspects_too_makes_no_letter_of_a_provider_again(world: World) -> None:
    both = people.employ(None, Role.PLATFORM_ADMIN, Role.INSPECTOR, name="Асқаров Асхат Қайратұлы")
    letter = given_up(world.signer)
    assert (seen(both, letter), again(both, letter)) == (200, 404)


def test_lists_do_not_call_it_being_prepared(world: World) -> None:
    letter = spoilt(world.signer)
    (shown,) = shown_letters([letter])
    assert shown.state_label.ru == "Не удалось подготовить"
    (fresh,) = shown_letters([samples.draft(world.head, about="request:DEMO-2026-Z000002-R")])
    assert fresh.state_label.ru == "Готовится"


def test_a_letter_taken_back_takes_its_task_along(world: World) -> None:
    letter = spoilt(world.signer)
    void_letter(letter=letter, reason=REASON, actor=SYSTEM, now=NOW)
    assert task_of(letter).closed_at is not None
