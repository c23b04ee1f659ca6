"""A list as cells, whatever file it came in, and the limits of what is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from kualik.rules.errors import RuleViolation

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_ROWS: Final = 5_000
# Rows above the table: the name of the list, the order, the header itself.
MAX_ROWS_ABOVE: Final = 30
# Blank rows between people are borne, but a row beyond this number may hold nothing.
LAST_ROW: Final = 20_000
MAX_COLUMNS: Final = 60
MAX_SHEETS: Final = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a date when the sheet holds a real one, and how it was stored."""

    text: str = ""
    day: date | None = None
    is_formula: bool = False
    is_number: bool = False


EMPTY: Final = Cell()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds something; ``number`` is the row number the office sees, from 1."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, index: int) -> Cell:
        """The cell of a column, counted from 0; an empty one beyond the end."""
        return self.cells[index] if index < len(self.cells) else EMPTY


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with its rows; blank rows are left out."""

    name: str
    rows: tuple[Row, ...]

    @property
    def width(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class Grid:
    """The sheet that was read, and the names of the visible ones that hold anything.

    A CSV file is one sheet without a name.
    """

    sheet: Sheet
    names: tuple[str, ...] = ("",)


def column_letter(index: int) -> str:
    """The letter of a column counted from 0: A, B, … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def collect_rows(rows: Iterable[tuple[int, tuple[Cell, ...]]]) -> tuple[Row, ...]:
    """The rows that hold something, trimmed at the right.

    RuleViolation ``list_too_many_rows`` or ``list_too_many_columns``.
    """
    collected: list[Row] = []
    for number, cells in rows:
        width = next((place for place in range(len(cells), 0, -1) if cells[place - 1].text), 0)
        if not width:
            continue
        if width > MAX_COLUMNS:
            raise RuleViolation("list_too_many_columns", limit=MAX_COLUMNS)
        if len(collected) >= MAX_ROWS + MAX_ROWS_ABOVE or number > LAST_ROW:
            raise RuleViolation("list_too_many_rows", limit=MAX_ROWS)
        collected.append(Row(number, cells[:width]))
    return tuple(collected)
