"""Watching how much is issued: a day far above the usual may be a stolen key or a slip."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from kualik.accounts.models import User
from kualik.certificates.models import Certificate
from kualik.core import jobs, journal
from kualik.core.clock import ZONE
from kualik.core.journal import SYSTEM
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, open_task, open_tasks
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role

WATCH_JOB: Final = "certificates.watch_volume"
ALARM: Final = "certificates.unusual_volume"
ALARM_TASK: Final = "unusual_volume"
LOOK_BACK: Final = timedelta(days=60)
# A day counts as unusual from this many documents and this many times the fullest day before.
FEWEST: Final = 50
TIMES: Final = 3
MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Volume:
    """Documents issued on a day beside the fullest of the sixty days before it."""

    day: date
    issued: int
    fullest: int

    @property
    def is_unusual(self) -> bool:
        """Whether somebody should look."""
        return self.issued >= FEWEST and self.issued > TIMES * self.fullest


def volume_of(*, provider: Provider, day: date) -> Volume:
    """The figures of a local day, which may be still going on."""
    start = datetime.combine(day, time(), tzinfo=ZONE)
    around = (start - LOOK_BACK, start + timedelta(days=1))
    counted = (
        Certificate.objects.filter(
            provider=provider, sealed_at__gte=around[0], sealed_at__lt=around[1]
        )
        .annotate(sealed_on=TruncDate("sealed_at", tzinfo=ZONE))
        .values_list("sealed_on")
        .annotate(count=Count("id"))
    )
    days = dict(counted)
    issued = days.pop(day, 0)
    return Volume(day, issued, max(days.values(), default=0))


def watch_later(*, provider: Provider, now: datetime) -> None:
    """Look at the volume at the end of every five minutes in which something was issued."""
    local = now.astimezone(ZONE)
    begins = local.replace(minute=local.minute // MINUTES * MINUTES, second=0, microsecond=0)
    jobs.enqueue(
        name=WATCH_JOB,
        key=f"{WATCH_JOB}:{provider.pk}:{begins:%Y%m%d%H%M}",
        payload={"provider": provider.pk, "day": begins.date().isoformat()},
        now=now,
        run_at=begins + timedelta(minutes=MINUTES),
    )


@transaction.atomic
def run_watch_job(payload: jobs.Payload, now: datetime) -> None:
    """Raise the alarm of a day, once: a task of the chief, which stays until somebody has looked,
    and an entry in the journal."""
    provider = Provider.objects.get(pk=str(payload["provider"]))
    found = volume_of(provider=provider, day=date.fromisoformat(str(payload["day"])))
    key = f"{ALARM_TASK}:{provider.code}:{found.day.isoformat()}"
    if not found.is_unusual or StaffTask.objects.filter(key=key).exists():
        return
    figures = {"issued": found.issued, "fullest": found.fullest}
    task = Task(
        key=key,
        kind=ALARM_TASK,
        subject=f"provider:{provider.code}",
        scope=provider.code,
        role=_chief(provider),
        params={"day": f"{found.day:%d.%m.%Y}", **figures},
    )
    open_task(task, now=now)
    journal.record(
        subject=f"provider:{provider.code}",
        action=ALARM,
        actor=SYSTEM,
        now=now,
        data={"day": found.day.isoformat(), **figures},
    )


def alarms_of(provider: Provider) -> QuerySet[StaffTask]:
    """The alarms that nobody has looked at yet, whatever their day."""
    return open_tasks(roles=list(Role), scope=provider.code).filter(kind=ALARM_TASK)


def _chief(provider: Provider) -> Role:
    """Where nobody heads the office, the administrator is told."""
    heads = User.objects.filter(provider=provider, is_active=True, grants__role=Role.OFFICE_HEAD)
    return Role.OFFICE_HEAD if heads.exists() else Role.PROVIDER_ADMIN
