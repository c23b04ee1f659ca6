"""Asking for a digital document: the person allows in the app, the page follows (A303.10.c, d)."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.counter.forms.work import AT_FIELD, IdentifyForm
from kualik.counter.models import DocumentAsk
from kualik.counter.queries.work import asks_visible_to
from kualik.counter.services.asking import ask_document, follow_ask
from kualik.counter.views.work import COUNTER, identify_page, place_of, visit_of
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES

RELOAD_SECONDS = 3
EDITION = "A303"


@staff(*COUNTER)
@post_only("counter:identify")
@sensitive_post_parameters("iin")
def ask(request: HttpRequest) -> HttpResponse:
    """Send the question; the page that waits for the answer follows."""
    user, visit = person_of(request), visit_of(request)
    form = IdentifyForm(request.POST, needs_names=False, only_iin=True)
    if form.is_valid():
        try:
            place = place_of(user, visit)
            asked = ask_document(iin=form.cleaned_data["iin"], place=place, now=clock.now())
        except RuleViolation as violation:
            form.add_error(AT_FIELD.get(violation.code), errors.message(violation))
        else:
            return redirect("counter:asked", asked.pk)
    return identify_page(request, form, visit)


@staff(*COUNTER)
def asked(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the question stands, with the words that help the person beside it."""
    user, now = person_of(request), clock.now()
    found = _followed(user, pk, now=now)
    if found.state == DocumentAsk.State.ALLOWED:
        return redirect("counter:work", found.identification_id)
    if found.state != DocumentAsk.State.ASKED and found.fault:
        messages.error(request, _said(found))
    context = {
        "ask": found,
        "said": _said(found),
        "is_waiting": found.state == DocumentAsk.State.ASKED,
        "guidance": guidance(),
        "reload_seconds": RELOAD_SECONDS,
    }
    return render(request, "counter/asked.html", context)


@staff(*COUNTER)
def asked_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for the script of the page."""
    found = _followed(person_of(request), pk, now=clock.now())
    return JsonResponse({"state": found.state, "said": _said(found)})


def guidance() -> list[tuple[str, list[str]]]:
    """What the person does in the app, in the words of the act, by language (A303.10.c, d)."""
    standard = standards.get(EDITION)
    rows = [standard.clause("A303.10.c").text]
    rows += [item.name for item in standard.items_of("digital_document")]
    return [(language, [row.get(language) for row in rows]) for language in LANGUAGES]


def _followed(user: User, pk: int, *, now: datetime) -> DocumentAsk:
    """The question after a look at the service: reading the page again asks again, and what comes
    of it is kept once."""
    found = get_object_or_404(asks_visible_to(user), pk=pk)
    return follow_ask(ask=found, role=role_of(found.user, COUNTER), now=now)


def _said(found: DocumentAsk) -> str:
    """The fault in words; empty without one."""
    return errors.message(RuleViolation(found.fault)) if found.fault else ""
