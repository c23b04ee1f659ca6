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
from kualik.cases.views.acts import Service, act, causes, is_accepted, own
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.clock import local_day
from kualik.papers.queries import words
from kualik.papers.services.wording import long_date
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Event
from kualik.rules.refusal import (
    Refusal,
    acceptance_grounds,
    grounds,
    make_acceptance_refusal,
    make_refusal,
)
from kualik.rules.standards import Ground, Standard

NOT_ACCEPTED = Text("өтінішті қабылдаудан", "в приеме заявления")


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
    sides = [_side(found, form.decision, event, name) for name in ("kk", "ru") if form.decision]
    context = {"form": form, "case": found, "event": event, "sides": sides}
    return render(request, "cases/refuse_preview.html", context)


def _side(found: Request, decision: Refusal, event: Event, language: str) -> Mapping[str, object]:
    """One language of the refusal with the words of the paper itself."""
    said, holder = words("letters/refusal"), found.holder
    subtitle = NOT_ACCEPTED if event is Event.DECLINE else said["subtitle"]
    ground = decision.ground
    return {
        "language": language,
        "provider": decision.provider_name.get(language),
        "title": said["title"].get(language),
        "subtitle": subtitle.get(language),
        "lines": [
            (said["number"].get(language), found.number),
            (said["applicant"].get(language), holder.get(language)),
            (said["service"].get(language), decision.standard.title.get(language)),
            (said["ground"].get(language), f"{ground.text.get(language)} ({ground.clause})"),
            ("", ground.law.get(language)),
            (said["reasons"].get(language), decision.facts.get(language)),
            (said["decided_on"].get(language), long_date(decision.decided_on, language)),
        ],
        "appeal": decision.appeal.text().get(language),
    }


def _form(request: HttpRequest, found: Request, event: Event) -> RefusalForm:
    standard = standards.get(found.edition, found.edition_version)
    return RefusalForm(
        request.POST or None,
        offered=_grounds(standard, event),
        decide=lambda ground, facts: _decision(found, standard, event, ground, facts),
    )


def _grounds(standard: Standard, event: Event) -> tuple[Ground, ...]:
    return grounds(standard) if event is Event.REFUSE else acceptance_grounds(standard)


def _decision(
    found: Request, standard: Standard, event: Event, ground: str, facts: Text
) -> Refusal:
    make = make_refusal if event is Event.REFUSE else make_acceptance_refusal
    return make(
        standard=standard,
        ground=ground,
        facts=facts,
        decided_on=local_day(clock.now()),
        provider_name=found.provider.name,
    )
