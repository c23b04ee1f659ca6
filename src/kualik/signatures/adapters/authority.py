"""A certificate authority for demonstrations and tests.

It imitates the shape of the National Certification Authority's certificates (subject attributes,
key usage, role identifiers) and nothing else: every name says that it is a test. No IIN is ever
put into a certificate, because the certificate travels inside public PDF files.
"""

import enum
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.keys import LoadedKey, write_private

TEST = "KUALIK TEST"
KEY_BITS = 2048
ROOT_YEARS = 30
ISSUING_YEARS = 20
LEAF_LIFE = timedelta(days=365)
COMMON_NAME_BYTES = 64

ROOT_FILE = "root.pem"
ISSUING_FILE = "issuing.pem"
ISSUING_KEY_FILE = "issuing.key.pem"

LEGAL_ENTITY = x509.ObjectIdentifier("1.2.398.3.3.4.1.2")


class SignerRole(enum.Enum):
    """What the holder may sign for the organisation, by the NCA's role identifiers."""

    FIRST_HEAD = "1.2.398.3.3.4.1.2.1"
    RIGHT_TO_SIGN = "1.2.398.3.3.4.1.2.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafRequest:
    """Whom to certify; ``holder_name`` is "surname given patronymic"."""

    holder_name: str
    organisation: str
    bin: str
    role: SignerRole


@dataclass(frozen=True, slots=True)
class TestAuthority:
    """The root certificate and the issuing authority with its key in memory."""

    __test__ = False

    root: x509.Certificate
    issuing: x509.Certificate
    issuing_key: rsa.RSAPrivateKey

    def issue(self, request: LeafRequest, *, now: datetime) -> LoadedKey:
        """A new key with a certificate valid for a year from ``now``."""
        key = _new_key()
        builder = _builder(_leaf_name(request), self.issuing.subject, key, now, now + LEAF_LIFE)
        certificate = _linked(builder, key, self.issuing_key)
        certificate = certificate.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        certificate = certificate.add_extension(_key_usage(signing=True), critical=True)
        certificate = certificate.add_extension(
            x509.ExtendedKeyUsage(
                [
                    ExtendedKeyUsageOID.EMAIL_PROTECTION,
                    LEGAL_ENTITY,
                    x509.ObjectIdentifier(request.role.value),
                ]
            ),
            critical=False,
        )
        return LoadedKey(key, certificate.sign(self.issuing_key, SHA256()), (self.issuing,))


def make_authority(directory: Path, *, passphrase: str, now: datetime) -> None:
    """Make the authority's files in ``directory``; one that is there already stays as it is.

    Valid from the first of January of the year before ``now``. Two processes that start together
    end with the same authority: the directory appears in one step. The root's key is not kept.
    """
    if directory.is_dir():
        return
    start = datetime(now.year - 1, 1, 1, tzinfo=UTC)
    root_key, issuing_key = _new_key(), _new_key()
    root_name, issuing_name = _authority_name("root"), _authority_name("issuing")
    root = _authority_certificate(
        _builder(root_name, root_name, root_key, start, _years_later(start, ROOT_YEARS)),
        key=root_key,
        issuer_key=root_key,
    )
    issuing = _authority_certificate(
        _builder(issuing_name, root_name, issuing_key, start, _years_later(start, ISSUING_YEARS)),
        key=issuing_key,
        issuer_key=root_key,
    )
    directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(dir=directory.parent, prefix=".authority-"))
    write_private(draft / ROOT_FILE, root.public_bytes(Encoding.PEM))
    write_private(draft / ISSUING_FILE, issuing.public_bytes(Encoding.PEM))
    write_private(draft / ISSUING_KEY_FILE, _key_pem(issuing_key, passphrase))
    try:
        draft.rename(directory)
    except OSError:
        shutil.rmtree(draft)
        if not directory.is_dir():
            raise


def open_authority(directory: Path, *, passphrase: str) -> TestAuthority:
    """The authority with its issuing key. Raises ``key_missing`` or ``key_locked``."""
    try:
        root = x509.load_pem_x509_certificate((directory / ROOT_FILE).read_bytes())
        issuing = x509.load_pem_x509_certificate((directory / ISSUING_FILE).read_bytes())
        sealed_key = (directory / ISSUING_KEY_FILE).read_bytes()
    except OSError as error:
        raise RuleViolation("key_missing", store=directory.name) from error
    try:
        issuing_key = load_pem_private_key(sealed_key, passphrase.encode())
    except ValueError as error:
        raise RuleViolation("key_locked", store=directory.name) from error
    if not isinstance(issuing_key, rsa.RSAPrivateKey):
        raise RuleViolation("key_unsupported", store=directory.name)
    return TestAuthority(root, issuing, issuing_key)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _key_pem(key: rsa.RSAPrivateKey, passphrase: str) -> bytes:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
    )


def _years_later(start: datetime, years: int) -> datetime:
    return start.replace(year=start.year + years)


def _authority_name(kind: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"{TEST} {kind} authority (RSA)"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, TEST),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ"),
        ]
    )


def _leaf_name(request: LeafRequest) -> x509.Name:
    surname, _, rest = request.holder_name.upper().partition(" ")
    given, _, patronymic = rest.partition(" ")
    common = f"{TEST} {surname} {given}".strip().encode()[:COMMON_NAME_BYTES]
    attributes = [
        x509.NameAttribute(NameOID.COMMON_NAME, common.decode(errors="ignore")),
        x509.NameAttribute(NameOID.SURNAME, surname),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, request.organisation),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"BIN{request.bin}"),
        x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ"),
    ]
    if patronymic:
        attributes.insert(2, x509.NameAttribute(NameOID.GIVEN_NAME, patronymic))
    return x509.Name(attributes)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before.astimezone(UTC))
        .not_valid_after(not_after.astimezone(UTC))
    )


def _linked(
    builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey, issuer_key: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(own, critical=False).add_extension(above, critical=False)


def _authority_certificate(
    builder: x509.CertificateBuilder, *, key: rsa.RSAPrivateKey, issuer_key: rsa.RSAPrivateKey
) -> x509.Certificate:
    linked = _linked(builder, key, issuer_key)
    linked = linked.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    linked = linked.add_extension(_key_usage(signing=False), critical=True)
    return linked.sign(issuer_key, SHA256())


def _key_usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signing,
        content_commitment=signing,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signing,
        crl_sign=not signing,
        encipher_only=False,
        decipher_only=False,
    )
