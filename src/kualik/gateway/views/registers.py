"""What registers told: the person's own page, and what the administrator has to set."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from kualik.accounts.queries import applicant_of, level_of
from kualik.accounts.services import applicant as acting
from kualik.core import clock
from kualik.core.access import applicant, staff
from kualik.core.errors import message
from kualik.core.methods import post_only
from kualik.gateway.forms.registers import AllowForm
from kualik.gateway.queries.calls import last_calls
from kualik.gateway.queries.facts import all_told, asking_providers
from kualik.gateway.queries.lacking import lacking
from kualik.gateway.queries.registers import registers, usual_peer
from kualik.gateway.services.consents import Wanted, give_consent
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

NOT_VALID = 422


@applicant
def own_registers(request: HttpRequest) -> HttpResponse:
    """What was asked about the person, by whose leave, and what was kept of the answers."""
    return _own_page(request, AllowForm(asking_providers(applicant_of(request))))


@applicant
@post_only("gateway:own_registers")
def allow_register(request: HttpRequest) -> HttpResponse:
    """Let an organisation look: the identity was proved by the EDS of the entry."""
    person = applicant_of(request)
    form = AllowForm(asking_providers(person), request.POST)
    if not form.is_valid():
        return _own_page(request, form)
    provider = Provider.objects.get(pk=form.cleaned_data["provider"])
    wanted = Wanted(person=person, provider=provider)
    try:
        level, actor = level_of(request), acting(person)
        give_consent(wanted=wanted, level=level, actor=actor, now=clock.now())
    except RuleViolation as violation:
        form.add_error(None, message(violation))
        return _own_page(request, form)
    messages.success(request, gettext("Thank you. What the register says will stand here."))
    return redirect("gateway:own_registers")


@staff(Role.PLATFORM_ADMIN)
def registers_page(request: HttpRequest) -> HttpResponse:
    """Which services of other systems are set, what is still unset, the last questions."""
    known = registers()
    context = {
        "peer": usual_peer(),
        "services": [known.consent, known.persons, known.files, known.phones, known.documents],
        "supplier": known.supplier,
        "unset": lacking(known),
        "calls": last_calls(),
    }
    return render(request, "gateway/registers.html", context)


def _own_page(request: HttpRequest, form: AllowForm) -> HttpResponse:
    person = applicant_of(request)
    context = {
        "told": all_told(person, now=clock.now()),
        "form": form,
        "may_allow": level_of(request) == "eds" and usual_peer() is not None,
        "has_providers": bool(asking_providers(person)),
    }
    status = NOT_VALID if form.is_bound else 200
    return render(request, "gateway/own_registers.html", context, status=status)
