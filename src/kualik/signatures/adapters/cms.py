"""Signed data of RFC 5652: reading it, and checking one signer against the content.

Never calls ``.native`` on anything that may hold a GOST certificate: asn1crypto cannot read one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from asn1crypto import cms, core

from kualik.signatures.adapters.algorithms import ABSENT_OR_NULL, Algorithm
from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, as_der, unarmoured
from kualik.signatures.adapters.certificates import (
    BrokenCertificate,
    Certificate,
    read_algorithm,
    read_certificate,
)
from kualik.signatures.adapters.mail import MailError, is_mail, open_mail

SIGNER_LIMIT: Final = 32
CERTIFICATE_LIMIT: Final = 64
REVOCATION_LIMIT: Final = 64
VALUE_LIMIT: Final = 16
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
DATA: Final = "1.2.840.113549.1.7.1"
VERSIONS: Final = frozenset({"v1", "v3", "v4", "v5"})
# asn1crypto lets unknown elements follow the last one it knows, and counts them.
SIGNED_DATA_PARTS: Final = 6
SIGNER_PARTS: Final = 7

CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
TIMESTAMP: Final = "1.2.840.113549.1.9.16.2.14"
ARCHIVE_TIMESTAMP: Final = "0.4.0.1733.2.4"
# RFC 5940: an OCSP response among the revocation data of a signature file.
OCSP_RESPONSE: Final = "1.3.6.1.5.5.7.16.2"

Attributes = Mapping[str, tuple[bytes, ...]]


class CmsError(ValueError):
    """``code`` is one of Asn1Error's or MailError's, ``not_signed_data`` or
    ``too_many_signers``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One signer of a file.

    The certificate is named by ``issuer_der`` and ``serial`` or by ``key_id``. ``signed_bytes``
    are the signed attributes as they stand, under the tag that is signed, None where there are
    none. Attributes map identifiers to DER values; a repeated attribute holds all its values.
    ``fields`` is everything but the unsigned attributes, as it stands.
    """

    issuer_der: bytes
    serial: int
    key_id: bytes
    digest: Algorithm
    algorithm: Algorithm
    signed_bytes: bytes | None
    signed: Attributes
    unsigned: Attributes
    signature: bytes
    fields: bytes = field(repr=False)

    def is_by(self, certificate: Certificate) -> bool:
        """Whether this is the certificate that the signer names."""
        if self.key_id:
            return certificate.key_id == self.key_id
        return (certificate.issuer_der, certificate.serial) == (self.issuer_der, self.serial)

    @property
    def stated_time(self) -> datetime | None:
        """The signing time as the signer states it. Raises CmsError for an unreadable one."""
        values = self.signed.get(SIGNING_TIME, ())
        if not values:
            return None
        try:
            moment = cms.Time.load(values[0], strict=True).native
        except PARSER_ERRORS as error:
            raise CmsError("malformed") from error
        return moment if isinstance(moment, datetime) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedData:
    """A signature file. ``content`` is None in a detached one.

    ``crls`` and ``responses`` are the revocation data of the kinds that are understood;
    ``certificate_choices`` and ``revocation_choices`` hold every element as it stands.
    """

    content_type: str
    content: bytes | None = field(repr=False)
    digest_oids: frozenset[str]
    certificates: tuple[bytes, ...] = field(repr=False)
    crls: tuple[bytes, ...] = field(repr=False)
    responses: tuple[bytes, ...] = field(repr=False)
    certificate_choices: tuple[bytes, ...] = field(repr=False)
    revocation_choices: tuple[bytes, ...] = field(repr=False)
    signers: tuple[Signer, ...]

    def certificate_of(self, signer: Signer) -> Certificate | None:
        """The certificate that the signer names. Raises BrokenCertificate where none fits and one
        of the certificates cannot be read."""
        broken: BrokenCertificate | None = None
        for der in self.certificates:
            try:
                certificate = read_certificate(der)
            except BrokenCertificate as error:
                broken = error
                continue
            if signer.is_by(certificate):
                return certificate
        if broken is not None:
            raise broken
        return None


def read_cms(data: bytes) -> SignedData:
    """The signed data of a file: DER or BER, binary, base64 or PEM, or a signed message, which
    carries its content also where that stands beside the signature. Raises CmsError."""
    der, beside = _undressed(data)
    signed = read_der(der)
    if beside is None:
        return signed
    if signed.content is not None:
        raise CmsError("malformed")
    return replace(signed, content=beside)


def cms_der(data: bytes) -> bytes:
    """The DER inside a file of any form that ``read_cms`` takes, without what stands beside it.
    Raises CmsError."""
    return _undressed(data)[0]


def _undressed(data: bytes) -> tuple[bytes, bytes | None]:
    """The signature file (DER), and the content that stands beside it in a message."""
    try:
        if not is_mail(data):
            return as_der(unarmoured(data)), None
        mail = open_mail(data)
        return as_der(unarmoured(mail.signature)), mail.content
    except (Asn1Error, MailError) as error:
        raise CmsError(error.code) from error


def read_der(der: bytes) -> SignedData:
    """The signed data of bytes that ``as_der`` has passed. Raises CmsError."""
    try:
        outer = cms.ContentInfo.load(der, strict=True)
        if outer["content_type"].dotted != SIGNED_DATA:
            raise CmsError("not_signed_data")
        return _signed_data(outer["content"])
    except CmsError:
        raise
    except PARSER_ERRORS as error:
        raise CmsError("malformed") from error


def _signed_data(found: cms.SignedData) -> SignedData:
    if found["version"].native not in VERSIONS or len(found) > SIGNED_DATA_PARTS:
        raise CmsError("malformed")
    signers = found["signer_infos"]
    certificates, revocations = _items(found["certificates"]), _items(found["crls"])
    if (
        len(signers) > SIGNER_LIMIT
        or len(certificates) > CERTIFICATE_LIMIT
        or len(revocations) > REVOCATION_LIMIT
    ):
        raise CmsError("too_many_signers")
    digests = [read_algorithm(item) for item in found["digest_algorithms"]]
    if any(item.parameters not in ABSENT_OR_NULL for item in digests):
        raise CmsError("malformed")
    inner = found["encap_content_info"]
    return SignedData(
        content_type=inner["content_type"].dotted,
        content=_content(inner["content"]),
        digest_oids=frozenset(item.oid for item in digests),
        certificates=tuple(
            choice.chosen.dump() for choice in certificates if choice.name == "certificate"
        ),
        crls=tuple(_list(choice) for choice in revocations if choice.name == "crl"),
        responses=tuple(_responses(revocations)),
        certificate_choices=tuple(choice.dump() for choice in certificates),
        revocation_choices=tuple(choice.dump() for choice in revocations),
        signers=tuple(_signer(item) for item in signers),
    )


def _items(found: core.Asn1Value) -> list[core.Asn1Value]:
    return [] if isinstance(found, core.Void) else list(found)


def _list(choice: core.Choice) -> bytes:
    """A revocation list; its outer form must at least be that of one."""
    if choice.chosen["tbs_cert_list"]["issuer"].chosen is None:
        raise CmsError("malformed")
    der: bytes = choice.chosen.dump()
    return der


def _responses(choices: Iterable[core.Choice]) -> Iterator[bytes]:
    """The OCSP responses, not yet read."""
    for choice in choices:
        if choice.name != "other":
            continue
        kind, value = core.SequenceOf.load(
            b"\x30" + choice.chosen.dump()[1:], strict=True, spec=core.Any
        )
        if core.ObjectIdentifier.load(kind.dump()).dotted == OCSP_RESPONSE:
            yield value.dump()


def _content(found: core.Asn1Value) -> bytes | None:
    if isinstance(found, core.Void):
        return None
    if not isinstance(found, core.OctetString | core.ParsableOctetString):
        raise CmsError("malformed")
    return bytes(found)


def _signer(found: cms.SignerInfo) -> Signer:
    if found["version"].native not in VERSIONS or len(found) > SIGNER_PARTS:
        raise CmsError("malformed")
    identifier = found["sid"]
    is_named = identifier.name == "issuer_and_serial_number"
    signed = found["signed_attrs"]
    is_signed = not isinstance(signed, core.Void)
    return Signer(
        issuer_der=identifier.chosen["issuer"].dump() if is_named else b"",
        serial=identifier.chosen["serial_number"].native if is_named else 0,
        key_id=b"" if is_named else identifier.chosen.native,
        digest=read_algorithm(found["digest_algorithm"]),
        algorithm=read_algorithm(found["signature_algorithm"]),
        signed_bytes=b"\x31" + signed.dump()[1:] if is_signed else None,
        signed=_attributes(signed),
        unsigned=_attributes(found["unsigned_attrs"]),
        signature=found["signature"].native,
        fields=b"".join(found[place].dump() for place in range(SIGNER_PARTS - 1)),
    )


def _attributes(found: core.Asn1Value) -> dict[str, tuple[bytes, ...]]:
    read: dict[str, tuple[bytes, ...]] = {}
    for item in _items(found):
        oid = item["type"].dotted
        values = (*read.get(oid, ()), *_values(item.dump()))
        if len(values) > VALUE_LIMIT:
            raise CmsError("too_complex")
        read[oid] = values
    return read


def _values(der: bytes) -> tuple[bytes, ...]:
    """The values of an attribute as bytes, whatever their kind."""
    pair = core.SequenceOf.load(der, strict=True, spec=core.Any)
    if len(pair) != 2:
        raise CmsError("malformed")
    found = core.SetOf.load(pair[1].dump(), strict=True, spec=core.Any)
    return tuple(value.dump() for value in found)
