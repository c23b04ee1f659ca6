"""Complaints before the staff: the list with its clocks, and one of them."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kualik.accounts.models import User
from kualik.accounts.queries import ROLE_LABELS, person_of
from kualik.cases.forms.office import kept_filters
from kualik.cases.services.contacting import masked_name
from kualik.complaints.forms import SearchForm
from kualik.complaints.models import Complaint, ComplaintFile
from kualik.complaints.queries import (
    HANDLERS,
    READERS,
    TAKERS,
    answer_clock,
    complaints_visible_to,
    forward_clock,
    label_of,
    search,
    status_code,
    told_by_caller,
)
from kualik.complaints.services.archiving import export_case
from kualik.complaints.services.looking import look_at
from kualik.complaints.views.acts import Act, acts_of
from kualik.complaints.views.showing import file_of, receipt_of, shown
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.rules.complaints import law
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.rules.phones import masked

PAGE_SIZE = 50
KEEPERS = HANDLERS | {Role.INSPECTOR}


@staff(*READERS)
def office_list(request: HttpRequest) -> HttpResponse:
    """Complaints that fit the filters, what must be done first at the top."""
    user, now = person_of(request), clock.now()
    form = SearchForm(request.GET)
    if form.has_error("text", "iin"):
        messages.error(request, str(form.errors["text"][0]))
        return redirect("complaints:list")
    page = Paginator(_sought(user, form, now), PAGE_SIZE).get_page(request.GET.get("page"))
    kept = kept_filters(SearchForm, request.GET)
    if not _sees_all(user):
        _note_looks(user, page.object_list, now)
    context = {
        "form": form,
        "page": page,
        "rows": [_row(user, row, now) for row in page.object_list],
        "must_seek": not _sees_all(user),
        "kept": kept.urlencode(),
        "is_filtered": bool(kept),
        "shows_provider": user.provider_id is None,
        "may_register": user.has_role(TAKERS),
    }
    return render(request, "complaints/list.html", context)


@staff(*READERS)
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One complaint: who, what, its clocks, what happened and what may be done."""
    user, found = person_of(request), readable(request, number)
    one = shown(found, now=clock.now(), is_staff=True)
    may_open = _may_open(user, found)
    cases = found.files.filter(purpose=ComplaintFile.Purpose.CASE).order_by("pk")
    acts: list[Act] = acts_of(user, found)
    context = {
        "shown": one,
        "complaint": found,
        "steps": [(step, _role(step.role)) for step in one.steps],
        "acts": acts,
        "cases": list(cases) if may_open else [],
        "may_export": user.has_role(KEEPERS),
        "may_open": may_open,
        "name": _name(user, found),
        "phone": found.phone if may_open else masked(found.phone),
        "may_receive": may_open and user.has_role(TAKERS),
        "code": status_code(found) if may_open and user.has_role(TAKERS) else "",
    }
    return render(request, "complaints/complaint.html", context)


@staff(*TAKERS)
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt for the complainant at the counter."""
    return receipt_of(_opened(request, number))


@staff(*READERS)
def file(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A file of a complaint."""
    return file_of(_opened(request, number), pk)


@staff(*KEEPERS)
def case(request: HttpRequest, number: str) -> HttpResponse:
    """The whole case as it is now, in open formats."""
    user, found = person_of(request), readable(request, number)
    actor = user.acting_as(role_of(user, KEEPERS))
    content = export_case(complaint=found, actor=actor, now=clock.now())
    headers = {"Content-Disposition": f'attachment; filename="{found.number}.zip"'}
    return HttpResponse(content, content_type="application/zip", headers=headers)


def readable(request: HttpRequest, number: str) -> Complaint:
    """A complaint that the person may read; 404 for any other. Every look is kept."""
    user = person_of(request)
    found = complaints_visible_to(user).filter(number=number).first()
    if found is None:
        raise Http404
    look_at(complaints=[found], actor=user.acting_as(role_of(user, READERS)), now=clock.now())
    return found


def _sees_all(user: User) -> bool:
    """Whether the person reads whole complaints unasked; the contact centre does not."""
    return user.provider_id is not None or user.has_role(frozenset({Role.INSPECTOR}))


def _may_open(user: User, complaint: Complaint) -> bool:
    """Whether the texts are theirs to read: the contact centre sees where a complaint stands, and
    all of it only of those it filed."""
    return _sees_all(user) or complaint.filed_by_id == user.pk


def _name(user: User, complaint: Complaint) -> str:
    """Who complains; of a complaint that is not theirs to open enough to greet a caller by."""
    name = complaint.complainant
    return name if _may_open(user, complaint) else masked_name(name)


def _sought(user: User, form: SearchForm, now: datetime) -> QuerySet[Complaint]:
    """What fits the form; the contact centre searches by what the caller says, and sees without
    that only what it filed itself."""
    visible = complaints_visible_to(user)
    if not form.is_valid():
        return visible.none()
    wanted = form.wanted()
    if not _sees_all(user):
        visible = visible.filter(told_by_caller(wanted.text) | Q(filed_by=user))
    return search(visible, wanted, now=now)


def _note_looks(user: User, found: Iterable[Complaint], now: datetime) -> None:
    look_at(complaints=found, actor=user.acting_as(Role.CONTACT_CENTRE), now=now)


def _opened(request: HttpRequest, number: str) -> Complaint:
    found = readable(request, number)
    if not _may_open(person_of(request), found):
        raise Http404
    return found


def _row(user: User, complaint: Complaint, now: datetime) -> dict[str, object]:
    """A line of the list with the term of the answer, and the earlier one of sending it on."""
    answer, forward = answer_clock(complaint), forward_clock(complaint)
    return {
        "complaint": complaint,
        "name": _name(user, complaint),
        "label": label_of(complaint, now=now),
        "subject": law().subject(complaint.subject).name,
        "terms": [(term, term.stage(now), term is forward) for term in (answer, forward) if term],
    }


def _role(name: str) -> Text:
    return ROLE_LABELS[Role(name)] if name else Text("", "")
