"""A clerk at the window on a Monday morning, with the pages of the work in English."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person, User
from kualik.cases.models import Request
from kualik.counter.models import Hall, Identification, Period, Visit, Window
from kualik.providers.models import Office
from kualik.rules.lifecycle import Role
from kualik.training.models import Completion
from tests.world import House, sign_in

MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # 10:00 in Almaty
MINUTE = timedelta(minutes=1)
CARD = {"document": "identity_card", "number": "047 112 233", "visit": "no"}
WISH = {"paper": "certificate", "language": "kk", "delivery": "paper"}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def at_desk(user: User) -> Client:
    """A browser of somebody of the office, in English."""
    client = sign_in(Client(), user)
    client.cookies["kualik_language"] = "en"
    return client


def iin_of(person: Person) -> str:
    return open_iin(bytes(person.iin_sealed))


def show_card(client: Client, person: Person, **changes: str) -> HttpResponse:
    """Type what the identity card of a person says."""
    sent = {"iin": iin_of(person), **CARD, **changes}
    answer: HttpResponse = client.post(reverse("counter:identify"), sent)
    return answer


def identified(client: Client, person: Person, **changes: str) -> Identification:
    """The record that follows."""
    answer = show_card(client, person, **changes)
    assert answer.status_code == 302, answer.content.decode()
    return Identification.objects.latest("pk")


def form_of(client: Client, page: str) -> dict[str, str]:
    """The hidden fields of a page, the token aside."""
    found = dict(HIDDEN.findall(client.get(page).content.decode()))
    return {name: unescape(value) for name, value in found.items() if "csrf" not in name}


def file_page(record: Identification, completion: Completion) -> str:
    return reverse("counter:file", args=[record.pk, completion.pk])


def file_here(
    client: Client, record: Identification, completion: Completion, **changes: str
) -> HttpResponse:
    """Look at the data and press the button."""
    page = file_page(record, completion)
    answer: HttpResponse = client.post(page, {**form_of(client, page), **WISH, **changes})
    return answer


def filed(client: Client, record: Identification, completion: Completion) -> Request:
    assert file_here(client, record, completion).status_code == 302
    return Request.objects.get(completion=completion)


def case_page(record: Identification, request: Request, name: str = "case") -> str:
    return reverse(f"counter:{name}", args=[record.pk, request.number])


def served_visit(house: House, *, now: datetime = MONDAY) -> Visit:
    """A ticket that the house's clerk is serving at window 1."""
    clerk = house.staff[Role.CLERK]
    office = Office.objects.get(provider=house.provider, is_main=True)
    Hall.objects.get_or_create(office=office, defaults={"opened_at": now})
    window, _ = Window.objects.get_or_create(office=office, number=1, defaults={"changed_at": now})
    Window.objects.filter(pk=window.pk).update(state=Window.State.OPEN, user=clerk, changed_at=now)
    visit = Visit.objects.create(
        office=office,
        day=now.date(),
        line="receive",
        number="A001",
        sequence=1,
        source=Visit.Source.RECEPTION,
        language="ru",
        key="desk-ticket-1",
        ticket_at=now - 5 * MINUTE,
        waiting_from=now - 5 * MINUTE,
        place_at=now - 5 * MINUTE,
        state=Visit.State.SERVING,
        window=window,
        user=clerk,
        called_at=now - 2 * MINUTE,
        handed_in_at=now - MINUTE,
    )
    Period.objects.create(
        visit=visit, state=visit.state, window=window, user=clerk, started_at=now - MINUTE
    )
    return visit
