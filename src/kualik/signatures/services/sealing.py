"""Sealing documents and writing down who used which key for what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from kualik.accounts.models import User
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.keys import load_key, serial_hex, store_path
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.models import KeyUse, SigningKey

BATCH = 400
KEYS_IN_MEMORY = 64


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A finished file and its SHA-256 in lower-case hex."""

    content: bytes
    sha256: str


def open_sealer(*, key: SigningKey) -> Sealer:
    """The key, opened once per process and file version.

    Raises ``key_disabled``, ``key_missing``, ``key_locked``, ``key_unsupported``, and
    ``key_mismatch`` when the file holds another certificate than the table says.
    """
    if key.disabled_at is not None:
        raise RuleViolation("key_disabled", label=key.label)
    path = store_path(settings.KEYS_ROOT, key.store)
    try:
        changed_at = path.stat().st_mtime_ns
    except OSError as error:
        raise RuleViolation("key_missing", store=key.store) from error
    sealer = _opened(path, changed_at, settings.KEY_PASSPHRASE)
    if serial_hex(sealer.certificate) != key.serial:
        raise RuleViolation("key_mismatch", store=key.store)
    return sealer


def log_key_use(
    *,
    key: SigningKey,
    purpose: str,
    digests: Iterable[str],
    actor: User | None,
    now: datetime,
) -> None:
    """Write down one use for each finished file (SHA-256, lower-case hex).

    Call it in the transaction that makes the documents valid. A repeated job that made the same
    file again adds nothing.
    """
    KeyUse.objects.bulk_create(
        [
            KeyUse(key=key, used_at=now, actor=actor, purpose=purpose, document_sha256=digest)
            for digest in digests
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def seal_documents(
    *,
    key: SigningKey,
    documents: Sequence[bytes],
    reason: str,
    location: str,
    purpose: str,
    actor: User | None,
    now: datetime,
) -> list[SealedDocument]:
    """Seal files in order and log the uses; nothing is logged if one of them fails.

    ``reason`` and ``location`` are written into the signature for readers of the PDF.
    Raises as ``open_sealer`` and ``Sealer.seal`` do.
    """
    sealer = open_sealer(key=key)
    sealed = [
        sealer.seal(document, sealed_at=now, reason=reason, location=location)
        for document in documents
    ]
    finished = [SealedDocument(content, sha256(content).hexdigest()) for content in sealed]
    log_key_use(
        key=key,
        purpose=purpose,
        digests=[document.sha256 for document in finished],
        actor=actor,
        now=now,
    )
    return finished


@lru_cache(maxsize=KEYS_IN_MEMORY)
def _opened(path: Path, changed_at: int, passphrase: str) -> Sealer:
    """``changed_at`` (ns) is part of the cache key: a replaced file is opened anew."""
    return Sealer(load_key(path, passphrase))
