"""Finding the header row of a list and what each of its columns holds."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.spelling import repair
from kualik.training.adapters.grid import MAX_ROWS, MAX_ROWS_ABOVE, Grid, Row, column_letter

HEADERS: Final = Path(__file__).parents[1] / "data" / "headers.toml"
FEWEST_FIELDS: Final = 2
LEAST_COVERAGE: Final = 0.34
CLOSE_WORDING: Final = 0.86
BY_LANGUAGE: Final = ("title", "specialty")
IGNORED: Final = "ignored"
BRACKETS: Final = re.compile(r"\([^)]*\)")

Origin = Literal["dictionary", "close", "remembered", "chosen", "unknown"]


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """What one column is taken for; ``field`` is None when it is not used."""

    index: int
    header: str
    field: str | None
    origin: Origin

    @property
    def letter(self) -> str:
        return column_letter(self.index)


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The sheet and row of the header and the meaning of every column."""

    sheet: str
    header_row: int
    columns: tuple[ColumnMatch, ...]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(match.field for match in self.columns if match.field)

    @property
    def unknown(self) -> tuple[ColumnMatch, ...]:
        """Columns nobody could name: shown, and left out of the import."""
        return tuple(match for match in self.columns if match.origin == "unknown")

    @property
    def unused(self) -> tuple[ColumnMatch, ...]:
        """Columns that were understood, or once set, as holding nothing the import needs."""
        left = (match for match in self.columns if not match.field)
        return tuple(match for match in left if match.origin != "unknown")

    def to_record(self) -> dict[str, object]:
        """As a draft keeps it."""
        columns = [[match.index, match.header, match.field, match.origin] for match in self.columns]
        return {"sheet": self.sheet, "header_row": self.header_row, "columns": columns}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "ColumnMapping":
        """Back from ``to_record``."""
        columns = tuple(ColumnMatch(*column) for column in record["columns"])
        return cls(record["sheet"], record["header_row"], columns)


class _Phrase(NamedTuple):
    field: str
    language: str
    words: tuple[str, ...]


class _Guess(NamedTuple):
    score: float
    field: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class _Dictionary:
    labels: dict[str, Text]
    phrases: tuple[_Phrase, ...]
    marks: dict[str, tuple[str, ...]]
    ignored_endings: tuple[str, ...]


@cache
def _dictionary() -> _Dictionary:
    data = tomllib.loads(HEADERS.read_text(encoding="utf-8"))
    phrases = [
        _Phrase(field, language, tuple(normalise_header(phrase).split()))
        for field, row in data["fields"].items()
        for language in LANGUAGES
        for phrase in row.get(language, ())
    ]
    phrases += [
        _Phrase(IGNORED, "", tuple(normalise_header(phrase).split()))
        for phrase in data["ignored"]["phrases"]
    ]
    return _Dictionary(
        labels={
            field: Text(**row["label"]) for field, row in data["fields"].items() if "label" in row
        },
        phrases=tuple(phrases),
        marks={language: tuple(words) for language, words in data["language_marks"].items()},
        ignored_endings=tuple(data["ignored"]["endings"]),
    )


def fields() -> Mapping[str, Text]:
    """Every field a column may be given, with its name for the screen."""
    return _dictionary().labels


def field_names(names: Iterable[str]) -> Text:
    """The names of some fields, one after another, as a message tells them."""
    labels = [fields()[name] for name in names]
    joined = {code: ", ".join(label.get(code) for label in labels) for code in LANGUAGES}
    return Text(**joined)


def normalise_header(header: str) -> str:
    """The header in lower case, one alphabet, without signs: how it is compared and kept."""
    plain = repair(header).casefold().replace("ё", "е")
    return " ".join(re.findall(r"\w+", plain))[:200]


def recognise(*, grid: Grid, remembered: Mapping[str, str]) -> ColumnMapping:
    """The header row and the columns of a list.

    ``remembered`` maps a normalised header to the field the provider once chose ("" for none).
    RuleViolation ``list_header_not_found``, ``list_too_many_rows``.
    """
    page = grid.sheet
    best: tuple[ColumnMatch, ...] = ()
    best_row = 0
    for row in page.rows[:MAX_ROWS_ABOVE]:
        columns = _columns(row, page.width, remembered)
        if _known(columns) > _known(best):
            best, best_row = columns, row.number
    if _known(best) < FEWEST_FIELDS:
        raise RuleViolation("list_header_not_found")
    if sum(row.number > best_row for row in page.rows) > MAX_ROWS:
        raise RuleViolation("list_too_many_rows", limit=MAX_ROWS)
    return ColumnMapping(page.name, best_row, best)


def correct(mapping: ColumnMapping, changes: Mapping[str, str | None]) -> ColumnMapping:
    """The mapping with the office's choices: column letter → field, None for "do not use".

    A field chosen for one column is taken from the column that had it.
    RuleViolation ``field_unknown``, ``column_unknown``.
    """
    letters = {match.letter for match in mapping.columns}
    for letter, field in changes.items():
        if letter not in letters:
            raise RuleViolation("column_unknown", column=letter)
        if field is not None and field not in fields():
            raise RuleViolation("field_unknown", field=field)
    chosen = {field for field in changes.values() if field}
    columns = []
    for match in mapping.columns:
        if match.letter in changes:
            match = replace(match, field=changes[match.letter], origin="chosen")
        elif match.field in chosen:
            match = replace(match, field=None, origin="unknown")
        columns.append(match)
    return replace(mapping, columns=tuple(columns))


def _known(columns: tuple[ColumnMatch, ...]) -> int:
    return sum(match.field is not None for match in columns)


def _columns(row: Row, width: int, remembered: Mapping[str, str]) -> tuple[ColumnMatch, ...]:
    headers = [row.cell(index).text for index in range(width)]
    guesses = [
        (index, guess)
        for index, header in enumerate(headers)
        if (guess := _guess(header, remembered))
    ]
    # The surest column takes its field first; on a draw the one further left.
    taken: dict[str, int] = {}
    origins: dict[int, Origin] = {}
    for index, guess in sorted(guesses, key=lambda pair: (-pair[1].score, pair[0])):
        if guess.field == IGNORED or guess.field not in taken:
            origins[index] = guess.origin
        if guess.field != IGNORED:
            taken.setdefault(guess.field, index)
    fields_by_index = {index: field for field, index in _settle_names(taken).items()}
    return tuple(
        ColumnMatch(
            index,
            header,
            fields_by_index.get(index),
            origins.get(index, "unknown"),
        )
        for index, header in enumerate(headers)
        if header
    )


def _settle_names(taken: dict[str, int]) -> dict[str, int]:
    """ "Name" beside "Surname" is a given name; "Имя" without a surname is a whole name."""
    has_full_name = "full_name" in taken or "full_name_given_first" in taken
    if "family_name" in taken and "full_name_given_first" in taken and "given_name" not in taken:
        taken["given_name"] = taken.pop("full_name_given_first")
    if "given_name" in taken and "family_name" not in taken and not has_full_name:
        taken["full_name_given_first"] = taken.pop("given_name")
    return taken


def _guess(header: str, remembered: Mapping[str, str]) -> _Guess | None:
    normalised = normalise_header(header)
    if not normalised:
        return None
    if normalised in remembered:
        return _Guess(2, remembered[normalised] or IGNORED, "remembered")
    lowered = header.casefold().strip()
    if any(lowered.endswith(end) and lowered != end for end in _dictionary().ignored_endings):
        return _Guess(1, IGNORED, "dictionary")
    words = tuple(normalised.split())
    marked = _marked_language(words)
    # What stands in brackets explains ("Имя (по удостоверению)") or belongs ("Объём (часов)").
    readings = {words, tuple(normalise_header(BRACKETS.sub(" ", header)).split())} - {()}
    scored = (
        (phrase, _coverage(phrase.words, reading))
        for phrase in _dictionary().phrases
        for reading in readings
    )
    phrase, score = max(scored, key=lambda pair: pair[1])
    if score >= LEAST_COVERAGE:
        return _Guess(score, _in_language(phrase, marked), "dictionary")
    return _close(normalised, marked)


def _close(normalised: str, marked: str) -> _Guess | None:
    """A header with a slip of the keyboard in it."""
    if len(normalised) < 5 or len(normalised) > 60:
        return None
    matcher = SequenceMatcher(b=normalised)
    for phrase in _dictionary().phrases:
        matcher.set_seq1(" ".join(phrase.words))
        bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
        if all(bound() >= CLOSE_WORDING for bound in bounds):
            return _Guess(LEAST_COVERAGE, _in_language(phrase, marked), "close")
    return None


def _in_language(phrase: _Phrase, marked: str) -> str:
    if phrase.field not in BY_LANGUAGE:
        return phrase.field
    own = "kk" if phrase.language == "kk" else "ru"
    return f"{phrase.field}_{marked or own}"


def _marked_language(words: tuple[str, ...]) -> str:
    for language, marks in _dictionary().marks.items():
        if any(_begins(word, mark) for word in words for mark in marks):
            return language
    return ""


def _coverage(phrase: tuple[str, ...], words: tuple[str, ...]) -> float:
    """The share of the header's letters that the phrase explains; 0 unless each word is there."""
    matched = 0
    rest = list(words)
    for wanted in phrase:
        found = next((word for word in rest if _begins(word, wanted)), None)
        if found is None:
            return 0
        rest.remove(found)
        matched += len(found)
    return matched / sum(map(len, words)) + (0.01 if phrase == words else 0)


def _begins(word: str, wanted: str) -> bool:
    """The same word, or the wanted word with an ending; two letters never stand for more."""
    return word == wanted or (len(wanted) > 2 and word.startswith(wanted))
