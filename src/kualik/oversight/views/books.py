"""Whether the books of an organisation agree, with the rows that do not."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import staff
from kualik.oversight.queries.books import books_of
from kualik.oversight.queries.scope import providers_seen_by
from kualik.rules.lifecycle import SUPERVISORS


@staff(*SUPERVISORS)
def books(request: HttpRequest, code: str) -> HttpResponse:
    """Every check as of now; the nightly one makes tasks of what differs."""
    provider = providers_seen_by(person_of(request)).filter(code=code).first()
    if provider is None:
        raise Http404
    now = clock.now()
    context = {"provider": provider, "balances": books_of(provider, now=now), "now": now}
    return render(request, "oversight/books.html", context)
