"""Who looked at my data, and when I entered."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kualik.accounts.queries import applicant_of, entries_of, looks_of
from kualik.core.access import applicant


@applicant
def looks(request: HttpRequest) -> HttpResponse:
    """Organisation and role of everybody who opened the person's data; no name of staff."""
    person = applicant_of(request)
    context = {"looks": looks_of(person), "entries": entries_of(person)}
    return render(request, "accounts/looks.html", context)
