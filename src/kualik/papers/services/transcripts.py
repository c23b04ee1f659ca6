"""The transcript on paper: all documents of a person, hours and credits of five years."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from kualik.papers.adapters import qr_svg, render_pdf
from kualik.papers.queries import footer_on, words
from kualik.papers.services.sealing import SealBlock, seal_words, test_words
from kualik.papers.services.wording import long_date, quoted, short_date
from kualik.rules.language import Text

COLUMNS: Final = (
    "place", "document", "programme", "provider", "period", "hours", "credits", "state"
)  # fmt: skip
TOTAL_COLUMNS: Final = ("years", "count", "hours", "credits")
NOTES: Final = ("counting", "snapshot", "made")
SIDES: Final = ("kk", "ru")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRow:
    """A document of the register; ``paper`` says what it is, ``credits`` is a decimal as text."""

    number: str
    paper: Text
    programme: Text
    provider: Text
    started_on: date
    ended_on: date
    issued_on: date
    hours: int
    credits: str
    state: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptTotal:
    """What was learned in five years; ``name`` is a word of the table: "window" or "group"."""

    name: str
    first: date
    last: date
    count: int
    hours: int
    credits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptFacts:
    """A transcript as its sheet says it; no IIN."""

    number: str
    organisation: Text
    holder: Text
    made_on: date
    rows: tuple[TranscriptRow, ...]
    totals: tuple[TranscriptTotal, ...]


def render_transcript(
    *, facts: TranscriptFacts, check_url: str, seal: SealBlock, is_test: bool
) -> bytes:
    """The transcript in Kazakh over Russian, not yet sealed; one page or more.

    PDF/A-2a and PDF/UA-1, the same bytes for the same arguments; dated by ``seal.sealed_at``.
    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    table, shared = words("letters/transcript"), words("words")
    data = {
        "title": f"{table['title'].kk} / {table['title'].ru} № {facts.number}",
        "author": facts.organisation.kk,
        "foot": f"№ {facts.number} · {facts.holder.kk}",
        "number": f"№ {facts.number}",
        "organisation": _both(facts.organisation),
        "heading": _heading(table),
        "holder": {language: _holder(facts, table, language) for language in SIDES},
        "documents": _both(table["documents"]),
        "columns": [_both(table[name]) for name in COLUMNS],
        "rows": [_row(row) for row in facts.rows],
        "totals_title": _both(table["totals"]),
        "total_columns": [_both(table[name]) for name in TOTAL_COLUMNS],
        "totals": [_total(one, table) for one in facts.totals],
        "notes": {side: [table[name].get(side) for name in NOTES] for side in SIDES},
        "seal": {side: seal_words(seal, None, side, is_test=is_test) for side in SIDES},
        "test": {side: test_words(side) for side in SIDES} if is_test else None,
        "qr": qr_svg(check_url),
        "qr_alt": f"{shared['qr_check'].kk}. {shared['qr_check'].ru}: {check_url}",
        "check_label": f"{shared['check'].kk} / {shared['check'].ru}:",
        "check_url": check_url,
        "footer": _both(footer_on(facts.made_on).text),
    }
    return render_pdf(sheet="transcript", data=data, created_at=seal.sealed_at)


def _heading(table: Mapping[str, Text]) -> Mapping[str, object]:
    return {side: {name: table[name].get(side) for name in ("title", "subtitle")} for side in SIDES}


def _holder(facts: TranscriptFacts, table: Mapping[str, Text], side: str) -> Mapping[str, str]:
    return {
        "label": table["holder"].get(side),
        "name": facts.holder.get(side),
        "day_label": table["made_on"].get(side),
        "day": long_date(facts.made_on, side),
    }


def _row(row: TranscriptRow) -> Mapping[str, object]:
    return {
        "number": row.number,
        "paper": _both(row.paper),
        "programme": _both(Text(quoted(row.programme.kk), quoted(row.programme.ru))),
        "provider": _both(row.provider),
        "started_on": short_date(row.started_on),
        "ended_on": short_date(row.ended_on),
        "issued_on": short_date(row.issued_on),
        "hours": str(row.hours),
        "credits": row.credits.replace(".", ","),
        "state": _both(row.state),
    }


def _total(total: TranscriptTotal, table: Mapping[str, Text]) -> Mapping[str, object]:
    return {
        "first": short_date(total.first),
        "last": short_date(total.last),
        "name": _both(table[total.name]),
        "count": str(total.count),
        "hours": str(total.hours),
        "credits": total.credits.replace(".", ","),
    }


def _both(text: Text) -> Mapping[str, str]:
    return {"kk": text.kk, "ru": text.ru}
