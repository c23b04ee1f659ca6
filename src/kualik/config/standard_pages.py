"""What the pages of the standards show: rows with their readings, and word-by-word differences."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from itertools import groupby

from kualik.rules import standards
from kualik.rules.language import Text
from kualik.rules.standards import Difference, Reading, Row, Standard

OTHER_ORIGINAL = {"kk": "ru", "ru": "kk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One row in the language of the page, with the text of one more language to compare.

    The other language is the act's own where the page shows a translation.
    """

    row: Row
    is_original: bool
    other_language: str
    other_text: str
    other_is_original: bool
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The clauses of one row of the standard."""

    title: Text
    clauses: tuple[Clause, ...]

    @property
    def number(self) -> str:
        """The row in the standard, empty for the name; a point of the Rules is in its title."""
        match = re.match(r"\d+(?![\d-])", self.clauses[0].row.number)
        return match[0] if match else ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a text that both editions share, or that one of them has alone."""

    text: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One matter of both editions, both texts in one language cut into pieces."""

    difference: Difference
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]


def editions(on: date) -> list[tuple[Standard, bool]]:
    """The newest version of each edition and whether it is in force ``on``; the latest first."""
    newest = [versions[-1] for versions in standards.load_all().values()]
    newest.sort(key=lambda standard: standard.in_force_from, reverse=True)
    return [(standard, standard.covers(on)) for standard in newest]


def sections(standard: Standard, language: str) -> list[Section]:
    """The standard row by row; sub-items with one title stand together."""
    return [
        Section(title, tuple(_clause(standard, row, language) for row in rows))
        for title, rows in groupby(standard.rows, key=lambda row: row.title)
    ]


def leaning_readings(standard: Standard) -> list[Reading]:
    """Readings that rest on a clause of another edition, because this act's data hold none."""
    own = {row.id for row in standard.rows}
    return [reading for reading in standard.readings if reading.clause not in own]


def comparisons(old: Standard, new: Standard, language: str) -> list[Comparison]:
    """Every matter of both editions with the words that differ."""
    return [_comparison(difference, language) for difference in standards.diff(old, new)]


def _clause(standard: Standard, row: Row, language: str) -> Clause:
    is_original = language == row.original
    other = OTHER_ORIGINAL[row.original] if is_original else row.original
    return Clause(
        row=row,
        is_original=is_original,
        other_language=other,
        other_text=row.text.get(other),
        other_is_original=other == row.original,
        readings=standard.readings_of(row.id),
    )


def _comparison(difference: Difference, language: str) -> Comparison:
    old = difference.old.text.get(language) if difference.old else ""
    new = difference.new.text.get(language) if difference.new else ""
    if difference.kind != "changed":
        return Comparison(difference, _whole(old), _whole(new))
    left, right = old.split(), new.split()
    blocks = SequenceMatcher(None, _bare(left), _bare(right), autojunk=False).get_matching_blocks()
    return Comparison(
        difference,
        tuple(_pieces(left, ((block.a, block.size) for block in blocks))),
        tuple(_pieces(right, ((block.b, block.size) for block in blocks))),
    )


def _bare(words: Iterable[str]) -> list[str]:
    """Words as they are compared: case and marks around them do not differ."""
    return [word.casefold().strip(' .,;:()–-"') for word in words]


def _pieces(words: list[str], shared: Iterable[tuple[int, int]]) -> Iterator[Piece]:
    done = 0
    for start, size in shared:
        if start > done:
            yield Piece(" ".join(words[done:start]), is_shared=False)
        if size:
            yield Piece(" ".join(words[start : start + size]), is_shared=True)
        done = start + size


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text, is_shared=True),) if text else ()
