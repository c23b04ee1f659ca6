"""Watching how much is issued: a day far above the usual may be a stolen key or a slip."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Count
from django.db.models.functions import TruncDate

from kualik.certificates.models import Certificate
from kualik.core import jobs, journal
from kualik.core.clock import ZONE
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.providers.models import Provider

WATCH_JOB: Final = "certificates.watch_volume"
ALARM: Final = "certificates.unusual_volume"
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


def run_watch_job(payload: jobs.Payload, now: datetime) -> None:
    """Raise the alarm of a day in the journal, once."""
    provider = Provider.objects.get(pk=str(payload["provider"]))
    found = volume_of(provider=provider, day=date.fromisoformat(str(payload["day"])))
    if not found.is_unusual or alarm_of(provider=provider, day=found.day) is not None:
        return
    journal.record(
        subject=f"provider:{provider.code}",
        action=ALARM,
        actor=SYSTEM,
        now=now,
        data={"day": found.day.isoformat(), "issued": found.issued, "fullest": found.fullest},
    )


def alarm_of(*, provider: Provider, day: date) -> Volume | None:
    """The alarm of a day, if one was raised."""
    entries = JournalEntry.objects.filter(subject=f"provider:{provider.code}", action=ALARM)
    for entry in entries.order_by("-sequence")[:1]:
        if entry.data["day"] == day.isoformat():
            return Volume(day, int(entry.data["issued"]), int(entry.data["fullest"]))
    return None
