"""The page of the texts that people are sent."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import staff
from kualik.notifications.queries import counts_by_event
from kualik.notifications.services.wording import events
from kualik.rules.lifecycle import SUPERVISORS, Role

COUNTED = timedelta(days=30)


@staff(*SUPERVISORS, Role.PLATFORM_ADMIN)
def texts(request: HttpRequest) -> HttpResponse:
    """Every message in three languages, and how many went out in the last thirty days."""
    provider = person_of(request).provider
    scope = provider.code if provider else None
    counts = counts_by_event(scope=scope, since=clock.now() - COUNTED)
    rows = [
        (
            event,
            event.texts.get("sms", {}).items(),
            event.texts.get("email", {}).items(),
            counts.get(name, {}),
        )
        for name, event in events().items()
    ]
    return render(request, "notifications/texts.html", {"rows": rows})
