"""The desk of the contact centre, 1414 and 8-800-080-7777 (A57.10.a, A57.10.b, A303.10.f)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.queries import person_of
from kualik.cases.forms.contact import ContactForm
from kualik.cases.models import Request
from kualik.cases.queries.contact import requests_named, requests_sought
from kualik.cases.services.contacting import look_at, masked_holder, seek, words_to_say
from kualik.cases.services.following import follow
from kualik.cases.views.courses import course_context
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

FOUND = "contact_found"


@staff(Role.CONTACT_CENTRE)
@never_cache
@sensitive_post_parameters("sought")
def contact(request: HttpRequest) -> HttpResponse:
    """Find requests by what the caller says; what was found last stays until the next search."""
    form = ContactForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        actor = person_of(request).acting_as(Role.CONTACT_CENTRE)
        try:
            found = seek(sought=form.cleaned_data["sought"], actor=actor, now=clock.now())
        except RuleViolation as violation:
            form.add_error("sought", errors.message(violation))
            status = errors.status(violation)
        else:
            request.session[FOUND] = [row.number for row in found]
            return redirect("cases:contact")
    context = {"form": form, "found": None if form.is_bound else _found_last(request)}
    return render(request, "cases/contact.html", context, status=status)


def _found_last(request: HttpRequest) -> list[tuple[Request, Text]] | None:
    """The requests of the last search in their order; None before the first one."""
    numbers = request.session.get(FOUND)
    if numbers is None:
        return None
    rows = {row.number: row for row in requests_named(numbers)}
    return [(rows[number], masked_holder(rows[number])) for number in numbers if number in rows]


@staff(Role.CONTACT_CENTRE)
@never_cache
def contact_request(request: HttpRequest, number: str) -> HttpResponse:
    """How one request stands, and the words to say."""
    found = requests_sought(number).first()
    if found is None or found.number != number:
        raise Http404
    now = clock.now()
    actor = person_of(request).acting_as(Role.CONTACT_CENTRE)
    look_at(request=found, actor=actor, now=now)
    course = follow(found, now=now)
    context = {
        **course_context(course),
        "holder": masked_holder(found),
        "said": words_to_say(course),
    }
    return render(request, "cases/contact_request.html", context)
