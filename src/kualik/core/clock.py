"""The one place that reads the time; everything else is told."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

ZONE = ZoneInfo("Asia/Almaty")


def now() -> datetime:
    """This moment, with its offset, in UTC."""
    return timezone.now()  # noqa: TID251 - the clock itself


def local_day(moment: datetime) -> date:
    """The calendar day of ``moment`` in Kazakhstan."""
    return moment.astimezone(ZONE).date()
