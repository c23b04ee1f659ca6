"""The hall: the chief's page, the reception, what a visit went through."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.counter.forms.hall import PaperForm, TicketForm
from kualik.counter.models import Hall, Visit
from kualik.counter.queries.hall import (
    course_of,
    floor_of,
    guest_of,
    halls_of,
    visits_of,
    windows_of,
)
from kualik.counter.queries.outcomes import outcomes
from kualik.counter.queries.reasons import reasons
from kualik.counter.queries.waiting import serving, waiting
from kualik.counter.services.calling import come_back, take_over
from kualik.counter.services.moving import WINDOW_ROLES
from kualik.counter.services.ticketing import (
    Ticket,
    check_in,
    enter_paper_number,
    take_ticket,
)
from kualik.counter.services.windows import close_window
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

MINUTE = timedelta(minutes=1)
VIEWERS = WINDOW_ROLES | {Role.PROVIDER_ADMIN}


@staff(*VIEWERS)
@never_cache
def hall(request: HttpRequest) -> HttpResponse:
    """All windows, everybody who waits and how long; the reception beside it."""
    user, now = person_of(request), clock.now()
    halls = list(halls_of(user))
    if not halls:
        return render(request, "counter/hall_none.html", {"may_set": may_set(user)})
    found = chosen(halls, request.GET.get("office", ""))
    return render(request, "counter/hall.html", {**_context(found, user, now), "halls": halls})


@staff(*VIEWERS)
@never_cache
def hall_now(request: HttpRequest) -> HttpResponse:
    """The part of the page that changes by itself; 204 when nothing did."""
    user, now = person_of(request), clock.now()
    halls = list(halls_of(user))
    if not halls:
        return HttpResponse(status=204)
    found = chosen(halls, request.GET.get("office", ""))
    if _mark_of(found, now) == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "counter/_hall_now.html", _context(found, user, now))


@staff(*WINDOW_ROLES)
@post_only("counter:hall")
def hall_ticket(request: HttpRequest) -> HttpResponse:
    """Give a ticket at the reception; its page is there to be printed."""
    user, now = person_of(request), clock.now()
    found = _hall_of(user, request.POST.get("office", ""))
    form = TicketForm(request.POST)
    if not form.is_valid():
        context = {**_context(found, user, now), "halls": list(halls_of(user)), "form": form}
        return render(request, "counter/hall.html", context, status=422)
    try:
        given = _give(found, form.cleaned_data, user, now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        said = gettext("Ticket given: %(number)s") % {"number": given.visit.number}
        messages.success(request, said)
        return redirect("counter:hall_printed", given.visit.pk)
    return redirect(_address(found))


@staff(*WINDOW_ROLES)
@never_cache
def hall_paper(request: HttpRequest) -> HttpResponse:
    """Enter a number that was given on paper while the system was away."""
    user, now = person_of(request), clock.now()
    asked = request.POST if request.method == "POST" else request.GET
    found = _hall_of(user, asked.get("office", ""))
    blank = {"key": uuid4().hex, "language": get_language() or "kk"}
    form = PaperForm(request.POST) if request.method == "POST" else PaperForm(initial=blank)
    if request.method == "POST" and form.is_valid():
        try:
            visit = _enter_paper(found, form, user, now)
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            said = gettext("Entered: %(number)s") % {"number": visit.number}
            messages.success(request, said)
            return redirect(f"{reverse('counter:hall_paper')}?office={found.office_id}")
    return render(request, "counter/hall_paper.html", {"form": form, "hall": found})


@staff(*WINDOW_ROLES)
@post_only("counter:hall")
def hall_act(request: HttpRequest, act: str) -> HttpResponse:
    """One press: a person is back, a booked one came, a window is freed or closed for somebody."""
    found = ACTS.get(act)
    if found is None:
        raise Http404
    user = person_of(request)
    hall = _hall_of(user, request.POST.get("office", ""))
    try:
        found(request, user, clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect(_address(hall))


@staff(*VIEWERS, Role.INSPECTOR)
@never_cache
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """What a ticket went through: periods, both clocks, reasons with their words; no name."""
    user, now = person_of(request), clock.now()
    rows = visits_of(user) if user.provider_id else Visit.objects.select_related("office")
    found = get_object_or_404(rows, pk=pk)
    outcome = outcomes().get(found.outcome)
    known = reasons()
    context = {
        "visit": found,
        "guest": guest_of(found, now),
        "periods": course_of(found),
        "waited": waiting(found, now) // MINUTE,
        "served": serving(found, now) // MINUTE,
        "outcome": outcome.text if outcome else None,
        "waiting_cause": known.get(found.waiting_cause),
        "serving_cause": known.get(found.serving_cause),
    }
    return render(request, "counter/visit.html", context)


def may_set(user: User) -> bool:
    """Whether somebody may change windows and the policy of the hall."""
    return user.has_role(frozenset({Role.PROVIDER_ADMIN, Role.OFFICE_HEAD}))


def chosen(halls: list[Hall], office: str) -> Hall:
    """The hall of the address, the first without one; 404 for a foreign one."""
    if not office:
        return halls[0]
    for found in halls:
        if str(found.office_id) == office:
            return found
    raise Http404


def _hall_of(user: User, office: str) -> Hall:
    halls = list(halls_of(user))
    if not halls:
        raise Http404
    return chosen(halls, office)


def _address(found: Hall) -> str:
    return f"{reverse('counter:hall')}?office={found.office_id}"


def _context(found: Hall, user: User, now: datetime) -> dict[str, object]:
    floor = floor_of(found, now=now)
    blank = {"key": uuid4().hex, "language": get_language() or "kk"}
    return {
        "hall": found,
        "floor": floor,
        "now": now,
        "form": TicketForm(initial=blank),
        "may_receive": user.has_role(WINDOW_ROLES),
        "may_close": user.has_role(frozenset({Role.OFFICE_HEAD})),
        "may_set": may_set(user),
        "mark": _mark_of(found, now),
        "alarms": floor.alarms,
    }


def _mark_of(found: Hall, now: datetime) -> str:
    return f"{found.stamp}-{int(now.timestamp()) // 30}"


def _give(found: Hall, typed: Mapping[str, str], user: User, now: datetime) -> Ticket:
    return take_ticket(
        office=found.office,
        line=typed["line"],
        source=Visit.Source.RECEPTION,
        language=typed["language"],
        priority=typed["priority"],
        key=typed["key"],
        now=now,
        user=user,
    )


def _enter_paper(found: Hall, form: PaperForm, user: User, now: datetime) -> Visit:
    typed = form.cleaned_data
    return enter_paper_number(
        office=found.office,
        line=typed["line"],
        number=typed["number"],
        at=form.moment(now),
        user=user,
        key=typed["key"],
        now=now,
        language=typed["language"],
        priority=typed["priority"],
    )


def _visit_of(request: HttpRequest, user: User) -> Visit:
    number = request.POST.get("visit", "")
    if not number.isdecimal():
        raise Http404
    return get_object_or_404(visits_of(user), pk=int(number))


def _come_back(request: HttpRequest, user: User, now: datetime) -> None:
    come_back(visit=_visit_of(request, user), user=user, now=now)


def _check_in(request: HttpRequest, user: User, now: datetime) -> None:
    check_in(visit=_visit_of(request, user), now=now, user=user)


def _close(request: HttpRequest, user: User, now: datetime) -> None:
    """Only the head closes a window at which somebody else sits."""
    number = request.POST.get("window", "")
    if not number.isdecimal():
        raise Http404
    window = get_object_or_404(windows_of(user), pk=int(number))
    actor = user.acting_as(role_of(user, frozenset({Role.OFFICE_HEAD})))
    close_window(window=window, actor=actor, now=now)


def _take_over(request: HttpRequest, user: User, now: datetime) -> None:
    """Only the head frees a window whose clerk went away; the person is as the head saw them."""
    visit = _visit_of(request, user)
    if request.POST.get("version", "") != str(visit.version):
        raise RuleViolation("visit_conflict", number=visit.number)
    take_over(visit=visit, user=user, now=now)
    messages.success(request, gettext("%(number)s: the window is free.") % {"number": visit.number})


ACTS: Mapping[str, Callable[[HttpRequest, User, datetime], None]] = {
    "back": _come_back,
    "check_in": _check_in,
    "close": _close,
    "take_over": _take_over,
}
