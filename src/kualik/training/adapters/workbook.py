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
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser

from kualik.rules.errors import RuleViolation
from kualik.training.adapters.grid import (
    EMPTY,
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
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
# Marks of the file's own language: the work of its parser, however small the file is packed.
MAX_TAGS: Final = 2_500_000
# Rows that stand in a file, blank ones with a colour or a frame among them.
MAX_ROWS_READ: Final = 100_000
CHUNK: Final = 1024 * 1024
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


def read_workbook(content: bytes, wanted: str | None = None) -> Grid:
    """One sheet of an XLSX file, formulas marked and not computed; the others only by name.

    ``wanted`` None takes the first visible sheet that holds rows.
    RuleViolation ``list_encrypted``, ``list_too_large`` (unpacked), ``list_not_a_table``,
    ``list_format_unknown`` (another kind of ZIP file), ``list_too_many_rows``,
    ``list_too_many_columns``, ``list_too_many_sheets``, ``list_sheet_unknown``, ``list_empty``.
    """
    try:
        _check_archive(content)
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions it leaves out; only cells matter here.
            warnings.simplefilter("ignore")
            return _read_sheet(content, wanted)
    except DAMAGED as error:
        raise RuleViolation("list_not_a_table") from error


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
        tags = 0
        for member in members:
            with archive.open(member) as part:
                head = part.read(4096)
                # A workbook never declares entities; a file that does wants to grow when read.
                if b"<!DOCTYPE" in head:
                    raise RuleViolation("list_not_a_table")
                tags += head.count(b"<")
                while chunk := part.read(CHUNK):
                    tags += chunk.count(b"<")
        if tags > MAX_TAGS:
            raise RuleViolation("list_too_large", megabytes=MAX_BYTES // 1024 // 1024)


def _read_sheet(content: bytes, wanted: str | None) -> Grid:
    book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
    try:
        pages = {page.title: page for page in book.worksheets}
        if len(book.worksheets) > MAX_SHEETS:
            raise RuleViolation("list_too_many_sheets", limit=MAX_SHEETS)
        if wanted is not None and wanted not in pages:
            raise RuleViolation("list_sheet_unknown", sheet=wanted)
        names = tuple(
            name
            for name, page in pages.items()
            if page.sheet_state == "visible" and _holds_anything(page)
        )
        if wanted is None and not names:
            raise RuleViolation("list_empty")
        name = names[0] if wanted is None else wanted
        return Grid(Sheet(name, collect_rows(_rows(pages[name]))), names)
    finally:
        book.close()


def _holds_anything(page: ReadOnlyWorksheet) -> bool:
    """Whether a row of the sheet holds something; read as far as the first that does."""
    return any(cell.text for _, cells in _rows(page) for cell in cells)


def _rows(page: ReadOnlyWorksheet) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """The rows that stand in the file, with their numbers in rising order.

    Not ``iter_rows``: it makes every row that a file skips, a million before one stray cell.
    """
    last = 0
    with page._get_source() as source:
        parser = WorkSheetParser(
            source,
            page._shared_strings,
            data_only=False,
            epoch=page.parent.epoch,
            date_formats=page.parent._date_formats,
            timedelta_formats=page.parent._timedelta_formats,
        )
        for count, (number, cells) in enumerate(parser.parse(), start=1):
            if count > MAX_ROWS_READ:
                raise RuleViolation("list_too_many_rows", limit=MAX_ROWS)
            if number <= last:
                continue
            last = number
            row = page._get_row(cells, max_col=MAX_COLUMNS + 1)
            yield number, tuple(_cell(cell) for cell in row)


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
