"""The settings of a hall: how its queue works, its windows and whom each serves."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.counter.forms.hall import PolicyForm, WindowForm
from kualik.counter.models import Hall, Window
from kualik.counter.queries.line import unserved_lines
from kualik.counter.services.windows import open_hall, set_policy, set_window
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

SETTERS = frozenset({Role.PROVIDER_ADMIN, Role.OFFICE_HEAD})
# How the form of a window that is not there yet calls its fields.
NEW = "new"


@staff(*SETTERS)
@never_cache
def hall_settings(request: HttpRequest) -> HttpResponse:
    """The windows and the policy of one office; the first save gives it a queue."""
    user, now = person_of(request), clock.now()
    asked = request.POST if request.method == "POST" else request.GET
    office, hall = _office_of(user, asked.get("office", ""))
    form = PolicyForm(request.POST) if request.method == "POST" else PolicyForm.of(hall)
    if request.method == "POST" and form.is_valid():
        _save(office, hall, form, user, now)
        messages.success(request, gettext("The settings of the hall are saved."))
        return redirect(_address(office))
    context, status = _context(office, hall, form), 422 if form.is_bound else 200
    return render(request, "counter/hall_settings.html", context, status=status)


@staff(*SETTERS)
@post_only("counter:hall_settings")
def hall_window(request: HttpRequest) -> HttpResponse:
    """Add a window or change what it serves."""
    user = person_of(request)
    office, hall = _office_of(user, request.POST.get("office", ""))
    prefix = request.POST.get("prefix", "")
    form = WindowForm(request.POST, prefix=prefix or None)
    if hall is None or not form.is_valid():
        messages.error(request, gettext("Give the number of the window, from 1 to 99."))
        return redirect(_address(office))
    try:
        set_window(
            office=office,
            actor=_actor(user),
            now=clock.now(),
            is_new=prefix == NEW,
            **form.cleaned_data,
        )
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, gettext("The window is saved."))
    return redirect(_address(office))


def _save(office: Office, hall: Hall | None, form: PolicyForm, user: User, now: datetime) -> None:
    if hall is None:
        open_hall(office=office, policy=form.policy(), actor=_actor(user), now=now)
    else:
        set_policy(hall=hall, policy=form.policy(), actor=_actor(user), now=now)


def _actor(user: User) -> Actor:
    return user.acting_as(role_of(user, SETTERS))


def _office_of(user: User, number: str) -> tuple[Office, Hall | None]:
    """The office asked for, the main one without a number; 404 for a foreign one."""
    rows = Office.objects.filter(provider=user.provider_id).order_by("-is_main", "pk")
    if number:
        rows = rows.filter(pk=int(number)) if number.isdecimal() else rows.none()
    office = rows.first()
    if office is None:
        raise Http404
    return office, Hall.objects.filter(office=office).first()


def _address(office: Office) -> str:
    return f"{reverse('counter:hall_settings')}?office={office.pk}"


def _context(office: Office, hall: Hall | None, form: PolicyForm) -> dict[str, object]:
    windows = Window.objects.filter(office=office).order_by("number")
    return {
        "office": office,
        "offices": list(Office.objects.filter(provider=office.provider_id).order_by("-is_main")),
        "hall": hall,
        "form": form,
        "windows": [(window, WindowForm.of(window)) for window in windows],
        "unserved": unserved_lines(office),
        "new_window": WindowForm(initial={"is_active": True}, prefix=NEW),
    }
