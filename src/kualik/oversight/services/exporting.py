"""Figures for a spreadsheet: XLSX and CSV; taking them out is written down."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import StringIO

from kualik.accounts.models import User
from kualik.certificates.services.exporting import plain_cell
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.oversight.adapters import Value, write_workbook
from kualik.oversight.queries.figures import Figures, Share, Table, said
from kualik.oversight.queries.figures.tables import Cell
from kualik.rules.language import Text


def as_workbook(tables: Sequence[Table], heading: Text, language: str) -> bytes:
    """A sheet for each table; counts, times and shares are numbers."""
    sheets = (
        (
            table.title.get(language),
            [plain_cell(column.get(language)) for column in table.columns],
            [[_value(cell, language) for cell in row] for row in table.rows],
        )
        for table in tables
    )
    return write_workbook(sheets, plain_cell(heading.get(language)))


def as_csv(tables: Iterable[Table], heading: Text, language: str) -> str:
    """All tables one under the other, each under its title."""
    file = StringIO()
    writer = csv.writer(file, delimiter=";")
    writer.writerow([plain_cell(heading.get(language))])
    for table in tables:
        writer.writerows([[], [plain_cell(table.title.get(language))]])
        writer.writerow([plain_cell(column.get(language)) for column in table.columns])
        for row in table.rows:
            writer.writerow([plain_cell(said(cell, language)) for cell in row])
    return "\ufeff" + file.getvalue()


def record_export(*, user: User, figures: Figures, way: str, actor: Actor, now: datetime) -> None:
    """Write down who took which figures out."""
    scope, period = figures.scope, figures.period
    journal.record(
        subject=f"user:{user.pk}",
        action="oversight.figures_exported",
        actor=actor,
        now=now,
        data={
            "way": way,
            "providers": [provider.code for provider in scope.providers],
            "first": period.first.isoformat(),
            "last": period.last.isoformat(),
        },
    )


def _value(cell: Cell, language: str) -> Value:
    if isinstance(cell, Share):
        tenths = cell.tenths
        return said(cell, language) if tenths is None else tenths / 1000
    if isinstance(cell, int | timedelta):
        return cell
    return plain_cell(said(cell, language))
