"""Keys of organisations: enrol and disable."""

from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.certificates import (
    BrokenCertificate,
    Certificate,
    read_certificate,
)
from kualik.signatures.adapters.keys import (
    LoadedKey,
    SealingKey,
    open_key,
    serial_hex,
    store_path,
    write_key,
)
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import owner_of
from kualik.signatures.services.cms_verification import key_faults
from kualik.signatures.services.verdicts import roles_of


@transaction.atomic
def enrol_key(
    *,
    provider: Provider | None,
    content: bytes,
    passphrase: str,
    label: str,
    now: datetime,
    actor: Actor,
) -> SigningKey:
    """Take over an RSA key from PKCS#12 content, sealed anew with the installation's passphrase.

    Without a ``provider`` it is the key of the operator (``settings.OPERATOR``), which seals the
    papers that no provider answers for. Raises ``key_locked``, ``key_unsupported``,
    ``operator_unnamed``, ``key_of_other_organisation`` when the certificate does not name the
    owner's BIN, and ``key_not_for_sealing`` unless it is one of an information system for signing.
    A person's certificate holds an IIN, and it would travel inside public files.
    """
    key = open_key(content, passphrase, name=label)
    check_for_sealing(key, provider=provider, label=label)
    return keep_key(key, provider=provider, label=label, is_test=False, now=now, actor=actor)


def check_for_sealing(key: SealingKey, *, provider: Provider | None, label: str) -> None:
    """Raises ``operator_unnamed``, ``key_of_other_organisation``, ``key_not_for_sealing``,
    ``key_unsupported``."""
    certificate, owner = _read(key, label), owner_of(provider)
    if certificate.bin != owner.bin:
        raise RuleViolation("key_of_other_organisation", bin=owner.bin)
    if (
        certificate.iin
        or "information_system" not in roles_of(certificate)
        or any(key_faults(certificate, "signing"))
    ):
        raise RuleViolation("key_not_for_sealing", store=label)


@transaction.atomic
def keep_key(
    key: LoadedKey,
    *,
    provider: Provider | None,
    label: str,
    is_test: bool,
    now: datetime,
    actor: Actor,
) -> SigningKey:
    """Write a key that was found fit into its owner's store and the table."""
    store = f"{owner_of(provider).code.lower()}-{serial_hex(key.certificate)}.p12"
    row = enter_key(
        key, provider=provider, store=store, label=label, is_test=is_test, now=now, actor=actor
    )
    path = store_path(settings.KEYS_ROOT, row.store)
    write_key(path, key=key, label=label, passphrase=settings.KEY_PASSPHRASE)
    return row


def enter_key(
    key: SealingKey,
    *,
    provider: Provider | None,
    store: str,
    label: str,
    is_test: bool,
    now: datetime,
    actor: Actor,
) -> SigningKey:
    """Write a key, wherever it lies, into the table."""
    certificate = key.certificate
    serial = serial_hex(certificate)
    row = SigningKey.objects.create(
        provider=provider,
        label=label,
        store=store,
        certificate_pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
        serial=serial,
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_test=is_test,
    )
    journal.record(
        subject=f"signing-key:{row.pk}",
        action="signatures.key_enrolled",
        actor=actor,
        now=now,
        data={"provider": owner_of(provider).code, "serial": serial, "test": is_test},
    )
    return row


@transaction.atomic
def disable_key(*, key: SigningKey, now: datetime, actor: Actor) -> SigningKey:
    """Nothing is signed with the key any more; what it signed stays valid."""
    key.disabled_at = now
    key.save(update_fields=["disabled_at"])
    journal.record(
        subject=f"signing-key:{key.pk}", action="signatures.key_disabled", actor=actor, now=now
    )
    return key


def _read(key: SealingKey, label: str) -> Certificate:
    try:
        return read_certificate(key.certificate.public_bytes(Encoding.DER))
    except BrokenCertificate as error:
        raise RuleViolation("key_unsupported", store=label) from error
