"""Refusing with a preview of what the applicant will read."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.cases.forms import RefusalForm
from kualik.cases.models import Request
from kualik.cases.services.deciding import decline_request, refuse_request
from kualik.cases.services.refusing import try_refusal
from kualik.cases.views.acts import Service, act, causes, is_accepted, own
from kualik.certificates.models import Letter
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.clock import local_day
from kualik.papers.queries import words
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Event
from kualik.rules.refusal import (
    acceptance_grounds,
    grounds,
    make_acceptance_refusal,
    make_refusal,
)
from kualik.rules.standards import Ground, Standard

KINDS = {Event.REFUSE: Letter.Kind.REFUSAL, Event.DECLINE: Letter.Kind.NOT_ACCEPTED}


@staff(*causes(Event.REFUSE))
def refuse(request: HttpRequest, number: str) -> HttpResponse:
    """Refuse the service: grounds and facts, then the preview, then the decision."""
    found, told = own(request, number), _("The request is refused.")
    return _page(request, found, Event.REFUSE, refuse_request, told)


@staff(*causes(Event.DECLINE))
def decline(request: HttpRequest, number: str) -> HttpResponse:
    """Refuse to accept a request that is not accepted yet (Law on state services, art. 19)."""
    found, told = own(request, number), _("The request is not accepted.")
    if is_accepted(found, now=clock.now()):
        violation = RuleViolation("already_accepted", number=number)
        messages.error(request, errors.message(violation))
        return redirect("cases:request", number)
    return _page(request, found, Event.DECLINE, decline_request, told)


def _page(
    request: HttpRequest, found: Request, event: Event, service: Service, success: Promise
) -> HttpResponse:
    form = _form(request, found, event)
    step = request.POST.get("step", "preview")
    if not form.is_valid() or step == "edit":
        context = {"form": form, "case": found, "event": event}
        return render(request, "cases/refuse.html", context)
    if step != "confirm":
        return _preview(request, found, event, form)
    given = {"ground": form.cleaned_data["ground"], "facts": form.facts()}
    return act(request, found, event, service, success, **given)


def _preview(request: HttpRequest, found: Request, event: Event, form: RefusalForm) -> HttpResponse:
    sides = [_side(found, form, event, name) for name in ("kk", "ru")]
    context = {"form": form, "case": found, "event": event, "sides": sides}
    return render(request, "cases/refuse_preview.html", context)


def _side(found: Request, form: RefusalForm, event: Event, language: str) -> Mapping[str, object]:
    """One language of the refusal in the words of the paper itself."""
    said = words(f"letters/{KINDS[event]}")
    return {
        "language": language,
        "provider": found.provider.name.get(language),
        "title": said["title"].get(language),
        "subtitle": said["subtitle"].get(language),
        "lines": [(label.get(language), text.get(language)) for label, text in form.lines],
    }


def _form(request: HttpRequest, found: Request, event: Event) -> RefusalForm:
    standard = standards.get(found.edition, found.edition_version)
    return RefusalForm(
        request.POST or None,
        offered=_grounds(standard, event),
        write=lambda ground, facts: _lines(found, standard, event, ground, facts),
    )


def _grounds(standard: Standard, event: Event) -> tuple[Ground, ...]:
    return grounds(standard) if event is Event.REFUSE else acceptance_grounds(standard)


def _lines(
    found: Request, standard: Standard, event: Event, ground: str, facts: Text
) -> list[tuple[Text, Text]]:
    """What the paper will say; it is set once, so that what no sheet holds is said beforehand."""
    make = make_refusal if event is Event.REFUSE else make_acceptance_refusal
    now = clock.now()
    decision = make(
        standard=standard,
        ground=ground,
        facts=facts,
        decided_on=local_day(now),
        provider_name=found.provider.name,
    )
    return try_refusal(found, decision, now=now)
