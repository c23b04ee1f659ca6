"""CMS signatures by test keys: several signers, schemes side by side, CAdES attributes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core, tsp, x509

from kualik.signatures.adapters.test_authority.certificates import Leaf, key_identifier, time_of

Stamper = Callable[[bytes], bytes]
"""Signature value in, time-stamp token (DER ContentInfo) out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerContent:
    """What one signer signs and how the signature is dressed.

    ``with_attributes`` False signs the content itself. ``named_by_key`` names the certificate by
    its key identifier instead of issuer and number.
    """

    content: bytes
    content_type: str = "data"
    signing_time: datetime | None = None
    stamper: Stamper | None = None
    with_attributes: bool = True
    with_signing_certificate: bool = True
    named_by_key: bool = False


def sign_cms(
    *,
    leaves: Sequence[Leaf],
    content: bytes,
    detached: bool,
    signing_time: datetime | None = None,
    timestamp: Stamper | None = None,
    with_attributes: bool = True,
    with_signing_certificate: bool = True,
    with_chain: bool = False,
    named_by_key: bool = False,
) -> bytes:
    """A CMS signature (DER) by every leaf, in the NCALayer's form.

    The container holds the signers' certificates only; ``with_chain`` adds those above them,
    without the root. No leaves give a container without signers.
    """
    asked = SignerContent(
        content=content,
        signing_time=signing_time,
        stamper=timestamp,
        with_attributes=with_attributes,
        with_signing_certificate=with_signing_certificate,
        named_by_key=named_by_key,
    )
    suites = {leaf.key.suite.scheme: leaf.key.suite for leaf in leaves}
    encapsulated: dict[str, object] = {"content_type": "data"}
    if not detached:
        encapsulated["content"] = content
    signed = cms.SignedData(
        {
            "version": "v3" if named_by_key else "v1",
            "digest_algorithms": [suite.digest_algorithm() for suite in suites.values()],
            "encap_content_info": encapsulated,
            "certificates": _certificates(leaves, with_chain=with_chain),
            "signer_infos": [sign_info(leaf, asked) for leaf in leaves],
        }
    )
    container: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return container


def sign_info(leaf: Leaf, asked: SignerContent) -> cms.SignerInfo:
    """One signer's part of a CMS signature."""
    suite = leaf.key.suite
    parts: dict[str, object] = {
        "version": "v3" if asked.named_by_key else "v1",
        "sid": _signer_identifier(leaf, by_key=asked.named_by_key),
        "digest_algorithm": suite.digest_algorithm(),
        "signature_algorithm": suite.signature_algorithm(),
    }
    signed_bytes = asked.content
    if asked.with_attributes:
        attributes = cms.CMSAttributes(_attributes(leaf, asked))
        signed_bytes = attributes.dump()
        parts["signed_attrs"] = cms.CMSAttributes.load(signed_bytes)
    signature = leaf.key.sign(signed_bytes)
    parts["signature"] = signature
    if asked.stamper is not None:
        token = cms.ContentInfo.load(asked.stamper(signature))
        parts["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    # What was built is encoded anew twice at every level above it; what was read is not.
    return cms.SignerInfo.load(cms.SignerInfo(parts).dump())


def _certificates(leaves: Sequence[Leaf], *, with_chain: bool) -> list[cms.CertificateChoices]:
    found = [leaf.certificate_der for leaf in leaves]
    if with_chain:
        found.extend(above for leaf in leaves for above in leaf.chain[:-1])
    return [
        cms.CertificateChoices(name="certificate", value=x509.Certificate.load(der))
        for der in dict.fromkeys(found)
    ]


def _signer_identifier(leaf: Leaf, *, by_key: bool) -> cms.SignerIdentifier:
    if by_key:
        identifier = core.OctetString(key_identifier(leaf.key.spki_der))
        return cms.SignerIdentifier(name="subject_key_identifier", value=identifier)
    certificate = leaf.certificate
    named = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    return cms.SignerIdentifier(
        name="issuer_and_serial_number", value=cms.IssuerAndSerialNumber(named)
    )


def _attributes(leaf: Leaf, asked: SignerContent) -> list[cms.CMSAttribute]:
    digest = leaf.key.suite.digest(asked.content)
    found = [
        cms.CMSAttribute({"type": "content_type", "values": [asked.content_type]}),
        cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
    ]
    if asked.signing_time is not None:
        moment = time_of(asked.signing_time)
        stated = cms.Time(name=_time_kind(moment), value=moment.chosen)
        found.append(cms.CMSAttribute({"type": "signing_time", "values": [stated]}))
    if asked.with_signing_certificate:
        own = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(leaf.certificate_der).digest()})
        value = tsp.SigningCertificateV2({"certs": [own]})
        found.append(cms.CMSAttribute({"type": "signing_certificate_v2", "values": [value]}))
    return found


def _time_kind(moment: x509.Time) -> str:
    return "utc_time" if moment.name == "utc_time" else "generalized_time"
