"""What the open check answers, whatever it was asked by."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from kualik.certificates.services.wording import PROOF_LABELS, STATUS_LABELS, VerdictWords
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text

Verdict = Literal["valid", "altered", "suspended", "revoked", "replaced", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whose key sealed the file: as the register knows it, or as a foreign file claims.

    ``trusted`` is false where only the file says so and no trusted authority confirms it.
    ``name`` is what a foreign certificate calls its holder; our seals are an organisation's and
    have none. ``serial`` is the key certificate's serial number in lower-case hex; ``bin`` 12
    digits or empty.
    """

    name: str
    organisation: Text
    bin: str
    serial: str
    not_after: datetime
    is_test: bool
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The authorised person's own signature, kept beside the file (A57.10-2); without the IIN.

    It was found valid at ``accepted_at``, when the document was issued by it; ``person`` and
    ``organisation`` are written as in the key's certificate, ``role`` is the right it gives.
    """

    person: str
    role: Text
    organisation: str
    bin: str
    signed_at: datetime
    accepted_at: datetime
    algorithm: str
    serial: str
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the verdict is as it is; ``code`` is stable."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterAnswer:
    """What is told of a letter: what it is, whose, of which day, to whom (masked).

    The reasons of a refusal and what was complained of stand in the paper alone. ``by_handler``:
    the handler of a complaint signs it, not the authorised person.
    """

    number: str
    title: Text
    provider_name: Text
    provider_bin: str
    dated: date
    applicant: Text
    by_handler: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The answer. ``facts`` and the rest of the register's side are there only for who brought the
    code or the sealed file; with the verdict "altered" they are the true content, and ``standing``
    is the present verdict on it.

    ``named_number``: a document of the register that an altered file names without its code;
    whether it exists is all that is said. ``replaced_by`` is the check code of the replacement.
    ``sealed_at`` is the moment that the seal in the file names, ``in_force_since`` that of the
    issue, when the last signature was there; the date of issue stands in the facts (``issued_on``).
    ``level`` is how far the document proves itself without this system, a key of PROOF_LABELS, and
    ``stamped_at`` the moment that a time-stamp proves. ``letter`` takes the place of the facts
    where the paper is a letter and no certificate.
    """

    verdict: Verdict
    words: VerdictWords
    reasons: tuple[Reason, ...] = ()
    facts: CertificateFacts | None = None
    standing: Verdict | None = None
    status_reason: Text | None = None
    status_changed_at: datetime | None = None
    replaced_by: str = ""
    signer: Signer | None = None
    signature: Signature | None = None
    sealed_at: datetime | None = None
    in_force_since: datetime | None = None
    named_number: str = ""
    level: str = ""
    stamped_at: datetime | None = None
    letter: LetterAnswer | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the register's side of a document is opened."""
        return self.facts is not None or self.letter is not None

    @property
    def is_test(self) -> bool:
        """Whether the seal is one of the demonstration and has no legal force."""
        return self.signer is not None and self.signer.is_test

    @property
    def standing_label(self) -> Text | None:
        """The standing in a word."""
        return STATUS_LABELS[self.standing] if self.standing else None

    @property
    def proof_label(self) -> Text | None:
        """The level in words."""
        return PROOF_LABELS.get(self.level)
