"""The seal block that a sealed paper shows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from kualik.papers.queries import words
from kualik.papers.services.wording import clock_time, short_date
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SealBlock:
    """Whose seal the file holds and since when: printed, since the signature itself is invisible.

    ``certificate_serial`` is the serial number of the organisation's certificate as people compare
    it (hex); ``sealed_at`` is aware and also dates the file. ``has_person_signature`` says that
    the authorised person's own signature is kept beside the document (A57.10-2);
    ``signer_label`` names the words that call whoever signs it.
    """

    organisation: Text
    certificate_serial: str
    certificate_valid_to: date
    sealed_at: datetime
    has_person_signature: bool
    signer_label: str = "seal_person"


class NoForce(TypedDict):
    """The words that a test seal has no legal force."""

    heading: str
    note: str


class SealWords(TypedDict):
    """What a seal mark says: a heading and labelled rows; ``test`` is None for a real seal."""

    heading: str
    rows: list[tuple[str, str]]
    test: NoForce | None


def seal_words(seal: SealBlock, holder: str | None, language: str, *, is_test: bool) -> SealWords:
    """What the seal mark says in one language.

    A certificate's holder is named here again on one line; the name above may be set in two.
    """
    shared = words("words")
    last_day = short_date(seal.certificate_valid_to)
    rows = (
        *([("seal_holder", holder)] if holder else []),
        ("seal_organisation", seal.organisation.get(language)),
        ("seal_serial", seal.certificate_serial),
        ("seal_valid_to", shared["seal_valid_day"].get(language).format(day=last_day)),
        ("seal_sealed_at", clock_time(seal.sealed_at)),
    )
    said = [(shared[label].get(language), value) for label, value in rows]
    if seal.has_person_signature:
        said.append((shared[seal.signer_label].get(language), shared["seal_beside"].get(language)))
    return {
        "heading": shared["seal"].get(language),
        "rows": said,
        "test": test_words(language) if is_test else None,
    }


def test_words(language: str) -> NoForce:
    """The words that a test seal has no legal force, in one language."""
    shared = words("words")
    return {"heading": shared["test"].get(language), "note": shared["test_note"].get(language)}
