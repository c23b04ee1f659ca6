"""CSV files: encoding and delimiter are found from the content."""

import codecs
import csv
import re
from collections import Counter
from io import StringIO
from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.training.adapters.grid import EMPTY, Cell, Grid, Sheet, collect_rows

DELIMITERS: Final = (";", ",", "\t")
SAMPLE_ROWS: Final = 200
SINGLE_BYTE_ENCODINGS: Final = ("cp1251", "kz1048")
BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LETTERS: Final = frozenset(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһіАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯӘҒҚҢӨҰҮҺІ"
)
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
# ="0901…" is how programs keep leading zeros in a CSV file: a text, not a formula.
QUOTED_TEXT: Final = re.compile(r'="([^"]*)"')


def read_delimited(content: bytes) -> Grid:
    """The rows of a CSV file.

    RuleViolation ``list_not_a_table``, ``list_empty``, ``list_too_many_rows``,
    ``list_too_many_columns``.
    """
    text = decode(content)
    if not text.strip():
        raise RuleViolation("list_empty")
    told = SEPARATOR_LINE.match(text)
    skipped = 1 if told else 0
    body = text[told.end() :] if told else text
    try:
        delimiter = told[1] if told else find_delimiter(body)
        reader = csv.reader(StringIO(body, newline=""), delimiter=delimiter)
        numbered = ((number + skipped, _cells(row)) for number, row in enumerate(reader, start=1))
        rows = collect_rows(numbered)
    except (csv.Error, TypeError, ValueError) as error:
        raise RuleViolation("list_not_a_table") from error
    if not rows:
        raise RuleViolation("list_empty")
    return Grid(Sheet("", rows))


def decode(content: bytes) -> str:
    """The text in the encoding it was found to have; ``list_not_a_table`` when it has none.

    A single-byte encoding never fails by itself, so the one whose letters are those of Russian
    and Kazakh is taken; cp1251 when nothing tells the two apart.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _sound(_decoded(content, encoding))
    for encoding in ("utf-16-le", "utf-16-be"):
        if _has_empty_halves(content, encoding):
            return _sound(_decoded(content, encoding))
    text = _decoded(content, "utf-8")
    if text is not None:
        return _sound(text)
    found = (_decoded(content, encoding) for encoding in SINGLE_BYTE_ENCODINGS)
    text = max((text for text in found if text is not None), key=_share_of_letters, default="")
    if not text or _share_of_letters(text) < 0.5:
        raise RuleViolation("list_not_a_table")
    return _sound(text)


def find_delimiter(text: str) -> str:
    """The delimiter that cuts most rows into the same number of cells; ``list_not_a_table``."""
    best, best_score = "", (0, 0)
    for delimiter in DELIMITERS:
        widths: Counter[int] = Counter()
        for place, row in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter)):
            if place >= SAMPLE_ROWS:
                break
            widths[len(row)] += 1
        score = max(((rows, width) for width, rows in widths.items() if width > 1), default=(0, 0))
        if score > best_score:
            best, best_score = delimiter, score
    if not best:
        raise RuleViolation("list_not_a_table")
    return best


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _sound(text: str | None) -> str:
    if text is None or CONTROL.search(text):
        raise RuleViolation("list_not_a_table")
    return text


def _has_empty_halves(content: bytes, encoding: str) -> bool:
    """Whether delimiters and digits stand in two bytes, one of them zero."""
    high = content[1::2] if encoding == "utf-16-le" else content[::2]
    return len(content) % 2 == 0 and len(content) > 3 and high.count(0) > len(high) // 8


def _share_of_letters(text: str) -> float:
    beyond_ascii = [letter for letter in text if letter > "\x7f" and letter not in "№«»–—\xa0"]
    if not beyond_ascii:
        return 1.0
    return sum(letter in LETTERS for letter in beyond_ascii) / len(beyond_ascii)


def _cells(row: list[str]) -> tuple[Cell, ...]:
    return tuple(_cell(text) for text in row)


def _cell(text: str) -> Cell:
    text = text.strip()
    if not text:
        return EMPTY
    quoted = QUOTED_TEXT.fullmatch(text)
    if quoted:
        return Cell(quoted[1])
    return Cell(text, is_formula=text.startswith("="))
