"""Tasks for staff: one for a key, seen by those who may do it, closed in somebody's name."""

from datetime import UTC, datetime, timedelta

import pytest

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.models import StaffTask
from kualik.core.tasks import ANYWHERE, Task, close_task, open_task, open_tasks, tasks_about

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BOLAT = Actor(name="user:1", role="registrar")
CALL = Task(
    key="message_failed:1", kind="message_failed", subject="request:DEMO-2026-000001",
    scope="DEMO", role="registrar", params={"channel": "sms"},
)  # fmt: skip
pytestmark = pytest.mark.django_db


def test_a_task_is_put_on_the_list_once() -> None:
    assert open_task(CALL, now=NOW)
    assert not open_task(CALL, now=NOW + timedelta(hours=1))
    assert StaffTask.objects.get().created_at == NOW


def test_a_closed_task_leaves_the_list_and_the_journal_says_who_did_it() -> None:
    open_task(CALL, now=NOW)
    assert close_task(key=CALL.key, actor=BOLAT, now=NOW)
    assert not close_task(key=CALL.key, actor=BOLAT, now=NOW)
    task = tasks_about(CALL.subject).get()
    assert (task.closed_at, task.closed_by) == (NOW, "user:1")
    (entry,) = journal.history(f"task:{task.pk}")
    assert (entry.action, entry.actor, entry.role) == ("task_closed", "user:1", "registrar")


def test_what_happens_again_comes_back_under_the_same_key() -> None:
    open_task(CALL, now=NOW)
    close_task(key=CALL.key, actor=BOLAT, now=NOW)
    later = NOW + timedelta(days=1)
    assert open_task(CALL, now=later)
    task = StaffTask.objects.get()
    assert (task.created_at, task.closed_at, task.closed_by) == (later, None, "")


@pytest.mark.parametrize(
    ("roles", "scope", "seen"),
    [
        (["registrar"], "DEMO", ["message_failed:1", "anybody"]),
        (["clerk"], "DEMO", ["anybody"]),
        (["registrar"], "OTHER", []),
        (["platform_admin"], "", ["carrier"]),
        (["platform_admin", "registrar"], ANYWHERE, ["message_failed:1", "anybody", "carrier"]),
    ],
)
def test_everybody_sees_the_tasks_of_the_own_role_and_scope(
    roles: list[str], scope: str | None, seen: list[str]
) -> None:
    open_task(CALL, now=NOW)
    open_task(Task(key="anybody", kind="look", scope="DEMO"), now=NOW)
    open_task(Task(key="carrier", kind="carrier", role="platform_admin"), now=NOW)
    assert [task.key for task in open_tasks(roles=roles, scope=scope)] == seen
