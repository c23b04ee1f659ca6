"""Proof that outlasts keys and authorities: PAdES B-T, B-LT and B-LTA behind a sealed file.

The issued bytes stay the beginning of what comes out. B-T: a document time-stamp. B-LT: the
certificates and the revocation data of the seal and of the time-stamp. B-LTA: another time-stamp
over both; a renewal is one more.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from django.conf import settings

from kualik.core import errors
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.adapters.algorithms import family_of
from kualik.signatures.adapters.certificates import Certificate
from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.cms import CmsError
from kualik.signatures.adapters.cms_stamping import stamp_signatures
from kualik.signatures.adapters.extension import add_evidence, add_stamp
from kualik.signatures.adapters.online import RevocationFetcher, Unreachable, fetch_evidence
from kualik.signatures.adapters.reading import SealedFile, UnreadablePdf, read_sealed
from kualik.signatures.adapters.revocation import (
    CLOCK_TOLERANCE,
    Evidence,
    check_revocation,
)
from kualik.signatures.adapters.timestamps import BrokenStamp, read_stamp
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.tsa import HttpStampAuthority, StampAuthority, StampRefused
from kualik.signatures.services.cms_verification import stamp_faults, verify_cms
from kualik.signatures.services.proofs import LEVELS, UNTRUSTED, Level, Proof, proof_of, subjects
from kualik.signatures.services.verdicts import Reason, is_reason

READABLE: Final = frozenset({"rsa", "ecdsa"})
# A list of a national authority may have megabytes; a document of forty kilobytes does not.
EVIDENCE_LIMIT_BYTES: Final = 512 * 1024

WAITS: Final[dict[str, Text]] = {
    "tsa_unreachable": Text(
        "Уақыт белгілері орталығы жауап бермейді.",
        "Служба меток времени не отвечает.",
        "The time-stamp authority does not answer.",
    ),
    "timestamp_refused": Text(
        "Уақыт белгілері орталығы белгі беруден бас тартты.",
        "Служба меток времени отказала в метке.",
        "The time-stamp authority refused to give a time-stamp.",
    ),
    "timestamp_not_asked": Text(
        "Уақыт белгілері орталығы басқа сұрауға жауап берді.",
        "Служба меток времени ответила на другой запрос.",
        "The time-stamp authority answered another question.",
    ),
    "timestamp_clock": Text(
        "Уақыт белгілері орталығының сағаты біздікінен өзгеше.",
        "Часы службы меток времени расходятся с нашими.",
        "The clock of the time-stamp authority differs from ours.",
    ),
    "evidence_too_large": Text(
        "Кері қайтарып алынған сертификаттар тізімі құжатқа салу үшін тым үлкен.",
        "Список отозванных сертификатов слишком велик, чтобы вложить его в документ.",
        "The revocation list is too large to be put into a document.",
    ),
    "preserve_failed": Text(
        "Сақтаудағы файл берілген файлға сәйкес келмейді.",
        "Файл в хранилище не совпадает с выданным.",
        "The file in the storage is not the one that was issued.",
    ),
    "proof_no_longer": Text(
        "Жаңа уақыт белгісі бұрынғысынан ұзақ жарамды емес.",
        "Новая метка времени действует не дольше прежней.",
        "A new time-stamp would not last longer than the present one.",
    ),
}
"""What is waited for, besides the reasons of a verification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """A file and its proof; ``waits_for`` is a code of ``wait_text`` where the level that was
    wanted is not reached, and empty where it is."""

    content: bytes
    level: Level
    stamped_at: datetime | None
    lasts_until: datetime | None
    waits_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedSignature:
    """A signature file (CAdES-T); ``waits_for`` as in Extended, and then it is as it was."""

    content: bytes
    waits_for: str = ""


class _Waits(Exception):
    """A step cannot be done now."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def wait_text(code: str) -> Text:
    """What is still waited for, in words."""
    if code in WAITS:
        return WAITS[code]
    return Reason(code).text if is_reason(code) else errors.table()[code].text


def installation_stamps() -> StampAuthority | None:
    """The authority of this installation, None where it has none."""
    if not settings.TSA_URL:
        return None
    return HttpStampAuthority(settings.TSA_URL, settings.TSA_POLICY)


def extend(
    *,
    content: bytes,
    wanted: Level,
    tsa: StampAuthority,
    trust: TrustDirectory,
    fetcher: RevocationFetcher,
    now: datetime,
) -> Extended:
    """The file with proof up to the level ``wanted``, or up to what could be reached.

    Nothing is taken over unverified: time-stamps and revocation data must be good by our own
    judgement. Raises ``preserve_failed`` for a file that is not sealed by this system, or has
    something else than proof behind its seal.
    """
    work = _Work(content, tsa=tsa, trust=trust, fetcher=fetcher, now=now)
    try:
        work.reach(wanted)
    except _Waits as waits:
        return work.result(waits.code)
    return work.result()


def renew(
    *,
    content: bytes,
    tsa: StampAuthority,
    trust: TrustDirectory,
    fetcher: RevocationFetcher,
    now: datetime,
) -> Extended:
    """The B-LTA file with one more time-stamp, and what proves the present one under it.

    A file that would last no longer for it comes back as it was, waiting for
    ``proof_no_longer``. Raises as ``extend`` does.
    """
    work = _Work(content, tsa=tsa, trust=trust, fetcher=fetcher, now=now)
    before = work.proof.lasts_until
    try:
        work.gather()
        work.stamp()
    except _Waits as waits:
        return work.result(waits.code)
    after = work.proof.lasts_until
    if before is not None and after is not None and after <= before:
        work.take(content)
        return work.result("proof_no_longer")
    return work.result()


def stamp_cms(
    *,
    signature: bytes,
    document: bytes,
    tsa: StampAuthority,
    trust: TrustDirectory,
    fetcher: RevocationFetcher,
    now: datetime,
) -> StampedSignature:
    """A detached signature with a time-stamp of its own, if what comes out is valid by it.

    Raises what ``verify_cms`` raises for a file that cannot be read.
    """
    try:
        stamped = stamp_signatures(signature, lambda data: _asked(tsa, data, trust=trust, now=now))
    except _Waits as waits:
        return StampedSignature(content=signature, waits_for=waits.code)
    except CmsError as error:
        raise RuleViolation(f"signature_{error.code}") from error
    if stamped == signature:
        return StampedSignature(content=signature)
    found = verify_cms(
        signature=stamped, document=document, trust=trust, at=None, now=now, fetcher=fetcher
    )
    every = (*found.reasons, *(reason for signer in found.signers for reason in signer.reasons))
    against = [reason.code for reason in every if reason.kind != "remark"]
    if against or any(signer.signed_at_source != "timestamp" for signer in found.signers):
        waits_for = against[0] if against else "timestamp_untrusted"
        return StampedSignature(content=signature, waits_for=waits_for)
    return StampedSignature(content=stamped)


class _Work:
    """One file on its way up."""

    def __init__(
        self,
        content: bytes,
        *,
        tsa: StampAuthority,
        trust: TrustDirectory,
        fetcher: RevocationFetcher,
        now: datetime,
    ) -> None:
        self.tsa = tsa
        self.trust = trust
        self.fetcher = fetcher
        self.now = now
        self.take(content)

    def take(self, content: bytes) -> None:
        """Go on with these bytes, read and judged anew."""
        try:
            sealed = read_sealed(content)
        except UnreadablePdf as error:
            raise RuleViolation("preserve_failed", reason=str(error)) from error
        proof = proof_of(sealed.certificate, sealed.additions, trust=self.trust, now=self.now)
        if proof is None:
            raise RuleViolation("preserve_failed", reason="additions")
        self.content: bytes = content
        self.sealed: SealedFile = sealed
        self.proof: Proof = proof

    def result(self, waits_for: str = "") -> Extended:
        return Extended(
            content=self.content,
            level=self.proof.level,
            stamped_at=self.proof.stamped_at,
            lasts_until=self.proof.lasts_until,
            waits_for=waits_for,
        )

    def reach(self, wanted: Level) -> None:
        """Raises _Waits at the step that cannot be done."""
        goal = LEVELS.index(wanted)
        if goal >= LEVELS.index("B-T") and self.proof.level == "B-B":
            self.stamp()
        if goal >= LEVELS.index("B-LT") and self.proof.level == "B-T":
            self.gather()
        if goal >= LEVELS.index("B-LTA") and self.proof.level == "B-LT":
            self.stamp()

    def stamp(self) -> None:
        self.take(add_stamp(self.content, self._token))

    def _token(self, data: bytes) -> bytes:
        return _asked(self.tsa, data, trust=self.trust, now=self.now, families=READABLE)

    def gather(self) -> None:
        """Put into the store what proves the seal and all time-stamps good."""
        found = _Gathering(self.trust, self.fetcher, self.now)
        additions = self.sealed.additions
        known = (*self.sealed.certificates, *additions.store.certificates)
        for certificate, others, at in subjects(self.sealed.certificate, additions.stamps):
            found.add(certificate, (*others, *known), at, additions.store.evidence)
        if found.is_empty:
            return
        content = add_evidence(
            self.content,
            certificates=found.certificates,
            responses=[response.der for response in found.evidence.responses],
            crls=[crl.der for crl in found.evidence.crls],
        )
        if len(content) - len(self.content) > EVIDENCE_LIMIT_BYTES:
            raise _Waits("evidence_too_large")
        self.take(content)


class _Gathering:
    """Certificates and verified revocation data for the store of one file."""

    def __init__(self, trust: TrustDirectory, fetcher: RevocationFetcher, now: datetime) -> None:
        self.trust = replace(trust, evidence=Evidence())
        self.fetcher = fetcher
        self.now = now
        self.certificates: list[bytes] = []
        self.evidence = Evidence()

    @property
    def is_empty(self) -> bool:
        return self.evidence == Evidence()

    def add(
        self, certificate: bytes, others: tuple[bytes, ...], at: datetime, known: Evidence
    ) -> None:
        """Raises _Waits where something is wrong with the certificate or nobody answers."""
        answer = check_certificate(
            certificate,
            others,
            self.trust,
            at,
            now=self.now,
            policy=RevocationPolicy(is_required=False, evidence=known),
        )
        wrong = [code for code in answer.codes if Reason(code).kind == "invalid"]
        if wrong:
            raise _Waits(wrong[0])
        self.certificates += [each.der for each in answer.path]
        for below, issuer in pairwise(answer.path):
            self._ask(below, issuer, at, known)

    def _ask(
        self, certificate: Certificate, issuer: Certificate, at: datetime, known: Evidence
    ) -> None:
        present = known.with_more(self.evidence)
        if check_revocation(certificate, issuer, present, at=at, now=self.now).state == "good":
            return
        fetched = fetch_evidence(certificate, issuer, self.fetcher).evidence
        found = check_revocation(certificate, issuer, fetched, at=at, now=self.now)
        if found.state == "good":
            self.evidence = self.evidence.with_more(fetched)
        elif found.state == "revoked":
            raise _Waits("certificate_revoked")
        elif certificate.der not in self.trust.known_ders:
            # The operator's own authorities need no proof; for them it is welcome.
            raise _Waits("revocation_unreachable" if fetched == Evidence() else found.code)


def _asked(
    tsa: StampAuthority,
    data: bytes,
    *,
    trust: TrustDirectory,
    now: datetime,
    families: frozenset[str] | None = None,
) -> bytes:
    """A token over ``data`` that is trusted and of this moment; ``families`` of keys bound whose
    it may be, because programs that read PDFs know no GOST. Raises _Waits."""
    try:
        token = tsa.stamp(data)
        stamp = read_stamp(token, data)
    except Unreachable as error:
        raise _Waits("tsa_unreachable") from error
    except (StampRefused, BrokenStamp) as error:
        raise _Waits(error.code) from error
    if families is not None and family_of(stamp.certificate.algorithm.oid) not in families:
        raise _Waits("timestamp_unsupported")
    if abs(stamp.moment - now) > CLOCK_TOLERANCE:
        raise _Waits("timestamp_clock")
    policy = RevocationPolicy(is_required=False)
    faults = stamp_faults(stamp, (), trust=trust, now=now, policy=policy)
    for fault in UNTRUSTED & set(faults):
        raise _Waits(fault)
    return token
