"""Hours of an office, dated ahead; what contradicts the standard is shown before it is saved."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.clock import local_day
from kualik.core.methods import post_only
from kualik.providers import queries
from kualik.providers.forms import HoursForm
from kualik.providers.models import Office
from kualik.providers.queries import Contradiction
from kualik.providers.services import cancel_hours, change_hours
from kualik.providers.views.own import actor_of, day_of, done, own_office
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.rules.standards import Standard
from kualik.rules.workdays import WeeklyHours


@staff(Role.PROVIDER_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def office_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the hours from a day on; hours against row 7 are saved only when sent a second time."""
    office, today = own_office(request, pk), local_day(clock.now())
    form = HoursForm(request.POST or None, initial=_shown(request, office, today))
    against: list[Contradiction] = []
    standard = standards.in_force(today)
    if form.is_valid():
        standard = standards.in_force(max(form.cleaned_data["valid_from"], today))
        against = _against(form, standard)
        is_known = not against or "is_known" in request.POST
        if is_known and done(form, lambda: _change(request, office, form), field="valid_from"):
            messages.success(request, gettext("The hours are set from that day on."))
            return redirect("providers:office", pk)
    context = {"form": form, "office": office, "against": against, "standard": standard}
    return render(request, "providers/house_hours.html", context)


@staff(Role.PROVIDER_ADMIN)
@post_only("providers:office", "pk")
def hours_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a change back before its day."""
    office, day = own_office(request, pk), day_of(request.POST.get("valid_from", ""))
    if day is not None:
        try:
            cancel_hours(office=office, valid_from=day, now=clock.now(), actor=actor_of(request))
            messages.success(request, gettext("The change of hours is cancelled."))
        except RuleViolation as violation:
            messages.error(request, errors.message(violation))
    return redirect("providers:office", pk)


def _shown(request: HttpRequest, office: Office, today: date) -> dict[str, object]:
    """The hours of the change that is to be corrected, else those of today."""
    day = day_of(request.GET.get("from", ""))
    on = max(day or today, today)
    hours = queries.office_hours(office, on=on, default=standards.in_force(on).weekly_hours)
    return HoursForm.shown(hours, on if day else None)


def _against(form: HoursForm, standard: Standard) -> list[Contradiction]:
    return queries.contradictions(WeeklyHours.of(form.hours()), standard)


def _change(request: HttpRequest, office: Office, form: HoursForm) -> None:
    change_hours(
        office=office,
        hours=form.hours(),
        valid_from=form.cleaned_data["valid_from"],
        now=clock.now(),
        actor=actor_of(request),
    )
