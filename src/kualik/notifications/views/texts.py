"""The page of the texts that people are sent, and what a provider adds to them."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.notifications.forms import OwnWordsForm
from kualik.notifications.queries import counts_by_event
from kualik.notifications.services.adding import set_words, takes_words, words_of
from kualik.notifications.services.wording import events
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import SUPERVISORS, Role

COUNTED = timedelta(days=30)


@staff(*SUPERVISORS, Role.PLATFORM_ADMIN)
def texts(request: HttpRequest) -> HttpResponse:
    """Every message in three languages, and how many went out in the last thirty days."""
    user = person_of(request)
    provider = user.provider
    scope = provider.code if provider else None
    counts = counts_by_event(scope=scope, since=clock.now() - COUNTED)
    added = words_of(provider) if provider else {}
    may_add = provider is not None and user.has_role(frozenset({Role.PROVIDER_ADMIN}))
    rows = [
        (
            event,
            event.texts.get("sms", {}).items(),
            event.texts.get("email", {}).items(),
            counts.get(name, {}),
            added.get(name),
            may_add and takes_words(event),
        )
        for name, event in events().items()
    ]
    return render(request, "notifications/texts.html", {"rows": rows})


@staff(Role.PROVIDER_ADMIN)
def own_words(request: HttpRequest, event: str) -> HttpResponse:
    """What the provider adds to the letters of one event."""
    user, known = person_of(request), events().get(event)
    if user.provider is None or known is None or not takes_words(known):
        raise Http404
    form = OwnWordsForm(
        request.POST or None, initial=OwnWordsForm.shown(words_of(user.provider).get(event))
    )
    if form.is_valid():
        actor = user.acting_as(Role.PROVIDER_ADMIN)
        try:
            words, now = form.words(), clock.now()
            set_words(provider=user.provider, event=event, words=words, actor=actor, now=now)
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            messages.success(request, gettext("The words are kept. New letters say them."))
            return redirect("notifications:texts")
    letters = known.texts["email"].items()
    return render(request, "notifications/own_words.html", {"form": form, "letters": letters})
