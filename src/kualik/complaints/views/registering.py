"""A complaint that came at the counter or by phone, written down by staff."""

import secrets
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.complaints.forms import RegistrationForm
from kualik.complaints.models import Complaint
from kualik.complaints.queries import TAKERS, words
from kualik.complaints.services.filing import Added, file_complaint
from kualik.complaints.views.filing import facts_of
from kualik.complaints.views.scans import scans_of
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.core.uploads import takes_scans

NOBODY = None


@staff(*TAKERS)
@takes_scans
def register(request: HttpRequest) -> HttpResponse:
    """The form of the site with what the office knows besides; nobody is sent away."""
    user, now = person_of(request), clock.now()
    if request.method != "POST":
        first = {"key": secrets.token_urlsafe(32), "language": "kk"}
        form = RegistrationForm(None, now=now, user=user, initial=first)
        return _page(request, form)
    form = RegistrationForm(request.POST, request.FILES, now=now, user=user)
    files = scans_of(request, form)
    if not form.is_valid():
        return _page(request, form)
    complaint = _registered(form, files, user)
    return redirect("complaints:complaint", complaint.number)


def _registered(form: RegistrationForm, files: list[Added], user: User) -> Complaint:
    now, given = clock.now(), form.cleaned_data
    facts = facts_of(
        form,
        NOBODY,
        channel=given["channel"],
        against=given.get("against"),
        ways_were_named=given["ways_were_named"],
    )
    if facts.request is not None and given.get("is_identified"):
        facts = replace(facts, person=facts.request.person)
    return file_complaint(
        key=given["key"],
        facts=facts,
        files=files,
        received_at=now,
        filed_by=user,
        actor=user.acting_as(role_of(user, TAKERS)),
        now=now,
    )


def _page(request: HttpRequest, form: RegistrationForm) -> HttpResponse:
    context = {"form": form, "words": words()}
    return render(request, "complaints/register.html", context)
