"""The board of the hall: the numbers called, in both languages, for eyes, ears and readers."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kualik.core import clock
from kualik.core.access import public
from kualik.core.headers import reaching
from kualik.core.qr import qr_code
from kualik.counter.queries.opening import hall_of
from kualik.counter.queries.presence import PresenceCode, code_at
from kualik.counter.queries.screens import screen
from kualik.counter.views.pairing import is_paired, office_of
from kualik.providers.models import Office


@public
@never_cache
@require_safe
def board(request: HttpRequest, office: int) -> HttpResponse:
    """The page of the screen; without JavaScript it reloads itself."""
    place, now = office_of(office), clock.now()
    context = {
        **_door(request, place, now),
        "screen": screen(place, now=now),
        "live_url": settings.LIVE_URL,
        "language": "kk",
    }
    with translation.override("kk"):
        response = render(request, "counter/board.html", context)
    return reaching(response, settings.LIVE_URL) if settings.LIVE_URL else response


@public
@never_cache
@require_safe
def board_now(_request: HttpRequest, office: int) -> JsonResponse:
    """The same in JSON, as the live events tell it: for screens that cannot listen."""
    place = office_of(office)
    found = screen(place, now=clock.now())
    return JsonResponse(found.as_record() if found else {})


@public
@never_cache
@require_safe
def board_code(request: HttpRequest, office: int) -> HttpResponse:
    """The part of the board that leads phones to the queue; its code changes."""
    with translation.override("kk"):
        context = _door(request, office_of(office), clock.now())
        return render(request, "counter/_door.html", context)


def door_address(place: Office, *, now: datetime) -> tuple[str, PresenceCode]:
    """Where a phone in the hall takes a ticket, and the code in it. For paired screens alone."""
    code = code_at(place, now=now)
    return f"{_queue(place)}?code={code.signed}", code


def _door(request: HttpRequest, place: Office, now: datetime) -> dict[str, object]:
    """What a screen shows to phones: the code where it hangs in the hall, else the bare way."""
    address, code = _queue(place), None
    if settings.DEMO or is_paired(request, hall_of(place)):
        address, code = door_address(place, now=now)
    return {"office": place, "qr": qr_code(address), "code": code}


def _queue(place: Office) -> str:
    return f"{settings.PUBLIC_URL}{reverse('counter:queue', args=[place.pk])}"
