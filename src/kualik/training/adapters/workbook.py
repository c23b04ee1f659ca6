"""XLSX workbooks: reading within limits, writing without formulas."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from io import BytesIO
from math import isfinite
from typing import Final, Protocol

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill

from kualik.rules.errors import RuleViolation
from kualik.training.adapters.grid import (
    EMPTY,
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_SHEETS,
    Cell,
    Grid,
    Sheet,
    collect_rows,
    column_letter,
)

MAX_UNPACKED_BYTES: Final = 10 * MAX_BYTES
MAX_MEMBERS: Final = 500
MAX_CELL_LETTERS: Final = 2_000
# The last row a sheet may have; a file that names a later one would be padded without end.
LAST_ROW: Final = 1_048_576
ENCRYPTED_FLAG: Final = 0x1

WRAPPED: Final = Alignment(vertical="top", wrap_text=True)
BOLD: Final = Font(bold=True)

# What openpyxl, zipfile and the XML parser raise on a damaged file.
DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
)


class _SheetCell(Protocol):
    value: object
    data_type: str


class _SheetPage(Protocol):
    title: str
    sheet_state: str

    def reset_dimensions(self) -> None: ...

    def iter_rows(self, *, max_col: int) -> Iterator[tuple[_SheetCell, ...]]: ...


def read_workbook(content: bytes) -> Grid:
    """The visible and hidden sheets of an XLSX file, formulas marked and not computed.

    RuleViolation ``list_encrypted``, ``list_too_large`` (unpacked), ``list_not_a_table``,
    ``list_format_unknown`` (another kind of ZIP file), ``list_too_many_rows``,
    ``list_too_many_columns``, ``list_empty``.
    """
    try:
        _check_archive(content)
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions it leaves out; only cells matter here.
            warnings.simplefilter("ignore")
            sheets = _read_sheets(content)
    except DAMAGED as error:
        raise RuleViolation("list_not_a_table") from error
    if not any(sheet.rows for sheet in sheets):
        raise RuleViolation("list_empty")
    return Grid(sheets)


def _check_archive(content: bytes) -> None:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        if any(member.flag_bits & ENCRYPTED_FLAG for member in members):
            raise RuleViolation("list_encrypted")
        if "xl/workbook.xml" not in archive.namelist():
            raise RuleViolation("list_format_unknown")
        # zipfile never unpacks more than the size a member states, so the sum is a bound.
        unpacked = sum(member.file_size for member in members)
        if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES:
            raise RuleViolation("list_too_large", megabytes=MAX_BYTES // 1024 // 1024)
        for member in members:
            with archive.open(member) as part:
                # A workbook never declares entities; a file that does wants to grow when read.
                if b"<!DOCTYPE" in part.read(4096):
                    raise RuleViolation("list_not_a_table")


def _read_sheets(content: bytes) -> tuple[Sheet, ...]:
    book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
    try:
        if len(book.worksheets) > MAX_SHEETS:
            raise RuleViolation("list_too_many_sheets", limit=MAX_SHEETS)
        return tuple(
            Sheet(page.title, collect_rows(_rows(page)), page.sheet_state != "visible")
            for page in book.worksheets
        )
    finally:
        book.close()


def _rows(page: _SheetPage) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    # The stated size of a sheet is often wrong, and a large one would pad every row.
    page.reset_dimensions()
    for number, cells in enumerate(page.iter_rows(max_col=MAX_COLUMNS + 1), start=1):
        if number > LAST_ROW:
            raise RuleViolation("list_not_a_table")
        yield number, tuple(_cell(cell) for cell in cells)


def _cell(cell: _SheetCell) -> Cell:
    value = cell.value
    if value is None or value == "":
        return EMPTY
    if cell.data_type == "f":
        return Cell(str(value)[:MAX_CELL_LETTERS], is_formula=True)
    if isinstance(value, str):
        return Cell(value[:MAX_CELL_LETTERS])
    if isinstance(value, datetime):
        return Cell(value.date().isoformat(), day=value.date())
    if isinstance(value, date):
        return Cell(value.isoformat(), day=value)
    if isinstance(value, bool):
        return Cell(str(value))
    if isinstance(value, int | float) and isfinite(value):
        whole = isinstance(value, float) and value.is_integer()
        return Cell(str(int(value) if whole else value), is_number=True)
    return Cell(str(value)[:MAX_CELL_LETTERS])


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row to write: texts by column and, if any, the colour of each cell."""

    texts: Sequence[str]
    colours: Sequence[str] = ()
    is_bold: bool = False


def write_workbook(*, title: str, rows: Sequence[WrittenRow], widths: Sequence[int]) -> bytes:
    """An XLSX file of one sheet. Every cell is text, so nothing in it is ever computed."""
    book = Workbook(write_only=True)
    page = book.create_sheet(title)
    for index, width in enumerate(widths):
        page.column_dimensions[column_letter(index)].width = width
    for row in rows:
        page.append([_written(page, row, index) for index in range(len(row.texts))])
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _written(page: object, row: WrittenRow, index: int) -> object:
    text = ILLEGAL_CHARACTERS_RE.sub(" ", row.texts[index])
    colour = row.colours[index] if index < len(row.colours) else ""
    if not (colour or row.is_bold or text.startswith("=")):
        # Styles are dear: a cell that needs none is five times as fast.
        return text
    cell = WriteOnlyCell(page, text)
    # A text that starts with = would otherwise be stored as a formula.
    cell.data_type = "s"
    cell.alignment = WRAPPED
    if row.is_bold:
        cell.font = BOLD
    if colour:
        cell.fill = _fill(colour)
    return cell


@cache
def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", start_color=colour)
