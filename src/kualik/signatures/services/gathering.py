"""Asking for what a lasting proof is made of: time-stamps, certificates and revocation data.

Nothing is taken over unverified.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Final, Protocol

from kualik.signatures.adapters.algorithms import family_of
from kualik.signatures.adapters.certificates import Certificate
from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.online import RevocationFetcher, Unreachable, fetch_evidence
from kualik.signatures.adapters.revocation import CLOCK_TOLERANCE, Evidence, check_revocation
from kualik.signatures.adapters.timestamps import BrokenStamp, read_stamp
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.tsa import StampAuthority, StampRefused
from kualik.signatures.services.cms_verification import UNTRUSTED, stamp_faults
from kualik.signatures.services.proofs import Proof
from kualik.signatures.services.verdicts import Reason

# A list of a national authority may have megabytes; a document of forty kilobytes does not.
EVIDENCE_LIMIT_BYTES: Final = 512 * 1024


class Waits(Exception):
    """A step cannot be done now."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Climbing(Protocol):
    """A file on its way up, with the proof that it has so far."""

    proof: Proof

    def take(self, content: bytes) -> None:
        """Go on with these bytes."""


def renewed(work: Climbing, content: bytes, *steps: Callable[[], None]) -> str:
    """Take the steps, which make the proof of ``content`` last longer; what is waited for where
    one cannot be done, ``proof_no_longer`` and the file as it was where it would not."""
    before = work.proof.lasts_until
    try:
        for step in steps:
            step()
    except Waits as waits:
        return waits.code
    after = work.proof.lasts_until
    if before is not None and after is not None and after <= before:
        work.take(content)
        return "proof_no_longer"
    return ""


class Gathering:
    """Certificates and verified revocation data for one file."""

    def __init__(self, trust: TrustDirectory, fetcher: RevocationFetcher, now: datetime) -> None:
        self.trust = replace(trust, evidence=Evidence())
        self.fetcher = fetcher
        self.now = now
        self.certificates: list[bytes] = []
        self.evidence = Evidence()

    @property
    def is_empty(self) -> bool:
        return self.evidence == Evidence()

    @property
    def crls(self) -> list[bytes]:
        return [crl.der for crl in self.evidence.crls]

    @property
    def responses(self) -> list[bytes]:
        return [response.der for response in self.evidence.responses]

    def add(
        self, certificate: bytes, others: tuple[bytes, ...], at: datetime, known: Evidence
    ) -> None:
        """Raises Waits where something is wrong with the certificate or nobody answers."""
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
            raise Waits(wrong[0])
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
            raise Waits("certificate_revoked")
        elif certificate.der not in self.trust.known_ders:
            # The operator's own authorities need no proof; for them it is welcome.
            raise Waits("revocation_unreachable" if fetched == Evidence() else found.code)


def asked_token(
    tsa: StampAuthority,
    data: bytes,
    *,
    trust: TrustDirectory,
    now: datetime,
    families: frozenset[str] | None = None,
) -> bytes:
    """A token over ``data`` that is trusted and of this moment; ``families`` of keys bound whose
    it may be, because programs that read PDFs know no GOST. Raises Waits."""
    try:
        token = tsa.stamp(data)
        stamp = read_stamp(token, data)
    except Unreachable as error:
        raise Waits("tsa_unreachable") from error
    except (StampRefused, BrokenStamp) as error:
        raise Waits(error.code) from error
    if families is not None and family_of(stamp.certificate.algorithm.oid) not in families:
        raise Waits("timestamp_unsupported")
    if abs(stamp.moment - now) > CLOCK_TOLERANCE:
        raise Waits("timestamp_clock")
    policy = RevocationPolicy(is_required=False)
    faults = stamp_faults(stamp, (), trust=trust, now=now, policy=policy)
    for fault in UNTRUSTED & set(faults):
        raise Waits(fault)
    return token
