"""Work that is left to a person: opened by the program, closed by whoever did it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.models import StaffTask

ANYWHERE = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done; ``params`` are what its text names, never a secret: plain values, or
    words by language."""

    key: str
    kind: str
    subject: str = ""
    scope: str = ""
    role: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@transaction.atomic
def open_task(task: Task, *, now: datetime) -> bool:
    """Put a task on the list; one that was closed under its key comes back.

    False when it lies there open already.
    """
    values = {
        "kind": task.kind,
        "subject": task.subject,
        "scope": task.scope,
        "role": task.role,
        "params": dict(task.params),
        "created_at": now,
        "closed_at": None,
        "closed_by": "",
    }
    if StaffTask.objects.filter(key=task.key).exclude(closed_at=None).update(**values):
        return True
    _, is_new = StaffTask.objects.get_or_create(key=task.key, defaults=values)
    return is_new


@transaction.atomic
def close_task(*, key: str, actor: Actor, now: datetime) -> bool:
    """Take a task off the list and journal who did; False when it is not open."""
    task = StaffTask.objects.filter(key=key, closed_at=None).first()
    if task is None:
        return False
    done = StaffTask.objects.filter(pk=task.pk, closed_at=None)
    if not done.update(closed_at=now, closed_by=actor.name):
        return False
    journal.record(
        subject=f"task:{task.pk}",
        action="task_closed",
        actor=actor,
        now=now,
        data={"kind": task.kind, "about": task.subject},
    )
    return True


def open_tasks(*, roles: Collection[str], scope: str | None) -> QuerySet[StaffTask]:
    """The tasks that somebody with ``roles`` sees, oldest first.

    ``scope`` is whose staff it is; ``ANYWHERE`` shows those of every scope.
    """
    tasks = StaffTask.objects.filter(Q(role="") | Q(role__in=list(roles)), closed_at=None)
    if scope is not ANYWHERE:
        tasks = tasks.filter(scope=scope)
    return tasks.order_by("created_at", "pk")


def tasks_about(subject: str) -> QuerySet[StaffTask]:
    """All tasks about one thing, open and closed, oldest first."""
    return StaffTask.objects.filter(subject=subject).order_by("created_at", "pk")
