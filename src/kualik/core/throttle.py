"""Limits on guessing: misses are counted in the database, hits cost nothing."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.db.models import F, QuerySet
from django.http import HttpRequest

from kualik.core.models import Miss
from kualik.rules.errors import RuleViolation

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
# The part of an IPv6 address that one customer of a network is given.
HOST_BITS = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """So many misses of one guesser are borne within ``window``, from the first one on.

    ``what`` names the guess. No window may be longer than a day: older rows are removed.
    """

    what: str
    misses: int
    window: timedelta = QUARTER


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a limit: tries, and whole seconds until it begins anew (at least one)."""

    tries: int
    seconds: int


def address_of(request: HttpRequest) -> str:
    """The visitor's network address; behind a trusted proxy the one that the proxy added last.

    Of an IPv6 address the network alone (/64): its owner may take any of the others at will.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    if settings.BEHIND_PROXY and forwarded:
        address = forwarded.rsplit(",", 1)[-1].strip()
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> HOST_BITS << HOST_BITS))


def is_spent(limit: Limit, guesser: str, *, now: datetime) -> bool:
    """Whether ``guesser`` (an address, or what is guessed at) has no try left."""
    return _open(limit, guesser, now).filter(count__gte=limit.misses).exists()


def check_limit(limit: Limit, guesser: str, *, now: datetime) -> None:
    """Raises ``too_many_tries`` when the limit is spent."""
    if is_spent(limit, guesser, now=now):
        raise RuleViolation("too_many_tries", minutes=limit.window // MINUTE)


def count_miss(limit: Limit, guesser: str, *, now: datetime, times: int = 1) -> None:
    """Remember a wrong guess, or so many at once; parallel ones are all counted."""
    more = {"count": F("count") + times}
    if _open(limit, guesser, now).update(**more):
        return
    # A window begins: the time to forget those that are over.
    Miss.objects.filter(window_start__lte=now - DAY).delete()
    key = _key(limit, guesser)
    over = Miss.objects.filter(key=key, window_start__lte=now - limit.window)
    if not over.update(window_start=now, count=times):
        Miss.objects.bulk_create([Miss(key=key, window_start=now)], ignore_conflicts=True)
        _open(limit, guesser, now).update(**more)


def spend(limit: Limit, guesser: str, *, now: datetime) -> Left:
    """Count one call, however many are left; ``tries`` is below zero for one beyond the limit."""
    count_miss(limit, guesser, now=now)
    row = Miss.objects.get(key=_key(limit, guesser))
    seconds = (row.window_start + limit.window - now).total_seconds()
    return Left(limit.misses - row.count, max(1, int(seconds)))


def _open(limit: Limit, guesser: str, now: datetime) -> QuerySet[Miss]:
    """The row of a window that is not over."""
    return Miss.objects.filter(key=_key(limit, guesser), window_start__gt=now - limit.window)


def _key(limit: Limit, guesser: str) -> str:
    return hashlib.sha256(f"{limit.what}:{guesser}".encode()).hexdigest()
