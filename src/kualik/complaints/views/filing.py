"""Complaining on the site: with an open cabinet or without any (A57.17-2)."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from kualik.accounts.models import Person
from kualik.accounts.queries import confirmed_phone, visiting_person
from kualik.cases.models import Draft, Request
from kualik.cases.queries import requests_of
from kualik.cases.services.looking import LOOKED_UP
from kualik.complaints.forms import ComplaintForm
from kualik.complaints.models import Complaint
from kualik.complaints.queries import (
    complaints_of,
    known_on,
    request_named,
    status_code,
    ways_were_named,
    words,
)
from kualik.complaints.services.filing import Added, ComplaintFacts, file_complaint
from kualik.complaints.views.scans import scans_of
from kualik.complaints.views.showing import receipt_of, shown
from kualik.complaints.views.typed import answer_typed, draft_sent, forget_typed, typed_before
from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.journal import Actor
from kualik.core.throttle import DAY, Limit, address_of, check_limit, count_miss, is_spent
from kualik.core.uploads import takes_scans
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import AWAITING_RESULT, Role

# Whoever has more to complain of in an hour may do so at the counter or by phone.
BY_ADDRESS = Limit("complaints filed", 6, timedelta(hours=1))
# Nobody shall have a stranger's phone ring: what is filed beyond that is taken in silence.
BY_PLACE = Limit("complaints told of", 3, DAY)
FILED_HERE = "complaints"
MOST_FILED_HERE = 20


@public
@takes_scans
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """The form, and its sending; the receipt comes next."""
    now, person = clock.now(), visiting_person(request)
    if request.method != "POST":
        form = ComplaintForm(None, now=now, initial=_begun(request, person, now))
        return _page(request, form, person)
    draft = draft_sent(request, person)
    if answer := answer_typed(request, draft):
        return answer
    form = ComplaintForm(request.POST, request.FILES, now=now)
    files = scans_of(request, form)
    if not form.is_valid():
        return _page(request, form, person)
    try:
        complaint = _file(request, form, person, files, draft)
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return _page(request, form, person, status=errors.status(violation))
    _remember(request, complaint)
    forget_typed(request)
    return redirect("complaints:filed", complaint.number)


@public
@never_cache
def filed(request: HttpRequest, number: str) -> HttpResponse:
    """Number, code, terms, rights and duties, right after the registration (APPC, article 94)."""
    found = _filed_here(request, number)
    context = {"shown": shown(found, now=clock.now()), "code": status_code(found)}
    return render(request, "complaints/filed.html", context)


@public
@never_cache
def filed_receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt of a complaint that this browser filed."""
    return receipt_of(_filed_here(request, number))


def _file(
    request: HttpRequest,
    form: ComplaintForm,
    person: Person | None,
    files: list[Added],
    draft: Draft | None,
) -> Complaint:
    """Register it; one that was registered already is no try."""
    now, key = clock.now(), form.cleaned_data["key"]
    known = Complaint.objects.filter(key=key).first()
    if known is not None:
        return known
    check_limit(BY_ADDRESS, address_of(request), now=now)
    count_miss(BY_ADDRESS, address_of(request), now=now)
    return file_complaint(
        key=key,
        facts=facts_of(form, person),
        files=files,
        received_at=now,
        tells=person is not None or _may_tell(form, now),
        draft=draft,
        actor=_actor(person),
        now=now,
    )


def _may_tell(form: ComplaintForm, now: datetime) -> bool:
    """Whether the places that somebody unknown names got few receipts today."""
    places = [form.cleaned_data[name] for name in ("phone", "email") if form.cleaned_data[name]]
    are_left = not any(is_spent(BY_PLACE, place, now=now) for place in places)
    for place in places:
        count_miss(BY_PLACE, place, now=now)
    return are_left


def facts_of(form: ComplaintForm, person: Person | None, **more: Any) -> ComplaintFacts:
    """What the valid form says. A request is tied to by its number; an applicant's own only when
    it is the applicant's, and nobody learns whether there is one of that number, nor from the
    mark of lateness when it was decided: of a stranger only what is typed counts."""
    given = form.cleaned_data
    request = request_named(given["named_number"])
    if request is not None and not _fits(request, person, given["provider"].pk):
        request = None
    day, told = None, request if person is not None or more else None
    if told is not None and given["subject"] in ("decision", "delay"):
        day = known_on(told)
    names = ("provider", "subject", "text", "wish", "language", "complainant", "phone", "email")
    rest = ("postal_address", "residence", "named_number", "late_reason", "known_on")
    facts: dict[str, Any] = {name: given[name] for name in (*names, *rest)}
    facts |= {"channel": Complaint.Channel.WEB, "person": person, "request": request}
    facts |= {"learned_on": day, "ways_were_named": told is None or ways_were_named(told)}
    return ComplaintFacts(**{**facts, **more})


def _fits(request: Request, person: Person | None, provider: int) -> bool:
    is_own = person is None or request.person_id == person.pk
    return is_own and request.provider_id == provider


def _begun(request: HttpRequest, person: Person | None, now: datetime) -> dict[str, object]:
    """What the form begins with: what is known, over it what was typed here before."""
    typed, key = typed_before(request, person, now)
    known = _prefilled(request, person)
    if known["named_number"]:
        typed = {**typed, "named_number": known["named_number"]}
    return {**known, **typed, "key": key or secrets.token_urlsafe(32)}


def _prefilled(request: HttpRequest, person: Person | None) -> dict[str, object]:
    """What is known already; of a request only to the person whose it is, and what is complained
    of to whoever has just named its number and code here."""
    known: dict[str, object] = {
        "language": "ru" if get_language() == "ru" else "kk",
        "named_number": request.GET.get("request", "")[:64],
    }
    named = str(known["named_number"])
    if named and request.session.get(LOOKED_UP) == named:
        known |= _about(request_named(named))
    if person is None:
        return known
    known |= {"complainant": person.full_name, "phone": confirmed_phone(person)}
    known["email"] = person.email
    own = requests_of(person).filter(number=named).first()
    if own is not None:
        known |= _about(own) | {"phone": known["phone"] or own.phone}
        known["learned_on"] = _day(own)
    return known


def _about(found: Request | None) -> dict[str, object]:
    """The organisation and what is complained of, as they follow from the request."""
    if found is None:
        return {}
    subject = "delay" if _is_overdue(found) else "decision"
    return {"provider": found.provider.code, "subject": subject}


def _is_overdue(found: Request) -> bool:
    return found.state in AWAITING_RESULT and found.due_at < clock.now()


def _day(own: Request) -> object:
    return known_on(own) if _is_overdue(own) or own.decided_at is not None else None


def _page(
    request: HttpRequest, form: ComplaintForm, person: Person | None, *, status: int = 200
) -> HttpResponse:
    is_begun = not form.is_bound and bool(form.initial.get("text"))
    context = {"form": form, "person": person, "words": words(), "is_begun": is_begun}
    return render(request, "complaints/new.html", context, status=status)


def _actor(person: Person | None) -> Actor:
    name = f"person:{person.pk}" if person else "complainant"
    return Actor(name=name, role=Role.APPLICANT.value)


def _remember(request: HttpRequest, complaint: Complaint) -> None:
    """The browser that filed it may see its receipt, as long as its session lasts."""
    kept = [number for number in _remembered(request) if number != complaint.number]
    request.session[FILED_HERE] = [*kept, complaint.number][-MOST_FILED_HERE:]


def _remembered(request: HttpRequest) -> list[str]:
    kept = request.session.get(FILED_HERE, [])
    return [str(number) for number in kept] if isinstance(kept, list) else []


def _filed_here(request: HttpRequest, number: str) -> Complaint:
    person = visiting_person(request)
    own = complaints_of(person).filter(number=number).first() if person else None
    if own is None and number in _remembered(request):
        rows = Complaint.objects.select_related("provider", "request")
        own = rows.filter(number=number).first()
    if own is None:
        raise Http404
    return own
