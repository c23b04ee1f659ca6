"""Tokens of other systems: issued, renewed by a second one beside the first, revoked."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from kualik.accounts.models import ApiToken
from kualik.accounts.queries.tokens import WITHOUT_PROVIDER, Scope, token_digest
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation

# So that whoever finds one in a file knows what it opens, and programs that look for secrets too.
PREFIX: Final = "kualik_"
LONGEST: Final = timedelta(days=366)
# How long the old one still works beside its successor.
OVERLAP: Final = timedelta(days=7)


@transaction.atomic
def issue_token(
    *,
    provider: Provider | None,
    name: str,
    scopes: Collection[Scope],
    ends_at: datetime,
    actor: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is kept nowhere.

    Without a ``provider`` it opens what a code opens: documents to check, the status of requests.
    Raises ``token_scopes_empty``, ``token_scope_not_given``, ``token_end_wrong``.
    """
    if not scopes:
        raise RuleViolation("token_scopes_empty")
    if provider is None and not frozenset(scopes) <= WITHOUT_PROVIDER:
        raise RuleViolation("token_scope_not_given")
    if not now < ends_at <= now + LONGEST:
        raise RuleViolation("token_end_wrong", days=LONGEST.days)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        provider=provider,
        name=name,
        scopes=sorted(scopes),
        hash=token_digest(secret),
        hint=secret[-4:],
        created_at=now,
        created_by=actor.name,
        ends_at=ends_at,
    )
    _record(token, "accounts.token_issued", actor, now, scopes=sorted(scopes), name=name)
    return token, secret


@transaction.atomic
def renew_token(
    *, token: ApiToken, ends_at: datetime, actor: Actor, now: datetime
) -> tuple[ApiToken, str]:
    """A successor with the same scopes; the old one ends after ``OVERLAP`` at the latest.

    Raises ``token_over`` for one that opens nothing any more, and what ``issue_token`` raises.
    """
    current = _locked(token)
    if not stands(current, now=now):
        raise RuleViolation("token_over")
    made = issue_token(
        provider=current.provider,
        name=current.name,
        scopes=[Scope(scope) for scope in current.scopes],
        ends_at=ends_at,
        actor=actor,
        now=now,
    )
    current.ends_at = min(current.ends_at, now + OVERLAP)
    current.save(update_fields=["ends_at"])
    _record(current, "accounts.token_renewed", actor, now, successor=made[0].pk)
    return made


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Actor, now: datetime) -> None:
    """End a token at once; one that ended stays as it is."""
    current = _locked(token)
    if not stands(current, now=now):
        return
    current.revoked_at = now
    current.save(update_fields=["revoked_at"])
    _record(current, "accounts.token_revoked", actor, now)


def stands(token: ApiToken, *, now: datetime) -> bool:
    """Whether a token still opens anything."""
    return token.revoked_at is None and now < token.ends_at


def _locked(token: ApiToken) -> ApiToken:
    rows = ApiToken.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("provider").get(pk=token.pk)


def _record(token: ApiToken, action: str, actor: Actor, now: datetime, **data: object) -> None:
    journal.record(subject=f"token:{token.pk}", action=action, actor=actor, now=now, data=data)
