"""A training that no list names, told at the window: the person may ask all the same."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from kualik.accounts.queries import confirmed_phone, person_of
from kualik.cases.models import Draft, Request
from kualik.cases.services.drafting import begin, find_draft
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.clock import local_day
from kualik.counter.forms.work import WindowClaimForm
from kualik.counter.models import Identification
from kualik.counter.services.serving import claim_for
from kualik.counter.views.work import COUNTER, NOT_VALID, own_record, person_context, while_here
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import mask_iin, replace_iins
from kualik.training.queries import programmes_of

LANGUAGES = ("kk", "ru")
LONGEST = 1000


@staff(*COUNTER)
@while_here
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """What the person says of the training; no paper about it is demanded."""
    now, record = clock.now(), own_record(request, pk)
    draft = _draft(request, record, now)
    form = _form(request, record, now)
    if request.method == "POST" and form.is_valid():
        filed = _filed(request, record, draft, form, now)
        if filed is not None:
            return redirect("counter:case", pk, filed.number)
    standard = standards.in_force(local_day(now))
    context = {**person_context(record, now=now), "form": form, "draft": draft}
    context |= {"fee": standard.fee, "edition": standard.edition}
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/claim.html", context, status=status)


def _draft(request: HttpRequest, record: Identification, now: datetime) -> Draft:
    """The key of the form; what it filed already is found by it. 404 for a key of another."""
    kind = f"window:{record.pk}"
    if request.method != "POST":
        return begin(person=record.person, kind=kind, now=now)
    found = find_draft(person=record.person, kind=kind, key=request.POST.get("key", ""))
    if found is None:
        raise Http404
    return found


def _form(request: HttpRequest, record: Identification, now: datetime) -> WindowClaimForm:
    person, visit = record.person, record.visit
    language = (visit.language if visit else person.language) or get_language()
    initial = {
        "phone": confirmed_phone(person),
        "email": person.email,
        "language": language if language in LANGUAGES else "kk",
    }
    programmes = programmes_of(record.office.provider).filter(is_active=True)
    data = _typed(request) if request.method == "POST" else None
    return WindowClaimForm(data, programmes=list(programmes), now=now, initial=initial)


def _typed(request: HttpRequest) -> dict[str, str]:
    """What was typed, none longer than a form may hold, any IIN masked before it is kept."""
    names = WindowClaimForm.base_fields
    typed = {name: request.POST.get(name, "")[:LONGEST] for name in names}
    return {name: replace_iins(value, mask_iin) for name, value in typed.items()}


def _filed(
    request: HttpRequest,
    record: Identification,
    draft: Draft,
    form: WindowClaimForm,
    now: datetime,
) -> Request | None:
    """File; a broken rule becomes the form's error."""
    user = person_of(request)
    try:
        return claim_for(
            record=record,
            draft=draft,
            claim=form.claim(),
            wish=form.wish(),
            user=user,
            role=role_of(user, COUNTER),
            now=now,
        )
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return None
