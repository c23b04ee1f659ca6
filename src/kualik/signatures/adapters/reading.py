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
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import AuthorityWithCert

from kualik.signatures.adapters.additions import (
    STAMP_LIMIT,
    Additions,
    StrangeAddition,
    is_stamp,
    read_additions,
)
from kualik.signatures.adapters.certificates import read_certificate
from kualik.signatures.adapters.envelope import BrokenEnvelope, parse_envelope
from kualik.signatures.adapters.pades import APPLICATION, DIGEST, as_asn1, run_apart
from kualik.signatures.adapters.trust import TrustDirectory

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

    def directory(self) -> TrustDirectory:
        """The same trust as other judgements want it."""
        anchors = [anchor.certificate for anchor in self.anchors]
        ders = [each.public_bytes(Encoding.DER) for each in (*anchors, *self.intermediates)]
        read = tuple(read_certificate(der) for der in ders)
        return TrustDirectory(read[: len(anchors)], read[len(anchors) :])

    def is_test(self, fingerprint: bytes) -> bool:
        """Whether the root with this SHA-256 fingerprint is a test root."""
        return any(
            anchor.is_test and anchor.certificate.fingerprint(SHA256()) == fingerprint
            for anchor in self.anchors
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReading:
    """One signature of a file. ``signed_at`` and ``reason`` are the signer's own claims;
    ``additions`` is what lies behind the signed ranges where that is proof, None where it is
    anything else; ``canonical`` is False when a seal of this system was rewritten in places that
    the signature does not protect."""

    certificate: x509.Certificate
    signed_at: datetime | None
    reason: str
    digest_matches: bool
    signature_valid: bool
    additions: Additions | None
    canonical: bool
    trusted: bool
    is_test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A sound seal: its certificate and those that came with it (DER), and what lies behind."""

    certificate: bytes
    certificates: tuple[bytes, ...]
    additions: Additions


def read_signatures(content: bytes, *, trust: TrustStore, now: datetime) -> list[SignatureReading]:
    """The signatures of a file in the order they were made, at most eight; document time-stamps
    are no signatures.

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
        embedded = [each for each in reader.embedded_signatures if not is_stamp(each)]
        stamps = len(reader.embedded_signatures) - len(embedded)
        if len(embedded) > SIGNATURE_LIMIT or stamps > STAMP_LIMIT:
            raise UnreadablePdf("too many signatures")
        return [_read(content, signature, trust, now) for signature in embedded]
    except Exception as error:
        # A hostile file can make a parser raise anything; one kind of error leaves this room.
        raise UnreadablePdf(type(error).__name__) from error


def read_sealed(content: bytes) -> SealedFile:
    """A file with one seal like ours and perhaps proof behind it.

    Raises UnreadablePdf for anything else, and where the seal does not fit the bytes.
    """
    try:
        reader = PdfFileReader(BytesIO(content), strict=True, decode_limits=LIMITS)
        (seal,) = (each for each in reader.embedded_signatures if not is_stamp(each))
        additions = read_additions(content, seal)
        envelope = parse_envelope(seal.pkcs7_content)
        certificate = x509.load_der_x509_certificate(seal.signer_cert.dump())
        is_sound = envelope.message_digest == seal.compute_digest(DIGEST)
    except Exception as error:
        # As above: what anybody may have sent comes here too.
        raise UnreadablePdf(type(error).__name__) from error
    if not (is_sound and envelope.verifies(certificate)):
        raise UnreadablePdf("the seal does not fit")
    return SealedFile(
        certificate=certificate.public_bytes(Encoding.DER),
        certificates=envelope.certificates,
        additions=additions,
    )


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
    additions = _lawful_additions(content, signature)
    return SignatureReading(
        certificate=certificate,
        signed_at=signed_at,
        reason=str(signature.sig_object.get("/Reason", ""))[:REASON_LIMIT],
        digest_matches=status.intact,
        signature_valid=status.valid,
        additions=additions,
        canonical=not (additions and _made_here(signature))
        or _is_canonical(signature.pkcs7_content, certificate, trust),
        trusted=believed and status.trusted,
        is_test=status.trusted and trust.is_test(_root_fingerprint(status)),
    )


def _lawful_additions(content: bytes, signature: EmbeddedPdfSignature) -> Additions | None:
    try:
        return read_additions(content, signature)
    except StrangeAddition:
        return None


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
