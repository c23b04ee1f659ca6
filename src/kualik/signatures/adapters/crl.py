"""Revocation lists, full and delta."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from asn1crypto import core
from asn1crypto import crl as asn1_crl
from cryptography import x509

from kualik.signatures.adapters.algorithms import Algorithm
from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, list_der, unarmoured
from kualik.signatures.adapters.certificates import (
    authority_key,
    point_addresses,
    read_algorithm,
    read_extensions,
    signature_bits,
)

CRL_NUMBER: Final = "2.5.29.20"
DELTA_INDICATOR: Final = "2.5.29.27"
ISSUING_POINT: Final = "2.5.29.28"
# The lists of a national centre grow for years.
LIST_LIMIT_BYTES: Final = 64 * 1024 * 1024
UNDERSTOOD: Final = frozenset({CRL_NUMBER, DELTA_INDICATOR, ISSUING_POINT, "2.5.29.35"})


class BrokenCrl(ValueError):
    """The bytes are not a revocation list that can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlScope:
    """Which certificates a list speaks of; ``addresses`` are the points it is published at.
    A list of some reasons only (``is_partial``) proves nothing good."""

    users: bool = True
    authorities: bool = True
    addresses: tuple[str, ...] = ()
    is_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlEntry:
    """One revoked certificate; ``reason`` as RFC 5280 names it, e.g. ``certificateHold``."""

    revoked_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """A list; ``base_number`` is the number of the full list that a delta changes.

    One that is not ``is_understood`` bears a mandatory extension that is unknown here, or entries
    of other issuers: nothing may be taken from it.
    """

    der: bytes
    tbs: bytes
    algorithm: Algorithm
    signature: bytes
    issuer_name: str
    issuer_key_id: bytes
    number: int
    base_number: int | None
    this_update: datetime
    next_update: datetime | None
    scope: CrlScope
    is_understood: bool = True

    def entry(self, serial: int) -> CrlEntry | None:
        """What the list says of a serial number. Raises BrokenCrl."""
        try:
            found = _parsed(self.der).get_revoked_certificate_by_serial_number(serial)
            if found is None:
                return None
            return CrlEntry(revoked_at=found.revocation_date_utc, reason=_reason(found))
        except (ValueError, x509.DuplicateExtension) as error:
            raise BrokenCrl("an entry cannot be read") from error


def read_crl(der: bytes) -> Crl:
    """The list of these bytes. Raises BrokenCrl, also for one that may not be used in full: of
    other issuers' certificates, of some reasons only, with an unknown critical extension."""
    found = _read_safely(der)
    if not found.is_understood or found.scope.is_partial:
        raise BrokenCrl("an unsupported scope or an unknown critical extension")
    return found


def open_crl(data: bytes) -> Crl:
    """The list of a file or an answer, whatever its scope: DER, base64 or PEM. Raises BrokenCrl."""
    if len(data) > 2 * LIST_LIMIT_BYTES:
        raise BrokenCrl("too large")
    try:
        der = list_der(unarmoured(data, LIST_LIMIT_BYTES))
    except Asn1Error as error:
        raise BrokenCrl(error.code) from error
    return _read_safely(der)


def _read_safely(der: bytes) -> Crl:
    try:
        return _read(der)
    except BrokenCrl:
        raise
    except (*PARSER_ERRORS, x509.InvalidVersion) as error:
        raise BrokenCrl(type(error).__name__) from error


def _read(der: bytes) -> Crl:
    outer = asn1_crl.CertificateList.load(der, strict=True)
    tbs = outer["tbs_cert_list"]
    algorithm = read_algorithm(outer["signature_algorithm"])
    if read_algorithm(tbs["signature"]) != algorithm:
        raise BrokenCrl("two different algorithms")
    extensions = read_extensions(tbs["crl_extensions"])
    is_strange = any(
        critical and oid not in UNDERSTOOD for oid, (critical, _) in extensions.items()
    )
    scope, is_indirect = _scope(extensions)
    delta = extensions.get(DELTA_INDICATOR)
    number = extensions.get(CRL_NUMBER)
    next_update = tbs["next_update"]
    # The other parser reads the entries; it must accept the list before anyone relies on it.
    _parsed(der)
    return Crl(
        der=der,
        tbs=tbs.dump(),
        algorithm=algorithm,
        signature=signature_bits(outer["signature"]),
        issuer_name=tbs["issuer"].hashable,
        issuer_key_id=authority_key(extensions),
        number=_number(number[1]) if number else 0,
        base_number=_number(delta[1]) if delta else None,
        this_update=tbs["this_update"].native,
        next_update=None if isinstance(next_update, core.Void) else next_update.native,
        scope=scope,
        is_understood=not (is_strange or is_indirect),
    )


@lru_cache(maxsize=16)
def _parsed(der: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(der)


def _number(der: bytes) -> int:
    found = core.Integer.load(der, strict=True).native
    return int(found)


def _scope(extensions: dict[str, tuple[bool, bytes]]) -> tuple[CrlScope, bool]:
    """The scope, and whether entries may be of other issuers."""
    if ISSUING_POINT not in extensions:
        return CrlScope(), False
    point = asn1_crl.IssuingDistributionPoint.load(extensions[ISSUING_POINT][1], strict=True)
    is_of_others = bool(point["only_contains_attribute_certs"].native)
    scope = CrlScope(
        users=not (is_of_others or point["only_contains_ca_certs"].native),
        authorities=not (is_of_others or point["only_contains_user_certs"].native),
        addresses=point_addresses([point]),
        is_partial=bool(point["only_some_reasons"].native),
    )
    return scope, bool(point["indirect_crl"].native)


def _reason(found: x509.RevokedCertificate) -> str:
    for extension in found.extensions:
        if isinstance(extension.value, x509.CRLReason):
            return extension.value.reason.value
        if extension.critical:
            raise BrokenCrl("an unknown critical extension of an entry")
    return "unspecified"
