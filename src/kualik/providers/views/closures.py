"""Closed periods of the own house: announced, corrected and cancelled before they begin."""

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
from kualik.providers.forms import ClosureForm, words_of
from kualik.providers.models import Provider
from kualik.providers.queries import ClosedPeriod
from kualik.providers.services import announce_closure, cancel_closure, correct_closure
from kualik.providers.views.own import actor_of, day_of, done, own_provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

LATEST = 10
ACTS = ("closure_announced", "closure_cancelled")


@staff(Role.PROVIDER_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def closures(request: HttpRequest) -> HttpResponse:
    """The closed periods to come, and the form for one more or for a correction."""
    provider, today = own_provider(request), local_day(clock.now())
    periods = queries.closed_periods(provider, since=today)
    form = ClosureForm(request.POST or None, initial=ClosureForm.shown(_chosen(request, periods)))
    if form.is_valid() and done(form, lambda: _announce(request, provider, form)):
        messages.success(request, gettext("The closed period is announced."))
        return redirect("providers:closures")
    context = {
        "form": form,
        "rows": [(period, period.is_begun(today)) for period in periods],
        "is_correction": bool(form["begins_on"].value()),
        "lines": queries.history_of(provider, most=LATEST, acts=ACTS),
    }
    return render(request, "providers/house_closures.html", context)


@staff(Role.PROVIDER_ADMIN)
@post_only("providers:closures")
def closure_cancel(request: HttpRequest) -> HttpResponse:
    """Take a closed period back before it begins."""
    provider, day = own_provider(request), day_of(request.POST.get("day", ""))
    if day is not None:
        try:
            cancel_closure(provider=provider, day=day, now=clock.now(), actor=actor_of(request))
            messages.success(request, gettext("The closed period is cancelled."))
        except RuleViolation as violation:
            messages.error(request, errors.message(violation))
    return redirect("providers:closures")


def _chosen(request: HttpRequest, periods: list[ClosedPeriod]) -> ClosedPeriod | None:
    day = day_of(request.GET.get("correct", ""))
    return next((period for period in periods if period.first == day), None)


def _announce(request: HttpRequest, provider: Provider, form: ClosureForm) -> None:
    cleaned, now, actor = form.cleaned_data, clock.now(), actor_of(request)
    first, last = cleaned["first"], cleaned["last"] or cleaned["first"]
    reason = words_of(cleaned, "reason")
    if cleaned["begins_on"] is None:
        announce_closure(
            provider=provider, day=first, until=last, reason=reason, now=now, actor=actor
        )
        return
    correct_closure(
        provider=provider,
        begins_on=cleaned["begins_on"],
        day=first,
        until=last,
        reason=reason,
        now=now,
        actor=actor,
    )
