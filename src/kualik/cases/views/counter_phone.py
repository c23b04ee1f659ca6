"""Confirming a person's number at the counter, by an identity document (A303.10.a, A303.8.1)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.forms import SentCodeForm
from kualik.accounts.models import OneTimeCode
from kualik.accounts.queries import person_of
from kualik.accounts.services import check_code, iin_hash, session_secret
from kualik.cases.forms.entering import CounterPhoneForm
from kualik.cases.services.entering import Shown, ask_at_counter, confirm_at_counter
from kualik.cases.views.entering import (
    Waiting,
    asking_of,
    code_context,
    forget_code,
    keep_code,
    refuse_code,
    sent_again,
    waiting_code,
)
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.core.errors import message
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

COUNTER = frozenset({Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD})
PAGE, PURPOSE = "counter_phone", OneTimeCode.Purpose.CONFIRM_PHONE


@staff(*COUNTER)
@sensitive_post_parameters()
def person_phone(request: HttpRequest) -> HttpResponse:
    """Who stands at the counter, with which document; a code goes to the phone."""
    form = CounterPhoneForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _asked(request, form):
        return redirect("cases:person_phone_check")
    return render(request, "cases/person_phone.html", {"form": form})


@staff(*COUNTER)
@sensitive_post_parameters("code")
def person_phone_check(request: HttpRequest) -> HttpResponse:
    """Take the code that the person reads from the phone."""
    waiting = waiting_code(request, PAGE, PURPOSE)
    if waiting is None:
        return redirect("cases:person_phone")
    form = SentCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _confirmed(request, form, waiting):
        told = gettext("The number is confirmed. The person can enter the cabinet by a code now.")
        messages.success(request, told)
        return redirect("cases:person_phone")
    context = code_context(
        waiting, form, again="cases:person_phone_again", back="cases:person_phone"
    )
    person = waiting.row.person
    return render(request, "cases/person_phone_check.html", {**context, "person": person})


@staff(*COUNTER)
@post_only("cases:person_phone_check")
def person_phone_again(request: HttpRequest) -> HttpResponse:
    """Another code to the same number."""
    sent_again(request, PAGE, PURPOSE)
    return redirect("cases:person_phone_check")


def _asked(request: HttpRequest, form: CounterPhoneForm) -> bool:
    user, facts, shown = person_of(request), form.facts(), form.shown()
    phone, asking = form.cleaned_data["phone"], asking_of(request, now=clock.now())
    try:
        role = role_of(user, COUNTER)
        token = ask_at_counter(facts=facts, phone=phone, user=user, role=role, asking=asking)
    except RuleViolation as violation:
        needs_names = violation.code == "person_names_needed"
        form.add_error("family_name" if needs_names else None, message(violation))
        return False
    key = iin_hash(facts.iin)
    keep_code(request, PAGE, token, iin=key, document=shown.kind, last=shown.last)
    return True


def _confirmed(request: HttpRequest, form: SentCodeForm, waiting: Waiting) -> bool:
    user, now, secret = person_of(request), clock.now(), session_secret(request)
    token, code = waiting.row.token, form.cleaned_data["code"]
    shown = Shown(kind=waiting.kept["document"], last=waiting.kept["last"])
    try:
        row = check_code(token=token, code=code, session_secret=secret, purpose=PURPOSE, now=now)
        role = role_of(user, COUNTER)
        confirm_at_counter(row=row, shown=shown, user=user, role=role, now=now)
    except RuleViolation as violation:
        refuse_code(form, violation)
        return False
    forget_code(request, PAGE)
    return True
