"""Keeping the number of an identity document: sealed, with a key of its own purpose."""

from typing import Final

from kualik.core.sealing import seal, unseal

PURPOSE: Final = "document number seal"


def seal_number(number: str) -> bytes:
    """Nonce and AES-256-GCM ciphertext."""
    return seal(number, purpose=PURPOSE)


def open_number(sealed: bytes) -> str:
    """The number; empty where it is forgotten. Raises ``iin_key_wrong`` when the installation's
    key is another."""
    return unseal(sealed, purpose=PURPOSE) if sealed else ""
