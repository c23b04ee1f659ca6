"""When a session ends, and how one stays without losing what is typed (WCAG 2.2, 2.2.1)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from kualik.core import clock
from kualik.core.access import APPLICANT_KEY, entry_ends_at, entry_of, page_address

# Where the session of staff keeps its end: Django knows it only while it saves.
OFFICE_ENDS_KEY = "office_ends_at"
MOST_STAYS = 10
"""How often an entry of an applicant may be prolonged before the person enters anew."""
SOON = timedelta(minutes=15)


def ends_at(request: HttpRequest) -> datetime | None:
    """When the session of this visitor ends; None for who has not entered."""
    entry = entry_of(request)
    if entry is not None:
        return entry_ends_at(entry)
    kept = request.session.get(OFFICE_ENDS_KEY)
    if kept is None or not request.user.is_authenticated:
        return None
    return datetime.fromisoformat(kept)


def stay(*, request: HttpRequest, now: datetime) -> bool:
    """Let the session last its full time from ``now``; False when it may not be prolonged."""
    entry = entry_of(request)
    if entry is None:
        request.session.modified = request.user.is_authenticated
        return request.user.is_authenticated
    stays = entry.get("stays", 0)
    if not isinstance(stays, int) or stays >= MOST_STAYS:
        return False
    prolonged = {"stayed": now.isoformat(), "stays": stays + 1}
    request.session[APPLICANT_KEY] = {**entry, **prolonged}
    return True


def staying_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Notes the end of a session of staff whenever it is saved, since that moves the end."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        session = request.session
        if request.user.is_authenticated and (session.modified or OFFICE_ENDS_KEY not in session):
            end = clock.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
            session[OFFICE_ENDS_KEY] = end.isoformat()
        return response

    return middleware


def staying_context(request: HttpRequest) -> dict[str, object]:
    """What the frame says of the end: when, in how many seconds, and whether that is soon."""
    end = ends_at(request)
    if end is None:
        return {"stay": None}
    left = end - clock.now()
    return {
        "stay": {
            "ends_at": end,
            "seconds": max(0, int(left.total_seconds())),
            "is_soon": left < SOON,
            "href": reverse("stay"),
            "next": page_address(request) if request.method == "GET" else "",
        }
    }
