"""The seal block that a sealed paper shows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from kualik.papers.queries import words
from kualik.papers.services.wording import clock_time, short_date
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SealBlock:
    """Who seals the paper (A57.10-2) and when: printed, since the signature itself is invisible.

    ``certificate_serial`` is the signing certificate's serial number as people compare it (hex);
    ``sealed_at`` is aware and also dates the file.
    """

    signer_name: str
    signer_position: Text
    organisation: Text
    certificate_serial: str
    certificate_valid_to: date
    sealed_at: datetime


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
    rows = (
        *([("seal_holder", holder)] if holder else []),
        ("seal_signer", seal.signer_name),
        ("seal_organisation", seal.organisation.get(language)),
        ("seal_serial", seal.certificate_serial),
        ("seal_valid_to", short_date(seal.certificate_valid_to)),
        ("seal_sealed_at", clock_time(seal.sealed_at)),
    )
    return {
        "heading": shared["seal"].get(language),
        "rows": [(shared[label].get(language), value) for label, value in rows],
        "test": test_words(language) if is_test else None,
    }


def test_words(language: str) -> NoForce:
    """The words that a test seal has no legal force, in one language."""
    shared = words("words")
    return {"heading": shared["test"].get(language), "note": shared["test_note"].get(language)}
