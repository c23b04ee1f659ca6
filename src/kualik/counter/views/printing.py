"""A ticket of the reception on paper: by the printer of the hall, or by the clerk's browser."""

from base64 import b64encode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import staff
from kualik.core.errors import message
from kualik.counter.queries.hall import visits_of
from kualik.counter.queries.offered import line
from kualik.counter.queries.opening import hall_of
from kualik.counter.services.moving import WINDOW_ROLES
from kualik.counter.services.printing import print_ticket, ticket_picture
from kualik.rules.errors import RuleViolation


@staff(*WINDOW_ROLES)
@never_cache
def hall_printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The ticket as it is printed; a press prints it on the printer of the hall."""
    found, now = get_object_or_404(visits_of(person_of(request)), pk=pk), clock.now()
    if request.method == "POST":
        printed = print_ticket(visit=found, now=now, is_pressed=True)
        if printed.fault:
            messages.error(request, message(RuleViolation(printed.fault)))
        elif not printed.by_browser:
            messages.success(request, gettext("The ticket is printed."))
        return redirect("counter:hall_printed", pk)
    context = {
        "visit": found,
        "line": line(found.line),
        "picture": b64encode(ticket_picture(found, now=now)).decode(),
        "has_printer": bool(hall_of(found.office).printer),
    }
    return render(request, "counter/printed.html", context)
