"""The consent to the processing of personal data: read, given, withdrawn."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext

from kualik.accounts.forms import AgreeForm, WithdrawForm
from kualik.accounts.queries import (
    applicant_of,
    consent_of,
    consent_text,
    level_of,
    way_of,
)
from kualik.accounts.queries.looks import LEVEL_LABELS, WAY_LABELS
from kualik.accounts.services import applicant, give_consent, leave_cabinet, withdraw_consent
from kualik.core import clock
from kualik.core.access import came_for, newcomer
from kualik.core.errors import message
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation


@newcomer
def consent(request: HttpRequest) -> HttpResponse:
    """The whole text; who has not agreed yet may do so and goes on to what was wanted."""
    form = AgreeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _given(request, form):
        return redirect(came_for(request) or "cases:cabinet")
    return _page(request, form, WithdrawForm())


@newcomer
@post_only("accounts:consent")
def withdraw(request: HttpRequest) -> HttpResponse:
    """Withdraw the consent, which closes the cabinet."""
    form, person = WithdrawForm(request.POST), applicant_of(request)
    if not form.is_valid():
        return _page(request, AgreeForm(), form)
    try:
        withdraw_consent(person=person, actor=applicant(person), now=clock.now())
    except RuleViolation as violation:
        messages.error(request, message(violation))
        return redirect("accounts:consent")
    leave_cabinet(request=request)
    messages.success(request, gettext("Your consent is withdrawn and the cabinet is closed."))
    return redirect("home")


def _given(request: HttpRequest, form: AgreeForm) -> bool:
    person = applicant_of(request)
    try:
        give_consent(
            person=person,
            sha256=form.cleaned_data["sha256"],
            way=way_of(request),
            level=level_of(request),
            actor=applicant(person),
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error(None, message(violation))
        return False
    return True


def _page(request: HttpRequest, form: AgreeForm, withdrawal: WithdrawForm) -> HttpResponse:
    text, given = consent_text(), consent_of(applicant_of(request))
    wanted = came_for(request)
    context = {
        "text": text,
        "sha256": text.sha256(get_language() or "kk"),
        "given": given,
        "way": WAY_LABELS.get(given.way) if given else None,
        "level": LEVEL_LABELS.get(given.level) if given else None,
        "form": form,
        "withdrawal": withdrawal,
        "errors": withdrawal if withdrawal.errors else form,
        "here": reverse("accounts:consent") + (f"?{urlencode({'next': wanted})}" if wanted else ""),
    }
    return render(request, "accounts/consent.html", context)
