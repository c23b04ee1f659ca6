"""What everybody may know: what fails now, and what failed in the last three months."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kualik.core import clock
from kualik.core.access import public as anyone
from kualik.incidents.queries import current, effect_of, history_since, what_of
from kualik.providers.queries import breaks_to_tell

REMEMBERED = timedelta(days=90)


@anyone
def public(request: HttpRequest) -> HttpResponse:
    """Failures and announced breaks in plain words; no names, no numbers of requests."""
    now = clock.now()
    context = {
        "lasting": [(row, what_of(row), effect_of(row)) for row in current(now)],
        "breaks": breaks_to_tell(now),
        "past": [(row, what_of(row)) for row in history_since(now - REMEMBERED)],
        "days": REMEMBERED.days,
    }
    return render(request, "incidents/public.html", context)
