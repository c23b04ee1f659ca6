"""The person's own confirmed numbers: list, add after entering by EDS or IDP, remove."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.forms import PhoneForm, SentCodeForm
from kualik.accounts.models import OneTimeCode
from kualik.accounts.queries import (
    HOW_LABELS,
    applicant_of,
    level_of,
    may_sign,
    phones_of,
    way_of,
)
from kualik.accounts.services import (
    applicant,
    check_code,
    confirm_phone,
    remove_phone,
    session_secret,
)
from kualik.cases.services.entering import ask_for_number
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
from kualik.core.access import applicant as applicant_only
from kualik.core.errors import message
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.phones import spaced

PAGE, PURPOSE = "own_phone", OneTimeCode.Purpose.CONFIRM_PHONE


@applicant_only
@sensitive_post_parameters("phone")
def phones(request: HttpRequest) -> HttpResponse:
    """The numbers, and a field for another one; a code is sent to it."""
    form = PhoneForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _asked(request, form):
        return redirect("cases:phones_check")
    context = {
        "form": form,
        "phones": [
            (row, spaced(row.phone), HOW_LABELS[row.how])
            for row in phones_of(applicant_of(request))
        ],
        "may_change": may_sign(request),
    }
    return render(request, "cases/phones.html", context)


@applicant_only
@sensitive_post_parameters("code")
def phones_check(request: HttpRequest) -> HttpResponse:
    """Take the code that was typed back; the number is the person's from then on."""
    waiting = waiting_code(request, PAGE, PURPOSE)
    if waiting is None or not may_sign(request):
        return redirect("cases:phones")
    form = SentCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _confirmed(request, form, waiting):
        messages.success(request, gettext("The number is confirmed."))
        return redirect("cases:phones")
    context = code_context(waiting, form, again="cases:phones_again", back="cases:phones")
    return render(request, "cases/phones_check.html", context)


@applicant_only
@post_only("cases:phones_check")
def phones_again(request: HttpRequest) -> HttpResponse:
    """Another code to the same number."""
    sent_again(request, PAGE, PURPOSE)
    return redirect("cases:phones_check")


@applicant_only
@post_only("cases:phones")
def phones_remove(request: HttpRequest) -> HttpResponse:
    """Take one number away."""
    person, number = applicant_of(request), request.POST.get("phone", "")
    try:
        if not may_sign(request):
            raise RuleViolation("entry_too_weak")
        phone_id = int(number) if number.isdecimal() and number.isascii() else 0
        actor, now = applicant(person), clock.now()
        remove_phone(person=person, phone_id=phone_id, actor=actor, now=now)
    except RuleViolation as violation:
        messages.error(request, message(violation))
    else:
        messages.success(request, gettext("The number is removed."))
    return redirect("cases:phones")


def _asked(request: HttpRequest, form: PhoneForm) -> bool:
    person, phone = applicant_of(request), form.cleaned_data["phone"]
    try:
        if not may_sign(request):
            raise RuleViolation("entry_too_weak")
        asking = asking_of(request, now=clock.now())
        token = ask_for_number(person=person, phone=phone, asking=asking)
    except RuleViolation as violation:
        form.add_error("phone", message(violation))
        return False
    keep_code(request, PAGE, token, iin=person.iin_hash)
    return True


def _confirmed(request: HttpRequest, form: SentCodeForm, waiting: Waiting) -> bool:
    """The entry's own level says how the number is confirmed: by EDS or IDP."""
    person, now = applicant_of(request), clock.now()
    token, code, secret = waiting.row.token, form.cleaned_data["code"], session_secret(request)
    try:
        row = check_code(token=token, code=code, session_secret=secret, purpose=PURPOSE, now=now)
        confirm_phone(
            person=person,
            phone=row.phone,
            how=level_of(request),
            evidence={"way": way_of(request)},
            actor=applicant(person),
            now=now,
        )
    except RuleViolation as violation:
        refuse_code(form, violation)
        return False
    forget_code(request, PAGE)
    return True
