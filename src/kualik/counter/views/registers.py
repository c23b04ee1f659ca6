"""What the register of persons says of whoever stands at the window, if they consent (A303.8.1)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.counter.adapters.registers import Registers, Told, registers
from kualik.counter.models import Identification
from kualik.counter.queries.work import identifications_visible_to
from kualik.counter.views.work import COUNTER, own_record, person_context, while_here
from kualik.rules.errors import RuleViolation

RELOAD_SECONDS = 3
# Nobody has consented yet; somebody has, and the register has not answered yet.
ASKED, ASKING = "asked", "asking"
WAITING = frozenset({ASKED, ASKING})


@staff(*COUNTER)
@while_here
def work_register(request: HttpRequest, pk: int) -> HttpResponse:
    """What was asked and told; the button that asks the person for consent."""
    record, now = own_record(request, pk), clock.now()
    told = _asked_of().told(person=record.person, provider=record.office.provider, now=now)
    context = {
        **person_context(record, now=now),
        "told": told,
        "state": _state(told),
        "is_waiting": _state(told) in WAITING,
        "reload_seconds": RELOAD_SECONDS,
    }
    return render(request, "counter/register.html", context)


@staff(*COUNTER)
@while_here
@post_only("counter:register", "pk")
def work_register_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Have an SMS from 1414 sent to the person; the page that waits follows."""
    record, user = own_record(request, pk), person_of(request)
    try:
        _asked_of().ask(
            person=record.person,
            provider=record.office.provider,
            user=user,
            role=role_of(user, COUNTER),
            about=record.visit.number if record.visit else "",
            now=clock.now(),
        )
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect("counter:register", pk)


@staff(*COUNTER)
def work_register_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for the script of the page."""
    found: Identification = get_object_or_404(identifications_visible_to(person_of(request)), pk=pk)
    told = _asked_of().told(person=found.person, provider=found.office.provider, now=clock.now())
    return JsonResponse({"state": _state(told), "said": ""})


def _asked_of() -> Registers:
    """What may be asked. Raises Http404."""
    found = registers()
    if found is None:
        raise Http404
    return found


def _state(told: Told | None) -> str:
    """That of the consent; "told" once there are facts, which outlive it; "none" without any."""
    if told is None:
        return "none"
    if told.facts:
        return "told"
    return ASKING if told.state == "given" else told.state
