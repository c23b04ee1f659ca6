"""Opening keys for seals and writing down who used which key for what."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from kualik.accounts.models import User
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.keys import load_key, serial_hex, store_path
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.adapters.token_addresses import is_token_address
from kualik.signatures.models import KeyUse, SigningKey
from kualik.signatures.services.token_keys import open_token

BATCH = 400
KEYS_IN_MEMORY = 64


def open_sealer(*, key: SigningKey) -> Sealer:
    """The key, opened once per process and file version.

    Raises ``key_disabled``, ``test_keys_only_on_demonstration``, ``key_missing``, ``key_locked``,
    ``key_unsupported``, ``key_mismatch`` when another certificate is there than the table says, and
    for a key in a token ``token_unavailable``, ``token_pin_wrong``.
    """
    if key.disabled_at is not None:
        raise RuleViolation("key_disabled", label=key.label)
    if key.is_test and not settings.DEMO:
        raise RuleViolation("test_keys_only_on_demonstration")
    sealer = _in_token(key) if is_token_address(key.store) else _in_file(key)
    if serial_hex(sealer.certificate) != key.serial:
        raise RuleViolation("key_mismatch", store=key.store)
    return sealer


def try_key(*, key: SigningKey) -> None:
    """Sign a test that nobody keeps, and check the signature: whether the key works at all.

    Raises what ``open_sealer`` does, ``seal_failed``, and what the driver of a token raises.
    """
    open_sealer(key=key).prove()


def log_key_use(
    *,
    key: SigningKey,
    purpose: str,
    digests: Iterable[str],
    actor: User | None,
    now: datetime,
) -> None:
    """Write down one use for each finished file (SHA-256, lower-case hex).

    Call it before the files are stored, so that no use stays unknown. A repeated job that made the
    same file again adds nothing.
    """
    KeyUse.objects.bulk_create(
        [
            KeyUse(key=key, used_at=now, actor=actor, purpose=purpose, document_sha256=digest)
            for digest in digests
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def _in_file(key: SigningKey) -> Sealer:
    path = store_path(settings.KEYS_ROOT, key.store)
    try:
        changed_at = path.stat().st_mtime_ns
    except OSError as error:
        raise RuleViolation("key_missing", store=key.store) from error
    return _opened(path, changed_at, settings.KEY_PASSPHRASE)


def _in_token(key: SigningKey) -> Sealer:
    return _plugged(key.store, settings.PKCS11_MODULE, settings.PKCS11_PIN)


@lru_cache(maxsize=KEYS_IN_MEMORY)
def _plugged(store: str, _module: str, _pin: str) -> Sealer:
    """The settings are part of the cache key; the token itself is asked at every seal."""
    return Sealer(open_token(store))


@lru_cache(maxsize=KEYS_IN_MEMORY)
def _opened(path: Path, changed_at: int, passphrase: str) -> Sealer:
    """``changed_at`` (ns) is part of the cache key: a replaced file is opened anew."""
    return Sealer(load_key(path, passphrase))
