"""The tasks of staff: in words, theirs alone, closed by a press in somebody's name."""

import ast
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import escape

from kualik.accounts.models import User
from kualik.cases.queries.tasks import task_kinds, task_text, tasks_of
from kualik.core import journal
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, open_task
from kualik.notifications.models import Message
from kualik.notifications.services.wording import faults
from kualik.rules.language import LANGUAGES
from kualik.rules.lifecycle import Role
from tests.notifications.telling import tell
from tests.world import World, build_world, enrol, sign_in

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SOURCES = settings.ROOT / "src" / "kualik"
KIND_NAME = re.compile(r"(_TASK|TASK_KIND)$")


@pytest.fixture
def world(kualik_files: object, db: None) -> World:
    return build_world()


def put(world: World, kind: str = "human_review", **changes: object) -> StaffTask:
    """A task about the first request, for the first provider's registrar."""
    number = world.demo.requests[0].number
    task = Task(
        **{
            "key": f"{kind}:1",
            "kind": kind,
            "subject": f"request:{number}",
            "scope": "DEMO",
            "role": "registrar",
            "params": {"number": number},
            **changes,
        }
    )
    open_task(task, now=NOW)
    return StaffTask.objects.get(key=task.key)


def failed_message(world: World) -> tuple[Message, StaffTask]:
    """A message that was given up, with the task that the outbox opens for it."""
    (message,) = tell(now=NOW, about=f"request:{world.demo.requests[0].number}")
    Message.objects.filter(pk=message.pk).update(state=Message.State.FAILED, fault="given_up")
    reason = asdict(faults()["given_up"])
    params = {"event": message.event, "channel": "sms", "reason": reason}
    return message, put(world, "message_failed", key=f"message_failed:{message.pk}", params=params)


def at(user: User, language: str = "kk") -> str:
    response = sign_in(Client(), user).get("/office/tasks/", {"lang": language})
    assert response.status_code == 200
    return response.content.decode()


def press(user: User, task: StaffTask, page: str = "done") -> int:
    answer = sign_in(Client(), user).post(f"/office/tasks/{page}/", {"key": task.key})
    return answer.status_code


def opened_kinds() -> set[str]:
    """Every kind that the sources give to a task, read from the code."""
    found: set[str] = set()
    for file in SOURCES.rglob("*.py"):
        if "migrations" in file.parts or file.name == "tasks.py":
            continue
        found |= kinds_in(file)
    return found


def kinds_in(file: Path) -> set[str]:
    text = file.read_text(encoding="utf-8")
    found = (
        set(re.findall(r'^\s+kind="([a-z_]+)",$', text, re.MULTILINE)) if "Task(" in text else set()
    )
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [
                part.id for part in ast.walk(ast.Module(targets, [])) if isinstance(part, ast.Name)
            ]
            if names and all(KIND_NAME.search(name) for name in names):
                found |= {
                    part.value
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    return found


def test_every_kind_that_the_program_opens_has_words() -> None:
    kinds = opened_kinds() | {"message_failed", "message_unsure"}
    assert len(kinds) > 10
    assert kinds - set(task_kinds()) == set()


def named(text: str, language: str) -> list[str]:
    """The values of a text; one that is spoken has its language at the end of its name."""
    found = re.findall(r"\{(\w+)\}", text)
    return sorted(re.sub(rf"(^|_){language}$", r"\1…", value) for value in found)


def test_words_are_there_in_three_languages_with_the_same_values() -> None:
    for kind in task_kinds().values():
        values = [named(kind.text.get(name), name) for name in LANGUAGES]
        assert values[0] == values[1] == values[2]


def test_values_are_said_as_people_write_them(world: World) -> None:
    task = put(
        world, "complaint_late",
        params={"number": "DEMO-2026-Z1", "due_at": "2026-11-20T07:00:00+00:00", "handler": ""},
    )  # fmt: skip
    assert task_text(task).ru == (
        "Жалоба просрочена: DEMO-2026-Z1. Срок был: 20.11.2026 12:00. Рассматривает: не назначен."
    )


def test_what_is_late_is_seen_by_the_registrar_whoever_answers_for_it(world: World) -> None:
    put(world, "request_overdue", role=Role.OFFICE_HEAD)
    put(world, "human_review", role=Role.OFFICE_HEAD)
    seen = tasks_of(world.demo.staff[Role.REGISTRAR])
    assert [task.kind for task in seen] == ["request_overdue"]


def test_the_task_leads_to_what_it_is_about(world: World) -> None:
    task = put(world)
    page = at(world.demo.staff[Role.REGISTRAR])
    assert f'href="/office/requests/{world.demo.requests[0].number}/"' in page
    assert escape(task_text(task).kk) in page


def test_tasks_are_seen_in_their_role_and_of_their_provider_alone(world: World) -> None:
    task = put(world)
    own = world.demo.staff
    assert list(tasks_of(own[Role.REGISTRAR])) == [task]
    for other in (own[Role.CLERK], world.other.staff[Role.REGISTRAR], world.inspector):
        assert not tasks_of(other).exists()
    put(world, key="for-all", role="")
    assert tasks_of(own[Role.CLERK]).count() == 1
    assert not tasks_of(world.other.staff[Role.CLERK]).exists()
    assert tasks_of(world.inspector).count() == 1


def test_the_administrator_of_the_platform_sees_the_carrier(world: World) -> None:
    admin = enrol("platform", None, Role.PLATFORM_ADMIN, now=world.now)
    values = {"role": "platform_admin", "scope": "", "subject": ""}
    params = {"channel": "sms", "reason": asdict(faults()["away"]), "detail": "status 403"}
    task = put(world, "carrier_refuses", params=params, **values)
    page = at(admin)
    assert escape(task_text(task).kk) in page
    assert f'{faults()["away"].kk} (<code lang="en">status 403</code>)' in page
    assert press(admin, task) == 302
    assert not tasks_of(admin).exists()


def test_the_menu_counts_what_waits(world: World) -> None:
    registrar = world.demo.staff[Role.REGISTRAR]
    client = sign_in(Client(), registrar)
    assert "k-nav__count" not in client.get("/office/").content.decode()
    put(world)
    put(world, key="second")
    counted = re.findall(r'k-nav__count">(\d+)<', client.get("/office/").content.decode())
    assert counted == ["2", "2"], "the menu stands there for a desk and for a phone"


def test_a_press_takes_the_task_off_the_list_in_the_name_of_who_pressed(world: World) -> None:
    _, task = failed_message(world)
    registrar = world.demo.staff[Role.REGISTRAR]
    assert press(registrar, task) == 302
    assert not tasks_of(registrar).exists()
    (entry,) = journal.history(f"task:{task.pk}")
    assert (entry.action, entry.actor, entry.role) == (
        "task_closed", f"user:{registrar.pk}", "registrar",
    )  # fmt: skip


def test_what_ends_by_its_own_act_has_no_press(world: World) -> None:
    task = put(world)
    registrar = world.demo.staff[Role.REGISTRAR]
    assert "/office/tasks/done/" not in at(registrar)
    assert press(registrar, task) == 404
    assert tasks_of(registrar).exists()


def test_a_failed_message_is_sent_again_and_its_task_is_done(world: World) -> None:
    message, task = failed_message(world)
    registrar = world.demo.staff[Role.REGISTRAR]
    for language, other in (("kk", "ru"), ("ru", "kk")):
        page = at(registrar, language)
        assert faults()["given_up"].get(language) in page
        assert faults()["given_up"].get(other) not in page
    assert press(registrar, task, "send-again") == 302
    message.refresh_from_db()
    assert message.state == Message.State.WAITING
    assert not tasks_of(registrar).exists()


def test_a_message_that_went_meanwhile_is_not_sent_twice(world: World) -> None:
    message, task = failed_message(world)
    Message.objects.filter(pk=message.pk).update(state=Message.State.SENT)
    client = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    page = client.post("/office/tasks/send-again/", {"key": task.key}, follow=True)
    assert "k-message--error" in page.content.decode()


@pytest.mark.parametrize("page", ["done", "send-again"])
def test_a_task_of_others_cannot_be_touched(world: World, page: str) -> None:
    _, task = failed_message(world)
    strangers = (world.other.staff[Role.REGISTRAR], world.demo.staff[Role.CLERK])
    assert [press(user, task, page) for user in strangers] == [404, 404]
    assert press(world.inspector, task, page) == 403
    assert StaffTask.objects.get(pk=task.pk).closed_at is None


def test_an_empty_list_says_so(world: World) -> None:
    assert "k-own__empty" in at(world.demo.staff[Role.CLERK])


def test_the_oldest_stands_first(world: World) -> None:
    put(world, key="new")
    StaffTask.objects.filter(key="new").update(created_at=NOW + timedelta(days=1))
    put(world, "request_overdue", key="old")
    rows = re.findall(r"k-task__title.*?</h2>", at(world.demo.staff[Role.REGISTRAR]), re.DOTALL)
    assert "мерзімінен" in rows[0]
    assert len(rows) == 2
