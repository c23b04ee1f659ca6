"""The halls of the demonstration: every office has a queue; clerks open their windows."""

from collections.abc import Iterable
from datetime import datetime

from kualik.core.journal import SYSTEM
from kualik.counter.services.windows import HallPolicy, open_hall
from kualik.providers.models import Office, Provider


def open_halls(providers: Iterable[Provider], *, now: datetime) -> None:
    """A queue for each office; two people may book the same time."""
    for office in Office.objects.filter(provider__in=list(providers)).order_by("pk"):
        open_hall(office=office, policy=HallPolicy(slot_places=2), actor=SYSTEM, now=now)
