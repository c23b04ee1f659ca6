"""The open check of signatures (Digital Code art. 61): whatever file with a signature it is.

Nothing is kept: bytes come in, an answer goes out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.asn1 import SIZE_LIMIT_BYTES
from kualik.signatures.adapters.cms import CmsError, SignedData, read_cms
from kualik.signatures.adapters.effort import Effort, PatientFetcher
from kualik.signatures.adapters.enclosed import enclosed_in
from kualik.signatures.adapters.mail import is_mail
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.remembering import asking_by
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.xml_reading import XmlError
from kualik.signatures.adapters.xml_shape import XmlSignatureError
from kualik.signatures.adapters.xml_signatures import XmlDocument, read_document
from kualik.signatures.services.cms_verification import NOTHING_AROUND, Surroundings, verify_cms
from kualik.signatures.services.inspection import InspectedSignature, Inspection, Kind, told
from kualik.signatures.services.pdf_verification import verify_pdf
from kualik.signatures.services.proofs import issued_part
from kualik.signatures.services.verdicts import Reason, Verification
from kualik.signatures.services.xml_verification import verify_xml

PDF_START: Final = b"%PDF-"
HEADER_WINDOW: Final = 1024
LOOK_BYTES: Final = 4096
# A sequence too long for a length of one octet; the same in base64; or armour behind a text.
CMS_START: Final = re.compile(rb"0[\x80-\xff]|[^\0]{0,4000}?-----BEGIN ")
BASE64_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*+M[A-P][A-Za-z0-9+/=\s]++")
XML_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+<|\xff\xfe<\0|\xfe\xff\0<")
SYSTEM: Final = "information_system"
NO_SIGNED_PDF: Final = frozenset({"file_not_signed", "pdf_unreadable", "pdf_encrypted"})


def inspect_file(
    *,
    content: bytes,
    document: bytes | None,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> Inspection:
    """Judge a PDF, a signature file with its ``document``, or a signed XML document.

    Revocation must be known for a signature to be valid. Two files given in the wrong order are
    told apart. Raises RuleViolation: ``file_empty``, ``file_too_large``, ``file_not_recognised``,
    ``file_not_signed``, ``document_needed``, ``pdf_unreadable``, ``pdf_encrypted``,
    ``gost_too_large``, and those of verify_cms and verify_xml.
    """
    for given in (content, document):
        _check_size(given)
    content, document = _arranged(content, document)
    patient = None if fetcher is None else asking_by(fetcher, PatientFetcher)
    inspector = _Inspector(trust=trust, fetcher=patient, now=now)
    kind = kind_of(content)
    if kind == "cms":
        return inspector.cms(content, document)
    found = inspector.pdf(content) if kind == "pdf" else inspector.xml(content)
    if document is None:
        return found
    return replace(found, reasons=(*found.reasons, Reason("document_not_needed")))


def kind_of(content: bytes) -> Kind:
    """What a file is by its first bytes. Raises RuleViolation ``file_not_recognised``."""
    start = content[:LOOK_BYTES]
    if start.startswith(PDF_START):
        return "pdf"
    if XML_START.match(start):
        return "xml"
    if CMS_START.match(start) or BASE64_START.fullmatch(start) or is_mail(start):
        return "cms"
    if PDF_START in start[:HEADER_WINDOW]:
        return "pdf"
    raise RuleViolation("file_not_recognised")


def _check_size(given: bytes | None) -> None:
    if given is None:
        return
    if not given:
        raise RuleViolation("file_empty")
    if len(given) > SIZE_LIMIT_BYTES:
        raise RuleViolation("file_too_large", limit=SIZE_LIMIT_BYTES // 1024 // 1024)


def _arranged(content: bytes, document: bytes | None) -> tuple[bytes, bytes | None]:
    """The signature first: people mix the two fields up."""
    if document is None or _is_cms(content) or not _is_cms(document):
        return content, document
    return document, content


def _is_cms(data: bytes) -> bool:
    try:
        read_cms(data)
    except CmsError:
        return False
    return True


@dataclass(slots=True, kw_only=True)
class _Inspector:
    """The same questions for every kind of file, within one bound on the work."""

    trust: TrustDirectory
    fetcher: RevocationFetcher | None
    now: datetime
    effort: Effort = field(default_factory=Effort)

    def cms(self, content: bytes, document: bytes | None) -> Inspection:
        try:
            signed = read_cms(content)
        except CmsError as error:
            raise RuleViolation(f"signature_{error.code}") from error
        is_attached = signed.content is not None
        if document is None and signed.content is None and signed.signers:
            raise RuleViolation("document_needed")
        given = document if document is not None else signed.content or b""
        # First of all, so that what is inside has been bounded before it is compared.
        inside = self._inside(given)
        issued = None if is_attached else issued_part(given, trust=self.trust, now=self.now)
        verified = self._verified(content, document if issued is None else issued)
        if issued is not None and _differs(verified):
            issued, verified = None, self._verified(content, document)
        if any(each.verdict.status == "indeterminate" for each in inside):
            inside = self._inside(given, _beside(signed, verified))
        reasons = list(verified.reasons)
        if document is not None and document == signed.content:
            reasons.append(Reason("document_same"))
        if issued is not None:
            reasons.append(Reason("document_extended"))
        found = (*told("cms", verified.signers, now=self.now), *inside)
        covered = given if issued is None else issued
        return self._answer("cms", covered, found, reasons, is_attached=is_attached)

    def pdf(self, content: bytes, around: Surroundings = NOTHING_AROUND) -> Inspection:
        verified = verify_pdf(
            content=content, trust=self.trust, fetcher=self.fetcher, now=self.now,
            effort=self.effort, around=around,
        )  # fmt: skip
        reasons = list(verified.reasons)
        if _is_sealed_alone(verified.signatures):
            reasons.append(Reason("personal_signature_apart"))
        return self._answer("pdf", content, verified.signatures, reasons)

    def xml(self, content: bytes) -> Inspection:
        read = _read_xml(content)
        if read is not None:
            if not read.signatures:
                raise RuleViolation("file_not_signed")
            self.effort.take_xml(read)
        verified = verify_xml(
            document=content, trust=self.trust, at=None, now=self.now, fetcher=self.fetcher
        )
        found = told("xml", verified.signers, now=self.now)
        return self._answer("xml", content, found, verified.reasons)

    def _verified(self, content: bytes, document: bytes | None) -> Verification:
        return verify_cms(
            signature=content, document=document, trust=self.trust, at=None, now=self.now,
            fetcher=self.fetcher, effort=self.effort,
        )  # fmt: skip

    def _inside(
        self, document: bytes, around: Surroundings = NOTHING_AROUND
    ) -> tuple[InspectedSignature, ...]:
        """The signatures inside a signed PDF that was then signed in a separate file."""
        if not document.startswith(PDF_START):
            return ()
        try:
            return self.pdf(document, around).signatures
        except RuleViolation as violation:
            if violation.code in NO_SIGNED_PDF:
                return ()
            raise

    def _answer(
        self,
        kind: Kind,
        document: bytes,
        signatures: Iterable[InspectedSignature],
        reasons: Iterable[Reason],
        *,
        is_attached: bool = True,
    ) -> Inspection:
        return Inspection(
            kind=kind,
            is_attached=is_attached,
            signatures=tuple(signatures),
            reasons=tuple(reasons),
            document_sha256=sha256(document).hexdigest(),
            document_bytes=len(document),
            checked_at=self.now,
        )


def _is_sealed_alone(signatures: Iterable[InspectedSignature]) -> bool:
    """Whether an organisation's system sealed the file and no person signed inside it."""
    signers = [each.verdict for each in signatures if not each.is_timestamp]
    return bool(signers) and all(SYSTEM in verdict.roles for verdict in signers)


def _beside(signed: SignedData, verified: Verification) -> Surroundings:
    """What a valid signature over a whole PDF adds to those inside: its data, and that they were
    there when it was time-stamped."""
    moments = [
        signer.signed_at for signer in verified.signers if signer.signed_at_source == "timestamp"
    ]
    if verified.status != "valid" or not moments:
        return NOTHING_AROUND
    enclosed = enclosed_in(signed)
    return Surroundings(
        proven_at=min(moment for moment in moments if moment is not None),
        certificates=enclosed.certificates,
        evidence=enclosed.evidence,
    )


def _differs(verified: Verification) -> bool:
    """Whether somebody signed other bytes than these."""
    return any(Reason("content_changed") in signer.reasons for signer in verified.signers)


def _read_xml(content: bytes) -> XmlDocument | None:
    """The document, None where the verification itself says what is wrong with it."""
    try:
        return read_document(content)
    except (XmlError, XmlSignatureError):
        return None
