"""What a person may do with a request, from the one table of its life."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.cases.models import Request
from kualik.cases.queries import own_requests, requests_visible_to
from kualik.cases.queries.asking import UNDECIDED_STATES
from kualik.cases.services.delivery import ON_PAPER
from kualik.core import clock, errors
from kualik.core.access import role_of
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import TRANSITIONS, Event, Role, State, allowed_events

Service = Callable[..., Request]
DECIDERS = frozenset({Role.REGISTRAR, Role.OFFICE_HEAD})
SEALERS = frozenset({Role.AUTHORISED_PERSON})
# The acts that have a page of their own, the main one first.
PAGES = {
    Event.APPROVE: "cases:approve",
    Event.SEAL: "cases:seal",
    Event.HAND_OVER: "cases:hand_over",
    Event.START_REVIEW: "cases:start_review",
    Event.SEND_BACK: "cases:send_back",
    Event.REFUSE: "cases:refuse",
    Event.DECLINE: "cases:decline",
    Event.RECORD_WITHDRAWAL: "cases:withdrawal",
}
PAPER_PAGE = "counter:hand_over"
AT_ONCE = frozenset({Event.APPROVE, Event.HAND_OVER, Event.START_REVIEW})
GOING_ON = (Event.ACCEPT, Event.START_REVIEW)


@dataclass(frozen=True, slots=True)
class Act:
    """A button: ``is_at_once`` acts are done by one press, the others open a page."""

    event: Event
    href: str
    is_at_once: bool


def readable(user: User, number: str) -> Request:
    """A request the person may read; 404 for one of another provider."""
    visible = requests_visible_to(user).select_related("completion__group__programme")
    found = visible.filter(number=number).first()
    if found is None:
        raise Http404
    return found


def own(request: HttpRequest, number: str) -> Request:
    """A request of the person's own provider, to act on; 404 for any other."""
    found = own_requests(person_of(request)).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def causes(event: Event) -> frozenset[Role]:
    """The roles of staff that may cause ``event`` from any state."""
    return frozenset[Role]().union(
        *(move.by for (_, caused), move in TRANSITIONS.items() if caused == event)
    ) - {Role.SYSTEM, Role.APPLICANT}


def acting_role(user: User, request: Request, event: Event) -> Role:
    """The role in which ``user`` may cause ``event`` now, else one the table names for it."""
    may = frozenset(role for role in causes(event) if event in _reach(State(request.state), role))
    return role_of(user, may & user.roles or causes(event))


def acts_of(user: User, request: Request, *, now: datetime) -> list[Act]:
    """What ``user`` may do with a request at ``now``, none with one of another provider."""
    if user.provider_id != request.provider_id:
        return []
    reach = {event for role in user.roles for event in _reach(State(request.state), role)}
    if is_accepted(request, now=now):
        reach -= {Event.DECLINE}
    if request.completion_id is None:
        # First the record of training must be found, see ``may_find_training``.
        reach -= {Event.APPROVE}
    return [_act(event, request) for event in PAGES if event in reach]


def may_find_training(user: User, request: Request) -> bool:
    """Whether ``user`` may say which training a claim is about."""
    is_open = request.completion_id is None and request.state in UNDECIDED_STATES
    return is_open and user.provider_id == request.provider_id and user.has_role(DECIDERS)


def is_accepted(request: Request, *, now: datetime) -> bool:
    """Whether the acceptance moment has come, entered or not: no refusal to accept any more."""
    return now >= request.accepted_at


def act(
    request: HttpRequest,
    found: Request,
    event: Event,
    service: Service,
    success: Promise | str,
    **given: object,
) -> HttpResponse:
    """Do the act on ``found`` and go to its page, with the outcome or the broken rule in words.

    ``given`` is what the service takes besides the request, the person, the role and the moment.
    """
    user = person_of(request)
    try:
        role = acting_role(user, found, event)
        service(request=found, user=user, role=role, now=clock.now(), **given)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, str(success))
    return redirect("cases:request", found.number)


def carry_out(
    request: HttpRequest,
    service: Callable[..., object],
    success: Promise | str,
    *,
    back: str,
    **given: object,
) -> HttpResponse:
    """Call a service at this moment and go to the page ``back``, with the outcome or the broken
    rule in words."""
    try:
        service(now=clock.now(), **given)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, str(success))
    return redirect(back)


def _reach(state: State, role: Role) -> set[Event]:
    """The events ``role`` may cause, accepting and starting the review on the way."""
    events = allowed_events(state, role)
    further = (_reach(TRANSITIONS[state, event].to, role) for event in GOING_ON if event in events)
    return set(events).union(*further)


def _act(event: Event, request: Request) -> Act:
    """A document on paper is handed out with its blank, on a page of its own."""
    if event is Event.HAND_OVER and request.delivery in ON_PAPER:
        return Act(event, reverse(PAPER_PAGE, args=[request.number]), is_at_once=False)
    return Act(event, _address(event, request), event in AT_ONCE)


def _address(event: Event, request: Request) -> str:
    name = PAGES[event]
    return reverse(name) if event is Event.SEAL else reverse(name, args=[request.number])
