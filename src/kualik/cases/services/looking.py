"""The look at a request by number and second factor, with the limits on guessing (A57.10.b)."""

from collections.abc import Sequence
from datetime import datetime

from kualik.cases.models import Request
from kualik.cases.queries import find_by_second_factor, plain_number
from kualik.core.throttle import DAY, Limit, check_limit, count_miss, is_spent
from kualik.rules.errors import RuleViolation

BY_ADDRESS = Limit("status", 10)
# Four digits can be guessed from many addresses; the code of the receipt cannot.
BY_NUMBER = Limit("status of a number", 10, DAY)
# A portal asks for all its visitors from one address; the code it must name is a long one.
BY_TOKEN = Limit("status by token", 200)

# The session keeps the number that was opened last, for a complaint about it.
LOOKED_UP = "looked_up"


def look_up(*, number: str, code: str, address: str, now: datetime) -> Request:
    """The request asked for from a network address; the page and the programs share the limits.

    A number missed too often today opens by the receipt's code alone. Raises ``too_many_tries`` and
    ``status_unknown``, alike for a wrong number and a wrong code.
    """
    check_limit(BY_ADDRESS, address, now=now)
    try:
        return _found(number, code, now)
    except RuleViolation as violation:
        if violation.code == "status_unknown":
            count_miss(BY_ADDRESS, address, now=now)
        raise


def look_up_receipts(
    *, receipts: Sequence[tuple[str, str]], guesser: str, now: datetime
) -> list[Request | None]:
    """The requests behind numbers and codes of receipts, None where there is no such pair.

    For a program that asks for others: a phone's digits open nothing here. Raises
    ``too_many_tries`` for a ``guesser`` who missed too often.
    """
    check_limit(BY_TOKEN, guesser, now=now)
    found = [_of_receipt(number, code) for number, code in receipts]
    misses = found.count(None)
    if misses:
        count_miss(BY_TOKEN, guesser, now=now, times=misses)
    return found


def looked_up(*, number: str) -> Request | None:
    """The request that a session opened before; None when there is none."""
    rows = Request.objects.select_related("provider", "person", "completion", "certificate")
    return rows.filter(number=number).first()


def _of_receipt(number: str, code: str) -> Request | None:
    try:
        return find_by_second_factor(number=number, factor=code, with_phone=False)
    except RuleViolation:
        return None


def _found(number: str, code: str, now: datetime) -> Request:
    plain = plain_number(number)
    with_phone = not is_spent(BY_NUMBER, plain, now=now)
    try:
        return find_by_second_factor(number=plain, factor=code, with_phone=with_phone)
    except RuleViolation:
        # Numbers nobody has are counted as well, so that the answers stay alike.
        count_miss(BY_NUMBER, plain, now=now)
        raise
