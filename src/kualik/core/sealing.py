"""Sealing what the database must hold and nobody may read there: numbers, tokens, secrets."""

import hmac
import os
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from kualik.rules.errors import RuleViolation

NONCE_BYTES: Final = 12


@cache
def purpose_key(purpose: str) -> bytes:
    """The installation's key for one purpose, 32 bytes: what is sealed for one opens no other."""
    return hmac.digest(settings.IIN_KEY.encode(), purpose.encode(), "sha256")


def keyed_digest(content: bytes, *, purpose: str) -> str:
    """HMAC-SHA-256 in hexadecimal: who has the rows alone cannot try out what it was made of."""
    return hmac.digest(purpose_key(purpose), content, "sha256").hex()


def seal(text: str, *, purpose: str) -> bytes:
    """Nonce and AES-256-GCM ciphertext."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(purpose_key(purpose)).encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes, *, purpose: str) -> str:
    """The text. Raises ``iin_key_wrong`` when the installation's key is another."""
    kept = bytes(sealed)
    try:
        plain = AESGCM(purpose_key(purpose)).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise RuleViolation("iin_key_wrong") from error
    return plain.decode()
