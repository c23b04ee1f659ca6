"""Certificates as the verification needs them: read once, every key of the country included.

Read with asn1crypto and only down to the key: for a GOST key its parser knows no way further, and
the parser of ``cryptography`` refuses whole certificates of the national centre for one odd
extension.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from asn1crypto import core, x509

from kualik.signatures.adapters.algorithms import Algorithm
from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, as_der

CERTIFICATE_LIMIT_BYTES: Final = 64 * 1024
TEXT_LIMIT: Final = 400

BASIC_CONSTRAINTS: Final = "2.5.29.19"
KEY_USAGE: Final = "2.5.29.15"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
AUTHORITY_KEY: Final = "2.5.29.35"
SUBJECT_KEY: Final = "2.5.29.14"
CRL_POINTS: Final = "2.5.29.31"
DELTA_POINTS: Final = "2.5.29.46"
AUTHORITY_INFO: Final = "1.3.6.1.5.5.7.1.1"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
SUBJECT_NAMES: Final = "2.5.29.17"
UNDERSTOOD: Final = frozenset(
    {BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, CERTIFICATE_POLICIES, SUBJECT_NAMES,
     AUTHORITY_KEY, SUBJECT_KEY, CRL_POINTS, DELTA_POINTS, AUTHORITY_INFO}
)  # fmt: skip

COMMON_NAME: Final = "2.5.4.3"
SERIAL_NUMBER: Final = "2.5.4.5"
ORGANISATION: Final = "2.5.4.10"
ORGANISATION_UNIT: Final = "2.5.4.11"
GIVEN_NAME: Final = "2.5.4.42"
IIN: Final = re.compile(r"IIN([0-9]{12})")
BIN: Final = re.compile(r"BIN([0-9]{12})")


class BrokenCertificate(ValueError):
    """The bytes are not a certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The parts of a certificate. Names are normalised texts that may be compared; ``subject``
    maps identifiers of attributes to their values; ``key_usage`` is None where the certificate
    does not limit it; ``strange`` are critical extensions nobody here understands."""

    der: bytes
    tbs: bytes
    algorithm: Algorithm
    signature: bytes
    spki_der: bytes
    serial: int
    issuer_name: str
    subject_name: str
    issuer_common_name: str
    issuer_der: bytes
    subject: Mapping[str, tuple[str, ...]] = field(hash=False)
    not_before: datetime
    not_after: datetime
    is_authority: bool
    path_length: int | None
    key_usage: frozenset[str] | None
    purposes: tuple[str, ...]
    key_id: bytes
    issuer_key_id: bytes
    extensions: frozenset[str]
    strange: frozenset[str]
    ocsp_urls: tuple[str, ...]
    crl_urls: tuple[str, ...]
    delta_urls: tuple[str, ...]

    @property
    def serial_hex(self) -> str:
        """The serial number as people read it, lower-case hexadecimal."""
        return f"{self.serial:x}"

    @property
    def person(self) -> str:
        """The holder: surname and given name of the common name, then the patronymic."""
        name = self._first(COMMON_NAME)
        patronymic = self._first(GIVEN_NAME)
        missing = patronymic and patronymic.casefold() not in name.casefold().split()
        return f"{name} {patronymic}" if missing else name

    @property
    def iin(self) -> str:
        """12 digits, or an empty string."""
        return self._coded(IIN, SERIAL_NUMBER)

    @property
    def bin(self) -> str:
        """12 digits, or an empty string; an information system has it as its serial number."""
        return self._coded(BIN, ORGANISATION_UNIT) or self._coded(BIN, SERIAL_NUMBER)

    @property
    def organisation(self) -> str:
        """The name of the organisation, or an empty string."""
        return self._first(ORGANISATION)

    def allows(self, *usages: str) -> bool:
        """Whether the key usage permits one of ``usages`` or does not limit the key."""
        return self.key_usage is None or not self.key_usage.isdisjoint(usages)

    def covers(self, moment: datetime) -> bool:
        """Whether ``moment`` lies in the validity of the certificate."""
        return self.not_before <= moment <= self.not_after

    def _first(self, oid: str) -> str:
        return next(iter(self.subject.get(oid, ())), "")

    def _coded(self, pattern: re.Pattern[str], oid: str) -> str:
        found = (pattern.fullmatch(value.strip()) for value in self.subject.get(oid, ()))
        return next((match[1] for match in found if match), "")


@lru_cache(maxsize=512)
def read_certificate(der: bytes) -> Certificate:
    """The certificate of these bytes. Raises BrokenCertificate."""
    if len(der) > CERTIFICATE_LIMIT_BYTES:
        raise BrokenCertificate("too large")
    try:
        if as_der(der) != der:
            raise BrokenCertificate("not DER")
        return _read(der)
    except BrokenCertificate:
        raise
    except PARSER_ERRORS as error:
        raise BrokenCertificate(type(error).__name__) from error


def read_algorithm(found: core.Sequence) -> Algorithm:
    """An AlgorithmIdentifier of asn1crypto, read without touching what it does not know."""
    parameters = found["parameters"]
    der = b"" if isinstance(parameters, core.Void) else parameters.dump()
    return Algorithm(found["algorithm"].dotted, der)


def signature_bits(found: core.Asn1Value) -> bytes:
    """The bytes of a signature that is written as a bit string; whole bytes only."""
    contents: bytes = found.contents
    if contents[:1] != b"\x00":
        raise ValueError("a signature of odd bits")
    return contents[1:]


def read_extensions(found: core.Asn1Value) -> dict[str, tuple[bool, bytes]]:
    """Extensions by identifier: critical or not, and their DER. A repeated one is an error."""
    if isinstance(found, core.Void):
        return {}
    read: dict[str, tuple[bool, bytes]] = {}
    for item in found:
        oid = item["extn_id"].dotted
        if oid in read:
            raise ValueError("an extension is repeated")
        read[oid] = (bool(item["critical"].native), item["extn_value"].contents)
    return read


def _read(der: bytes) -> Certificate:
    outer = x509.Certificate.load(der, strict=True)
    tbs = outer["tbs_certificate"]
    algorithm = read_algorithm(outer["signature_algorithm"])
    if read_algorithm(tbs["signature"]) != algorithm:
        raise BrokenCertificate("two different algorithms")
    extensions = read_extensions(tbs["extensions"])
    is_authority, path_length = _basic_constraints(extensions)
    ocsp_urls = _access_points(extensions)
    return Certificate(
        der=der,
        tbs=tbs.dump(),
        algorithm=algorithm,
        signature=signature_bits(outer["signature_value"]),
        spki_der=tbs["subject_public_key_info"].dump(),
        serial=tbs["serial_number"].native,
        issuer_name=tbs["issuer"].hashable,
        subject_name=tbs["subject"].hashable,
        issuer_common_name=next(iter(_attributes(tbs["issuer"]).get(COMMON_NAME, ())), ""),
        issuer_der=tbs["issuer"].dump(),
        subject=_attributes(tbs["subject"]),
        not_before=tbs["validity"]["not_before"].native,
        not_after=tbs["validity"]["not_after"].native,
        is_authority=is_authority,
        path_length=path_length,
        key_usage=_key_usage(extensions),
        purposes=_purposes(extensions),
        key_id=_octets(extensions, SUBJECT_KEY),
        issuer_key_id=authority_key(extensions),
        extensions=frozenset(extensions),
        strange=frozenset(
            oid for oid, (critical, _) in extensions.items() if critical and oid not in UNDERSTOOD
        ),
        ocsp_urls=ocsp_urls,
        crl_urls=_points(extensions, CRL_POINTS),
        delta_urls=_points(extensions, DELTA_POINTS),
    )


def _attributes(name: x509.Name) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for part in name.chosen:
        for attribute in part:
            value = attribute["value"].native
            text = value[:TEXT_LIMIT] if isinstance(value, str) else ""
            oid = attribute["type"].dotted
            found[oid] = (*found.get(oid, ()), text)
    return found


def _parsed(
    extensions: Mapping[str, tuple[bool, bytes]], oid: str, kind: type[core.Asn1Value]
) -> core.Asn1Value | None:
    if oid not in extensions:
        return None
    value = extensions[oid][1]
    if as_der(value) != value:
        raise Asn1Error("malformed")
    return kind.load(value, strict=True)


def _basic_constraints(extensions: Mapping[str, tuple[bool, bytes]]) -> tuple[bool, int | None]:
    found = _parsed(extensions, BASIC_CONSTRAINTS, x509.BasicConstraints)
    if found is None:
        return False, None
    return bool(found["ca"].native), found["path_len_constraint"].native


def _key_usage(extensions: Mapping[str, tuple[bool, bytes]]) -> frozenset[str] | None:
    found = _parsed(extensions, KEY_USAGE, x509.KeyUsage)
    return None if found is None else frozenset(found.native)


def _purposes(extensions: Mapping[str, tuple[bool, bytes]]) -> tuple[str, ...]:
    found = _parsed(extensions, EXTENDED_KEY_USAGE, x509.ExtKeyUsageSyntax)
    return () if found is None else tuple(purpose.dotted for purpose in found)


def _octets(extensions: Mapping[str, tuple[bool, bytes]], oid: str) -> bytes:
    found = _parsed(extensions, oid, core.OctetString)
    return b"" if found is None else found.native


def authority_key(extensions: Mapping[str, tuple[bool, bytes]]) -> bytes:
    """The key identifier of the issuer, or an empty string."""
    found = _parsed(extensions, AUTHORITY_KEY, x509.AuthorityKeyIdentifier)
    identifier = None if found is None else found["key_identifier"].native
    return identifier or b""


def _access_points(extensions: Mapping[str, tuple[bool, bytes]]) -> tuple[str, ...]:
    """Addresses of the OCSP service; a hint only, so unreadable ones are left out."""
    try:
        found = _parsed(extensions, AUTHORITY_INFO, x509.AuthorityInfoAccessSyntax)
        return () if found is None else tuple(
            str(entry["access_location"].native)
            for entry in found
            if entry["access_method"].native == "ocsp"
        )  # fmt: skip
    except PARSER_ERRORS:
        return ()


def _points(extensions: Mapping[str, tuple[bool, bytes]], oid: str) -> tuple[str, ...]:
    """Addresses of revocation lists; a hint only, so unreadable ones are left out."""
    try:
        found = _parsed(extensions, oid, x509.CRLDistributionPoints)
        return () if found is None else point_addresses(found)
    except PARSER_ERRORS:
        return ()


def point_addresses(points: core.SequenceOf) -> tuple[str, ...]:
    """The addresses that distribution points name in full."""
    return tuple(
        str(name.native)
        for point in points
        if not isinstance(point["distribution_point"], core.Void)
        and point["distribution_point"].name == "full_name"
        for name in point["distribution_point"].chosen
        if name.name == "uniform_resource_identifier"
    )
