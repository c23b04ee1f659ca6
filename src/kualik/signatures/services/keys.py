"""Keys: enrol, disable, and the authorities that are believed."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import transaction

from kualik.accounts.models import User
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.authority import (
    ISSUING_FILE,
    ROOT_FILE,
    TEST,
    LeafRequest,
    SignerRole,
    make_authority,
    open_authority,
)
from kualik.signatures.adapters.keys import LoadedKey, open_key, serial_hex, store_path, write_key
from kualik.signatures.adapters.reading import Anchor, TrustStore
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import key_of_holder

TEST_AUTHORITY = "test-authority"
TRUST = "trust"


def ensure_test_authority(*, now: datetime) -> None:
    """Make the demonstration's certificate authority unless it is there."""
    _only_on_a_demonstration()
    make_authority(_authority_directory(), passphrase=settings.KEY_PASSPHRASE, now=now)


@transaction.atomic
def enrol_test_key(
    *,
    provider: Provider,
    holder: User,
    now: datetime,
    actor: Actor,
    role: SignerRole = SignerRole.RIGHT_TO_SIGN,
) -> SigningKey:
    """A key of the test authority for an authorised person, valid for a year from ``now``.

    A holder who has a usable test key keeps it. Raises ``test_keys_only_on_demonstration``,
    ``key_holder_of_other_provider``.
    """
    _same_provider(provider, holder)
    ensure_test_authority(now=now)
    present = key_of_holder(provider=provider, holder=holder, now=now)
    if present is not None and present.is_test:
        return present
    authority = open_authority(_authority_directory(), passphrase=settings.KEY_PASSPHRASE)
    request = LeafRequest(
        holder_name=holder.full_name,
        organisation=provider.name_kk,
        bin=provider.bin,
        role=role,
    )
    return _enrolled(
        authority.issue(request, now=now),
        provider=provider,
        holder=holder,
        label=f"{TEST} {holder.full_name}",
        is_test=True,
        now=now,
        actor=actor,
    )


@transaction.atomic
def enrol_key(
    *,
    provider: Provider,
    holder: User,
    content: bytes,
    passphrase: str,
    label: str,
    now: datetime,
    actor: Actor,
) -> SigningKey:
    """Take over an RSA key from PKCS#12 content, sealed anew with the installation's passphrase.

    Raises ``key_locked``, ``key_unsupported``, ``key_of_other_organisation`` when the
    certificate does not name the provider's BIN, ``key_holder_of_other_provider``.
    """
    _same_provider(provider, holder)
    key = open_key(content, passphrase, name=label)
    units = key.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if f"BIN{provider.bin}" not in [unit.value for unit in units]:
        raise RuleViolation("key_of_other_organisation", bin=provider.bin)
    return _enrolled(
        key, provider=provider, holder=holder, label=label, is_test=False, now=now, actor=actor
    )


@transaction.atomic
def disable_key(*, key: SigningKey, now: datetime, actor: Actor) -> SigningKey:
    """Nothing is signed with the key any more; what it signed stays valid."""
    key.disabled_at = now
    key.save(update_fields=["disabled_at"])
    journal.record(
        subject=f"signing-key:{key.pk}", action="signatures.key_disabled", actor=actor, now=now
    )
    return key


def trust_store() -> TrustStore:
    """The believed authorities: certificates in ``KEYS_ROOT/trust`` (PEM, self-issued ones are
    roots) and, on a demonstration only, the test authority."""
    anchors, intermediates = [], []
    for certificate in _certificates(sorted((settings.KEYS_ROOT / TRUST).glob("*.pem"))):
        if certificate.subject == certificate.issuer:
            anchors.append(Anchor(certificate, is_test=False))
        else:
            intermediates.append(certificate)
    directory = _authority_directory()
    if settings.DEMO and directory.is_dir():
        root, issuing = _certificates([directory / ROOT_FILE, directory / ISSUING_FILE])
        anchors.append(Anchor(root, is_test=True))
        intermediates.append(issuing)
    return TrustStore(tuple(anchors), tuple(intermediates))


def _enrolled(
    key: LoadedKey,
    *,
    provider: Provider,
    holder: User,
    label: str,
    is_test: bool,
    now: datetime,
    actor: Actor,
) -> SigningKey:
    certificate = key.certificate
    serial = serial_hex(certificate)
    row = SigningKey.objects.create(
        provider=provider,
        holder=holder,
        label=label,
        store=f"{provider.code.lower()}-{serial}.p12",
        certificate_pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
        serial=serial,
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_test=is_test,
    )
    path = store_path(settings.KEYS_ROOT, row.store)
    write_key(path, key=key, label=label, passphrase=settings.KEY_PASSPHRASE)
    journal.record(
        subject=f"signing-key:{row.pk}",
        action="signatures.key_enrolled",
        actor=actor,
        now=now,
        data={"provider": provider.code, "holder": holder.pk, "serial": serial, "test": is_test},
    )
    return row


def _same_provider(provider: Provider, holder: User) -> None:
    if holder.provider_id != provider.pk:
        raise RuleViolation("key_holder_of_other_provider", provider=provider.code)


def _only_on_a_demonstration() -> None:
    if not settings.DEMO:
        raise RuleViolation("test_keys_only_on_demonstration")


def _authority_directory() -> Path:
    return Path(settings.KEYS_ROOT) / TEST_AUTHORITY


def _certificates(paths: Iterable[Path]) -> list[x509.Certificate]:
    return [
        certificate
        for path in paths
        for certificate in x509.load_pem_x509_certificates(path.read_bytes())
    ]
