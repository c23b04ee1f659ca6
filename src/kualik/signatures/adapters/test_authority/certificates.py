"""Certificates of the test authority in the shape of the NCA's, for every scheme."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import core, keys, x509
from cryptography.x509 import random_serial_number

from kualik.signatures.adapters.test_authority.schemes import SigningKey
from kualik.signatures.adapters.test_authority.subjects import Purpose

FIRST_GENERALIZED_YEAR = 2050
POLICY = "1.2.398.3.3.2"
STORAGE = "1.2.398.3.3.5"
# The store's kind, PKCS#12, as the NCA writes it: SEQUENCE { 1.2.398.3.3.5.1.1 }.
STORAGE_PKCS12 = bytes.fromhex("300a06082a830e0303050101")

AUTHORITY_USAGE = frozenset({"key_cert_sign", "crl_sign"})
SIGNING_USAGE = frozenset({"digital_signature", "non_repudiation"})
AUTHENTICATION_USAGE = frozenset({"digital_signature", "key_encipherment"})
SERVICE_USAGE = frozenset({"digital_signature"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key with its certificate (DER) and the certificates above it, the root last.

    Authorities and services are held in the same way.
    """

    key: SigningKey
    certificate_der: bytes
    chain: tuple[bytes, ...]

    @property
    def certificate(self) -> x509.Certificate:
        return x509.Certificate.load(self.certificate_der)

    @property
    def serial(self) -> int:
        number: int = self.certificate.serial_number
        return number


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services answer; ``base`` without a slash at the end, empty for nowhere."""

    base: str = ""

    @property
    def ocsp(self) -> str:
        return f"{self.base}/ocsp"

    @property
    def tsa(self) -> str:
        return f"{self.base}/tsa"

    @property
    def crl(self) -> str:
        return f"{self.base}/crl"

    @property
    def delta(self) -> str:
        return f"{self.base}/crl/delta"

    @property
    def ca(self) -> str:
        return f"{self.base}/ca"

    @property
    def root_crl(self) -> str:
        return f"{self.base}/crl/root"

    @property
    def root(self) -> str:
        return f"{self.base}/ca/root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a certificate says. ``serial`` None means a random one.

    ``extended`` is critical for services, as the standards of their protocols demand.
    """

    name: x509.Name
    not_before: datetime
    not_after: datetime
    usage: frozenset[str]
    extended: Sequence[str] = ()
    is_authority: bool = False
    serial: int | None = None
    addresses: Addresses = Addresses()


def certify(key: SigningKey, content: Content, *, issuer: Leaf | None) -> Leaf:
    """Certify ``key`` by ``issuer``; without an issuer the key certifies itself."""
    signer = issuer.key if issuer else key
    above = issuer.certificate.subject if issuer else content.name
    serial = content.serial if content.serial is not None else random_serial_number()
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": serial,
            "signature": signer.suite.signature_algorithm(),
            "issuer": above,
            "validity": {
                "not_before": time_of(content.not_before),
                "not_after": time_of(content.not_after),
            },
            "subject": content.name,
            "subject_public_key_info": keys.PublicKeyInfo.load(key.spki_der),
            "extensions": _extensions(key, content, signer),
        }
    )
    certificate = x509.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": signer.suite.signature_algorithm(),
            "signature_value": signer.sign(body.dump()),
        }
    )
    chain = (issuer.certificate_der, *issuer.chain) if issuer else ()
    return Leaf(key, certificate.dump(), chain)


def key_identifier(spki_der: bytes) -> bytes:
    """SHA-1 of the public key's bits, the common form of the key identifier (RFC 5280)."""
    return hashlib.sha1(public_bits(spki_der), usedforsecurity=False).digest()


def public_bits(spki_der: bytes) -> bytes:
    """The content of the BIT STRING of a public key, whatever its algorithm."""
    bits = core.Sequence.load(spki_der)[1].dump()
    found: bytes = core.OctetBitString.load(bits).native
    return found


def time_of(moment: datetime) -> x509.Time:
    """A moment as X.509 writes it: two-digit years until 2049, seconds, UTC."""
    exact = moment.astimezone(UTC).replace(microsecond=0)
    if exact.year < FIRST_GENERALIZED_YEAR:
        return x509.Time(name="utc_time", value=core.UTCTime(exact))
    return x509.Time(name="general_time", value=core.GeneralizedTime(exact))


def _extensions(key: SigningKey, content: Content, signer: SigningKey) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    if content.is_authority:
        found.append(_extension("basic_constraints", x509.BasicConstraints({"ca": True}), True))
    found.append(_extension("key_usage", x509.KeyUsage(set(content.usage)), True))
    if content.extended:
        is_service = content.extended[0] in {Purpose.TIME_STAMPING, Purpose.OCSP_SIGNING}
        usages = x509.ExtKeyUsageSyntax([str(oid) for oid in content.extended])
        found.append(_extension("extended_key_usage", usages, is_service))
        if content.extended[0] == Purpose.OCSP_SIGNING:
            found.append(_extension("ocsp_no_check", core.Null(), False))
    own = core.OctetString(key_identifier(key.spki_der))
    found.append(_extension("key_identifier", own, False))
    above = x509.AuthorityKeyIdentifier({"key_identifier": key_identifier(signer.spki_der)})
    found.append(_extension("authority_key_identifier", above, False))
    policies = x509.CertificatePolicies([{"policy_identifier": POLICY}])
    found.append(_extension("certificate_policies", policies, False))
    if content.extended:
        stored = core.ParsableOctetString(STORAGE_PKCS12)
        found.append({"extn_id": STORAGE, "extn_value": stored})
    if content.addresses.base and signer is not key:
        found.extend(_address_extensions(content))
    return found


def _address_extensions(content: Content) -> list[dict[str, object]]:
    where = content.addresses
    issuer = where.root if content.is_authority else where.ca
    access = [{"access_method": "ca_issuers", "access_location": _uri(issuer)}]
    if content.is_authority:
        return [
            _extension("authority_information_access", _access(access), False),
            _extension("crl_distribution_points", _points(where.root_crl), False),
        ]
    access.insert(0, {"access_method": "ocsp", "access_location": _uri(where.ocsp)})
    return [
        _extension("authority_information_access", _access(access), False),
        _extension("crl_distribution_points", _points(where.crl), False),
        _extension("freshest_crl", _points(where.delta), False),
    ]


def _extension(name: str, value: core.Asn1Value, critical: bool) -> dict[str, object]:
    return {
        "extn_id": name,
        "critical": critical,
        "extn_value": core.ParsableOctetString(value.dump()),
    }


def _uri(address: str) -> x509.GeneralName:
    return x509.GeneralName(name="uniform_resource_identifier", value=x509.URI(address))


def _access(entries: list[dict[str, object]]) -> x509.AuthorityInfoAccessSyntax:
    return x509.AuthorityInfoAccessSyntax(entries)


def _points(address: str) -> x509.CRLDistributionPoints:
    name = x509.DistributionPointName(name="full_name", value=x509.GeneralNames([_uri(address)]))
    return x509.CRLDistributionPoints([{"distribution_point": name}])
