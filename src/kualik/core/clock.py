"""The one place that reads the time; everything else is told."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

ZONE = ZoneInfo("Asia/Almaty")


def now() -> datetime:
    """This moment, with its offset, in UTC.

    A demonstration may read it from a file, so that a day is played through in minutes
    (``settings.CLOCK``); the file is written by whoever plays.
    """
    if settings.CLOCK:
        return datetime.fromisoformat(Path(settings.CLOCK).read_text(encoding="ascii").strip())
    return timezone.now()  # noqa: TID251 - the clock itself


def machine_now() -> datetime:
    """This moment by the clock of the machine, played or not: for what other programs check or
    make by theirs, such as the codes of an authenticator app."""
    return timezone.now()  # noqa: TID251 - the clock itself


def local_iso(moment: datetime) -> str:
    """``moment`` as other programs are told it: ISO 8601 with the offset of Kazakhstan."""
    return moment.astimezone(ZONE).isoformat()


def local_day(moment: datetime) -> date:
    """The calendar day of ``moment`` in Kazakhstan."""
    return moment.astimezone(ZONE).date()
