"""One signer of a signature file against the content: digest, attributes, signature."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from asn1crypto import core, tsp

from kualik.signatures.adapters.algorithms import (
    ABSENT_OR_NULL,
    AlgorithmError,
    Content,
    digest,
    name_of,
    verifies,
)
from kualik.signatures.adapters.asn1 import PARSER_ERRORS
from kualik.signatures.adapters.certificates import BrokenCertificate, Certificate
from kualik.signatures.adapters.cms import (
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    SIGNING_TIME,
    CmsError,
    SignedData,
    Signer,
)

SINGLE: Final = (SIGNING_TIME, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2)
# The identifier of the message digest attribute, as it stands inside an attribute.
DIGEST_MARK: Final = core.ObjectIdentifier(MESSAGE_DIGEST).dump()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerReading:
    """What is wrong with a signature, trust apart; ``codes`` are keys of the table of reasons.
    ``algorithm`` is the name people use."""

    certificate: Certificate | None
    codes: tuple[str, ...]
    algorithm: str
    names_certificate: bool


def check_signer(signed: SignedData, signer: Signer, content: Content | None) -> SignerReading:
    """Whether the signer's key signed ``content`` (None where it is not at hand)."""
    codes: list[str] = []
    certificate: Certificate | None = None
    try:
        certificate = signed.certificate_of(signer)
        if certificate is None:
            codes.append("certificate_missing")
    except BrokenCertificate:
        codes.append("certificate_broken")
    try:
        codes += _attribute_faults(signed, signer, certificate)
        codes += _content_faults(signed, signer, content)
        if certificate is not None:
            codes += _signature_faults(signer, certificate, content)
    except AlgorithmError as error:
        codes.append(error.code)
    return SignerReading(
        certificate=certificate,
        codes=tuple(dict.fromkeys(codes)),
        algorithm=name_of(signer.algorithm, signer.digest.oid),
        names_certificate=not {SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2}.isdisjoint(
            signer.signed
        ),
    )


def _attribute_faults(
    signed: SignedData, signer: Signer, certificate: Certificate | None
) -> Iterator[str]:
    if signer.digest.parameters not in ABSENT_OR_NULL or (
        signed.digest_oids and signer.digest.oid not in signed.digest_oids
    ):
        yield "algorithm_mismatch"
    if signer.signed_bytes is None:
        if signed.content_type != DATA:
            yield "attributes_broken"
        return
    if not _is_complete(signer):
        yield "attributes_broken"
        return
    if signer.signed[CONTENT_TYPE][0] != core.ObjectIdentifier(signed.content_type).dump():
        yield "content_type_differs"
    if certificate is not None and not _names(signer, certificate):
        yield "signing_certificate_differs"


def _is_complete(signer: Signer) -> bool:
    counts = {oid: len(values) for oid, values in signer.signed.items()}
    if counts.get(CONTENT_TYPE) != 1 or counts.get(MESSAGE_DIGEST) != 1:
        return False
    try:
        _stated = signer.stated_time
    except CmsError:
        return False
    return all(counts.get(oid, 1) == 1 for oid in SINGLE)


def _names(signer: Signer, certificate: Certificate) -> bool:
    """Whether the attributes that name the signing certificate name this one."""
    try:
        for value in signer.signed.get(SIGNING_CERTIFICATE, ()):
            named = tsp.SigningCertificate.load(value, strict=True)["certs"][0]
            own = hashlib.sha1(certificate.der, usedforsecurity=False).digest()
            if named["cert_hash"].native != own:
                return False
        for value in signer.signed.get(SIGNING_CERTIFICATE_V2, ()):
            named = tsp.SigningCertificateV2.load(value, strict=True)["certs"][0]
            own = digest(named["hash_algorithm"]["algorithm"].dotted, certificate.der)
            if named["cert_hash"].native != own:
                return False
    except PARSER_ERRORS:
        return False
    return True


def _content_faults(signed: SignedData, signer: Signer, content: Content | None) -> Iterator[str]:
    if content is None:
        yield "content_missing"
        return
    if signed.content is not None and signed.content != content.data:
        yield "content_differs"
    if signer.signed_bytes is None:
        # Signed attributes passed off as a document: the same bytes, another meaning.
        if content.data[:1] == b"\x31" and DIGEST_MARK in content.data:
            yield "attributes_broken"
        return
    values = signer.signed.get(MESSAGE_DIGEST, ())
    stated = core.OctetString(content.digest(signer.digest.oid)).dump()
    if values and values[0] != stated:
        yield "content_changed"


def _signature_faults(
    signer: Signer, certificate: Certificate, content: Content | None
) -> Iterator[str]:
    if signer.signed_bytes is not None:
        if not _is_signed(signer, certificate, Content(signer.signed_bytes)):
            ordered = _in_order(signer.signed_bytes)
            moved = ordered != signer.signed_bytes and _is_signed(
                signer, certificate, Content(ordered)
            )
            yield "attributes_reordered" if moved else "signature_broken"
    elif content is not None and not _is_signed(signer, certificate, content):
        yield "signature_broken"


def _is_signed(signer: Signer, certificate: Certificate, data: Content) -> bool:
    return verifies(
        spki_der=certificate.spki_der,
        algorithm=signer.algorithm,
        data=data,
        signature=signer.signature,
        digest_oid=signer.digest.oid,
    )


def _in_order(signed_bytes: bytes) -> bytes:
    """The attributes in the order of DER, which is the one that is signed."""
    found = core.SetOf.load(signed_bytes, strict=True, spec=core.Any)
    items = sorted(item.dump() for item in found)
    ordered: bytes = core.SetOf([core.Any.load(item) for item in items], spec=core.Any).dump()
    return ordered
