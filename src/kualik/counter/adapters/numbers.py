"""Keeping the number of an identity document: sealed, with a key of its own purpose."""

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
def _key() -> bytes:
    return hmac.digest(settings.IIN_KEY.encode(), b"document number seal", "sha256")


def seal_number(number: str) -> bytes:
    """Nonce and AES-256-GCM ciphertext."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key()).encrypt(nonce, number.encode(), None)


def open_number(sealed: bytes) -> str:
    """The number; empty where it is forgotten. Raises ``iin_key_wrong`` when the installation's
    key is another."""
    kept = bytes(sealed)
    if not kept:
        return ""
    try:
        return AESGCM(_key()).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], None).decode()
    except InvalidTag as error:
        raise RuleViolation("iin_key_wrong") from error
