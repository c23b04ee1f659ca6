"""A hall with two windows and their clerks on a Monday morning, and people with tickets."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kualik.accounts.models import User
from kualik.core.journal import SYSTEM
from kualik.counter.models import Hall, Visit, Window
from kualik.counter.services.ticketing import take_ticket
from kualik.counter.services.windows import HallPolicy, open_hall, open_window
from kualik.providers.models import Office, Provider
from kualik.rules.lifecycle import Role
from tests.world import House, enrol

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, 10:00 in Almaty
MINUTE = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class Lobby:
    """An office with a queue; each window is open with its clerk."""

    office: Office
    hall: Hall
    windows: list[Window]
    clerks: list[User]

    def ticket(
        self, *, ago: int = 0, line: str = "receive", priority: str = "", now: datetime = NOW
    ) -> Visit:
        """Somebody who took a ticket so many minutes ago at the reception."""
        at = now - ago * MINUTE
        place = Visit.objects.count()
        return take_ticket(
            office=self.office,
            line=line,
            source=Visit.Source.RECEPTION,
            language="kk",
            priority=priority,
            key=f"ticket-{place:05d}",
            now=at,
            user=self.clerks[0],
        ).visit


def open_lobby(house: House, *, windows: int = 2, now: datetime = NOW) -> Lobby:
    """Give the main office of a house a queue; clerks sit down an hour before."""
    return lobby_of(house.provider, windows=windows, now=now)


def lobby_of(provider: Provider, *, windows: int = 2, now: datetime = NOW) -> Lobby:
    office = provider.offices.get(is_main=True)
    office.windows = windows
    office.save()
    before = now - 60 * MINUTE
    hall = open_hall(office=office, policy=HallPolicy(), actor=SYSTEM, now=before)
    names = [f"window{place}@{provider.code}.kz".lower() for place in range(windows)]
    clerks = [enrol(name, provider, Role.CLERK, now=before) for name in names]
    rows = list(Window.objects.filter(office=office).order_by("number"))
    for window, clerk in zip(rows, clerks, strict=True):
        open_window(window=window, user=clerk, now=before)
    return Lobby(office=office, hall=hall, windows=rows, clerks=clerks)
