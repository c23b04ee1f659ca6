"""The own house at a glance, the organisation's own facts, and who changed what when."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from kualik.core import clock
from kualik.core.access import staff
from kualik.core.clock import local_day
from kualik.providers import queries
from kualik.providers.forms import OrganisationForm
from kualik.providers.services import change_provider
from kualik.providers.views.own import actor_of, done, own_provider
from kualik.rules.lifecycle import Role

LATEST, WHOLE = 8, 500
OWN_ACTS = ("provider_registered", "provider_changed")


@staff(Role.PROVIDER_ADMIN)
@require_safe
def house(request: HttpRequest) -> HttpResponse:
    """Everything the public is told about the provider, with the way to change it."""
    provider, now = own_provider(request), clock.now()
    context = {
        "listing": queries.listing_of(provider.code, now=now),
        "periods": queries.closed_periods(provider, since=local_day(now)),
        "lines": queries.history_of(provider, most=LATEST),
    }
    return render(request, "providers/house.html", context)


@staff(Role.PROVIDER_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def facts(request: HttpRequest) -> HttpResponse:
    """Names, city, accreditation, licence and site of the organisation."""
    provider = own_provider(request)
    form = OrganisationForm(request.POST or None, initial=OrganisationForm.shown(provider))
    if form.is_valid() and done(
        form,
        lambda: change_provider(
            provider=provider, facts=form.facts(), now=clock.now(), actor=actor_of(request)
        ),
    ):
        messages.success(request, gettext("The facts of the organisation are saved."))
        return redirect("providers:house")
    lines = queries.history_of(provider, most=LATEST, acts=OWN_ACTS)
    context = {"form": form, "title": gettext("Facts of the organisation"), "lines": lines}
    return render(request, "providers/house_form.html", context)


@staff(Role.PROVIDER_ADMIN)
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Who changed what of the own house when."""
    lines = queries.history_of(own_provider(request), most=WHOLE)
    return render(request, "providers/house_history.html", {"lines": lines, "most": WHOLE})
