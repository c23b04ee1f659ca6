"""Filing at the window and following the request while the person waits (A57.2.1, A303.2.1)."""

import secrets
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.cases.forms import WithdrawalForm
from kualik.cases.forms.asking import WishForm
from kualik.cases.models import Request
from kualik.cases.queries.asking import UNDECIDED_STATES, Receivable
from kualik.cases.services.application import Wish, data_digest, printed_data
from kualik.cases.services.deciding_alone import is_at_work
from kualik.cases.services.following import follow
from kualik.cases.services.receiving import Sight, sight_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.counter.models import Identification
from kualik.counter.queries.work import document_of, request_of
from kualik.counter.services.serving import approve_here, file_for, withdraw_here
from kualik.counter.views.work import (
    COUNTER,
    NOT_VALID,
    looked,
    own_record,
    person_context,
    while_here,
)
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Event, Role, State, allowed_events

DECIDERS = frozenset({Role.REGISTRAR, Role.OFFICE_HEAD})
RELOAD_SECONDS = 5
KEY_BYTES = 24


@staff(*COUNTER)
@while_here
def file_document(request: HttpRequest, pk: int, completion: int) -> HttpResponse:
    """What will be printed is shown to the person, who says yes; then it is filed."""
    user, now, record = person_of(request), clock.now(), own_record(request, pk)
    wanted = document_of(record, completion, user, now=now)
    if wanted is None:
        return _to_its_request(record, completion)
    looked(user, record, wanted.completion.person, now=now)
    sight = sight_of(wanted.completion, now=now)
    form = _wish_form(request, record, sight)
    if request.method == "POST" and form.is_valid():
        filed = _filed(request, record, wanted, form, now)
        if filed is not None:
            return redirect("counter:case", record.pk, filed.number)
    context = {
        **person_context(record, now=now),
        "wanted": wanted,
        "lines": printed_data(wanted.completion),
        "sight": sight,
        "form": form,
        "key": request.POST.get("key") or secrets.token_urlsafe(KEY_BYTES),
        "seen": data_digest(wanted.completion),
    }
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/file.html", context, status=status)


@staff(*COUNTER)
@while_here
def case(request: HttpRequest, pk: int, number: str) -> HttpResponse:
    """The request as it stands at this moment, and what comes next at the window."""
    user, now, record = person_of(request), clock.now(), own_record(request, pk)
    found = _own_case(record, number, user, now)
    looked(user, record, found.person, now=now)
    context = {**person_context(record, now=now), **_shown(found, user, now)}
    return render(request, "counter/case.html", context)


@staff(*COUNTER)
@while_here
def case_state(request: HttpRequest, pk: int, number: str) -> HttpResponse:
    """Whether anything changed, for the script of the page."""
    found = _own_case(own_record(request, pk), number, person_of(request), clock.now())
    return JsonResponse({"state": f"{found.state} {found.version}"})


@staff(*DECIDERS)
@while_here
@post_only("counter:case", "pk", "number")
def case_approve(request: HttpRequest, pk: int, number: str) -> HttpResponse:
    """Approve at the window."""
    user, now, record = person_of(request), clock.now(), own_record(request, pk)
    found = _own_case(record, number, user, now)
    role = role_of(user, DECIDERS)
    try:
        approve_here(record=record, request=found, user=user, role=role, now=now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect("counter:case", pk, number)


@staff(*COUNTER)
@while_here
def case_withdraw(request: HttpRequest, pk: int, number: str) -> HttpResponse:
    """Enter that the person takes the request back."""
    user, now, record = person_of(request), clock.now(), own_record(request, pk)
    found = _own_case(record, number, user, now)
    form = WithdrawalForm(request.POST or None)
    form.fields["reason"].widget.attrs["autofocus"] = True
    if form.is_valid():
        role, reason = role_of(user, COUNTER), form.cleaned_data["reason"]
        given = {"record": record, "request": found, "reason": reason, "user": user, "role": role}
        try:
            withdraw_here(**given, now=now)
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            messages.success(request, gettext("The withdrawal is recorded."))
            return redirect("counter:case", pk, number)
    context = {**person_context(record, now=now), "case": found, "form": form}
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/withdraw.html", context, status=status)


def _own_case(record: Identification, number: str, user: User, now: datetime) -> Request:
    found = request_of(record, number, user, now=now)
    if found is None:
        raise Http404
    return found


def _to_its_request(record: Identification, completion: int) -> HttpResponse:
    """To the request that was filed meanwhile; 404 where there is none of this person."""
    rows = Request.objects.filter(completion=completion, provider=record.office.provider)
    mine = rows.filter(person=record.person) | rows.filter(mandate__representative=record.person_id)
    found = mine.order_by("-pk").first()
    if found is None:
        raise Http404
    return redirect("counter:case", record.pk, found.number)


def _wish_form(request: HttpRequest, record: Identification, sight: Sight) -> WishForm:
    language = record.visit.language if record.visit else record.person.language
    return WishForm(
        request.POST if request.method == "POST" else None,
        results=sight.results,
        language=language or get_language() or "kk",
        kept={"delivery": Request.Delivery.PAPER.value},
    )


def _filed(
    request: HttpRequest,
    record: Identification,
    wanted: Receivable,
    form: WishForm,
    now: datetime,
) -> Request | None:
    """File; a broken rule becomes the form's error."""
    user, typed = person_of(request), form.typed()
    wish = Wish(
        paper=typed["paper"],
        language=typed["language"],
        delivery=typed["delivery"],
        mandate=wanted.mandate,
    )
    seen, key = request.POST.get("seen", ""), request.POST.get("key", "")
    role = role_of(user, COUNTER)
    given = {"seen": seen, "key": key[:64]}
    try:
        return file_for(
            record=record, wanted=wanted, wish=wish, user=user, role=role, now=now, **given
        )
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return None


def _shown(found: Request, user: User, now: datetime) -> dict[str, object]:
    """The request, whose turn it is, and what this member of staff may do."""
    state = State(found.state)
    roles = user.roles & COUNTER
    events = {event for role in roles for event in allowed_events(state, role)}
    is_undecided = state in UNDECIDED_STATES
    return {
        "case": found,
        "course": follow(found, now=now),
        "state": f"{found.state} {found.version}",
        "is_at_work": is_at_work(found, now=now),
        "is_undecided": is_undecided,
        "is_ready": state is State.ISSUED,
        "is_over": state not in (*UNDECIDED_STATES, State.APPROVED, State.ISSUED),
        "may_approve": is_undecided and found.completion_id and user.has_role(DECIDERS),
        "may_find": is_undecided and not found.completion_id and user.has_role(DECIDERS),
        "may_withdraw": Event.RECORD_WITHDRAWAL in events,
        "fee": standards.get(found.edition, found.edition_version).fee,
        "reload_seconds": RELOAD_SECONDS,
    }
