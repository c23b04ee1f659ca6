"""The board of the hall: the numbers called, in both languages, for eyes, ears and readers."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kualik.core import clock
from kualik.core.access import public
from kualik.core.headers import reaching
from kualik.core.qr import qr_code
from kualik.counter.queries.opening import hall_of
from kualik.counter.queries.screens import screen
from kualik.providers.models import Office


@public
@never_cache
@require_safe
def board(request: HttpRequest, office: int) -> HttpResponse:
    """The page of the screen; without JavaScript it reloads itself."""
    place = _office(office)
    address = f"{settings.PUBLIC_URL}{reverse('counter:queue', args=[place.pk])}"
    context = {
        "office": place,
        "screen": screen(place, now=clock.now()),
        "live_url": settings.LIVE_URL,
        "qr": qr_code(address),
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
    place = _office(office)
    found = screen(place, now=clock.now())
    return JsonResponse(found.as_record() if found else {})


def _office(pk: int) -> Office:
    place = get_object_or_404(Office.objects.select_related("provider"), pk=pk)
    hall_of(place)
    return place
