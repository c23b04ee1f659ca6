"""The table of the dry run in the language of the page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kualik.rules.language import Text
from kualik.training.services import Remark, fields, filter_text, remark_text, verdict_text
from kualik.training.services.check import VERDICTS
from kualik.training.services.showing import DryRun, ShownRow

TAGS: Final = {
    "ready": "good",
    "attention": "warn",
    "known": "info",
    "refused": "bad",
    "skipped": "",
}
GRAVITY: Final = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Told:
    """A remark in words; ``becomes`` is the repaired text it proposes."""

    severity: str
    text: str
    becomes: str


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell with what is said about it; ``severity`` is that of the gravest remark."""

    letter: str
    label: str
    text: str
    severity: str
    remarks: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table.

    ``remarks`` are those that no shown column holds, ``faults`` the cells something is said about,
    the gravest first.
    """

    number: int
    verdict: str
    verdict_text: str
    tag: str
    cells: tuple[TableCell, ...]
    remarks: tuple[Told, ...]
    faults: tuple[TableCell, ...]
    printed: str
    can_take: bool
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """A way to see the rows of one verdict, "" for all."""

    verdict: str
    label: str
    count: int
    is_current: bool


def columns_of(found: DryRun) -> list[tuple[str, Text]]:
    """Letter and meaning of the used columns."""
    return [(column.letter, fields()[column.field]) for column in found.columns]


def filters_of(found: DryRun, shown: str) -> list[Filter]:
    """All rows, then each verdict that occurs."""
    language = get_language() or "kk"
    filters = [Filter("", _("All rows"), len(found.rows), shown == "")]
    for verdict in VERDICTS:
        count = found.counts[verdict]
        if count or verdict == shown:
            label = filter_text(verdict, language)
            filters.append(Filter(verdict, label, count, shown == verdict))
    return filters


def rows_of(found: DryRun, rows: Iterable[ShownRow], taken: Collection[int]) -> list[TableRow]:
    """The rows of one page with their remarks in words."""
    language = get_language() or "kk"
    columns = {column.letter: fields()[column.field].get(language) for column in found.columns}
    return [_row(row, columns, language, row.number in taken) for row in rows]


def _row(row: ShownRow, columns: dict[str, str], language: str, is_taken: bool) -> TableRow:
    cells = tuple(
        _cell(letter, label, text, row, language)
        for (letter, label), text in zip(columns.items(), row.cells, strict=True)
    )
    elsewhere = [remark for remark in row.remarks if remark.column not in columns]
    faults = [cell for cell in cells if cell.remarks]
    return TableRow(
        number=row.number,
        verdict=row.verdict,
        verdict_text=verdict_text(row.verdict, language),
        tag=TAGS[row.verdict],
        cells=cells,
        remarks=tuple(_told(remark, language) for remark in elsewhere),
        faults=tuple(sorted(faults, key=lambda cell: GRAVITY[cell.severity])),
        printed=row.printed,
        can_take=row.verdict == "attention",
        is_taken=is_taken,
    )


def _cell(letter: str, label: str, text: str, row: ShownRow, language: str) -> TableCell:
    remarks = [remark for remark in row.remarks if remark.column == letter]
    gravest = min((remark.severity for remark in remarks), key=GRAVITY.__getitem__, default="")
    told = tuple(_told(remark, language) for remark in remarks)
    return TableCell(letter, label, text, gravest, told)


def _told(remark: Remark, language: str) -> Told:
    becomes = str(remark.params.get("suggestion", ""))
    return Told(remark.severity, remark_text(remark, language), becomes)
