"""The clerk's window: one big next act, the rest folded; each act is one press or one key."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.counter.models import Hall, Visit, Window
from kualik.counter.queries.hall import (
    alarms_of,
    guest_of,
    guests_for,
    halls_of,
    held_in,
    missed_in,
    seat_of,
    visits_of,
    windows_of,
)
from kualik.counter.queries.offered import lines
from kualik.counter.queries.order import line_of
from kualik.counter.queries.outcomes import outcomes
from kualik.counter.queries.reasons import reasons
from kualik.counter.services import calling
from kualik.counter.services.finishing import finish, hand_in, reasons_wanted
from kualik.counter.services.merging import Mark, merge_mark
from kualik.counter.services.moving import WINDOW_ROLES
from kualik.counter.services.windows import close_window, note_seen, open_window, pause_window
from kualik.rules.errors import RuleViolation

MOST_MARKS = 50
# A question is answered to whoever asks.
ASK = "ask"
REASONS = ("waiting_cause", "waiting_reason", "serving_cause", "serving_reason")
# More digits no number of a row has.
TICKET = re.compile(r"[0-9]{1,18}", re.ASCII)
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a press at the window is about; ``seat`` and ``visit`` are 404 where there is none."""

    request: HttpRequest
    user: User
    now: datetime

    @property
    def typed(self) -> Mapping[str, str]:
        return self.request.POST

    @property
    def seat(self) -> Window:
        found = seat_of(self.user)
        if found is None:
            raise Http404
        return found

    @property
    def visit(self) -> Visit:
        """The ticket of the form, if nobody changed it since the page was made."""
        number = self.typed.get("visit", "")
        if not number.isdecimal():
            raise Http404
        visit = get_object_or_404(visits_of(self.user), pk=int(number))
        if self.typed.get("version", "") != str(visit.version):
            is_own = visit.user_id == self.user.pk
            raise RuleViolation("visit_conflict", number=visit.number, is_own=is_own)
        return visit

    def window(self, name: str) -> Window | None:
        """The window that a field of the form names, one of the provider's."""
        number = self.typed.get(name, "")
        return windows_of(self.user).filter(pk=int(number)).first() if number.isdecimal() else None


@staff(*WINDOW_ROLES)
@never_cache
def window(request: HttpRequest) -> HttpResponse:
    """The window of whoever is signed in, or the choice of one."""
    user, now = person_of(request), clock.now()
    seat = seat_of(user)
    if seat is None:
        context = {"windows": list(windows_of(user)), "has_hall": halls_of(user).exists()}
        return render(request, "counter/window_choice.html", context)
    note_seen(window=seat, now=now)
    return render(request, "counter/window.html", _context(seat, now))


@staff(*WINDOW_ROLES)
@never_cache
def window_line(request: HttpRequest) -> HttpResponse:
    """The part of the page that changes by itself; 204 when nothing did."""
    seat, now = seat_of(person_of(request)), clock.now()
    if seat is None:
        return HttpResponse(status=204)
    note_seen(window=seat, now=now)
    if _mark_of(seat, now) == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "counter/_window_line.html", _context(seat, now))


@staff(*WINDOW_ROLES)
@post_only("counter:window")
def window_act(request: HttpRequest, act: str) -> HttpResponse:
    """One act; whatever forbids it is said on the page. A second press is no fault of anybody."""
    found = ACTS.get(act)
    if found is None:
        raise Http404
    user, now = person_of(request), clock.now()
    if seat := seat_of(user):
        note_seen(window=seat, now=now)
    try:
        found(Press(request=request, user=user, now=now))
    except RuleViolation as violation:
        if not violation.params.get("is_own"):
            messages.error(request, errors.message(violation))
    return redirect("counter:window")


@staff(*WINDOW_ROLES)
@post_only("counter:window")
def window_merge(request: HttpRequest) -> HttpResponse:
    """The marks that the page kept while the server was away; each is answered by its key, also
    one that cannot be read: the page keeps none that was answered."""
    user, now = person_of(request), clock.now()
    try:
        records = list(json.loads(request.body)["marks"])[:MOST_MARKS]
    except (ValueError, TypeError, KeyError):
        return JsonResponse({"results": []}, status=400)
    results = [_merged(record, user, now) for record in records]
    return JsonResponse({"results": results}, json_dumps_params={"ensure_ascii": False})


def _merged(record: object, user: User, now: datetime) -> dict[str, str]:
    """Whether a mark was entered now or before, or why it cannot be."""
    named: Record = record if isinstance(record, dict) else {}
    key = str(named.get("key", ""))
    try:
        is_new = merge_mark(mark=_mark(named, key), user=user, now=now)
    except RuleViolation as violation:
        said = errors.message(violation)
        return {"key": key, "state": "refused", "code": violation.code, "message": said}
    return {"key": key, "state": "merged" if is_new else "known", "code": "", "message": ""}


def _mark(record: Record, key: str) -> Mark:
    """What a page kept. Raises ``mark_unreadable``."""
    number = str(record.get("visit", ""))
    try:
        at = parse_datetime(str(record.get("at", "")))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not TICKET.fullmatch(number):
        raise RuleViolation("mark_unreadable")
    return Mark(
        visit=int(number),
        act=str(record.get("act", "")),
        at=at,
        key=key,
        outcome=str(record.get("outcome", "")),
        **{name: str(record.get(name, "")) for name in REASONS},
    )


def _context(seat: Window, now: datetime) -> dict[str, object]:
    """What the page and its living part show."""
    visit, hall = calling.visit_at(seat), Hall.objects.get(office=seat.office_id)
    waiting = guests_for(seat, now=now)
    held, missed = held_in(seat, now=now), missed_in(seat, now=now)
    guest = guest_of(visit, now) if visit else None
    return {
        **(_in_hand(visit, hall, now) if visit else {}),
        "seat": seat,
        "visit": visit,
        "guest": guest,
        "hall": hall,
        "now": now,
        "waiting": waiting,
        "held": held,
        "missed": missed,
        "mark": _mark_of(seat, now),
        "alarms": alarms_of([*waiting, *held, *missed, *([guest] if guest else [])]),
    }


def _in_hand(visit: Visit, hall: Hall, now: datetime) -> dict[str, object]:
    """What may be done with the visit at the window; ``key`` is that of the marks of this page."""
    return {
        "others": _others(visit.window) if visit.window else [],
        "lines": lines().values(),
        "likely": _likely_end(visit),
        "outcomes": [outcome for outcome in outcomes().values() if outcome.is_offered],
        "reasons": reasons_wanted(visit, now),
        "causes": reasons(),
        "is_known": _is_known(visit),
        "may_miss": visit.calls >= hall.recalls,
        "key": uuid4().hex,
    }


def _likely_end(visit: Visit) -> str:
    """The end that what was done suggests; empty where the clerk has to say."""
    if visit.line == "ask":
        return "answered"
    if visit.hand_overs.exists():
        return "handed_over"
    return "filed" if visit.requests.exists() else ""


def _is_known(visit: Visit) -> bool:
    """Whether the clerk has no more to ask: who it is, or that nobody has to say so."""
    return line_of(visit) == ASK or visit.identifications.exists()


def _others(seat: Window) -> list[Window]:
    rows = Window.objects.filter(office=seat.office_id, is_active=True)
    return list(rows.exclude(pk=seat.pk).exclude(state=Window.State.CLOSED).order_by("number"))


def _mark_of(seat: Window, now: datetime) -> str:
    """Changes with every change of the hall, and every half minute for the clocks."""
    stamp = Hall.objects.filter(office=seat.office_id).values_list("stamp", flat=True).first()
    return f"{stamp}-{int(now.timestamp()) // 30}"


def _call(press: Press) -> None:
    if calling.call_next(window=press.seat, user=press.user, now=press.now) is None:
        messages.info(press.request, gettext("Nobody waits for this window."))


def _finish(press: Press) -> None:
    visit, typed = press.visit, press.typed
    finish(
        visit=visit,
        outcome=typed.get("outcome", ""),
        user=press.user,
        now=press.now,
        waiting_cause=typed.get("waiting_cause", ""),
        waiting_reason=typed.get("waiting_reason", ""),
        serving_cause=typed.get("serving_cause", ""),
        serving_reason=typed.get("serving_reason", ""),
        key=typed.get("key", "")[:64],
    )
    said = gettext("The ticket %(number)s is finished.") % {"number": visit.number}
    messages.success(press.request, said)


def _pass_on(press: Press) -> None:
    """``to`` names a window by ``w`` and its key, or a line."""
    to = press.typed.get("to", "")
    aim = press.typed.get("to", "").removeprefix("w")
    is_window = to.startswith("w") and aim.isdecimal()
    target = windows_of(press.user).filter(pk=int(aim)).first() if is_window else None
    line = to if to in lines() else ""
    visit = press.visit
    calling.pass_on(visit=visit, user=press.user, now=press.now, window=target, line=line)
    said = gettext("The ticket %(number)s waits for the other window.") % {"number": visit.number}
    messages.success(press.request, said)


def _open(press: Press) -> None:
    window = press.window("window") or press.seat
    open_window(window=window, user=press.user, now=press.now)


def _close(press: Press) -> None:
    actor = press.user.acting_as(role_of(press.user, WINDOW_ROLES))
    close_window(window=press.seat, actor=actor, now=press.now)


ACTS: Mapping[str, Callable[[Press], object]] = {
    "open": _open,
    "pause": lambda p: pause_window(window=p.seat, user=p.user, now=p.now),
    "close": _close,
    "call": _call,
    "call_one": lambda p: calling.call_one(visit=p.visit, window=p.seat, user=p.user, now=p.now),
    "again": lambda p: calling.recall(visit=p.visit, user=p.user, now=p.now),
    "miss": lambda p: calling.miss(visit=p.visit, user=p.user, now=p.now),
    "back": lambda p: calling.come_back(visit=p.visit, user=p.user, now=p.now),
    "hand_in": lambda p: hand_in(
        visit=p.visit, user=p.user, now=p.now, key=p.typed.get("key", "")[:64]
    ),
    "hold": lambda p: calling.hold(visit=p.visit, user=p.user, now=p.now),
    "take_back": lambda p: calling.take_back(visit=p.visit, window=p.seat, user=p.user, now=p.now),
    "pass": _pass_on,
    "finish": _finish,
}
