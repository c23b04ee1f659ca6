"""Verifying a CMS signature: every signer, the chain, revocation, and the proven time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.algorithms import Content
from kualik.signatures.adapters.archive_stamps import read_archive_stamp
from kualik.signatures.adapters.asn1 import SIZE_LIMIT_BYTES
from kualik.signatures.adapters.certificates import EXTENDED_KEY_USAGE, Certificate
from kualik.signatures.adapters.chain import ChainAnswer, RevocationPolicy, check_certificate
from kualik.signatures.adapters.cms import (
    ARCHIVE_TIMESTAMP,
    TIMESTAMP,
    CmsError,
    SignedData,
    Signer,
    read_cms,
)
from kualik.signatures.adapters.effort import Effort
from kualik.signatures.adapters.enclosed import enclosed_evidence, enclosed_in
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.revocation import CLOCK_TOLERANCE, Evidence
from kualik.signatures.adapters.signers import check_signer
from kualik.signatures.adapters.timestamps import BrokenStamp, Stamp, read_stamp
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.verdicts import (
    Reason,
    SignerVerdict,
    TimeSource,
    Verification,
    roles_of,
    verdict_of,
)

EMAIL_PROTECTION: Final = "1.3.6.1.5.5.7.3.4"
CLIENT_AUTHENTICATION: Final = "1.3.6.1.5.5.7.3.2"
# For any purpose, for documents (RFC 9336, and as it was called before), for mail, for entering.
SIGNING: Final = frozenset(
    {"2.5.29.37.0", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.10.3.12", EMAIL_PROTECTION,
     CLIENT_AUTHENTICATION}
)  # fmt: skip
# A time-stamp with one of these does not count.
UNTRUSTED: Final = frozenset({"timestamp_untrusted", "timestamp_in_future"})

Purpose = Literal["signing", "login"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the file around a signature, a PDF, adds to it.

    ``stated_at`` is the time that the signed file names where the signature names none,
    ``proven_at`` the one that a time-stamp over the file proves. ``certificates`` (DER) and
    ``evidence`` travel in the file and help to judge.
    """

    stated_at: datetime | None = None
    proven_at: datetime | None = None
    certificates: tuple[bytes, ...] = ()
    evidence: Evidence = Evidence()


NOTHING_AROUND: Final = Surroundings()


def verify_cms(
    *,
    signature: bytes,
    document: bytes | None,
    trust: TrustDirectory,
    at: datetime | None,
    now: datetime,
    purpose: Purpose = "signing",
    is_revocation_required: bool = True,
    uses_enclosed_lists: bool = True,
    fetcher: RevocationFetcher | None = None,
    around: Surroundings = NOTHING_AROUND,
    effort: Effort | None = None,
) -> Verification:
    """Judge a signature file that anybody may have sent, over ``document`` or its own content.

    Each signer is judged at the time that a valid time-stamp proves, else at ``at`` where it is
    given, else at the time the signer states, else now. What only the signer's word dates must not
    be revoked by ``at``, else by ``now``. A ``fetcher`` is asked only where no data is at hand.
    Whoever accepts a signature at this moment uses no lists enclosed in it: one that is in force,
    but older than the revocation, would keep the fetcher from being asked.
    ``purpose`` "login" also takes keys made for logging in; ``effort`` bounds the work. Raises
    ``document_too_large``, ``signature_`` with a code of CmsError, and what ``effort`` does.
    """
    signed, content = _read(signature, document, effort)
    policy = RevocationPolicy(is_required=is_revocation_required, fetcher=fetcher)
    enclosed = enclosed_in(signed)
    lists = enclosed.evidence if uses_enclosed_lists else Evidence()
    evidence = around.evidence.with_more(lists)
    judge = _Judge(
        signed=signed, content=None if content is None else Content(content), trust=trust, at=at,
        now=now, purpose=purpose, policy=policy.with_evidence(evidence), around=around,
        certificates=(*enclosed.certificates, *around.certificates),
    )  # fmt: skip
    return Verification(
        signers=tuple(judge.verdict(signer) for signer in signed.signers),
        reasons=() if signed.signers else (Reason("no_signers"),),
        is_attached=signed.content is not None,
        content=signed.content,
    )


def _read(
    signature: bytes, document: bytes | None, effort: Effort | None
) -> tuple[SignedData, bytes | None]:
    """The signature file, and what its signers are to have signed."""
    if document is not None and len(document) > SIZE_LIMIT_BYTES:
        raise RuleViolation("document_too_large", limit=SIZE_LIMIT_BYTES // 1024 // 1024)
    try:
        signed = read_cms(signature)
    except CmsError as error:
        raise RuleViolation(f"signature_{error.code}") from error
    content = signed.content if document is None else document
    if effort is not None:
        effort.take_cms(signed, len(content or b""))
    return signed, content


def key_faults(certificate: Certificate, purpose: Purpose) -> Iterator[str]:
    """Codes for a key that was made for something else than ``purpose``.

    A national role says what the holder signs as, so it is a purpose of signing too.
    """
    purposes = {*certificate.purposes}
    is_meant = not purposes.isdisjoint(SIGNING) or bool(roles_of(certificate))
    is_limited = EXTENDED_KEY_USAGE in certificate.extensions
    if not certificate.allows("digital_signature", "non_repudiation") or (
        is_limited and not is_meant
    ):
        yield "key_not_for_signing"
    elif purpose == "signing" and (
        CLIENT_AUTHENTICATION in purposes and EMAIL_PROTECTION not in purposes
    ):
        yield "key_for_authentication"


@dataclass(frozen=True, slots=True)
class _Time:
    """``judged_at`` is the moment certificates are judged at, ``signed_at`` what is told;
    ``stated_at`` is the signer's word."""

    judged_at: datetime
    signed_at: datetime | None
    source: TimeSource
    codes: tuple[str, ...]
    stated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """The same questions for each signer of one file."""

    signed: SignedData
    content: Content | None
    trust: TrustDirectory
    at: datetime | None
    now: datetime
    purpose: Purpose
    policy: RevocationPolicy
    around: Surroundings
    certificates: tuple[bytes, ...]

    def verdict(self, signer: Signer) -> SignerVerdict:
        reading = check_signer(self.signed, signer, self.content)
        time = self._time(signer, reading.certificate)
        codes = [*reading.codes, *time.codes]
        if reading.certificate is not None:
            codes += key_faults(reading.certificate, self.purpose)
            codes += self._chain(reading.certificate, time).codes
        return verdict_of(
            reading.certificate,
            codes,
            moment=self.at or self.now,
            signed_at=time.signed_at,
            signed_at_source=time.source,
            stated_at=time.stated_at,
            algorithm=reading.algorithm,
        )

    def _chain(self, certificate: Certificate, time: _Time) -> ChainAnswer:
        is_proven = time.source == "timestamp"
        return check_certificate(
            certificate.der,
            self.certificates,
            self.trust,
            time.judged_at,
            now=self.now,
            policy=self.policy if is_proven else self.policy.known_at(self.at or self.now),
        )

    def _time(self, signer: Signer, certificate: Certificate | None) -> _Time:
        stamp, codes = self._stamp(signer)
        proven = [stamp.moment] if stamp is not None else []
        later = self.around.proven_at
        # A time-stamp put over the file after the certificate's end proves nothing of its life.
        if later is not None and certificate is not None and certificate.covers(later):
            proven.append(later)
        try:
            stated = signer.stated_time or self.around.stated_at
        except CmsError:
            stated = None
        if proven:
            return _Time(min(proven), min(proven), "timestamp", codes, stated)
        if stated is None:
            return _Time(self.at or self.now, None, "none", (*codes, "time_unknown"), None)
        early = stated > self.now + CLOCK_TOLERANCE
        code = "signed_in_future" if early else "time_is_stated"
        return _Time(self.at or stated, stated, "stated", (*codes, code), stated)

    def _stamp(self, signer: Signer) -> tuple[Stamp | None, tuple[str, ...]]:
        """The earliest time-stamp that holds, and what is to be said of all of them."""
        found: list[Stamp] = []
        codes: list[str] = []
        for token in signer.unsigned.get(TIMESTAMP, ()):
            try:
                stamp = read_stamp(token, signer.signature)
            except BrokenStamp as error:
                codes.append(error.code)
                continue
            faults = self._stamp_faults(stamp)
            codes += faults
            if UNTRUSTED.isdisjoint(faults):
                found.append(stamp)
        for archived in self._archived(signer):
            if archived is None:
                codes.append("archive_stamp_ignored")
            else:
                found.append(archived)
        return min(found, key=lambda stamp: stamp.moment, default=None), tuple(codes)

    def _archived(self, signer: Signer) -> Iterator[Stamp | None]:
        """The archive time-stamps, None for one that does not hold: the signature does without."""
        for token in signer.unsigned.get(ARCHIVE_TIMESTAMP, ()):
            try:
                content = self.content or Content(b"")
                stamp = read_archive_stamp(token, self.signed, signer, content).stamp
            except BrokenStamp:
                yield None
                continue
            yield stamp if UNTRUSTED.isdisjoint(self._stamp_faults(stamp)) else None

    def _stamp_faults(self, stamp: Stamp) -> list[str]:
        return stamp_faults(
            stamp, self.certificates, trust=self.trust, now=self.now, policy=self.policy
        )


def stamp_faults(
    stamp: Stamp,
    certificates: Iterable[bytes],
    *,
    trust: TrustDirectory,
    now: datetime,
    policy: RevocationPolicy,
) -> list[str]:
    """Codes of what is to be said of a sound time-stamp; it counts unless ``timestamp_untrusted``
    or ``timestamp_in_future`` is among them. ``certificates`` help to reach an anchor."""
    if stamp.moment > now + CLOCK_TOLERANCE:
        return ["timestamp_in_future"]
    answer = check_certificate(
        stamp.certificate.der,
        (*stamp.certificates, *certificates),
        trust,
        stamp.moment,
        now=now,
        policy=policy.with_evidence(enclosed_evidence(crls=stamp.crls, responses=stamp.responses)),
    )
    kinds = {Reason(code).kind for code in answer.codes}
    if not answer.is_trusted or "invalid" in kinds:
        return ["timestamp_untrusted"]
    # A time that only a test authority proves makes the whole a test.
    found = [code for code in answer.codes if code == "test_signature"]
    return [*found, "timestamp_revocation_unknown"] if "indeterminate" in kinds else found
