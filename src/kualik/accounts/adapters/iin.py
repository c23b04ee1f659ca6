"""Keeping an IIN: a keyed hash to look it up, a sealed copy to show it."""

import hashlib
import hmac
from typing import Final

from kualik.core.sealing import purpose_key, seal, unseal

PURPOSE: Final = "iin seal"


def iin_hash(iin: str) -> str:
    """The look-up value of an IIN: HMAC-SHA-256, hexadecimal."""
    return hmac.new(purpose_key("iin look-up"), iin.encode(), hashlib.sha256).hexdigest()


def seal_iin(iin: str) -> bytes:
    """Nonce and AES-256-GCM ciphertext of an IIN."""
    return seal(iin, purpose=PURPOSE)


def open_iin(sealed: bytes) -> str:
    """The IIN; RuleViolation ``iin_key_wrong`` when the installation's key is another."""
    return unseal(sealed, purpose=PURPOSE)
