"""Screens of the hall: staff pair a device with it; only such a one gives tickets at the door."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import public, role_of, staff
from kualik.core.methods import post_only
from kualik.counter.models import Hall
from kualik.counter.queries.opening import hall_of
from kualik.counter.queries.presence import is_screen, screen_value
from kualik.counter.services.presence import pair_screen, unpair_screens
from kualik.providers.models import Office
from kualik.rules.lifecycle import Role

PAIRERS = frozenset({Role.PROVIDER_ADMIN, Role.OFFICE_HEAD})
# Longer than any browser keeps a cookie; each pairing begins anew.
KEPT = timedelta(days=400)
SCREENS = {"kiosk": "counter:kiosk", "board": "counter:board"}
Rest = ParamSpec("Rest")
Page = Callable[Concatenate[HttpRequest, Office, Rest], HttpResponse]


def at_kiosk(page: Page[Rest]) -> Callable[..., HttpResponse]:
    """A page for paired devices alone; ``page`` gets the office. Anybody else learns what the
    page is for, and where tickets are taken by phone."""

    @wraps(page)
    def guarded(
        request: HttpRequest, office: int, *rest: Rest.args, **named: Rest.kwargs
    ) -> HttpResponse:
        place = office_of(office)
        if not is_paired(request, hall_of(place)):
            return _strange(request, place)
        return page(request, place, *rest, **named)

    return guarded


def office_of(pk: int) -> Office:
    """An office by its number; 404 where it has no queue."""
    place = get_object_or_404(Office.objects.select_related("provider"), pk=pk)
    hall_of(place)
    return place


def is_paired(request: HttpRequest, hall: Hall) -> bool:
    """Whether the device of a request is a screen of the hall."""
    return is_screen(hall, request.COOKIES.get(_name(hall.office_id), ""))


@staff(*PAIRERS)
@post_only("counter:hall_settings")
def hall_screens(request: HttpRequest) -> HttpResponse:
    """Make this device a screen of the hall, which ends the work of staff on it; or make all
    devices strange to it."""
    user, now = person_of(request), clock.now()
    rows = Hall.objects.filter(office__provider=user.provider_id).select_related("office")
    number = request.POST.get("office", "")
    hall = get_object_or_404(rows, office=int(number) if number.isdecimal() else 0)
    actor, screen = user.acting_as(role_of(user, PAIRERS)), request.POST.get("screen", "")
    if screen in SCREENS:
        pair_screen(hall=hall, actor=actor, now=now)
        logout(request)
        return _paired(hall, screen)
    unpair_screens(hall=hall, actor=actor, now=now)
    messages.success(request, gettext("No device is a screen of this hall any more."))
    return redirect(f"{reverse('counter:hall_settings')}?office={hall.office_id}")


@public
@require_POST
def kiosk_pair(request: HttpRequest, office: int) -> HttpResponse:
    """On a demonstration everybody may try the kiosk."""
    if not settings.DEMO:
        raise Http404
    return _paired(hall_of(office_of(office)), "kiosk")


def _paired(hall: Hall, screen: str) -> HttpResponse:
    answer = redirect(SCREENS[screen], hall.office_id)
    answer.set_cookie(
        _name(hall.office_id),
        screen_value(hall),
        max_age=KEPT,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _name(office: int) -> str:
    return f"kualik-screen-{office}"


def _strange(request: HttpRequest, place: Office) -> HttpResponse:
    context = {"office": place, "is_demo": settings.DEMO, "language": "kk"}
    status = 403 if request.method == "POST" else 200
    with translation.override("kk"):
        return render(request, "counter/kiosk_strange.html", context, status=status)
