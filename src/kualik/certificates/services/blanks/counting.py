"""The count of every evening, and the tasks where a day was not counted or differs."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, Q

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
# A scan changes no number of blanks.
ACT_KEPT: Final = "certificates.blank_act_kept"
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


def last_moved(provider: Provider, day: date) -> datetime | None:
    """When a blank was last received, given, printed on or ended on a local day; None for a day
    of rest."""
    begins = datetime.combine(day, time(), ZONE)
    of_blank = Q(subject__startswith=prefix_of(provider)) & ~Q(action=ACT_KEPT)
    received = Q(subject=book_of(provider), action=RECEIVED)
    that_day = JournalEntry.objects.filter(at__gte=begins, at__lt=begins + ONE_DAY)
    found: datetime | None = that_day.filter(of_blank | received).aggregate(last=Max("at"))["last"]
    return found


def is_counted(provider: Provider, day: date) -> bool:
    """Whether somebody counted after the last movement of a day, then or on a later day.

    A count of the morning says nothing of the evening.
    """
    last = last_moved(provider, day)
    counts = BlankCount.objects.filter(provider=provider)
    return last is None or counts.filter(counted_at__gte=last).exists()


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
    """The days of the last two weeks with a movement that no count came after."""
    for back in range(LOOK_BACK, 0, -1):
        day = today - back * ONE_DAY
        if not is_counted(provider, day):
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
