"""Remarks in words, and the list given back with the remarks beside its rows."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from kualik.rules.language import LANGUAGES, Text
from kualik.training.adapters.grid import Grid, Row, column_letter
from kualik.training.adapters.workbook import WrittenRow, write_workbook
from kualik.training.services.cells import Remark
from kualik.training.services.check import CheckedList, CheckedRow, Verdict
from kualik.training.services.recognise import fields

DATA: Final = Path(__file__).parents[1] / "data"
COLOURS: Final[Mapping[str, str]] = {
    "ready": "E3F1E5",
    "attention": "FFF1C9",
    "known": "E8E8E8",
    "refused": "FAD9D5",
    "skipped": "E8E8E8",
}
SEVERITY_COLOURS: Final[Mapping[str, str]] = {"error": "F4A79E", "warning": "FFDD77", "note": ""}
NARROWEST: Final = 6
WIDEST: Final = 40
REMARKS_WIDTH: Final = 80


@cache
def _texts(name: str) -> dict[str, Text]:
    data = tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))
    return {code: Text(**{key: row[key] for key in LANGUAGES}) for code, row in data.items()}


def remark_text(remark: Remark, language: str) -> str:
    """What the remark says, in ``kk``, ``ru`` or ``en``; dates as dd.mm.yyyy."""
    facts = {
        name: value.strftime("%d.%m.%Y") if isinstance(value, date) else value
        for name, value in remark.params.items()
    }
    field = fields().get(remark.field)
    facts["field"] = field.get(language) if field else remark.field
    return _texts("remarks")[remark.code].get(language).format_map(facts)


def verdict_text(verdict: Verdict, language: str) -> str:
    """The verdict in words."""
    return _texts("verdicts")[verdict].get(language)


def filter_text(verdict: Verdict, language: str) -> str:
    """The verdict in words that name several rows."""
    return _texts("verdicts")[f"several_{verdict}"].get(language)


def remarks_workbook(*, checked: CheckedList, grid: Grid, language: str) -> bytes:
    """The list as an XLSX file: its own rows, then the verdict and the remarks of each.

    Faulty cells are coloured; every cell is text, so no formula of the list comes to life.
    """
    sheet = grid.sheet
    by_number = {row.row: row for row in checked.rows}
    written: list[WrittenRow] = []
    for row in sheet.rows:
        # Blank rows are put back, so that row numbers in remarks still fit.
        while len(written) < row.number - 1:
            written.append(WrittenRow(()))
        written.append(_written(row, sheet.width, by_number.get(row.number), checked, language))
    widths = [_width(sheet.rows, index) for index in range(sheet.width)]
    title = _texts("verdicts")["sheet"].get(language)
    return write_workbook(title=title, rows=written, widths=[*widths, 22, REMARKS_WIDTH])


def _written(
    row: Row, width: int, judged: CheckedRow | None, checked: CheckedList, language: str
) -> WrittenRow:
    texts = [row.cell(index).text for index in range(width)]
    if row.number == checked.mapping.header_row:
        heads = [
            _texts("verdicts")[name].get(language) for name in ("head_verdict", "head_remarks")
        ]
        return WrittenRow([*texts, *heads], is_bold=True)
    if judged is None:
        return WrittenRow(texts)
    told = [
        f"{remark.column}: {remark_text(remark, language)}"
        if remark.column
        else remark_text(remark, language)
        for remark in judged.remarks
    ]
    faults = {
        remark.column: SEVERITY_COLOURS[remark.severity]
        for remark in sorted(judged.remarks, key=lambda remark: remark.severity, reverse=True)
    }
    colours = [faults.get(column_letter(index), "") for index in range(width)]
    verdict = verdict_text(judged.verdict, language)
    own = COLOURS[judged.verdict]
    return WrittenRow([*texts, verdict, "\n".join(told)], [*colours, own, own])


def _width(rows: tuple[Row, ...], index: int) -> int:
    # Title rows above the table are as long as they like and must not widen the column.
    longest = max(
        (len(row.cell(index).text) for row in rows if row.cell(index + 1).text), default=0
    )
    return min(max(longest + 2, NARROWEST), WIDEST)
