"""The monthly report on paper: tables of figures in Kazakh over Russian."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from kualik.papers.adapters import qr_svg, render_pdf
from kualik.papers.queries import footer_on, words
from kualik.papers.services.sealing import SealBlock, seal_words, test_words
from kualik.papers.services.wording import long_date
from kualik.rules.language import Text

SIDES: Final = ("kk", "ru")
# Millimetres of the sheet, and of the column with the names; names and values are set otherwise.
WIDE: Final = 255.0
FIRST: Final = 50.0
NARROW_FIRST: Final = 90.0
FEW_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table; every cell in both languages. ``shares`` are relative widths of the columns, none:
    the first is wide, the others alike."""

    title: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    note: Text
    shares: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """A report as its sheet says it. Without a ``signer_name`` no person stands under it."""

    number: str
    organisation: Text
    period: Text
    made_on: date
    tables: tuple[ReportTable, ...]
    signer_name: str
    signer_position: Text


def render_report(*, facts: ReportFacts, check_url: str, seal: SealBlock, is_test: bool) -> bytes:
    """The report, not yet sealed; as many pages as needed.

    PDF/A-2a and PDF/UA-1, the same bytes for the same arguments; dated by ``seal.sealed_at``.
    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    table, shared = words("letters/report"), words("words")
    data = {
        "title": f"{table['title'].kk} / {table['title'].ru} № {facts.number}",
        "author": facts.organisation.kk,
        "foot": f"№ {facts.number} · {facts.period.kk}",
        "number": f"№ {facts.number}",
        "organisation": _both(facts.organisation),
        "heading": {
            side: {name: table[name].get(side) for name in ("title", "subtitle")} for side in SIDES
        },
        "about": {side: _about(facts, table, side) for side in SIDES},
        "tables": [_table(one, table["nothing"]) for one in facts.tables],
        "source": _both(table["source"]),
        "signers": [_signer(facts, side) for side in SIDES],
        "seal": {side: seal_words(seal, None, side, is_test=is_test) for side in SIDES},
        "test": {side: test_words(side) for side in SIDES} if is_test else None,
        "qr": qr_svg(check_url),
        "qr_alt": f"{shared['qr_check'].kk}. {shared['qr_check'].ru}: {check_url}",
        "check_label": f"{shared['check'].kk} / {shared['check'].ru}:",
        "check_url": check_url,
        "footer": _both(footer_on(facts.made_on).text),
    }
    return render_pdf(sheet="report", data=data, created_at=seal.sealed_at)


def _about(facts: ReportFacts, table: Mapping[str, Text], side: str) -> Mapping[str, str]:
    return {
        "label": table["period"].get(side),
        "period": facts.period.get(side),
        "day_label": table["made_on"].get(side),
        "day": long_date(facts.made_on, side),
    }


def _signer(facts: ReportFacts, side: str) -> Mapping[str, str]:
    return {
        "lang": side,
        "signer_position": facts.signer_position.get(side),
        "signer_name": facts.signer_name,
    }


def _table(table: ReportTable, nothing: Text) -> Mapping[str, object]:
    return {
        "title": _both(table.title),
        "columns": [_both(one) for one in table.columns],
        "rows": [[_both(cell) for cell in row] for row in table.rows],
        "nothing": None if table.rows else _both(nothing),
        "note": _both(table.note) if table.note.kk else None,
        "widths": _widths(table),
    }


def _widths(table: ReportTable) -> list[float]:
    if table.shares:
        unit = WIDE / sum(table.shares)
        return [share * unit for share in table.shares]
    count = len(table.columns)
    first = NARROW_FIRST if count <= FEW_COLUMNS else FIRST
    return [first] + [(WIDE - first) / (count - 1)] * (count - 1)


def _both(text: Text) -> Mapping[str, str]:
    return {"kk": text.kk, "ru": text.ru}
