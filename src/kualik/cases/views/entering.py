"""Entering by a code to the own phone, and what every page with a sent code shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.forms import SentCodeForm
from kualik.accounts.models import OneTimeCode, User
from kualik.accounts.queries import visiting_person
from kualik.accounts.services import (
    demo_people,
    enter_by_code,
    iin_hash,
    open_cabinet,
    session_secret,
    standing_code,
)
from kualik.accounts.services.entering import CODE_LEVEL, CODE_WAY
from kualik.cases.forms.entering import EnterByCodeForm
from kualik.cases.services.entering import LAST, MINUTES, Asking, ask_again, ask_to_enter
from kualik.core import clock
from kualik.core.access import came_for, public
from kualik.core.errors import message
from kualik.core.methods import post_only
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.rules.errors import RuleViolation

Purpose = OneTimeCode.Purpose
WRONG = Limit("wrong codes from a phone", 50)
# After these the code of the message still serves; after any other fault it is used up or over.
STILL_GOOD = frozenset({"otp_wrong", "too_many_tries"})
# Where the session keeps the codes it waits for, by the page that asked.
KEPT = "sent_codes"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sent code that this browser waits for; ``kept`` is what the page wrote beside it."""

    row: OneTimeCode
    kept: Mapping[str, Any]


@public
@never_cache
@sensitive_post_parameters("iin", "phone")
def enter_code(request: HttpRequest) -> HttpResponse:
    """Ask for IIN and number; the page that follows is the same whoever it is."""
    if not settings.SMS_URL:
        raise Http404
    if visiting_person(request) is not None:
        return redirect(came_for(request) or "cases:cabinet")
    form = EnterByCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _asked(request, form):
        return redirect("cases:enter_code_check")
    context = {
        "form": form,
        "next": came_for(request),
        "minutes": MINUTES,
        "is_staff": request.user.is_authenticated,
        "demo_people": demo_people(),
    }
    return render(request, "cases/enter_code.html", context)


@public
@never_cache
@sensitive_post_parameters("code")
def enter_code_check(request: HttpRequest) -> HttpResponse:
    """Take the six digits and open the cabinet."""
    waiting = waiting_code(request, Purpose.ENTER, Purpose.ENTER)
    if waiting is None:
        return redirect("cases:enter_code")
    form = SentCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _entered(request, form, waiting):
        return redirect(waiting.kept.get("next") or resolve_url("cases:cabinet"))
    context = code_context(waiting, form, again="cases:enter_code_again", back="cases:enter_code")
    return render(request, "cases/enter_code_check.html", context)


@public
@never_cache
@post_only("cases:enter_code_check")
def enter_code_again(request: HttpRequest) -> HttpResponse:
    """Another code to the same number."""
    sent_again(request, Purpose.ENTER, Purpose.ENTER)
    return redirect("cases:enter_code_check")


def asking_of(request: HttpRequest, *, now: datetime) -> Asking:
    """Who asks for a code: of staff the account counts, of others the network."""
    user = request.user
    by_staff = isinstance(user, User)
    place = f"user:{user.pk}" if by_staff else address_of(request)
    return Asking(
        session_secret=session_secret(request),
        place=place,
        language=get_language() or "kk",
        now=now,
        by_staff=by_staff,
    )


def keep_code(request: HttpRequest, page: str, token: str, **kept: str) -> None:
    """Remember in the session which code a page waits for; a later one takes its place."""
    codes = request.session.get(KEPT, {})
    request.session[KEPT] = {**codes, page: {**kept, "token": token}}


def forget_code(request: HttpRequest, page: str) -> None:
    """Wait for the code of a page no longer."""
    codes = request.session.get(KEPT, {})
    request.session[KEPT] = {name: kept for name, kept in codes.items() if name != page}


def waiting_code(request: HttpRequest, page: str, purpose: str) -> Waiting | None:
    """The code that a page of this browser waits for, whether or not its time is over."""
    kept = request.session.get(KEPT, {}).get(page)
    if not kept:
        return None
    secret = session_secret(request)
    try:
        row = standing_code(token=kept["token"], session_secret=secret, purpose=purpose)
    except RuleViolation:
        return None
    return Waiting(row, kept)


def sent_again(request: HttpRequest, page: str, purpose: str) -> None:
    """Send another code to the number that a page waits for, and tell the visitor."""
    waiting = waiting_code(request, page, purpose)
    if waiting is None:
        return
    token, key, asking = waiting.row.token, waiting.kept["iin"], asking_of(request, now=clock.now())
    try:
        token = ask_again(token=token, purpose=purpose, iin_key=key, asking=asking)
    except RuleViolation as violation:
        messages.error(request, message(violation))
        return
    keep_code(request, page, **{**waiting.kept, "token": token})
    messages.success(request, gettext("A new code is on its way; the one before no longer counts."))


def refuse_code(form: SentCodeForm, violation: RuleViolation) -> None:
    """Say why a code was not taken; one that can serve no more is not left in the field."""
    form.add_error("code", message(violation))
    if violation.code not in STILL_GOOD:
        form.data = {**form.data, "code": ""}


def code_context(waiting: Waiting, form: Form, *, again: str, back: str) -> dict[str, object]:
    """What a page with a field for the code shows; no more than the visitor typed."""
    return {
        "form": form,
        "last": waiting.row.phone[-LAST:],
        "until": waiting.row.expires_at,
        "minutes": MINUTES,
        "again": resolve_url(again),
        "back": resolve_url(back),
    }


def _asked(request: HttpRequest, form: EnterByCodeForm) -> bool:
    iin, phone = form.cleaned_data["iin"], form.cleaned_data["phone"]
    try:
        token = ask_to_enter(iin=iin, phone=phone, asking=asking_of(request, now=clock.now()))
    except RuleViolation as violation:
        form.add_error(None, message(violation))
        return False
    wanted = came_for(request)
    keep_code(request, Purpose.ENTER, token, iin=iin_hash(iin), next=wanted)
    return True


def _entered(request: HttpRequest, form: SentCodeForm, waiting: Waiting) -> bool:
    token, code, now = waiting.row.token, form.cleaned_data["code"], clock.now()
    secret, place = session_secret(request), address_of(request)
    try:
        check_limit(WRONG, place, now=now)
        person = enter_by_code(token=token, code=code, session_secret=secret, now=now)
    except RuleViolation as violation:
        if violation.code != "too_many_tries":
            count_miss(WRONG, place, now=now)
        refuse_code(form, violation)
        return False
    open_cabinet(request=request, person=person, way=CODE_WAY, level=CODE_LEVEL, now=now)
    return True
