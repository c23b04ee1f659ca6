"""The signature inside a PDF, read from the bytes alone.

A signed PDF says ``/ByteRange [0 a b c]``: everything but the gap between ``a`` and ``b`` is
signed, and the gap holds the CMS signature in hexadecimal. This reader needs no PDF parser, so it
also speaks about files that no parser opens any more.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

BYTE_RANGE = re.compile(
    rb"/ByteRange\s{0,8}\[\s{0,8}(\d{1,10})\s{1,8}(\d{1,10})\s{1,8}(\d{1,10})\s{1,8}(\d{1,10})\s{0,64}\]"
)
TAIL_BYTES = 64 * 1024
ASN1_ERRORS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RuntimeError,
)


class BrokenEnvelope(ValueError):
    """The bytes of the gap are not a signature as this system writes it."""


@dataclass(frozen=True, slots=True)
class Span:
    """The signed ranges ``[0, gap_start)`` and ``[gap_end, end)``."""

    gap_start: int
    gap_end: int
    end: int

    def digest(self, content: bytes) -> bytes:
        """SHA-256 over the signed ranges."""
        signed = memoryview(content)
        found = sha256(signed[: self.gap_start])
        found.update(signed[self.gap_end : self.end])
        return found.digest()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of a CMS signature with one signer and SHA-256 with RSA."""

    der: bytes
    signed_attributes: bytes
    message_digest: bytes
    signature: bytes
    certificates: tuple[bytes, ...]

    def verifies(self, certificate: x509.Certificate) -> bool:
        """Whether the signature over the signed attributes is by the key of ``certificate``."""
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            return False
        try:
            key.verify(self.signature, self.signed_attributes, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def find_span(content: bytes) -> Span | None:
    """The span of the last ``/ByteRange`` from the start of the file, or None.

    Looks at the last 64 KiB: a seal of this system is written at the end of the file. The span
    may end before the end of ``content`` (something was added) or behind it (something is cut).
    """
    return next(find_spans(content, within=TAIL_BYTES), None)


def find_spans(content: bytes, *, within: int) -> Iterator[Span]:
    """The spans of every ``/ByteRange`` in that many bytes at the end, the last first."""
    found = list(BYTE_RANGE.finditer(content, max(0, len(content) - within)))
    for match in reversed(found):
        first, gap_start, gap_end, length = (int(number) for number in match.groups())
        if first == 0 and gap_start < gap_end:
            yield Span(gap_start, gap_end, gap_end + length)


def read_envelope(content: bytes, span: Span) -> Envelope:
    """The signature in the gap. Raises BrokenEnvelope unless the gap is written as we write it:
    ``<``, upper-case hexadecimal of one DER structure without padding, ``>``."""
    gap = content[span.gap_start : span.gap_end]
    try:
        der = bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError as error:
        raise BrokenEnvelope("the gap is not hexadecimal") from error
    if gap != b"<" + der.hex().upper().encode() + b">":
        raise BrokenEnvelope("the gap is not written in canonical hexadecimal")
    return parse_envelope(der)


def parse_envelope(der: bytes) -> Envelope:
    """Read a CMS signature; raises BrokenEnvelope if it differs in any byte from the canonical
    encoding of its own parts (CMS version 1, one signer, no unsigned attributes)."""
    try:
        info = cms.ContentInfo.load(der, strict=True)
        signed_data = info["content"]
        (signer,) = signed_data["signer_infos"]
        attributes = signer["signed_attrs"]
        envelope = Envelope(
            der=der,
            signed_attributes=b"\x31" + attributes.dump()[1:],
            message_digest=_only_value(attributes, "message_digest"),
            signature=signer["signature"].native,
            certificates=tuple(choice.dump() for choice in signed_data["certificates"]),
        )
        if _canonical(signed_data, signer) != der:
            raise BrokenEnvelope("not the canonical encoding")
    except ASN1_ERRORS as error:
        raise BrokenEnvelope("not a CMS signature of one signer") from error
    return envelope


def seal_is_sound(content: bytes, certificates: Sequence[x509.Certificate]) -> bool:
    """Whether ``content`` is, to its last byte, covered by a signature of the first certificate
    and carries exactly these certificates."""
    span = find_span(content)
    if span is None or span.end != len(content):
        return False
    try:
        envelope = read_envelope(content, span)
    except BrokenEnvelope:
        return False
    expected = {certificate.public_bytes(Encoding.DER) for certificate in certificates}
    return (
        envelope.message_digest == span.digest(content)
        and set(envelope.certificates) == expected
        and envelope.verifies(certificates[0])
    )


def _only_value(attributes: cms.CMSAttributes, name: str) -> bytes:
    values = [item["values"] for item in attributes if item["type"].native == name]
    ((value,),) = values
    found = value.native
    if not isinstance(found, bytes):
        raise BrokenEnvelope(f"{name} is not an octet string")
    return found


def _canonical(signed_data: cms.SignedData, signer: cms.SignerInfo) -> bytes:
    """The same signature written anew from its parts, every unsigned field at its one value."""
    sha = {"algorithm": "sha256"}
    (leaf,) = (
        choice.chosen
        for choice in signed_data["certificates"]
        if choice.chosen.serial_number == signer["sid"].chosen["serial_number"].native
    )
    sid = {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
    rebuilt: bytes = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [sha],
                    "encap_content_info": {"content_type": "data"},
                    "certificates": signed_data["certificates"],
                    "signer_infos": [
                        {
                            "version": "v1",
                            "sid": cms.SignerIdentifier(
                                "issuer_and_serial_number", cms.IssuerAndSerialNumber(sid)
                            ),
                            "digest_algorithm": sha,
                            "signed_attrs": signer["signed_attrs"].untag(),
                            "signature_algorithm": {"algorithm": "sha256_rsa"},
                            "signature": signer["signature"].native,
                        }
                    ],
                }
            ),
        }
    ).dump()
    return rebuilt
