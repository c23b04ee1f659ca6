"""Tables of figures as a workbook."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill

# Text, a count, a length of time, or a share between 0 and 1.
Value = str | int | float | timedelta
TITLE_LETTERS = 31
NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
HEAD = PatternFill("solid", fgColor="D7E6E6")
NAME_WIDTH, VALUE_WIDTH = 46, 17


def write_workbook(sheets: Iterable[tuple[str, Sequence[str], Sequence[Sequence[Value]]]]) -> bytes:
    """A sheet for each title, head and rows; the head stays in view. Texts are texts, whatever
    they begin with: nothing in the file is computed."""
    book = Workbook(write_only=True)
    for title, head, rows in sheets:
        page = book.create_sheet(title.translate(NOT_IN_TITLES)[:TITLE_LETTERS])
        page.freeze_panes = "A2"
        page.column_dimensions["A"].width = NAME_WIDTH
        for place in range(1, len(head)):
            page.column_dimensions[chr(ord("A") + place)].width = VALUE_WIDTH
        page.append([_cell(page, name, is_head=True) for name in head])
        for row in rows:
            page.append([_cell(page, value) for value in row])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(page: object, value: Value, *, is_head: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(page)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    else:
        cell.value = value
    if isinstance(value, timedelta):
        cell.number_format = "[h]:mm"
    elif isinstance(value, float):
        cell.number_format = "0.0%"
    if is_head:
        cell.font, cell.fill = Font(bold=True), HEAD
    return cell
