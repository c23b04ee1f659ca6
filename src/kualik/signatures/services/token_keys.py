"""Sealing keys that stay in a token: enrolling one, and opening it for work."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.keys import serial_hex
from kualik.signatures.adapters.tokens import TokenAccess, TokenKey, open_token_key
from kualik.signatures.models import SigningKey
from kualik.signatures.services.keys import check_for_sealing, enter_key


@transaction.atomic
def enrol_token_key(
    *, provider: Provider | None, store: str, label: str, now: datetime, actor: Actor
) -> SigningKey:
    """Enter the RSA key at an address such as ``pkcs11:token=Seals;object=Mor`` (RFC 7512).

    The key signs once, to show that the certificate beside it is its own. Raises as ``open_token``
    does, as ``enrol_key`` does for an unfit certificate, and ``key_enrolled_already``.
    """
    key = open_token(store)
    check_for_sealing(key, provider=provider, label=label)
    if SigningKey.objects.filter(serial=serial_hex(key.certificate)).exists():
        raise RuleViolation("key_enrolled_already")
    return enter_key(
        key,
        provider=provider,
        store=str(key.address),
        label=label,
        is_test=False,
        now=now,
        actor=actor,
    )


def open_token(store: str) -> TokenKey:
    """The key at an address, by the module and the PIN of the settings.

    Raises ``token_address_invalid``, ``token_unavailable``, ``token_pin_wrong``, ``key_missing``,
    ``key_unsupported``, ``key_mismatch``.
    """
    if not settings.PKCS11_MODULE:
        raise RuleViolation("token_unavailable", token=store)
    if not settings.PKCS11_PIN:
        # The token would count an empty one as a failed try.
        raise RuleViolation("token_pin_wrong", token=store)
    return open_token_key(store, TokenAccess(Path(settings.PKCS11_MODULE), settings.PKCS11_PIN))
