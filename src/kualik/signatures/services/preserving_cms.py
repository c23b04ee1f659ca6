"""Proof that outlasts keys and authorities, for a detached signature: CAdES B-T, B-LT and B-LTA.

B-T: a time-stamp over each signature value. B-LT: in the file's own places for them, the
certificates and the revocation data of the signers, of the time-stamps, and of the seal in the
signed PDF. B-LTA: an archive time-stamp over all of it and over the document; a renewal is one
more. What was signed stays byte for byte.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.algorithms import Content
from kualik.signatures.adapters.archive_stamps import ArchiveStamp, read_archive_stamp
from kualik.signatures.adapters.certificates import BrokenCertificate, Certificate
from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.cms import (
    ARCHIVE_TIMESTAMP,
    TIMESTAMP,
    CmsError,
    SignedData,
    Signer,
    read_cms,
)
from kualik.signatures.adapters.cms_stamping import (
    add_proofs,
    archive_signatures,
    stamp_signatures,
)
from kualik.signatures.adapters.enclosed import enclosed_evidence
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.reading import UnreadablePdf, read_sealed
from kualik.signatures.adapters.revocation import Evidence
from kualik.signatures.adapters.timestamps import BrokenStamp, Stamp, read_stamp
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.tsa import StampAuthority
from kualik.signatures.services.cms_verification import UNTRUSTED, stamp_faults, verify_cms
from kualik.signatures.services.gathering import (
    EVIDENCE_LIMIT_BYTES,
    Gathering,
    Waits,
    asked_token,
    renewed,
)
from kualik.signatures.services.proofs import LEVELS, Level, Proof
from kualik.signatures.services.verdicts import Reason

Subject = tuple[bytes, tuple[bytes, ...], datetime]
"""A certificate (DER) that must be proven good, what helps to reach its anchor, at what moment."""

UNREACHED: Final[Mapping[Level, str]] = {
    "B-B": "timestamp_untrusted",
    "B-T": "revocation_untrusted",
    "B-LT": "timestamp_untrusted",
}
"""What is waited for where a step was done and its level is not reached all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedSignature:
    """A signature file (DER where it was extended) and its proof; ``waits_for`` is a code of
    ``wait_text`` where the last level is not reached, and empty where it is."""

    content: bytes
    level: Level
    stamped_at: datetime | None
    lasts_until: datetime | None
    waits_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked, who is believed, and when."""

    tsa: StampAuthority
    trust: TrustDirectory
    fetcher: RevocationFetcher
    now: datetime


def extend_cms(*, signature: bytes, document: bytes, asked: Asked) -> ExtendedSignature:
    """The detached signature with proof up to B-LTA, or up to what could be reached.

    What comes out is judged by ``verify_cms``; where something contradicts the signature, the file
    comes back as it was. Raises what ``verify_cms`` raises for a file that cannot be read, also
    where that shows only when something is added.
    """
    work = _Work(signature, document, asked)
    try:
        work.reach()
    except Waits as waits:
        return work.result(waits.code)
    except CmsError as error:
        raise _unreadable(error) from error
    return work.result()


def renew_cms(*, signature: bytes, document: bytes, asked: Asked) -> ExtendedSignature:
    """The B-LTA file with one more archive time-stamp, and what proves the present ones under it.

    A file that would last no longer for it comes back as it was, waiting for
    ``proof_no_longer``. Raises as ``extend_cms`` does.
    """
    work = _Work(signature, document, asked)
    try:
        waits_for = renewed(work, signature, work.gather, work.archive)
    except CmsError as error:
        raise _unreadable(error) from error
    return work.result(waits_for)


class _Work:
    """One signature file on its way up."""

    def __init__(self, signature: bytes, document: bytes, asked: Asked) -> None:
        self.given = signature
        self.document = document
        self.asked = asked
        self.take(signature)

    def take(self, content: bytes) -> None:
        """Go on with these bytes, read anew."""
        try:
            signed = read_cms(content)
        except CmsError as error:
            raise _unreadable(error) from error
        self.content = content
        self.reading = _Reading(signed, Content(self.document), self.asked.trust, self.asked.now)
        self.proof: Proof = self.reading.proof()

    def reach(self) -> None:
        """Raises Waits at the step that cannot be done."""
        if self.proof.level == "B-B":
            self.take(stamp_signatures(self.content, self._token))
        if self.proof.level == "B-T":
            self.gather()
        if self.proof.level == "B-LT":
            self.archive()
        if self.proof.level in UNREACHED:
            raise Waits(UNREACHED[self.proof.level])

    def archive(self) -> None:
        self.take(archive_signatures(self.content, self.document, self._token))

    def gather(self) -> None:
        """Put into the file what proves the signers, the seal and all time-stamps good."""
        found = Gathering(self.asked.trust, self.asked.fetcher, self.asked.now)
        reading = self.reading
        for certificate, others, at in (*reading.subjects(), *reading.seal(self.document)):
            found.add(certificate, (*others, *reading.signed.certificates), at, reading.evidence)
        content = add_proofs(
            self.content,
            certificates=found.certificates,
            crls=found.crls,
            responses=found.responses,
        )
        if len(content) - len(self.content) > EVIDENCE_LIMIT_BYTES:
            raise Waits("evidence_too_large")
        self.take(content)

    def result(self, waits_for: str = "") -> ExtendedSignature:
        """What was reached, unless our own check finds it wrong."""
        against = self._against()
        if against and self.content != self.given:
            self.take(self.given)
        return ExtendedSignature(
            content=self.content,
            level=self.proof.level,
            stamped_at=self.proof.stamped_at,
            lasts_until=self.proof.lasts_until,
            waits_for=against or waits_for,
        )

    def _against(self) -> str:
        """A code of what contradicts the signature; empty where nothing does."""
        found = verify_cms(
            signature=self.content,
            document=self.document,
            trust=self.asked.trust,
            at=None,
            now=self.asked.now,
        )
        every = (*found.reasons, *(each for signer in found.signers for each in signer.reasons))
        return next((reason.code for reason in every if reason.kind == "invalid"), "")

    def _token(self, data: bytes) -> bytes:
        return asked_token(self.asked.tsa, data, trust=self.asked.trust, now=self.asked.now)


@dataclass(frozen=True, slots=True)
class _Held:
    """A signer's certificate and the time-stamps that are believed, each kind by age."""

    certificate: Certificate
    stamps: tuple[Stamp, ...]
    archives: tuple[ArchiveStamp, ...]


class _Reading:
    """How far a signature file proves itself, without data from elsewhere."""

    def __init__(
        self, signed: SignedData, content: Content, trust: TrustDirectory, now: datetime
    ) -> None:
        self.signed = signed
        self.content = content
        self.trust = replace(trust, evidence=Evidence())
        self.now = now
        self.evidence = enclosed_evidence(crls=signed.crls, responses=signed.responses)
        self.held = [self._held(signer) for signer in signed.signers]

    def proof(self) -> Proof:
        """What holds for every signer."""
        if not self.held or any(each is None or not each.stamps for each in self.held):
            return Proof(level="B-B")
        present = [each for each in self.held if each is not None]
        return Proof(
            level=min((self._level(each) for each in present), key=LEVELS.index),
            stamped_at=max(each.stamps[0].moment for each in present),
            lasts_until=min(_newest(each).certificate.not_after for each in present),
        )

    def subjects(self) -> Iterator[Subject]:
        """Every signer when first stamped, every time-stamp when it was made."""
        for each in self.held:
            if each is not None and each.stamps:
                yield from _subjects(each, len(each.archives))

    def seal(self, document: bytes) -> Iterator[Subject]:
        """The seal in a PDF of this system: the signers' first time-stamp proves its time too."""
        proven_at = self.proof().stamped_at
        if proven_at is None:
            return
        try:
            found = read_sealed(document)
        except UnreadablePdf:
            return
        yield found.certificate, found.certificates, proven_at

    def _held(self, signer: Signer) -> _Held | None:
        try:
            certificate = self.signed.certificate_of(signer)
        except BrokenCertificate:
            certificate = None
        if certificate is None:
            return None
        stamps = [stamp for stamp in self._stamps(signer) if self._is_believed(stamp)]
        archives = [found for found in self._archives(signer) if self._is_believed(found.stamp)]
        return _Held(
            certificate,
            tuple(sorted(stamps, key=lambda stamp: stamp.moment)),
            tuple(sorted(archives, key=lambda found: found.stamp.moment)),
        )

    def _stamps(self, signer: Signer) -> Iterator[Stamp]:
        for token in signer.unsigned.get(TIMESTAMP, ()):
            try:
                yield read_stamp(token, signer.signature)
            except BrokenStamp:
                continue

    def _archives(self, signer: Signer) -> Iterator[ArchiveStamp]:
        for token in signer.unsigned.get(ARCHIVE_TIMESTAMP, ()):
            try:
                yield read_archive_stamp(token, self.signed, signer, self.content)
            except BrokenStamp:
                continue

    def _is_believed(self, stamp: Stamp) -> bool:
        policy = RevocationPolicy(is_required=False, evidence=self.evidence)
        faults = stamp_faults(
            stamp, self.signed.certificates, trust=self.trust, now=self.now, policy=policy
        )
        return UNTRUSTED.isdisjoint(faults)

    def _level(self, held: _Held) -> Level:
        for place in range(len(held.archives) - 1, -1, -1):
            covered = held.archives[place].covered
            if self._is_proven(_subjects(held, place), covered):
                return "B-LTA"
        everything = frozenset((*self.signed.certificates, *self.signed.revocation_choices))
        return "B-LT" if self._is_proven(_subjects(held, 0), everything) else "B-T"

    def _is_proven(self, subjects: Iterable[Subject], covered: frozenset[bytes]) -> bool:
        """Whether the covered data alone show all of these good at their moments."""
        certificates = tuple(der for der in self.signed.certificates if der in covered)
        policy = RevocationPolicy(evidence=self._covered(covered))
        for certificate, others, at in subjects:
            answer = check_certificate(
                certificate, (*others, *certificates), self.trust, at, now=self.now, policy=policy
            )
            kinds = {Reason(code).kind for code in answer.codes}
            if not answer.is_trusted or not kinds <= {"remark"}:
                return False
        return True

    def _covered(self, covered: frozenset[bytes]) -> Evidence:
        crls = [der for der in self.signed.crls if der in covered]
        present = [each for each in self.signed.revocation_choices if each in covered]
        # Each is wrapped in its kind, which stands before it.
        answers = [
            der for der in self.signed.responses if any(each.endswith(der) for each in present)
        ]
        return enclosed_evidence(crls=crls, responses=answers)


def _unreadable(error: CmsError) -> RuleViolation:
    return RuleViolation(f"signature_{error.code}")


def _newest(held: _Held) -> Stamp:
    return held.archives[-1].stamp if held.archives else held.stamps[-1]


def _subjects(held: _Held, archives: int) -> Iterator[Subject]:
    """The signer, the signature's time-stamps and the first ``archives`` of the others."""
    yield held.certificate.der, (), held.stamps[0].moment
    stamps = (*held.stamps, *(found.stamp for found in held.archives[:archives]))
    for stamp in stamps:
        yield stamp.certificate.der, stamp.certificates, stamp.moment
