"""Codes of six digits sent to a phone: a confirmation, never a signature (A303.10.a)."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from kualik.accounts.models import OneTimeCode, Person
from kualik.core.throttle import DAY, MINUTE, Limit, check_limit, count_miss
from kualik.rules.errors import RuleViolation

Purpose = OneTimeCode.Purpose
LIFE = timedelta(minutes=5)
TRIES = 5
DIGITS = 6
# A day of codes to one number or one IIN gives 50 guesses among a million.
PAUSE = Limit("pause between codes to a phone", 1, MINUTE)
TO_PHONE = Limit("codes to a phone", 10, DAY)
FOR_IIN = Limit("codes for an IIN", 10, DAY)
FROM_PLACE = Limit("codes asked from a place", 30)
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CodeOffer:
    """A code that waits for its answer; only the message to the phone may carry ``code``."""

    row: OneTimeCode
    code: str = field(repr=False)

    @property
    def token(self) -> str:
        return self.row.token


def count_offer(*, phone: str, iin_key: str, place: str, now: datetime) -> None:
    """Take one of the codes that a phone, an IIN and a place may ask for.

    ``iin_key`` is the look-up hash of an IIN, ``place`` a network address or a member of staff.
    Numbers nobody has count as well, so that the answers stay alike. Error: ``too_many_tries``.
    """
    asked = ((PAUSE, phone), (TO_PHONE, phone), (FOR_IIN, iin_key), (FROM_PLACE, place))
    for limit, who in asked:
        check_limit(limit, who, now=now)
    for limit, who in asked:
        count_miss(limit, who, now=now)


def offer_code(
    *,
    person: Person | None,
    phone: str,
    purpose: str,
    session_secret: str,
    now: datetime,
    about: str = "",
) -> CodeOffer:
    """A new code for a phone (E.164), bound to the browser and to what it is ``about``; the caller
    sends it.

    Without a ``person`` nothing may be sent: the row is there so that the page and its answers
    are those of a real one. Such a code is never right.
    """
    token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    row = OneTimeCode.objects.create(
        token=token,
        purpose=Purpose(purpose),
        person=person,
        phone=phone,
        about=about,
        code_hash=_hashed(token, code),
        session=_digest(session_secret),
        created_at=now,
        expires_at=now + LIFE,
    )
    return CodeOffer(row, code)


def standing_code(*, token: str, session_secret: str, purpose: str) -> OneTimeCode:
    """The code that this browser waits for, whether or not it can still be answered.

    Error: ``otp_unknown``.
    """
    row = OneTimeCode.objects.filter(token=token, purpose=purpose).select_related("person").first()
    if row is None or not hmac.compare_digest(row.session, _digest(session_secret)):
        raise RuleViolation("otp_unknown")
    return row


def check_code(
    *, token: str, code: str, session_secret: str, purpose: str, now: datetime
) -> OneTimeCode:
    """Use a code up: it serves once, in its browser, for its purpose, within time and tries.

    Call it outside transactions: a wrong try must stay counted. Whose code it is says ``person``.
    Errors: ``otp_unknown``, ``otp_used``, ``otp_expired``, ``otp_spent``, ``otp_wrong``.
    """
    row = standing_code(token=token, session_secret=session_secret, purpose=purpose)
    with transaction.atomic(durable=True):
        alive = OneTimeCode.objects.filter(pk=row.pk, used_at=None, expires_at__gt=now)
        is_counted = alive.filter(tries__lt=TRIES).update(tries=F("tries") + 1)
        typed = "".join(code.split())
        is_right = hmac.compare_digest(row.code_hash, _hashed(token, typed))
        # Whoever comes second finds the code used.
        if is_counted and is_right and row.person is not None and alive.update(used_at=now):
            return row
    raise _refusal(OneTimeCode.objects.get(pk=row.pk), now)


def forget_codes(*, now: datetime) -> None:
    """Remove codes that ended a day ago."""
    OneTimeCode.objects.filter(expires_at__lte=now - KEPT_FOR).delete()


def _refusal(row: OneTimeCode, now: datetime) -> RuleViolation:
    if row.used_at is not None:
        return RuleViolation("otp_used")
    if row.expires_at <= now:
        return RuleViolation("otp_expired")
    if row.tries >= TRIES:
        return RuleViolation("otp_spent")
    return RuleViolation("otp_wrong", left=TRIES - row.tries)


def _hashed(token: str, code: str) -> str:
    """Six digits are soon guessed from a bare hash, hence the key of the installation."""
    key = hmac.digest(settings.SECRET_KEY.encode(), b"kualik one-time code", "sha256")
    return hmac.new(key, f"{token}:{code}".encode(), hashlib.sha256).hexdigest()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
