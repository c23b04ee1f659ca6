"""Confirming the number of the person at the window, who was identified already (A303.10.a)."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.forms import PhoneForm, SentCodeForm
from kualik.accounts.models import OneTimeCode
from kualik.accounts.queries import person_of
from kualik.accounts.services import check_code, session_secret, standing_code
from kualik.cases.services.entering import (
    LAST,
    MINUTES,
    Asking,
    Shown,
    ask_again,
    ask_for_number,
    confirm_at_counter,
)
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.counter.models import Identification
from kualik.counter.services.serving import presence_of
from kualik.counter.views.work import COUNTER, NOT_VALID, own_record, person_context, while_here
from kualik.rules.errors import RuleViolation

PURPOSE = OneTimeCode.Purpose.CONFIRM_PHONE
KEPT = "window_codes"


@staff(*COUNTER)
@while_here
@sensitive_post_parameters("phone")
def work_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """Type the number; a code goes there."""
    record, now = own_record(request, pk), clock.now()
    form = PhoneForm(request.POST if request.method == "POST" else None)
    form.fields["phone"].widget.attrs["autofocus"] = True
    if form.is_valid() and _asked(request, record, form, now):
        return redirect("counter:work_phone_check", pk)
    context = {**person_context(record, now=now), "form": form}
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/phone.html", context, status=status)


@staff(*COUNTER)
@while_here
@sensitive_post_parameters("code")
def work_phone_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the code that the person reads from the phone."""
    record, now = own_record(request, pk), clock.now()
    row = _standing(request, record)
    if row is None:
        return redirect("counter:work_phone", pk)
    form = SentCodeForm(request.POST if request.method == "POST" else None)
    form.fields["code"].widget.attrs["autofocus"] = True
    if form.is_valid() and _confirmed(request, record, form, row, now):
        messages.success(request, gettext("The number is confirmed."))
        return redirect("counter:work", pk)
    context = {
        **person_context(record, now=now),
        "form": form,
        "last": row.phone[-LAST:],
        "until": row.expires_at,
        "minutes": MINUTES,
        "again": reverse("counter:work_phone_again", args=[pk]),
        "back": reverse("counter:work_phone", args=[pk]),
    }
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/phone_check.html", context, status=status)


@staff(*COUNTER)
@while_here
@post_only("counter:work_phone_check", "pk")
def work_phone_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Another code to the same number."""
    record, now = own_record(request, pk), clock.now()
    row = _standing(request, record)
    if row is not None:
        asking, key = _asking(request, now), record.person.iin_hash
        try:
            token = ask_again(token=row.token, purpose=PURPOSE, iin_key=key, asking=asking)
            _keep(request, record, token)
            messages.success(request, gettext("A new code is on its way."))
        except RuleViolation as violation:
            messages.error(request, errors.message(violation))
    return redirect("counter:work_phone_check", pk)


def _asked(request: HttpRequest, record: Identification, form: PhoneForm, now: datetime) -> bool:
    asking, phone = _asking(request, now), form.cleaned_data["phone"]
    try:
        presence_of(record, now=now)
        token = ask_for_number(person=record.person, phone=phone, asking=asking)
    except RuleViolation as violation:
        form.add_error("phone", errors.message(violation))
        return False
    _keep(request, record, token)
    return True


def _confirmed(
    request: HttpRequest,
    record: Identification,
    form: SentCodeForm,
    row: OneTimeCode,
    now: datetime,
) -> bool:
    user, secret, code = person_of(request), session_secret(request), form.cleaned_data["code"]
    token, role = row.token, role_of(person_of(request), COUNTER)
    try:
        presence = presence_of(record, now=now)
        good = check_code(token=token, code=code, session_secret=secret, purpose=PURPOSE, now=now)
        shown = Shown(kind=presence.document, last=presence.end)
        confirm_at_counter(row=good, shown=shown, user=user, role=role, now=now)
    except RuleViolation as violation:
        form.add_error("code", errors.message(violation))
        return False
    _keep(request, record, "")
    return True


def _asking(request: HttpRequest, now: datetime) -> Asking:
    return Asking(
        session_secret=session_secret(request),
        place=f"user:{person_of(request).pk}",
        language=get_language() or "kk",
        now=now,
        by_staff=True,
    )


def _keep(request: HttpRequest, record: Identification, token: str) -> None:
    """Remember in the session which code the page of this person waits for."""
    kept: Mapping[str, str] = request.session.get(KEPT, {})
    others = {pk: other for pk, other in kept.items() if pk != str(record.pk)}
    request.session[KEPT] = others | ({str(record.pk): token} if token else {})


def _standing(request: HttpRequest, record: Identification) -> OneTimeCode | None:
    """The code that was sent for this very person, whether or not its time is over."""
    token = request.session.get(KEPT, {}).get(str(record.pk), "")
    if not token:
        return None
    secret = session_secret(request)
    try:
        row = standing_code(token=token, session_secret=secret, purpose=PURPOSE)
    except RuleViolation:
        return None
    return row if row.person_id == record.person_id else None
