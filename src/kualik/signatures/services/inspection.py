"""The answer of the open check: who signed, in words that may be shown to anybody.

People are named as their certificates do, and never by their IIN.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kualik.rules.identifiers import replace_iins
from kualik.signatures.services.verdicts import Reason, SignerVerdict, Status

Kind = Literal["pdf", "cms", "xml"]
Present = Literal["in_force", "expired", "not_yet", "revoked", "unknown"]

HIDDEN: Final = "…"
REVOKED: Final = frozenset(
    {"certificate_revoked", "certificate_revoked_since", "revoked_time_unproven"}
)
# The fifth digit of a BIN is the kind of its holder; an IIN has a day of birth there.
HOLDER_KINDS: Final = frozenset("456")


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedSignature:
    """One signer, or one time-stamp over a whole document.

    ``kind`` is the kind of file it stands in. ``present`` tells of the certificate at the moment
    of checking: by its dates, and revoked where that is known.
    """

    kind: Kind
    is_timestamp: bool
    present: Present
    verdict: SignerVerdict

    @property
    def person(self) -> str:
        """The full name in the certificate."""
        return _shown(self.verdict.person)

    @property
    def organisation(self) -> str:
        """Its name in the certificate."""
        return _shown(self.verdict.organisation)

    @property
    def bin(self) -> str:
        """Twelve digits, empty where a person's number stands in its place."""
        found = self.verdict.bin
        return found if found[4:5] in HOLDER_KINDS else ""

    @property
    def issuer(self) -> str:
        """Who issued the certificate."""
        return _shown(self.verdict.issuer)

    def to_record(self) -> dict[str, object]:
        """The record of the command line without any person's number."""
        record = self.verdict.to_record()
        del record["iin"]
        return record | {
            "kind": self.kind,
            "is_timestamp": self.is_timestamp,
            "person": self.person,
            "organisation": self.organisation,
            "bin": self.bin,
            "issuer": self.issuer,
            "certificate_now": self.present,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The answer about a file. ``reasons`` speak of it as a whole; ``document_sha256`` (lower-case
    hexadecimal) and ``document_bytes`` of what was signed."""

    kind: Kind
    is_attached: bool
    signatures: tuple[InspectedSignature, ...]
    reasons: tuple[Reason, ...]
    document_sha256: str
    document_bytes: int
    checked_at: datetime

    @property
    def status(self) -> Status:
        """The worst of the signatures and the reasons; time-stamps count where nobody signed."""
        signers = [each for each in self.signatures if not each.is_timestamp] or self.signatures
        found = {str(each.verdict.status) for each in signers}
        found |= {str(reason.kind) for reason in self.reasons}
        if "invalid" in found or not signers:
            return "invalid"
        return "indeterminate" if "indeterminate" in found else "valid"

    def to_record(self) -> dict[str, object]:
        """The answer for machines; moments in ISO 8601."""
        return {
            "status": self.status,
            "kind": self.kind,
            "is_attached": self.is_attached,
            "reasons": [reason.to_record() for reason in self.reasons],
            "signers": [each.to_record() for each in self.signatures],
            "document_sha256": self.document_sha256,
            "document_bytes": self.document_bytes,
            "checked_at": self.checked_at.isoformat(),
        }


def told(
    kind: Kind, verdicts: Iterable[SignerVerdict], *, now: datetime, is_timestamp: bool = False
) -> tuple[InspectedSignature, ...]:
    """Verdicts with what is to be said of their certificates at ``now``."""
    return tuple(
        InspectedSignature(
            kind=kind, is_timestamp=is_timestamp, present=_present(verdict, now), verdict=verdict
        )
        for verdict in verdicts
    )


def _present(verdict: SignerVerdict, now: datetime) -> Present:
    start, end = verdict.certificate_not_before, verdict.certificate_not_after
    if start is None or end is None:
        return "unknown"
    if any(reason.code in REVOKED for reason in verdict.reasons):
        return "revoked"
    if now < start:
        return "not_yet"
    return "expired" if now > end else "in_force"


def _shown(name: str) -> str:
    return replace_iins(name, lambda _digits: HIDDEN)
