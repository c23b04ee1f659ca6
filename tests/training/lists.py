"""Lists for the tests: the five of the fixtures and small ones built here."""

import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook

from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import check_digit
from kualik.training.adapters.grid import Cell, Grid, Row, Sheet
from kualik.training.adapters.sheets import read_grid
from kualik.training.services.check import CheckedList, CheckedRow, GroupDefaults, check_list
from kualik.training.services.recognise import recognise

LISTS = Path(__file__).resolve().parents[1] / "fixtures" / "completions"
TODAY = date(2026, 11, 23)
HEADER = ("ИИН", "Фамилия", "Имя", "Отчество")
BLANK_AT_THE_END = '<row r="1048576"><c r="A1048576" s="0"/></row>'
COURSE = GroupDefaults(
    kind="pd",
    title_kk="Инфекциялық бақылау",
    title_ru="Инфекционный контроль",
    hours=60,
    credits=Decimal(2),
    started_on=date(2026, 11, 2),
    ended_on=date(2026, 11, 13),
)


def content(name: str) -> bytes:
    return (LISTS / name).read_bytes()


def iin(serial: int) -> str:
    """A right IIN of somebody born on 1 January 1990; one in 120 serials has none."""
    body = f"900101{3}{serial:04d}"
    return f"{body}{check_digit(body)}"


def workbook(rows: Sequence[Sequence[object]], title: str = "Список") -> bytes:
    book = Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(list(row))
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def with_rows(xml: str) -> bytes:
    """A workbook of two rows, and of more as they stand in its file."""
    target = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(workbook([["ИИН", "ФИО"], [iin(1), "Ким Виктор"]]))) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", f"{xml}</sheetData>".encode())
            packed.writestr(name, data)
    return target.getvalue()


def grid_of(rows: Sequence[Sequence[str]]) -> Grid:
    cells = (tuple(Cell(text) for text in row) for row in rows)
    return Grid(Sheet("", tuple(Row(place, row) for place, row in enumerate(cells, start=1))))


def checked(
    grid: Grid, defaults: GroupDefaults = COURSE, *, today: date = TODAY, edition: str = "A303"
) -> CheckedList:
    mapping = recognise(grid=grid, remembered={})
    return check_list(grid=grid, mapping=mapping, defaults=defaults, today=today, edition=edition)


def checked_file(name: str, defaults: GroupDefaults) -> CheckedList:
    return checked(read_grid(content(name)), defaults)


def checked_row(cells: dict[str, str], defaults: GroupDefaults = COURSE) -> CheckedRow:
    """A list of one person with the given columns, others right."""
    right = {"ИИН": iin(1), "Фамилия": "Ахметова", "Имя": "Динара"} | cells
    return checked(grid_of([list(right), list(right.values())]), defaults).rows[0]


def codes(row: CheckedRow) -> list[str]:
    return [remark.code for remark in row.remarks]


def code_of(call: Callable[[], object]) -> str:
    """The code of the rule a call breaks, "" when it breaks none."""
    try:
        call()
    except RuleViolation as violation:
        return violation.code
    return ""
