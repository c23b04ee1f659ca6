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
Sheet = tuple[str, Sequence[str], Sequence[Sequence[Value]]]
TITLE_LETTERS = 31
NOT_IN_TITLES = str.maketrans({**dict.fromkeys("[]*?\\", " "), ":": "", "/": "–"})
HEAD = PatternFill("solid", fgColor="D7E6E6")
NAME_WIDTH, VALUE_WIDTH = 46, 17


def write_workbook(sheets: Iterable[Sheet], heading: str) -> bytes:
    """A sheet for each title, head and rows. Above them stand the heading and the whole title,
    which a tab has no room for; all of that stays in view. Texts are texts, whatever they begin
    with: nothing in the file is computed."""
    book = Workbook(write_only=True)
    for title, head, rows in sheets:
        page = book.create_sheet(_tab(title))
        page.freeze_panes = "A4"
        page.column_dimensions["A"].width = NAME_WIDTH
        for place in range(1, len(head)):
            page.column_dimensions[chr(ord("A") + place)].width = VALUE_WIDTH
        page.append([_cell(page, heading, is_head=True)])
        page.append([_cell(page, title)])
        page.append([_cell(page, name, is_head=True) for name in head])
        for row in rows:
            page.append([_cell(page, value) for value in row])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _tab(title: str) -> str:
    """The title for a tab, which takes no slash and thirty-one letters: cut between words."""
    whole = title.translate(NOT_IN_TITLES)
    if len(whole) <= TITLE_LETTERS:
        return whole
    return f"{whole[: TITLE_LETTERS - 1].rpartition(' ')[0].rstrip(' ,–')}…"


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
