"""Offices of the own house: open one, and change how it is found and reached."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from kualik.core import clock
from kualik.core.access import staff
from kualik.core.clock import local_day
from kualik.core.language import spoken
from kualik.providers import queries
from kualik.providers.forms import PlaceForm
from kualik.providers.models import Provider
from kualik.providers.services import OfficeFacts, change_office, open_office
from kualik.providers.views.own import actor_of, done, own_office, own_provider
from kualik.rules import standards
from kualik.rules.lifecycle import Role

LATEST = 10


@staff(Role.PROVIDER_ADMIN)
@require_safe
def office(request: HttpRequest, pk: int) -> HttpResponse:
    """One office: what the public is told, the changes to come, what contradicts the standard."""
    found, now = own_office(request, pk), clock.now()
    listing = queries.listing_of(found.provider.code, now=now)
    standard = standards.in_force(local_day(now))
    context = {
        "office": found,
        "reception": next(one for one in listing.offices if one.pk == pk) if listing else None,
        "against": queries.hours_contradicting(found, standard, local_day(now)),
        "standard": standard,
        "lines": queries.history_of(found.provider, most=LATEST, office=found),
    }
    return render(request, "providers/house_office.html", context)


@staff(Role.PROVIDER_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def office_new(request: HttpRequest) -> HttpResponse:
    """One more place of reception; it works by the hours of the standard until others are set."""
    provider = own_provider(request)
    form = PlaceForm(request.POST or None)
    if form.is_valid() and done(form, lambda: _open(request, provider, form)):
        messages.success(
            request, gettext("The office is open. Set its hours and accessibility now.")
        )
        return redirect("providers:house")
    context = {"form": form, "title": gettext("Open an office")}
    return render(request, "providers/house_form.html", context)


@staff(Role.PROVIDER_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def office_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, address, phones, windows and position of an office."""
    found = own_office(request, pk)
    form = PlaceForm(request.POST or None, initial=PlaceForm.shown(found))
    if form.is_valid() and done(
        form,
        lambda: change_office(
            office=found, facts=form.facts(), now=clock.now(), actor=actor_of(request)
        ),
    ):
        messages.success(request, gettext("The facts of the office are saved."))
        return redirect("providers:office", pk)
    context = {"form": form, "title": gettext("Address and phones"), "office": found}
    context["about"] = spoken(found.name)
    return render(request, "providers/house_form.html", context)


def _open(request: HttpRequest, provider: Provider, form: PlaceForm) -> None:
    place = form.facts()
    open_office(
        provider=provider,
        facts=OfficeFacts(
            name=place.name,
            address=place.address,
            phones=place.phones,
            windows=place.windows,
            position=place.position,
        ),
        now=clock.now(),
        actor=actor_of(request),
    )
