"""What of a list is shown on a page: examples and judged rows, never a whole IIN."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from kualik.rules.identifiers import mask_iin, replace_iins
from kualik.training.adapters.grid import Cell, Grid, Row, column_letter
from kualik.training.services.cells import Remark
from kualik.training.services.check import CheckedList, CheckedRow, Verdict
from kualik.training.services.recognise import ColumnMapping

EXAMPLES: Final = 3
LONGEST_SHOWN: Final = 120
# In a column nobody named the digits may be an IIN that lost its zeros.
LIKE_A_NUMBER: Final = re.compile(r"\d{9,}")


class ShownColumn(NamedTuple):
    """A column with up to three of its values; ``field`` is "" when it is not used."""

    place: int
    letter: str
    header: str
    field: str
    examples: tuple[str, ...]


class ShownRow(NamedTuple):
    """A judged row; ``cells`` follow the used columns, ``printed`` is the name on the document."""

    number: int
    verdict: Verdict
    cells: tuple[str, ...]
    remarks: tuple[Remark, ...]
    printed: str


@dataclass(frozen=True, slots=True)
class ColumnsShown:
    """The columns of the chosen sheet and the sheets there are."""

    sheets: tuple[str, ...]
    rows: int
    columns: tuple[ShownColumn, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """The judged list as its pages need it; it holds names and no IIN."""

    columns: tuple[ShownColumn, ...]
    rows: tuple[ShownRow, ...]
    counts: Mapping[Verdict, int]
    missing: tuple[str, ...]

    def of(self, verdict: str) -> tuple[ShownRow, ...]:
        """The rows of one verdict; all rows when ``verdict`` is empty."""
        return tuple(row for row in self.rows if verdict in ("", row.verdict))


def show_columns(*, grid: Grid, mapping: ColumnMapping) -> ColumnsShown:
    """The columns of a draft's sheet, with examples of what stands in them."""
    rows = [row for row in grid.sheet.rows if row.number > mapping.header_row]
    return ColumnsShown(grid.names, len(rows), _columns(mapping, rows))


def show_list(*, grid: Grid, checked: CheckedList) -> DryRun:
    """The dry run reduced to what a page shows."""
    rows = {row.number: row for row in grid.sheet.rows}
    used = tuple(column for column in _columns(checked.mapping, []) if column.field)
    return DryRun(
        columns=used,
        rows=tuple(_row(rows[judged.row], judged, used) for judged in checked.rows),
        counts=checked.counts,
        missing=checked.missing,
    )


def _columns(mapping: ColumnMapping, rows: list[Row]) -> tuple[ShownColumn, ...]:
    return tuple(
        ShownColumn(
            match.index,
            column_letter(match.index),
            masked(match.header),
            match.field or "",
            _examples(rows, match.index, match.field or ""),
        )
        for match in mapping.columns
    )


def _examples(rows: list[Row], index: int, field: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in rows:
        text = masked(_text(row.cell(index)), field)
        if text:
            found[text] = None
        if len(found) == EXAMPLES:
            break
    return tuple(found)


def _row(row: Row, judged: CheckedRow, columns: tuple[ShownColumn, ...]) -> ShownRow:
    cells = tuple(masked(_text(row.cell(column.place)), column.field) for column in columns)
    values = judged.values
    return ShownRow(
        judged.row, judged.verdict, cells, judged.remarks, values.holder_ru if values else ""
    )


def _text(cell: Cell) -> str:
    """Real dates as the office writes them, everything else as it stands."""
    return f"{cell.day:%d.%m.%Y}" if cell.day else cell.text


def masked(text: str, field: str = "") -> str:
    """A cell as staff see it: an IIN masked in its own column and in any other."""
    text = text.strip()
    if field == "iin":
        return mask_iin(text)
    text = replace_iins(text, mask_iin)
    if not field:
        text = LIKE_A_NUMBER.sub(lambda found: mask_iin(found[0]), text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
