"""Verifying every signature in a PDF, by whatever program it was made, and the file around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.chain import RevocationPolicy
from kualik.signatures.adapters.cms import CmsError, read_cms
from kualik.signatures.adapters.effort import Effort
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.pdf_signatures import PdfContent, PdfSignature, read_pdf
from kualik.signatures.adapters.reading import UnreadablePdf
from kualik.signatures.adapters.timestamps import BrokenStamp, read_stamp
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.cms_verification import (
    NOTHING_AROUND,
    Surroundings,
    stamp_faults,
    verify_cms,
)
from kualik.signatures.services.inspection import InspectedSignature, told
from kualik.signatures.services.verdicts import (
    Reason,
    SignerVerdict,
    verdict_of,
    with_findings,
)

# What was done to the file after a signature, as a finding about that signature.
CHANGES: Final[Mapping[str, str]] = {
    "none": "pdf_whole_file",
    "evidence": "pdf_evidence_added",
    "entries": "pdf_entries_added",
    "other": "pdf_changed_after",
    "unknown": "pdf_changes_unknown",
}
# What a time-stamp over a whole file is told by, where one over a signature is told otherwise.
DOCUMENT_STAMP: Final[Mapping[str, str]] = {
    "timestamp_differs": "content_changed",
    "timestamp_untrusted": "document_stamp_untrusted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfVerification:
    """Every signature in the order they were made; ``reasons`` speak of the file as a whole."""

    signatures: tuple[InspectedSignature, ...]
    reasons: tuple[Reason, ...] = ()


def verify_pdf(
    *,
    content: bytes,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
    effort: Effort,
    around: Surroundings = NOTHING_AROUND,
) -> PdfVerification:
    """Judge each signature over the bytes that it covers, and what was added after it.

    A time-stamp over the file proves the time of every signature before it; ``around`` is what a
    signature file beside it adds, whose proven time is that of the whole PDF. Raises RuleViolation:
    ``file_not_signed``, ``pdf_unreadable``, ``pdf_encrypted``, and those of ``effort``.
    """
    try:
        read = read_pdf(content)
    except UnreadablePdf as error:
        is_locked = str(error) == "encrypted"
        raise RuleViolation("pdf_encrypted" if is_locked else "pdf_unreadable") from error
    if read.has_trace:
        return PdfVerification(signatures=(), reasons=(Reason("pdf_signature_removed"),))
    if not read.signatures:
        raise RuleViolation("file_not_signed")
    effort.take_evidence(read.evidence)
    return _Judge(
        content=content, read=read, trust=trust, fetcher=fetcher, now=now, effort=effort,
        around=around,
    ).answer()  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Proof:
    """A moment that a time-stamp over the first ``end`` bytes of the file proves."""

    moment: datetime
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    content: bytes = field(repr=False)
    read: PdfContent
    trust: TrustDirectory
    fetcher: RevocationFetcher | None
    now: datetime
    effort: Effort
    around: Surroundings

    def answer(self) -> PdfVerification:
        stamps = {
            place: self._stamp(found)
            for place, found in enumerate(self.read.signatures)
            if found.form == "timestamp"
        }
        proofs = [proof for _, proof in stamps.values() if proof is not None]
        told_of: list[InspectedSignature] = []
        for place, found in enumerate(self.read.signatures):
            if place in stamps:
                verdicts = (stamps[place][0],)
                told_of += told("pdf", verdicts, now=self.now, is_timestamp=True)
            else:
                told_of += told("pdf", self._signers(found, proofs), now=self.now)
        return PdfVerification(signatures=tuple(told_of))

    def _signers(self, found: PdfSignature, proofs: list[_Proof]) -> list[SignerVerdict]:
        if found.form == "unsupported":
            return [verdict_of(None, ["pdf_form_unsupported"], moment=self.now)]
        try:
            read_cms(found.cms)
        except CmsError:
            return [verdict_of(None, ["pdf_signature_unreadable"], moment=self.now)]
        covered = found.covered(self.content)
        after = [proof.moment for proof in proofs if found.span and proof.end > found.span.end]
        if self.around.proven_at is not None:
            after.append(self.around.proven_at)
        verified = verify_cms(
            signature=found.cms,
            document=covered,
            trust=self.trust,
            at=None,
            now=self.now,
            fetcher=self.fetcher,
            around=Surroundings(
                stated_at=found.stated_at,
                proven_at=min(after, default=None),
                certificates=(*self.read.certificates, *self.around.certificates),
                evidence=self.read.evidence.with_more(self.around.evidence),
            ),
            effort=self.effort,
        )
        signers = verified.signers or (
            verdict_of(None, [reason.code for reason in verified.reasons], moment=self.now),
        )
        return [with_findings(signer, _findings(found)) for signer in signers]

    def _stamp(self, found: PdfSignature) -> tuple[SignerVerdict, _Proof | None]:
        covered = found.covered(self.content)
        self.effort.take_stamp(found.cms, len(covered))
        around = _findings(found)
        try:
            stamp = read_stamp(found.cms, covered)
        except BrokenStamp as error:
            code = DOCUMENT_STAMP.get(error.code, error.code)
            return verdict_of(None, [*around, code], moment=self.now), None
        policy = RevocationPolicy(evidence=self.read.evidence, fetcher=self.fetcher)
        faults = stamp_faults(
            stamp, self.read.certificates, trust=self.trust, now=self.now, policy=policy
        )
        codes = [DOCUMENT_STAMP.get(code, code) for code in faults]
        verdict = verdict_of(
            stamp.certificate,
            [*around, *codes],
            moment=self.now,
            signed_at=stamp.moment,
            signed_at_source="timestamp",
        )
        is_proof = found.span is not None and verdict.status == "valid"
        proof = _Proof(stamp.moment, found.span.end) if found.span and is_proof else None
        return verdict, proof


def _findings(found: PdfSignature) -> list[str]:
    """What the file around a signature says of it."""
    codes = ["pdf_padding_foreign"] if found.is_padded else []
    return [*codes, "pdf_range_broken" if found.span is None else CHANGES[found.changes]]
