"""Keeping an IIN: a keyed hash to look it up, a sealed copy to show it."""

import hashlib
import hmac
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from kualik.rules.errors import RuleViolation

NONCE_BYTES = 12


@cache
def _key(purpose: str) -> bytes:
    return hmac.digest(settings.IIN_KEY.encode(), purpose.encode(), "sha256")


def iin_hash(iin: str) -> str:
    """The look-up value of an IIN: HMAC-SHA-256, hexadecimal."""
    return hmac.new(_key("iin look-up"), iin.encode(), hashlib.sha256).hexdigest()


def seal_iin(iin: str) -> bytes:
    """Nonce and AES-256-GCM ciphertext of an IIN."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key("iin seal")).encrypt(nonce, iin.encode(), None)


def open_iin(sealed: bytes) -> str:
    """The IIN; RuleViolation ``iin_key_wrong`` when the installation's key is another."""
    sealed = bytes(sealed)
    try:
        plain = AESGCM(_key("iin seal")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except InvalidTag as error:
        raise RuleViolation("iin_key_wrong") from error
    return plain.decode()
