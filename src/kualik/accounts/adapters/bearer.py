"""Who another system is: the token of its ``Authorization`` header, its scope and its rate."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.http import HttpRequest
from ninja.security import HttpBearer

from kualik.accounts.models import ApiToken
from kualik.accounts.queries.looks import PROGRAM
from kualik.accounts.queries.tokens import Scope, token_of_secret
from kualik.core import clock
from kualik.core.journal import Actor
from kualik.core.throttle import MINUTE, Left, Limit, address_of, check_limit, count_miss, spend
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation

GUESSES: Final = Limit("api token", 30)
CALLS: Final = Limit("api call", 600, MINUTE)
# How exactly the last use is remembered.
NOTED_EACH: Final = timedelta(minutes=1)
LEFT: Final = "kualik.calls_left"
CALLER: Final = "kualik.caller"


class Bearer(HttpBearer):
    """Lets a call in by a standing token with ``scope``, at most ``CALLS`` a minute.

    Raises ``token_unknown``, ``token_over``, ``scope_missing``, ``calls_spent`` and, for who
    guesses, ``too_many_tries``.
    """

    openapi_description = "A token that an administrator made at /office/tokens/."

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        """The token, its last use noted; a call that is asked twice counts once."""
        kept = request.META.get(CALLER)
        if isinstance(kept, ApiToken):
            return kept
        now = clock.now()
        found = token_of_secret(token)
        if found is None:
            _count_guess(request, now)
            raise RuleViolation("token_unknown")
        if found.revoked_at is not None or now >= found.ends_at:
            raise RuleViolation("token_over")
        left = spend(CALLS, str(found.pk), now=now)
        request.META[LEFT] = left
        if left.tries < 0:
            raise RuleViolation("calls_spent", seconds=left.seconds)
        if self.scope is not None and self.scope not in found.scopes:
            raise RuleViolation("scope_missing", scope=self.scope.value)
        _note_use(found, now)
        request.META[CALLER] = found
        return found


def caller(request: HttpRequest) -> ApiToken:
    """The token by which a call came. Raises ``token_missing``."""
    found = getattr(request, "auth", None)
    if not isinstance(found, ApiToken):
        raise RuleViolation("token_missing")
    return found


def provider_of(token: ApiToken) -> Provider:
    """The organisation of a token. Raises ``scope_missing`` for a token of none."""
    if token.provider is None:
        raise RuleViolation("scope_missing", scope=", ".join(token.scopes))
    return token.provider


def program_actor(token: ApiToken) -> Actor:
    """A token as the journal names it."""
    return Actor(name=f"token:{token.pk}", role=PROGRAM)


def calls_left(request: HttpRequest) -> Left | None:
    """What the call left of the token's rate; None for one without a token."""
    left = request.META.get(LEFT)
    return left if isinstance(left, Left) else None


def _count_guess(request: HttpRequest, now: datetime) -> None:
    """A wrong token is counted against the address; who has a right one is never kept out."""
    address = address_of(request)
    check_limit(GUESSES, address, now=now)
    count_miss(GUESSES, address, now=now)


def _note_use(token: ApiToken, now: datetime) -> None:
    rows = ApiToken.objects.filter(pk=token.pk)
    rows.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EACH)).update(
        last_used_at=now
    )
