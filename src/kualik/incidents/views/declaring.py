"""Saying that something fails: declared by who answers for it, proposed by a clerk, published."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.incidents.forms import DeclareForm
from kualik.incidents.models import Proposal
from kualik.incidents.queries import proposals_visible_to
from kualik.incidents.services.declaring import DECLARERS, declare_incident
from kualik.incidents.services.proposing import (
    PROPOSERS,
    decline_proposal,
    propose_incident,
    publish_proposal,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

PUBLISHERS = (Role.OFFICE_HEAD, Role.PROVIDER_ADMIN)


@staff(*DECLARERS, *PROPOSERS)
def declare(request: HttpRequest) -> HttpResponse:
    """Declare a failure: for one's own provider, or for everybody by who runs the installation; a
    clerk's waits for the head of the office."""
    user, now = person_of(request), clock.now()
    is_proposed = not user.has_role(frozenset(DECLARERS))
    initial = {"began_at": now.astimezone(clock.ZONE)}
    form = DeclareForm(request.POST or None, is_proposed=is_proposed, initial=initial)
    if form.is_valid():
        act = _propose if is_proposed else _declare
        if answer := _tried(form, lambda: act(request, form)):
            return answer
    context = {"form": form, "provider": user.provider, "is_proposed": is_proposed}
    return render(request, "incidents/declare.html", context)


@staff(*PUBLISHERS)
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """What a clerk saw, in words that may be corrected before everybody reads them."""
    found = _own(request, pk)
    initial = {
        "what_kk": found.what_kk,
        "what_ru": found.what_ru,
        "what_en": found.what_en,
        "began_at": found.began_at.astimezone(clock.ZONE),
        "ended_at": found.ended_at and found.ended_at.astimezone(clock.ZONE),
    }
    form = DeclareForm(request.POST or None, initial=initial)
    if form.is_valid() and (answer := _tried(form, lambda: _publish(request, found, form))):
        return answer
    context = {"form": form, "provider": found.provider, "proposal": found}
    return render(request, "incidents/declare.html", context)


@staff(*PUBLISHERS)
@post_only("incidents:proposal", "pk")
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """It was no failure of the system."""
    user = person_of(request)
    role = role_of(user, frozenset(PUBLISHERS))
    try:
        decline_proposal(proposal=_own(request, pk), user=user, role=role, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, gettext("It is declined; nothing was published."))
    return redirect("incidents:list")


def _tried(form: DeclareForm, act: Callable[[], HttpResponse]) -> HttpResponse | None:
    try:
        return act()
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
    return None


def _declare(request: HttpRequest, form: DeclareForm) -> HttpResponse:
    user, seen = person_of(request), form.seen
    found = declare_incident(
        what=seen.what,
        began_at=seen.began_at,
        ended_at=seen.ended_at,
        user=user,
        role=role_of(user, frozenset(DECLARERS)),
        now=clock.now(),
    )
    messages.success(request, gettext("The failure is declared. The terms run."))
    return redirect("incidents:incident", found.number)


def _propose(request: HttpRequest, form: DeclareForm) -> HttpResponse:
    user = person_of(request)
    role = role_of(user, frozenset(PROPOSERS))
    propose_incident(seen=form.seen, user=user, role=role, now=clock.now())
    told = gettext("The head of the office was asked to publish it. Nobody else sees it before.")
    messages.success(request, told)
    return redirect("incidents:list")


def _publish(request: HttpRequest, found: Proposal, form: DeclareForm) -> HttpResponse:
    user = person_of(request)
    role = role_of(user, frozenset(PUBLISHERS))
    incident = publish_proposal(
        proposal=found, seen=form.seen, user=user, role=role, now=clock.now()
    )
    messages.success(request, gettext("The failure is declared. The terms run."))
    return redirect("incidents:incident", incident.number)


def _own(request: HttpRequest, pk: int) -> Proposal:
    found = proposals_visible_to(person_of(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
