"""The public directory of providers (A57.10.a, A303.10.f)."""

import hashlib
import json
from collections.abc import Sequence

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from kualik.core import clock
from kualik.core.access import public
from kualik.providers import queries
from kualik.providers.forms import DirectoryForm
from kualik.providers.models import Photo
from kualik.providers.queries import Listing, Mark

A_YEAR = "public, max-age=31536000, immutable"
FIVE_MINUTES = "public, max-age=300"


@public
@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """Providers by city, with what a visitor needs to come or call today."""
    now, language = clock.now(), get_language() or "kk"
    everybody = queries.directory(now=now, language=language)
    form = DirectoryForm(request.GET, language=language)
    wanted = form.wanted()
    found = [one for listing in everybody if (one := queries.narrowed(listing, wanted))]
    context = {
        "form": form,
        "listings": found,
        "offices": sum(len(listing.offices) for listing in found),
        "is_narrowed": wanted != queries.Wanted(),
        "marks": _marks(everybody, wanted.city),
        "frame": queries.frame(),
        "licence": queries.LICENCE,
        "licence_address": queries.LICENCE_ADDRESS,
        "now": now,
    }
    return render(request, "providers/directory.html", context)


@public
@require_safe
def provider(request: HttpRequest, code: str) -> HttpResponse:
    """One provider: its offices, hours, closures announced; made to be printed as a notice."""
    now = clock.now()
    listing = queries.listing_of(code, now=now)
    if listing is None:
        raise Http404
    context = {"listing": listing, "now": now}
    return render(request, "providers/provider.html", context)


@public
@require_safe
def photo(_request: HttpRequest, code: str, pk: int) -> HttpResponseBase:
    """A picture of an office; a row never changes, so browsers may keep it for ever."""
    found = get_object_or_404(Photo, pk=pk, office__provider__code=code)
    response = FileResponse(found.content.open("rb"), content_type="image/jpeg")
    response.headers["Cache-Control"] = A_YEAR
    response.headers["ETag"] = f'"{found.sha256}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@public
@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """The directory as open data, in all three languages."""
    records = queries.open_records(_all())
    content = json.dumps(records, ensure_ascii=False, indent=1)
    return _published(request, content.encode(), "application/json")


@public
@require_safe
def open_table(request: HttpRequest) -> HttpResponse:
    """The same as a table, one row for each office."""
    # Spreadsheets take a table for UTF-8 only with this mark at its head.
    content = queries.open_table(_all()).encode("utf-8-sig")
    response = _published(request, content, "text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = 'attachment; filename="providers.csv"'
    return response


def _all() -> list[Listing]:
    return queries.directory(now=clock.now(), language="kk")


def _published(request: HttpRequest, content: bytes, media_type: str) -> HttpResponse:
    """The data, or "not changed" to who has them already (RFC 9110, 13)."""
    response = HttpResponse(content, content_type=media_type)
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = FIVE_MINUTES
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Link"] = f'<{queries.LICENCE_ADDRESS}>; rel="license"'
    found = get_conditional_response(request, etag=etag, response=response)
    return found if isinstance(found, HttpResponse) else response


def _marks(listings: Sequence[Listing], chosen: str) -> list[Mark]:
    cities = {listing.city.kk: listing.city for listing in listings}
    places = []
    for name, city in cities.items():
        offices = [
            office for listing in listings if listing.city.kk == name for office in listing.offices
        ]
        positions = [office.position for office in offices if office.position is not None]
        places.append((city, positions, any(office.is_open for office in offices)))
    return queries.marks(places, chosen=chosen)
