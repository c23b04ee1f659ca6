"""Printing tickets; where the printer fails the number stays on the screen and staff are told."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task, close_task, open_task
from kualik.core.throttle import MINUTE, Limit, count_miss, is_spent
from kualik.counter.adapters.ticket_printer import print_picture
from kualik.counter.models import Hall, Visit
from kualik.counter.queries.line import position_of
from kualik.counter.queries.offered import line
from kualik.counter.services.ticketing import token_of
from kualik.papers.services import TicketFacts, render_ticket
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

PRINTER_TASK = "ticket_printer"
# A printer that did not answer is left alone for a minute: nobody at the kiosk waits for it.
SILENT = Limit("ticket_printer", 1, MINUTE)
AWAY = "printer_away"


@dataclass(frozen=True, slots=True)
class Printed:
    """Where a ticket was printed: by the browser, by the printer of the hall, or by neither, with
    the error code of why not."""

    by_browser: bool
    fault: str = ""


def ticket_address(visit: Visit) -> str:
    """The page of a ticket on a phone."""
    return settings.PUBLIC_URL + reverse("counter:ticket", args=[token_of(visit.key)])


def ticket_picture(visit: Visit, *, now: datetime) -> bytes:
    """A ticket as PNG, as it is at this moment."""
    outlook = position_of(visit, now=now)
    facts = TicketFacts(
        provider=visit.office.provider.name,
        number=visit.number,
        line=line(visit.line).name,
        language=visit.language,
        taken_at=visit.ticket_at or now,
        ahead=outlook.ahead if outlook else 0,
        minutes=outlook.minutes if outlook else None,
        address=ticket_address(visit),
    )
    return render_ticket(facts=facts, is_test=settings.DEMO)


def print_ticket(*, visit: Visit, now: datetime, is_pressed: bool = False) -> Printed:
    """Print a ticket on the printer of its hall; never raises for a printer that fails.

    Staff get a task for the first failure, which closes itself with the next ticket printed. A
    printer that did not answer is tried again after a minute, or when staff press for it
    (``is_pressed``). Call it outside of the transaction that made the ticket.
    """
    hall = Hall.objects.get(office=visit.office)
    if not hall.printer:
        return Printed(by_browser=True)
    guesser = f"{hall.pk}:{hall.printer}"
    if not is_pressed and is_spent(SILENT, guesser, now=now):
        return Printed(by_browser=False, fault=AWAY)
    try:
        print_picture(address=hall.printer, png=ticket_picture(visit, now=now))
    except RuleViolation as violation:
        if violation.code == AWAY:
            count_miss(SILENT, guesser, now=now)
        _tell(hall, visit.office, now=now)
        return Printed(by_browser=False, fault=violation.code)
    close_task(key=_key(hall), actor=SYSTEM, now=now)
    return Printed(by_browser=False)


def _key(hall: Hall) -> str:
    return f"{PRINTER_TASK}:{hall.pk}"


def _tell(hall: Hall, office: Office, *, now: datetime) -> None:
    task = Task(
        key=_key(hall),
        kind=PRINTER_TASK,
        subject=f"hall:{hall.pk}",
        scope=office.provider.code,
        role=Role.OFFICE_HEAD,
        params={"kk": office.name_kk, "ru": office.name_ru, "en": office.name_en},
    )
    open_task(task, now=now)
