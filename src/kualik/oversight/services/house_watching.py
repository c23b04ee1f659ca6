"""The nightly look at every organisation's own house; whom it concerns gets a task."""

from datetime import datetime

from django.db import transaction

from kualik.core.jobs import Payload
from kualik.core.journal import SYSTEM
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.oversight.queries.house import Worry, worries_of
from kualik.providers.models import Provider

HOUSE_JOB = "oversight.house"


def run_house_job(_payload: Payload, now: datetime) -> None:
    """Look at every organisation."""
    for provider in Provider.objects.order_by("pk"):
        watch_house(provider=provider, now=now)


@transaction.atomic
def watch_house(*, provider: Provider, now: datetime) -> list[Worry]:
    """Open a task for each worry; what was mended since takes its task away. All worries."""
    worries = worries_of(provider, now=now)
    tasks = [_task(provider, worry) for worry in worries]
    for task in tasks:
        open_task(task, now=now)
    mended = StaffTask.objects.filter(key__startswith=_prefix(provider), closed_at=None)
    for key in mended.exclude(key__in=[task.key for task in tasks]).values_list("key", flat=True):
        close_task(key=key, actor=SYSTEM, now=now)
    return worries


def _task(provider: Provider, worry: Worry) -> Task:
    return Task(
        key=f"{_prefix(provider)}{worry.code}:{worry.about}",
        kind=worry.code,
        subject=f"house:{provider.code}",
        scope=provider.code,
        role=worry.role,
        params=worry.params,
    )


def _prefix(provider: Provider) -> str:
    return f"house:{provider.code}:"
