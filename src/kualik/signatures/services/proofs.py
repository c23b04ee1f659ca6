"""How far a file with proof behind its seal proves itself: PAdES B-B, B-T, B-LT or B-LTA."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from kualik.signatures.adapters.additions import Additions, StampedRevision, Store
from kualik.signatures.adapters.certificates import BrokenCertificate
from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.reading import UnreadablePdf, read_sealed
from kualik.signatures.adapters.revocation import CLOCK_TOLERANCE, Evidence
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.cms_verification import UNTRUSTED, stamp_faults
from kualik.signatures.services.verdicts import Reason

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]
LEVELS: Final[tuple[Level, ...]] = ("B-B", "B-T", "B-LT", "B-LTA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far the file proves itself. ``stamped_at`` is the moment that the first time-stamp
    proves, ``lasts_until`` the end of the newest one's certificate."""

    level: Level
    stamped_at: datetime | None = None
    lasts_until: datetime | None = None


def proof_of(
    certificate: bytes, additions: Additions, *, trust: TrustDirectory, now: datetime
) -> Proof | None:
    """What the additions prove about the seal of ``certificate`` (DER) by themselves, without
    data from elsewhere; None where they are no proof.

    That is a time-stamp of an authority that is not trusted, or revocation data behind the last
    time-stamp that do not belong to the file: anybody can add such.
    """
    judge = _Judge(certificate, additions, replace(trust, evidence=Evidence()), now)
    if not additions.stamps:
        return Proof(level="B-B")
    moments = [each.stamp.moment for each in additions.stamps]
    is_ordered = all(later >= earlier - CLOCK_TOLERANCE for earlier, later in pairwise(moments))
    if not is_ordered or not all(map(judge.trusts, additions.stamps)):
        return None
    if not additions.is_closed and not judge.is_proven(additions.store, additions.stamps):
        return None
    return Proof(
        level=judge.level(),
        stamped_at=moments[0],
        lasts_until=additions.stamps[-1].stamp.certificate.not_after,
    )


def issued_part(content: bytes, *, trust: TrustDirectory, now: datetime) -> bytes | None:
    """The sealed file as it was issued, where proof and nothing else was added behind it; None for
    any other file, and for one that nothing was added to."""
    try:
        sealed = read_sealed(content)
        length = sealed.additions.issued_bytes
        if length == len(content):
            return None
        proof = proof_of(sealed.certificate, sealed.additions, trust=trust, now=now)
    except (UnreadablePdf, BrokenCertificate):
        return None
    return content[:length] if proof else None


@dataclass(frozen=True, slots=True)
class _Judge:
    """Asks what the data in a file prove."""

    certificate: bytes
    additions: Additions
    trust: TrustDirectory
    now: datetime

    def trusts(self, stamped: StampedRevision) -> bool:
        store = self.additions.store
        policy = RevocationPolicy(is_required=False, evidence=store.evidence)
        faults = stamp_faults(
            stamped.stamp, store.certificates, trust=self.trust, now=self.now, policy=policy
        )
        return UNTRUSTED.isdisjoint(faults)

    def level(self) -> Level:
        stamps = self.additions.stamps
        for place in range(len(stamps) - 1, 0, -1):
            if self.is_proven(stamps[place].store, stamps[:place]):
                return "B-LTA"
        return "B-LT" if self.is_proven(self.additions.store, stamps[:1]) else "B-T"

    def is_proven(self, store: Store, stamps: tuple[StampedRevision, ...]) -> bool:
        """Whether the store shows the seal and these time-stamps good at their moments."""
        return all(
            self.is_good(certificate, others, at, store)
            for certificate, others, at in subjects(self.certificate, stamps)
        )

    def is_good(
        self, certificate: bytes, others: tuple[bytes, ...], at: datetime, store: Store
    ) -> bool:
        answer = check_certificate(
            certificate,
            (*others, *store.certificates),
            self.trust,
            at,
            now=self.now,
            policy=RevocationPolicy(evidence=store.evidence),
        )
        kinds = {Reason(code).kind for code in answer.codes}
        return answer.is_trusted and kinds <= {"remark"}


def subjects(
    certificate: bytes, stamps: tuple[StampedRevision, ...]
) -> Iterator[tuple[bytes, tuple[bytes, ...], datetime]]:
    """What must be proven good, what helps to reach its anchor, and at what moment: the seal when
    it was first stamped, each time-stamp when it was made."""
    yield certificate, (), stamps[0].stamp.moment
    for each in stamps:
        stamp = each.stamp
        yield stamp.certificate.der, stamp.certificates, stamp.moment
