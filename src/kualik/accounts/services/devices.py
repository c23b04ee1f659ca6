"""The second factors of staff, and what the journal keeps of sign-ins."""

from datetime import datetime

import django_otp
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from kualik.accounts.models import User
from kualik.accounts.queries import DEMO_DEVICE, code_device, second_factors
from kualik.core import journal
from kualik.core.journal import SYSTEM, Actor
from kualik.rules.errors import RuleViolation


@transaction.atomic
def enrol_totp(
    *, user: User, key: str, code: str, replace: bool, actor: Actor, now: datetime
) -> TOTPDevice:
    """Confirm an authenticator app by its first code; that code cannot serve again.

    ``key`` is the hexadecimal secret the app was given. ``replace`` says that the person is signed
    in with a second factor and changes the app; without it the person must have no device yet.
    Errors: ``code_wrong``, ``not_permitted``, ``demo_device_kept``.
    """
    lock(user)
    if second_factors(user) and not replace:
        raise RuleViolation("not_permitted")
    clock = TOTP(bytes.fromhex(key))
    clock.time = now.timestamp()
    if not code.isdecimal() or not clock.verify(int(code), tolerance=1):
        raise RuleViolation("code_wrong")
    for old in TOTPDevice.objects.filter(user=user):
        _remove(old, actor=actor, now=now)
    device = TOTPDevice.objects.create(
        user=user, name="app", key=key, confirmed=True, drift=clock.drift, last_t=clock.t()
    )
    record_device(device=device, actor=actor, now=now)
    return device


@transaction.atomic
def enrol_demo_device(*, user: User, now: datetime) -> TOTPDevice:
    """The authenticator app of a demonstration account, whose code the sign-in page shows."""
    lock(user)
    device, is_new = TOTPDevice.objects.get_or_create(user=user, name=DEMO_DEVICE, confirmed=True)
    if is_new:
        record_device(device=device, actor=SYSTEM, now=now)
    return device


def confirm_code(*, user: User, code: str, actor: Actor, now: datetime) -> TOTPDevice:
    """Accept the second factor of a sign-in by a code of the authenticator app.

    The library reads its own clock here. A code serves once, and after a wrong one the app is
    refused for 1, 2, 4 … seconds. Errors: ``code_wrong``, ``code_too_soon``.
    """
    device = code_device(user)
    if device is None:
        raise RuleViolation("code_wrong")
    if not device.verify_is_allowed()[0]:
        raise RuleViolation("code_too_soon")
    # No error leaves this block: a rollback would forget the wrong try.
    with transaction.atomic():
        lock(user)
        accepted = django_otp.verify_token(user, device.persistent_id, code)
        if accepted:
            record_sign_in(device=accepted, actor=actor, now=now)
    if accepted is None:
        raise RuleViolation("code_wrong")
    return accepted


@transaction.atomic
def remove_device(*, user: User, device_id: str, actor: Actor, now: datetime) -> None:
    """Take a second factor away, never the last one.

    Errors: ``device_unknown``, ``last_device_kept``, ``demo_device_kept``.
    """
    lock(user)
    known = {device.id for device in second_factors(user)}
    if device_id not in known:
        raise RuleViolation("device_unknown")
    if len(known) == 1:
        raise RuleViolation("last_device_kept")
    _remove(Device.from_persistent_id(device_id), actor=actor, now=now)


def lock(user: User) -> None:
    """One change at a time to a person's devices and journal, until the transaction ends."""
    User.objects.select_for_update().get(pk=user.pk)


def record_device(*, device: Device, actor: Actor, now: datetime) -> None:
    """Journal a new second factor; call it in the transaction that makes it."""
    _record("accounts.device_added", device, actor, now)


def record_sign_in(*, device: Device, actor: Actor, now: datetime) -> None:
    """Journal a sign-in with both factors."""
    _record("accounts.signed_in", device, actor, now)


@transaction.atomic
def record_lock_out(*, email: str, now: datetime) -> None:
    """Journal that wrong passwords stopped the sign-in; an unknown address as a keyed hash."""
    user = User.objects.select_for_update().filter(email=email).first()
    hidden = salted_hmac("kualik.accounts.lock-out", email, algorithm="sha256").hexdigest()[:32]
    subject = f"user:{user.pk}" if user else f"sign-in:{hidden}"
    journal.record(subject=subject, action="accounts.locked_out", actor=SYSTEM, now=now)


def _remove(device: Device, *, actor: Actor, now: datetime) -> None:
    if settings.DEMO and device.name == DEMO_DEVICE:
        raise RuleViolation("demo_device_kept")
    _record("accounts.device_removed", device, actor, now)
    device.delete()


def _record(action: str, device: Device, actor: Actor, now: datetime) -> None:
    journal.record(
        subject=f"user:{device.user_id}",
        action=action,
        actor=actor,
        now=now,
        data={"device": device.persistent_id},
    )
