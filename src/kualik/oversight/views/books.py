"""Whether the books of an organisation agree, with the rows that do not."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import staff
from kualik.core.methods import post_only
from kualik.oversight.queries.books import kept_books
from kualik.oversight.queries.scope import providers_seen_by
from kualik.oversight.services.reconciling import order_books
from kualik.providers.models import Provider
from kualik.rules.lifecycle import SUPERVISORS


@staff(*SUPERVISORS)
@never_cache
def books(request: HttpRequest, code: str) -> HttpResponse:
    """Every check as of the last comparison, which makes tasks of what differs."""
    provider = _seen(request, code)
    context = {"provider": provider, "books": kept_books(provider)}
    return render(request, "oversight/books.html", context)


@staff(*SUPERVISORS)
@post_only("oversight:books", "code")
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """Have the books compared now; the worker does it."""
    order_books(provider=_seen(request, code), now=clock.now())
    told = gettext("The books are being compared. Open this page again in a minute.")
    messages.success(request, told)
    return redirect("oversight:books", code)


def _seen(request: HttpRequest, code: str) -> Provider:
    found = providers_seen_by(person_of(request)).filter(code=code).first()
    if found is None:
        raise Http404
    return found
