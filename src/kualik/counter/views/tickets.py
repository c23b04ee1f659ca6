"""The queue on a visitor's own phone: take a ticket, book a time, follow it, give it up."""

from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Protocol
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kualik.core import clock
from kualik.core.access import public
from kualik.core.errors import message
from kualik.core.headers import reaching
from kualik.core.qr import qr_code
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.counter.models import Visit
from kualik.counter.queries.kiosk import choices
from kualik.counter.queries.line import position_of
from kualik.counter.queries.offered import line, lines, priorities
from kualik.counter.queries.opening import Slot, free_slots, hall_of, opening
from kualik.counter.queries.presence import code_at, is_code
from kualik.counter.services.calling import come_back
from kualik.counter.services.presence import (
    BOOKED,
    BOOKED_OF_OFFICE,
    TAKEN,
    TAKEN_OF_OFFICE,
    check_presence,
)
from kualik.counter.services.ticketing import (
    Ticket,
    book,
    cancel,
    check_in,
    come_later,
    find_ticket,
    take_ticket,
)
from kualik.counter.views.pairing import office_of
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text

# Of a network, of an office.
Limits = tuple[Limit, Limit]


class Act(Protocol):
    """What a visitor does to the own ticket."""

    def __call__(self, *, visit: Visit, now: datetime) -> Visit: ...


# What a browser booked, so that one visitor leaves times to others.
MINE = "kualik-bookings"
MOST_BOOKINGS = 2
MINE_KEPT = timedelta(days=30)
ACTS: dict[str, Act] = {
    "cancel": cancel,
    "later": come_later,
    "here": check_in,
    "back": partial(come_back, user=None),
}


@public
@never_cache
@require_safe
def queue(request: HttpRequest, office: int) -> HttpResponse:
    """From the code at the door: how long it takes now, a ticket, or a time for later."""
    place, now = office_of(office), clock.now()
    return _queue_page(request, place, now, told="")


@public
@require_POST
def queue_take(request: HttpRequest, office: int) -> HttpResponse:
    """Take a ticket on the own phone, in the hall."""
    place, now = office_of(office), clock.now()
    try:
        ticket = _taken(request, place, now)
    except RuleViolation as violation:
        return _queue_page(request, place, now, told=message(violation))
    return redirect("counter:ticket", ticket.token)


@public
@never_cache
def queue_book(request: HttpRequest, office: int) -> HttpResponse:
    """The times that are free in the next days; one press books."""
    place, now = office_of(office), clock.now()
    if request.method != "POST":
        return _book_page(request, place, now, told="")
    mine = _mine(request)
    try:
        ticket = _booked(request, place, mine, now)
    except RuleViolation as violation:
        return _book_page(request, place, now, told=message(violation))
    answer = redirect("counter:ticket", ticket.token)
    answer.set_cookie(
        MINE,
        signing.dumps(sorted({*mine, ticket.visit.pk}), salt=MINE),
        max_age=MINE_KEPT,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


@public
@require_safe
def queue_door(request: HttpRequest, office: int) -> HttpResponse:
    """A sheet for the door: the code that leads a phone to the queue, to be printed."""
    place = office_of(office)
    address = f"{settings.PUBLIC_URL}{reverse('counter:queue', args=[place.pk])}"
    context = {"office": place, "address": address, "qr": qr_code(address)}
    return render(request, "counter/door.html", context)


@public
@never_cache
@require_safe
def ticket(request: HttpRequest, token: str) -> HttpResponse:
    """Where one's number stands, how long it will take, and what can be done about it."""
    visit, now = _visit(token), clock.now()
    context = {**_standing(visit, now), "token": token, "live_url": settings.LIVE_URL}
    return _live(render(request, "counter/ticket.html", context))


@public
@never_cache
@require_safe
def ticket_now(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the page that changes."""
    visit = _visit(token)
    return render(request, "counter/_standing.html", _standing(visit, clock.now()))


@public
@require_POST
def ticket_act(request: HttpRequest, token: str, act: str) -> HttpResponse:
    """Give up the ticket, let others pass, or say that one is there."""
    visit, now = _visit(token), clock.now()
    if act not in ACTS:
        raise Http404
    try:
        ACTS[act](visit=visit, now=now)
    except RuleViolation as violation:
        visit.refresh_from_db()
        context = {**_standing(visit, now), "token": token, "told": message(violation)}
        context["live_url"] = settings.LIVE_URL
        return _live(render(request, "counter/ticket.html", context, status=409))
    return redirect("counter:ticket", token)


def _taken(request: HttpRequest, place: Office, now: datetime) -> Ticket:
    """A ticket for somebody in the hall, as often as a network and an office may take one."""
    address, limits = address_of(request), (TAKEN, TAKEN_OF_OFFICE)
    _check(limits, request, place, now)
    check_presence(office=place, code=request.POST.get("code", ""), address=address, now=now)
    ticket = take_ticket(
        office=place,
        line=request.POST.get("line", ""),
        source=Visit.Source.PHONE,
        language=get_language() or "kk",
        priority=request.POST.get("first", ""),
        key=request.POST.get("key", ""),
        now=now,
    )
    _count(limits, request, place, ticket, now)
    return ticket


def _booked(request: HttpRequest, place: Office, mine: list[int], now: datetime) -> Ticket:
    """A booking, unless the browser holds as many as it may. Raises ``bookings_enough``."""
    limits = (BOOKED, BOOKED_OF_OFFICE)
    _check(limits, request, place, now)
    key = request.POST.get("key", "")
    others = Visit.objects.filter(pk__in=mine).exclude(key=key)
    if others.count() >= MOST_BOOKINGS:
        raise RuleViolation("bookings_enough", most=MOST_BOOKINGS)
    ticket = book(
        office=place,
        line=request.POST.get("line", ""),
        slot_at=_moment(request.POST.get("at", "")),
        language=get_language() or "kk",
        key=key,
        now=now,
    )
    _count(limits, request, place, ticket, now)
    return ticket


def _check(limits: Limits, request: HttpRequest, place: Office, now: datetime) -> None:
    for limit, guesser in zip(limits, (address_of(request), str(place.pk)), strict=True):
        check_limit(limit, guesser, now=now)


def _count(
    limits: Limits, request: HttpRequest, place: Office, ticket: Ticket, now: datetime
) -> None:
    if ticket.is_new:
        for limit, guesser in zip(limits, (address_of(request), str(place.pk)), strict=True):
            count_miss(limit, guesser, now=now)


def _mine(request: HttpRequest) -> list[int]:
    """The bookings of this browser that are not over."""
    try:
        found = signing.loads(request.COOKIES.get(MINE, ""), salt=MINE)
    except signing.BadSignature:
        return []
    booked = Visit.objects.filter(pk__in=found, state=Visit.State.BOOKED)
    return list(booked.values_list("pk", flat=True))


def _visit(token: str) -> Visit:
    visit = find_ticket(token)
    if visit is None:
        raise Http404
    return visit


def _live(response: HttpResponse) -> HttpResponse:
    return reaching(response, settings.LIVE_URL) if settings.LIVE_URL else response


def _standing(visit: Visit, now: datetime) -> dict[str, object]:
    hall = hall_of(visit.office)
    return {
        "visit": visit,
        "office": visit.office,
        "address": Text(*(getattr(visit.office, f"address_{code}") for code in LANGUAGES)),
        "line": line(visit.line),
        "outlook": position_of(visit, now=now),
        "return_minutes": hall.return_minutes,
        "now": now,
    }


def _queue_page(request: HttpRequest, place: Office, now: datetime, *, told: str) -> HttpResponse:
    hall, code = hall_of(place), request.GET.get("code", "") or request.POST.get("code", "")
    context = {
        "office": place,
        "opening": opening(place, now=now),
        "code": code if is_code(place, code, now=now) else "",
        "shown_code": code_at(place, now=now).digits if settings.DEMO else "",
        "choices": choices(place, now=now),
        "priorities": priorities().values(),
        "key": uuid4().hex,
        "can_book": hall.slot_places > 0,
        "told": told,
    }
    return render(request, "counter/queue.html", context, status=409 if told else 200)


def _book_page(request: HttpRequest, place: Office, now: datetime, *, told: str) -> HttpResponse:
    slots = free_slots(hall_of(place), now=now)
    context = {
        "office": place,
        "lines": lines().values(),
        "days": [(day, list(found)) for day, found in groupby(slots, key=_day_of)],
        "key": uuid4().hex,
        "told": told,
    }
    return render(request, "counter/book.html", context, status=409 if told else 200)


def _day_of(slot: Slot) -> datetime:
    return slot.at.replace(hour=12, minute=0, second=0, microsecond=0)


def _moment(text: str) -> datetime:
    """A time of the list. Raises ``slot_taken`` for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise RuleViolation("slot_taken") from error
    if found.tzinfo is None:
        raise RuleViolation("slot_taken")
    return found
