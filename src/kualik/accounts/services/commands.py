"""Commands of other systems, each done once however often its key comes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from kualik.accounts.models import ApiAnswer, ApiToken
from kualik.core.sealing import keyed_digest
from kualik.rules.errors import RuleViolation

Body = dict[str, Any]
# Afterwards the same key begins a command anew.
KEPT_FOR: Final = timedelta(days=30)
PURPOSE: Final = "api command"


@dataclass(frozen=True, slots=True)
class Done:
    """The answer of a command; ``is_repeated`` where it was done before."""

    status: int
    body: Body
    is_repeated: bool


def command_digest(*, path: str, body: bytes) -> str:
    """What makes two commands the same: where they go and what they say.

    With the installation's key: all but the IIN of a body stands in the register, so whoever has
    the rows could find it by a bare digest.
    """
    return keyed_digest(path.encode() + b"\n" + body, purpose=PURPOSE)


def do_once(
    *,
    token: ApiToken,
    key: str,
    digest: str,
    act: Callable[[], tuple[int, Body]],
    now: datetime,
) -> Done:
    """Run ``act`` and keep its answer, in one transaction; a key that comes again gets it.

    What ``act`` refuses leaves nothing behind, so the key may be used again for what was mended.
    Raises ``idempotency_key_reused`` for one that came with another command.
    """
    # A sender may take anything for a key, an IIN too: only its digest is kept.
    key = keyed_digest(key.encode(), purpose=PURPOSE)
    kept = _kept(token, key, digest)
    if kept is not None:
        return kept
    try:
        with transaction.atomic():
            status, body = act()
            ApiAnswer.objects.create(
                token=token, key=key, digest=digest, status=status, body=body, answered_at=now
            )
    except IntegrityError:
        # Another call with this key was done meanwhile, and all of ours is undone.
        kept = _kept(token, key, digest)
        if kept is None:
            raise
        return kept
    return Done(status, body, is_repeated=False)


def forget_answers(*, now: datetime) -> int:
    """Remove the answers whose keys nobody repeats any more; how many."""
    return ApiAnswer.objects.filter(answered_at__lt=now - KEPT_FOR).delete()[0]


def _kept(token: ApiToken, key: str, digest: str) -> Done | None:
    row = ApiAnswer.objects.filter(token=token, key=key).first()
    if row is None:
        return None
    if row.digest != digest:
        raise RuleViolation("idempotency_key_reused")
    return Done(row.status, row.body, is_repeated=True)
