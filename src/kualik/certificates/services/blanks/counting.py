"""The count of every evening, and the tasks where a day was not counted or differs."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction

from kualik.accounts.models import User
from kualik.certificates.models import BlankCount, BlankReceipt
from kualik.certificates.services.blanks.ledger import ledger_of
from kualik.certificates.services.blanks.moving import book_of, check_keeper, prefix_of
from kualik.core import journal
from kualik.core.clock import ZONE, local_day
from kualik.core.jobs import Payload
from kualik.core.journal import Actor
from kualik.core.models import JournalEntry, StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

COUNT_JOB: Final = "certificates.watch_blanks"
NOT_COUNTED, DIFFERS = "blanks_not_counted", "blanks_differ"
FIGURES: Final = ("received", "used", "spoiled", "lost", "left")
RECEIVED: Final = "certificates.blanks_received"
ONE_DAY: Final = timedelta(days=1)
# Days without a worker are made good for; older ones are history.
LOOK_BACK: Final = 14


@transaction.atomic
def count_evening(
    *,
    provider: Provider,
    counted: int,
    remark: str,
    user: User,
    role: Role,
    now: datetime,
) -> BlankCount:
    """Enter how many clean blanks there are today, in the safe and with the staff together.

    A count of the same day replaces the one before; the journal keeps both. A difference needs a
    remark and becomes a task of the chief until a count agrees. Raises
    ``count_difference_unexplained``, ``not_permitted``.
    """
    actor = check_keeper(user, provider, role)
    Provider.objects.select_for_update().get(pk=provider.pk)
    ledger, today = ledger_of(provider), local_day(now)
    if counted != ledger.left and not remark.strip():
        raise RuleViolation("count_difference_unexplained", left=ledger.left, counted=counted)
    row, _ = BlankCount.objects.update_or_create(
        provider=provider,
        day=today,
        defaults={
            **{name: getattr(ledger, name) for name in FIGURES},
            "counted": counted,
            "remark": remark.strip(),
            "counted_by": user,
            "counted_at": now,
        },
    )
    journal.record(
        subject=book_of(provider),
        action="certificates.blanks_counted",
        actor=actor,
        now=now,
        data={"day": today.isoformat(), "left": ledger.left, "counted": counted},
    )
    _settle(row, actor=actor, now=now)
    return row


def was_moved(provider: Provider, day: date) -> bool:
    """Whether a blank was received, given or ended on a local day."""
    begins = datetime.combine(day, time(), ZONE)
    that_day = JournalEntry.objects.filter(at__gte=begins, at__lt=begins + ONE_DAY)
    moved = that_day.filter(subject__startswith=prefix_of(provider))
    received = that_day.filter(subject=book_of(provider), action=RECEIVED)
    return moved.exists() or received.exists()


@transaction.atomic
def run_count_job(_payload: Payload, now: datetime) -> None:
    """Open the tasks of the days that are over, moved something and were not counted."""
    holding = BlankReceipt.objects.values("provider").distinct()
    for provider in Provider.objects.filter(pk__in=holding).order_by("pk"):
        for day in _uncounted(provider, today=local_day(now)):
            task = _task(provider, NOT_COUNTED, day, params={})
            if not StaffTask.objects.filter(key=task.key).exists():
                open_task(task, now=now)


def _uncounted(provider: Provider, *, today: date) -> Iterator[date]:
    """The days of the last two weeks that nobody counted after; a later count covers them."""
    last = BlankCount.objects.filter(provider=provider).order_by("-day").first()
    for back in range(LOOK_BACK, 0, -1):
        day = today - back * ONE_DAY
        is_covered = last is not None and last.day >= day
        if not is_covered and was_moved(provider, day):
            yield day


def _settle(row: BlankCount, *, actor: Actor, now: datetime) -> None:
    """A count closes the tasks of uncounted days; one that agrees those of differences too."""
    kinds = [NOT_COUNTED] if row.difference else [NOT_COUNTED, DIFFERS]
    waiting = StaffTask.objects.filter(
        subject=book_of(row.provider), kind__in=kinds, closed_at=None
    )
    for key in waiting.values_list("key", flat=True):
        close_task(key=key, actor=actor, now=now)
    if row.difference:
        params: dict[str, object] = {"left": row.left, "counted": row.counted}
        open_task(_task(row.provider, DIFFERS, row.day, params=params), now=now)


def _task(provider: Provider, kind: str, day: date, *, params: dict[str, object]) -> Task:
    return Task(
        key=f"{kind}:{provider.code}:{day.isoformat()}",
        kind=kind,
        subject=book_of(provider),
        scope=provider.code,
        role=Role.OFFICE_HEAD.value,
        params={"day": f"{day:%d.%m.%Y}", **params},
    )
