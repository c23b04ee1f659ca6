"""The public directory of providers (A57.10.a, A303.10.f)."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language

from kualik.core import clock
from kualik.core.access import public
from kualik.providers import queries


@public
def directory(request: HttpRequest) -> HttpResponse:
    """All providers by city, with what a visitor needs to come or call today."""
    now = clock.now()
    found = queries.directory(now=now, language=get_language() or "kk")
    return render(request, "providers/directory.html", {"listings": found, "now": now})


@public
def provider(request: HttpRequest, code: str) -> HttpResponse:
    """One provider: its offices, hours, closures announced; made to be printed as a notice."""
    now = clock.now()
    listing = queries.listing_of(code, now=now)
    if listing is None:
        raise Http404
    context = {"listing": listing, "now": now}
    return render(request, "providers/provider.html", context)


@public
def open_data(_request: HttpRequest) -> JsonResponse:
    """The directory as open data, in all three languages."""
    found = queries.directory(now=clock.now(), language="kk")
    records = [queries.open_record(listing) for listing in found]
    return JsonResponse({"providers": records}, json_dumps_params={"ensure_ascii": False})
