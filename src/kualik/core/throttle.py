"""Limits on guessing: misses are counted by address, hits cost nothing."""

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from kualik.rules.errors import RuleViolation

WINDOW_SECONDS = 15 * 60


def address_of(request: HttpRequest) -> str:
    """The visitor's network address; behind a trusted proxy the one that the proxy added last."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.BEHIND_PROXY and forwarded:
        return str(forwarded).rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def check_limit(request: HttpRequest, *, what: str, limit: int) -> None:
    """Raises ``too_many_tries`` after ``limit`` misses of ``what`` within a quarter of an hour."""
    if int(cache.get(_key(request, what), 0)) >= limit:
        raise RuleViolation("too_many_tries", minutes=WINDOW_SECONDS // 60)


def count_miss(request: HttpRequest, *, what: str) -> None:
    """Remember one wrong guess."""
    key = _key(request, what)
    if not cache.add(key, 1, WINDOW_SECONDS):
        cache.set(key, int(cache.get(key, 0)) + 1, WINDOW_SECONDS)


def _key(request: HttpRequest, what: str) -> str:
    digest = hashlib.sha256(address_of(request).encode()).hexdigest()[:32]
    return f"miss:{what}:{digest}"
