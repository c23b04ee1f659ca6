"""Who a row names: the IIN and the parts of the name."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_iin, restore_leading_zeros
from kualik.rules.spelling import (
    FullName,
    NameOrder,
    is_order_in_doubt,
    mixed_alphabet_letters,
    name_problems,
    normalise_name,
    repair,
    split_full_name,
)
from kualik.training.services.cells import RowReader

FULL_NAMES: Final[dict[str, NameOrder]] = {
    "full_name": "family_first",
    "full_name_given_first": "given_first",
}
PARTS: Final = ("family_name", "given_name", "patronymic")
SHORTEST_PADDED: Final = 9


@dataclass(frozen=True, slots=True)
class PersonRead:
    """The person of a row as far as it could be read; empty strings where it could not."""

    iin: str
    family_name: str
    given_name: str
    patronymic: str

    @property
    def full_name(self) -> str:
        return " ".join(filter(None, (self.family_name, self.given_name, self.patronymic)))


def read_person(reader: RowReader) -> PersonRead:
    """IIN and name, remarks on what is wrong; look-alike letters come back repaired."""
    iin = _read_iin(reader)
    whole = next((name for name in FULL_NAMES if name in reader.columns), None)
    if whole and reader.own_text(whole):
        return PersonRead(iin, *_read_full_name(reader, whole))
    if whole and "family_name" not in reader.columns:
        if not reader.is_refused(whole):
            reader.remark(whole, "family_name_missing")
        return PersonRead(iin, "", "", "")
    parts = [_checked(reader, name, reader.own_text(name)) for name in PARTS]
    if not parts[0] and not reader.is_refused("family_name"):
        reader.remark("family_name", "family_name_missing")
    if not parts[1] and not reader.is_refused("given_name"):
        reader.remark("given_name", "given_name_missing", "warning")
    return PersonRead(iin, *parts)


def _read_iin(reader: RowReader) -> str:
    """The twelve digits; zeros lost at the front of a number are put back."""
    cell = reader.cell("iin")
    text = cell.text.strip()
    if not text:
        if not reader.is_refused("iin"):
            reader.remark("iin", "iin_missing")
        return ""
    if "e+" in text.casefold() or "е+" in text.casefold():
        reader.remark("iin", "iin_rounded")
        return ""
    restored = restore_leading_zeros(int(text)) if cell.is_number and text.isdigit() else text
    try:
        iin = parse_iin(restored).value
    except RuleViolation as violation:
        return _padded(reader, text, violation)
    if restored != text and cell.is_number:
        reader.remark("iin", "iin_zeros_restored", "note")
    return iin


def _padded(reader: RowReader, text: str, violation: RuleViolation) -> str:
    """A short number in a text cell: a CSV file saved by a spreadsheet lost its zeros too."""
    if violation.code == "iin_length" and len(text) >= SHORTEST_PADDED and text.isdigit():
        try:
            iin = parse_iin(restore_leading_zeros(int(text))).value
        except RuleViolation:
            iin = ""
        if iin:
            reader.remark("iin", "iin_zeros_guessed", "warning")
            return iin
    reader.violation("iin", violation)
    return ""


def _read_full_name(reader: RowReader, name: str) -> FullName:
    text = _checked(reader, name, reader.own_text(name))
    order = FULL_NAMES[name]
    try:
        parts = split_full_name(text, order=order)
    except RuleViolation:
        if not reader.is_refused(name):
            reader.remark(name, "name_incomplete")
        return FullName("", "", "")
    if is_order_in_doubt(text, order=order):
        reader.remark(name, "name_order_in_doubt", "note", family=parts.family, given=parts.given)
    return parts


def _checked(reader: RowReader, name: str, text: str) -> str:
    """The name put in order and repaired, with remarks on the rest."""
    text = normalise_name(text)
    if not text.strip("-–—. "):
        return ""
    for code in name_problems(text):
        if code != "name_mixed_alphabet":
            reader.remark(name, code)
    reader.require_printable(name, repair(text))
    odd = mixed_alphabet_letters(text)
    if odd:
        repaired = repair(text)
        can_repair = all(letter.suggestion for letter in odd)
        reader.remark(
            name,
            "name_mixed_alphabet",
            "warning" if can_repair else "error",
            letters=", ".join(dict.fromkeys(letter.letter for letter in odd)),
            suggestion=repaired,
        )
        return repaired
    if _is_latin(text):
        reader.remark(name, "name_in_latin", "warning")
    elif text.isupper() and len(text) > 2:
        reader.remark(name, "name_in_capitals", "note")
    return text


def _is_latin(text: str) -> bool:
    """Whether every letter is Latin, those with marks above them included."""
    letters = [letter for letter in text if letter.isalpha()]
    return bool(letters) and all(
        unicodedata.name(letter, "").startswith("LATIN") for letter in letters
    )
