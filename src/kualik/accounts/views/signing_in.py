"""The sign-in of staff: password, then a code of an authenticator app or a passkey."""

import json
from base64 import b32encode
from contextlib import suppress

import django_otp
from django.conf import settings
from django.contrib import auth, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex
from django_otp_webauthn.views import (
    BeginCredentialAuthenticationView,
    BeginCredentialRegistrationView,
    CompleteCredentialAuthenticationView,
    CompleteCredentialRegistrationView,
)

from kualik.accounts import queries, services
from kualik.accounts.forms import CodeForm, SignInForm
from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import came_for, is_verified, may_open, public, signed_in, staff
from kualik.core.errors import message
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.core.qr import qr_code
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.rules.errors import RuleViolation

# All people of one network together; axes limits the tries at one account.
SIGN_INS = Limit("sign-in", 100)
ENROL_KEY = "enrol_key"
HTTP_OK, HTTP_TOO_MANY = 200, 429


@public
@never_cache
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """The first step; the answer never tells which of the two was wrong."""
    if isinstance(request.user, User):
        return redirect(_onward(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _password_accepted(request, form):
        return redirect(_onward(request))
    context = {
        "form": form,
        "next": came_for(request),
        "demo_accounts": queries.demo_accounts(),
        "demo_password": settings.DEMO_PASSWORD,
        "has_phone": settings.EGOV_MOBILE,
    }
    return render(request, "accounts/login.html", context)


def locked_out(
    request: HttpRequest, _response: HttpResponse | None, credentials: dict[str, str] | None
) -> HttpResponse:
    """What axes answers after too many wrong passwords; only the try that locks is journalled."""
    if getattr(request, "axes_failures_since_start", None) is not None:
        services.record_lock_out(email=(credentials or {}).get("email", ""), now=clock.now())
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    violation = RuleViolation("too_many_tries", minutes=minutes)
    context = {"message": message(violation), "code": violation.code}
    return render(request, "core/violation.html", context, status=HTTP_TOO_MANY)


@signed_in
@sensitive_post_parameters("code")
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step; who has no device yet is led to enrol one."""
    user = person_of(request)
    devices = queries.second_factors(user)
    if not devices or is_verified(user):
        return redirect(_onward(request))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _code_accepted(request, form):
        return redirect(_onward(request))
    context = {
        "form": form,
        "next": came_for(request),
        "has_app": any(not device.is_passkey for device in devices),
        "has_passkey": any(device.is_passkey for device in devices),
        "demo_code": queries.demo_code(user, now=clock.machine_now()),
        **_passkey_context(request),
    }
    return render(request, "accounts/second_factor.html", context)


@signed_in
@sensitive_post_parameters("code")
def enrol(request: HttpRequest) -> HttpResponse:
    """A first device after the password, or another app for who is signed in with both factors."""
    user = person_of(request)
    has_device = bool(queries.second_factors(user))
    if has_device and not is_verified(user):
        return redirect(_onward(request))
    key = request.session.setdefault(ENROL_KEY, random_hex(20))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _app_enrolled(request, form, key):
        messages.success(request, gettext("The authenticator app is connected."))
        return redirect(_onward(request))
    context = {
        "form": form,
        "next": came_for(request),
        "is_first": not has_device,
        "qr": qr_code(TOTPDevice(user=user, key=key).config_url),
        "secret": _grouped(b32encode(bytes.fromhex(key)).decode()),
        "after_passkey": _target(request),
        **_passkey_context(request),
    }
    return render(request, "accounts/enrol.html", context)


@public
@post_only(settings.LOGOUT_REDIRECT_URL)
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    auth.logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@staff(*queries.STAFF_ROLES)
def profile(request: HttpRequest) -> HttpResponse:
    """Who I am here, and my devices."""
    user = person_of(request)
    devices = queries.second_factors(user)
    context = {
        "person": user,
        "roles": queries.role_labels(user),
        "provider": queries.provider_name(user),
        "devices": devices,
        "can_remove": len(devices) > 1,
        "has_app": any(not device.is_passkey for device in devices),
        "after_passkey": reverse("accounts:profile"),
        **_passkey_context(request),
    }
    return render(request, "accounts/profile.html", context)


@staff(*queries.STAFF_ROLES)
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take one of my devices away."""
    user = person_of(request)
    device_id = request.POST.get("device", "")
    try:
        services.remove_device(user=user, device_id=device_id, actor=_self(user), now=clock.now())
    except RuleViolation as violation:
        messages.error(request, message(violation))
    else:
        messages.success(request, gettext("The device is removed."))
    return redirect("accounts:profile")


@signed_in
@require_POST
def passkey_offered(request: HttpRequest) -> HttpResponse:
    """Begin to make a passkey; the library asks for the second factor if there is one."""
    return _in_our_words(BeginCredentialRegistrationView.as_view()(request))


@signed_in
@require_POST
def passkey_added(request: HttpRequest) -> HttpResponse:
    """Keep a new passkey; as a first device it completes the sign-in."""
    user, is_first = person_of(request), not is_verified(person_of(request))
    with transaction.atomic():
        services.lock(user)
        response = CompleteCredentialRegistrationView.as_view()(request)
        if response.status_code != HTTP_OK:
            return _in_our_words(response)
        device = queries.passkey(user, json.loads(response.content)["id"])
        services.record_device(device=device, actor=_self(user), now=clock.now())
        if is_first:
            services.record_sign_in(device=device, actor=_self(user), now=clock.now())
            request.session.cycle_key()
    return JsonResponse({"id": device.pk})


@signed_in
@require_POST
def passkey_asked(request: HttpRequest) -> HttpResponse:
    """Begin to sign in by a passkey."""
    return _in_our_words(BeginCredentialAuthenticationView.as_view()(request))


@signed_in
@require_POST
def passkey_shown(request: HttpRequest) -> HttpResponse:
    """Complete a sign-in by a passkey."""
    user = person_of(request)
    with transaction.atomic():
        services.lock(user)
        response = CompleteCredentialAuthenticationView.as_view()(request)
        if response.status_code != HTTP_OK:
            return _in_our_words(response)
        device = queries.passkey(user, json.loads(response.content)["id"])
        services.record_sign_in(device=device, actor=_self(user), now=clock.now())
        request.session.cycle_key()
    return JsonResponse({"id": device.pk, "redirect_url": _target(request)})


@sensitive_variables("password")
def _password_accepted(request: HttpRequest, form: SignInForm) -> bool:
    address, now = address_of(request), clock.now()
    check_limit(SIGN_INS, address, now=now)
    email, password = form.cleaned_data["email"], form.cleaned_data["password"]
    user = auth.authenticate(request, email=email, password=password)
    if user is None:
        count_miss(SIGN_INS, address, now=now)
        form.add_error(None, message(RuleViolation("sign_in_failed")))
        return False
    services.open_office(request=request, user=user)
    return True


def _code_accepted(request: HttpRequest, form: CodeForm) -> bool:
    user, code = person_of(request), form.cleaned_data["code"]
    try:
        device = services.confirm_code(user=user, code=code, actor=_self(user), now=clock.now())
    except RuleViolation as violation:
        form.add_error("code", message(violation))
        return False
    _verified_by(request, device)
    return True


def _app_enrolled(request: HttpRequest, form: CodeForm, key: str) -> bool:
    user, now, is_first = person_of(request), clock.now(), not is_verified(person_of(request))
    code, actor = form.cleaned_data["code"], _self(user)
    try:
        with transaction.atomic():
            device = services.enrol_totp(
                user=user, key=key, code=code, replace=not is_first, actor=actor, now=now
            )
            if is_first:
                services.record_sign_in(device=device, actor=actor, now=now)
    except RuleViolation as violation:
        form.add_error("code", message(violation))
        return False
    del request.session[ENROL_KEY]
    _verified_by(request, device)
    return True


def _verified_by(request: HttpRequest, device: Device) -> None:
    """Both factors are there: the session goes on under a new key."""
    django_otp.login(request, device)
    request.session.cycle_key()


def _self(user: User) -> Actor:
    """The person acting on the own account, in no role of the office."""
    return Actor(name=f"user:{user.pk}")


def _target(request: HttpRequest) -> str:
    """Where a complete sign-in ends: the wanted page, else the first one that the roles open."""
    if wanted := came_for(request):
        return wanted
    for name in settings.LOGIN_REDIRECT_PAGES:
        with suppress(NoReverseMatch):
            page = reverse(name)
            if may_open(request.user, page):
                return page
    return reverse("accounts:profile")


def _onward(request: HttpRequest) -> str:
    """The next step of the sign-in."""
    user, wanted = person_of(request), came_for(request)
    if is_verified(user):
        return _target(request)
    step = "accounts:second_factor" if queries.second_factors(user) else "accounts:enrol"
    return reverse(step) + (f"?{urlencode({'next': wanted})}" if wanted else "")


def _passkey_context(request: HttpRequest) -> dict[str, object]:
    """What the library's scripts read from the page."""
    addresses = {
        "beginRegistrationUrl": "accounts:passkey_offered",
        "completeRegistrationUrl": "accounts:passkey_added",
        "beginAuthenticationUrl": "accounts:passkey_asked",
        "completeAuthenticationUrl": "accounts:passkey_shown",
    }
    config: dict[str, str | None] = {name: reverse(view) for name, view in addresses.items()}
    config |= {
        "csrfToken": get_token(request),
        "nextFieldSelector": "input[name='next']",
        "autocompleteLoginFieldSelector": None,
    }
    texts = {
        says: text.get(get_language() or "kk") for says, text in queries.passkey_texts().items()
    }
    return {"passkey_config": config, "passkey_texts": texts}


def _in_our_words(response: HttpResponse) -> HttpResponse:
    """The library's answer; a refusal speaks the visitor's language."""
    if response.status_code == HTTP_OK:
        return response
    text = message(RuleViolation("passkey_refused"))
    return JsonResponse({"detail": text, "code": "passkey_refused"}, status=response.status_code)


def _grouped(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
