"""The public status page: number and second factor, no sign-in (A57.10.b)."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from kualik.cases.forms import StatusForm
from kualik.cases.models import Request
from kualik.cases.queries import Step, clock_of, find_by_second_factor, plain_number, timeline
from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.throttle import DAY, Limit, address_of, check_limit, count_miss, is_spent
from kualik.rules import deadline, standards
from kualik.rules.deadline import Deadline
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import AWAITING_RESULT
from kualik.rules.refusal import appeal

BY_ADDRESS = Limit("status", 10)
# Four digits can be guessed from many addresses; the code of the receipt cannot.
BY_NUMBER = Limit("status of a number", 10, DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What anyone with the number and the code may know: no name, no document's number."""

    number: str
    state: str
    document: Text
    programme: Text
    provider: Text
    steps: list[Step]
    clock: Deadline
    is_waiting: bool
    is_overdue: bool


@public
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """Ask for number and code; the answer comes to a POST, so that nothing sits in an address."""
    now = clock.now()
    form = StatusForm(request.POST or None)
    if not form.is_valid():
        return render(request, "cases/status.html", {"form": form})
    try:
        check_limit(BY_ADDRESS, address_of(request), now=now)
        found = _found(form, now)
    except RuleViolation as violation:
        if violation.code == "status_unknown":
            count_miss(BY_ADDRESS, address_of(request), now=now)
        form.add_error(None, errors.message(violation))
        code = errors.status(violation)
        return render(request, "cases/status.html", {"form": form}, status=code)
    context = {"status": _status(found, now), "appeal": appeal()}
    return render(request, "cases/status_result.html", context)


def _found(form: StatusForm, now: datetime) -> Request:
    """The request asked for; a number missed too often today opens by the receipt's code alone."""
    number = plain_number(form.cleaned_data["number"])
    factor, with_phone = form.cleaned_data["code"], not is_spent(BY_NUMBER, number, now=now)
    try:
        return find_by_second_factor(number=number, factor=factor, with_phone=with_phone)
    except RuleViolation:
        # Numbers nobody has are counted as well, so that the answers stay alike.
        count_miss(BY_NUMBER, number, now=now)
        raise


def _status(found: Request, now: datetime) -> Status:
    standard = standards.get(found.edition, found.edition_version)
    term = clock_of(found)
    is_waiting = found.state in AWAITING_RESULT
    return Status(
        number=found.number,
        state=found.state,
        document=standard.result(found.kind, found.paper).title,
        programme=found.title,
        provider=found.provider.name,
        steps=timeline(found),
        clock=term,
        is_waiting=is_waiting,
        is_overdue=is_waiting and deadline.is_overdue(term, now),
    )
