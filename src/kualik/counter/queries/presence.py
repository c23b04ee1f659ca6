"""What proves that a phone is in the hall, and that a screen is one of the hall.

Both are worked out from the hall and the secret of the installation; nothing is kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from kualik.counter.models import Hall
from kualik.providers.models import Office

CODE, SCREEN = "kualik.counter.presence", "kualik.counter.screen"
# How long a code is shown; it is taken for as long again, by whoever read it at the last moment.
ROTATES = timedelta(minutes=10)
DIGITS, SIGNS = 4, 20


@dataclass(frozen=True, slots=True)
class PresenceCode:
    """What the board shows at a moment: ``digits`` to be typed, ``signed`` within the QR code."""

    digits: str
    signed: str


def code_at(office: Office, *, now: datetime) -> PresenceCode:
    """The code of a hall."""
    return _code(office, _turn(now))


def is_code(office: Office, typed: str, *, now: datetime) -> bool:
    """Whether ``typed`` is what the board shows, or showed before."""
    turn, typed = _turn(now), "".join(typed.split())
    known = [_code(office, turn), _code(office, turn - 1)]
    said = [value for one in known for value in (one.digits, one.signed)]
    return any(constant_time_compare(value, typed) for value in said)


def screen_value(hall: Hall) -> str:
    """What a screen keeps that was paired with a hall."""
    return signing.dumps([hall.office_id, hall.pairing], salt=SCREEN)


def is_screen(hall: Hall, value: str) -> bool:
    """Whether ``value`` is kept by a screen that is paired with a hall now."""
    try:
        found = signing.loads(value, salt=SCREEN)
    except signing.BadSignature:
        return False
    return bool(found == [hall.office_id, hall.pairing])


def _turn(now: datetime) -> int:
    return int(now.timestamp() // ROTATES.total_seconds())


def _code(office: Office, turn: int) -> PresenceCode:
    drawn = salted_hmac(CODE, f"{office.pk}:{turn}", algorithm="sha256").hexdigest()
    digits = int(drawn[SIGNS:], 16) % 10**DIGITS
    return PresenceCode(f"{digits:0{DIGITS}d}", drawn[:SIGNS])
