"""The complaints of the person whose cabinet is open."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from kualik.accounts.queries import applicant_of
from kualik.complaints.models import Complaint, ComplaintFile
from kualik.complaints.queries import (
    answer_clock,
    complaints_of,
    forward_clock,
    label_of,
    status_code,
)
from kualik.complaints.services.handling import WITHDRAWABLE, withdraw_complaint
from kualik.complaints.views.showing import file_of, receipt_of, shown
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.rules.complaints import law
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role


@applicant
def own_list(request: HttpRequest) -> HttpResponse:
    """All complaints of the person, the last first."""
    now = clock.now()
    rows = [
        {
            "complaint": row,
            "label": label_of(row, now=now),
            "subject": law().subject(row.subject).name,
            "answer": answer_clock(row),
            "forward": forward_clock(row),
        }
        for row in complaints_of(applicant_of(request))
    ]
    return render(request, "complaints/own_list.html", {"rows": rows})


@applicant
def own(request: HttpRequest, number: str) -> HttpResponse:
    """One complaint: where it stands, its terms, what was decided."""
    found = _own(request, number)
    context = {
        "shown": shown(found, now=clock.now()),
        "code": status_code(found),
        "is_own": True,
        "cases": found.files.filter(purpose=ComplaintFile.Purpose.CASE).order_by("pk"),
        "may_withdraw": found.state in WITHDRAWABLE,
    }
    return render(request, "complaints/own.html", context)


@applicant
def own_receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt, at any time."""
    return receipt_of(_own(request, number))


@applicant
def own_file(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """What the person added; the case that was sent on is theirs to read too (APPC, article 75)."""
    return file_of(_own(request, number), pk)


@applicant
@post_only("complaints:own", "number")
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """The person wants it no more."""
    person = applicant_of(request)
    actor = Actor(name=f"person:{person.pk}", role=Role.APPLICANT.value)
    try:
        withdraw_complaint(complaint=_own(request, number), reason="", actor=actor, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, _("Your complaint is withdrawn."))
    return redirect("complaints:own", number)


def _own(request: HttpRequest, number: str) -> Complaint:
    return get_object_or_404(complaints_of(applicant_of(request)), number=number)
