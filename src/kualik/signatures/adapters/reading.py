"""Reading the signatures of a PDF that anybody may have made, within strict limits."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import AuthorityWithCert

from kualik.signatures.adapters.envelope import BrokenEnvelope, parse_envelope
from kualik.signatures.adapters.pades import APPLICATION, as_asn1, run_apart

MEBIBYTE = 1024 * 1024
SIGNATURE_LIMIT = 8
REASON_LIMIT = 200
TAIL_BYTES = 1024
END_OF_FILE = re.compile(rb"startxref\s+\d{1,10}\s+%%EOF\s*\Z")
CLOCK_TOLERANCE = timedelta(minutes=5)
LIMITS = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=16 * MEBIBYTE),
    document_budget=DocumentDecodeBudget(base_allowance=32 * MEBIBYTE, max_ratio=20),
)


class UnreadablePdf(ValueError):
    """The file is no PDF, or its structure or signatures cannot be read."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A root certificate that is believed; ``is_test`` for the one of the demonstration."""

    certificate: x509.Certificate
    is_test: bool


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The certificates of the authorities whose signatures are believed."""

    anchors: tuple[Anchor, ...]
    intermediates: tuple[x509.Certificate, ...] = ()

    def issuers_of(self, certificate: x509.Certificate) -> set[bytes]:
        """The known certificates (DER) of the authority that issued the certificate."""
        known = (*self.intermediates, *(anchor.certificate for anchor in self.anchors))
        return {
            issuer.public_bytes(Encoding.DER) for issuer in known if _issued(issuer, certificate)
        }

    def is_test(self, fingerprint: bytes) -> bool:
        """Whether the root with this SHA-256 fingerprint is a test root."""
        return any(
            anchor.is_test and anchor.certificate.fingerprint(SHA256()) == fingerprint
            for anchor in self.anchors
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReading:
    """One signature of a file. ``signed_at`` and ``reason`` are the signer's own claims;
    ``whole_file`` says that nothing lies outside the signed ranges; ``canonical`` is False when a
    seal of this system was rewritten in places that the signature does not protect."""

    certificate: x509.Certificate
    signed_at: datetime | None
    reason: str
    digest_matches: bool
    signature_valid: bool
    whole_file: bool
    canonical: bool
    trusted: bool
    is_test: bool


def read_signatures(content: bytes, *, trust: TrustStore, now: datetime) -> list[SignatureReading]:
    """The signatures of a file in the order they were made, at most eight.

    Trust is judged at the claimed time of signing, because a certificate lives one year and the
    document longer; a time later than ``now`` is not believed. Nothing is fetched from outside.
    Raises UnreadablePdf, whatever the parser stumbled over.
    """
    if not END_OF_FILE.search(content[-TAIL_BYTES:]):
        raise UnreadablePdf("no end of file")
    try:
        reader = PdfFileReader(BytesIO(content), strict=True, decode_limits=LIMITS)
        if reader.encrypted:
            raise UnreadablePdf("encrypted")
        embedded = reader.embedded_signatures
        if len(embedded) > SIGNATURE_LIMIT:
            raise UnreadablePdf("too many signatures")
        return [_read(content, signature, trust, now) for signature in embedded]
    except Exception as error:
        # A hostile file can make a parser raise anything; one kind of error leaves this room.
        raise UnreadablePdf(type(error).__name__) from error


def _read(
    content: bytes, signature: EmbeddedPdfSignature, trust: TrustStore, now: datetime
) -> SignatureReading:
    signed_at = signature.self_reported_timestamp
    believed = signed_at is not None and signed_at <= now + CLOCK_TOLERANCE
    context = ValidationContext(
        trust_roots=[as_asn1(anchor.certificate) for anchor in trust.anchors],
        other_certs=[as_asn1(certificate) for certificate in trust.intermediates],
        moment=signed_at if believed else now,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    status = run_apart(
        async_validate_pdf_signature(signature, signer_validation_context=context, skip_diff=True)
    )
    certificate = x509.load_der_x509_certificate(signature.signer_cert.dump())
    whole = _covers_whole_file(content, signature, status)
    return SignatureReading(
        certificate=certificate,
        signed_at=signed_at,
        reason=str(signature.sig_object.get("/Reason", ""))[:REASON_LIMIT],
        digest_matches=status.intact,
        signature_valid=status.valid,
        whole_file=whole,
        canonical=not (whole and _made_here(signature))
        or _is_canonical(signature.pkcs7_content, certificate, trust),
        trusted=believed and status.trusted,
        is_test=status.trusted and trust.is_test(_root_fingerprint(status)),
    )


def _covers_whole_file(
    content: bytes, signature: EmbeddedPdfSignature, status: PdfSignatureStatus
) -> bool:
    """pyHanko counts lengths; the gap must also lie where the lengths say and hold only hex."""
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        return False
    _, gap_start, gap_end, length = (int(number) for number in signature.byte_range)
    gap = content[gap_start:gap_end]
    exact = b"<" + signature.pkcs7_content.hex().encode() + b">"
    return gap_end + length == len(content) and gap in (exact, exact.upper())


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _made_here(signature: EmbeddedPdfSignature) -> bool:
    made_by = signature.sig_object.get("/Prop_Build", {}).get("/App", {}).get("/Name")
    return bool(made_by == f"/{APPLICATION}")


def _is_canonical(der: bytes, certificate: x509.Certificate, trust: TrustStore) -> bool:
    """Not a byte of the CMS may differ, not even in the copy of the authority's certificate."""
    try:
        envelope = parse_envelope(der)
    except BrokenEnvelope:
        return False
    issuers = trust.issuers_of(certificate)
    others = set(envelope.certificates) - {certificate.public_bytes(Encoding.DER)}
    return not issuers or others <= issuers


def _root_fingerprint(status: PdfSignatureStatus) -> bytes:
    path = status.validation_path
    if path is None or not isinstance(path.trust_anchor.authority, AuthorityWithCert):
        return b""
    fingerprint: bytes = path.trust_anchor.authority.certificate.sha256
    return fingerprint
