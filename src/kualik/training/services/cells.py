"""Reading the cells of one row: a value, or a remark that says why there is none."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, Literal

from kualik.papers.queries import unprinted
from kualik.rules.errors import RuleViolation
from kualik.training.adapters.grid import EMPTY, Cell, Row, column_letter
from kualik.training.services.dates import parse_date, spreadsheet_day, words
from kualik.training.services.recognise import normalise_header

Severity = Literal["error", "warning", "note"]

# Longest text of a field, in letters; the tables keep no more.
LIMITS: Final[Mapping[str, int]] = {
    "title_kk": 500,
    "title_ru": 500,
    "specialty_kk": 200,
    "specialty_ru": 200,
    "workplace": 300,
    "position": 200,
    "result": 60,
    "protocol": 120,
    "phone": 32,
    "email": 254,
    "study_form": 60,
}
MOST_HOURS: Final = 9_999
MOST_CREDITS: Final = Decimal(999)
NUMBER: Final = re.compile(r"(\d{1,6}(?:[.,]\d{1,4})?)\s*(?:[^\W\d_]+\.?)?")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a cell; ``column`` is its letter, "" when no column holds it.

    An error refuses the row, a warning asks somebody to look, a note stops nothing.
    ``params`` never hold an IIN.
    """

    column: str
    field: str
    code: str
    severity: Severity
    params: Mapping[str, object]


@dataclass(slots=True)
class RowReader:
    """The cells of a row by field, the group's values where the list has none, the remarks."""

    row: Row
    columns: Mapping[str, int]
    defaults: Mapping[str, str]
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, name: str, code: str, severity: Severity = "error", **params: object) -> None:
        """Say something about the cell of a field."""
        self._add(name, code, severity, params)

    def _add(self, name: str, code: str, severity: Severity, params: Mapping[str, object]) -> None:
        index = self.columns.get(name)
        letter = "" if index is None else column_letter(index)
        self.remarks.append(Remark(letter, name, code, severity, params))

    def violation(self, name: str, broken: RuleViolation, severity: Severity = "error") -> None:
        """Say which rule the cell of a field breaks."""
        self._add(name, broken.code, severity, broken.params)

    def require_printable(self, name: str, text: str) -> None:
        """Refuse what the certificate has no letters for, unless the field is refused already."""
        letters = unprinted_letters(text)
        if letters and not self.is_refused(name):
            self.remark(name, "letter_not_printed", letters=letters)

    @property
    def has_errors(self) -> bool:
        return any(remark.severity == "error" for remark in self.remarks)

    def is_refused(self, name: str) -> bool:
        """Whether an error of this field was found already."""
        return any(remark.field == name and remark.severity == "error" for remark in self.remarks)

    def cell(self, name: str) -> Cell:
        """The cell of a field; a formula is remarked upon and read as empty."""
        index = self.columns.get(name)
        if index is None:
            return EMPTY
        cell = self.row.cell(index)
        if not cell.is_formula:
            return cell
        if not self.is_refused(name):
            self.remark(name, "formula_in_cell")
        return EMPTY

    def own_text(self, name: str) -> str:
        """The text of the list itself, spaces put in order, within the field's limit."""
        text = " ".join(self.cell(name).text.split())
        limit = LIMITS.get(name)
        if limit and len(text) > limit:
            self.remark(name, "text_too_long", limit=limit)
            return ""
        return text

    def text(self, name: str) -> str:
        """The text of the list, or of the group where the list has none."""
        text = self.own_text(name)
        if text or self.is_refused(name):
            return text
        return self.defaults.get(name, "")

    def required(self, name: str) -> str:
        """As ``text``; an empty cell is an error when other rows have a value there."""
        text = self.text(name)
        if not text and name in self.columns and not self.is_refused(name):
            self.remark(name, "field_missing")
        return text

    def number(self, name: str) -> Decimal | None:
        """A number above zero with or without its unit: ``120``, ``1,5``, ``120 ч``."""
        text = self.text(name)
        if not text:
            return None
        found = NUMBER.fullmatch(text)
        value = _decimal(found[1]) if found else None
        if value is None or value <= 0:
            self.remark(name, "number_not_understood")
            return None
        return value

    def day(self, name: str) -> date | None:
        """The date of a cell or of the group."""
        cell = self.cell(name)
        if cell.day:
            return cell.day
        text = self.text(name)
        if not text:
            return None
        try:
            if cell.is_number:
                return spreadsheet_day(int(Decimal(text)))
            return parse_date(text)
        except RuleViolation as broken:
            self.violation(name, broken)
            return None


@lru_cache(maxsize=512)
def unprinted_letters(text: str) -> str:
    """The letters a certificate cannot show as a message lists them; invisible ones by number."""
    return ", ".join(
        f"U+{ord(letter):04X}" if unicodedata.category(letter)[0] in "CMZ" else letter
        for letter in unprinted(text)
    )


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


@lru_cache(maxsize=512)
def kind_of(text: str) -> str:
    """``pd``, ``cc`` or ``rt``; "" when the words name none of them or more than one."""
    said = normalise_header(text).split()
    found = {
        kind
        for kind, phrases in words()["kinds"].items()
        for phrase in phrases
        if _says(said, phrase.split())
    }
    return found.pop() if len(found) == 1 else ""


def _says(said: list[str], phrase: list[str]) -> bool:
    if len(phrase) == 1 and len(phrase[0]) < 4:
        return said == phrase
    return all(any(word.startswith(part) for word in said) for part in phrase)


def completion_of(text: str) -> Literal["yes", "no", "date"]:
    """What a cell of the completion column says; an empty one says no."""
    said = " ".join(text.casefold().replace("ё", "е").split())
    if not said.strip("-–—") or said in words()["completion"]["no"]:
        return "no"
    return "yes" if said in words()["completion"]["yes"] else "date"
