"""Charts: bars of named parts, with their geometry in per cent of the width and in lines.

A part is told by its pattern and its number, never by colour alone; the table of the same name
stands behind every chart.
"""

from collections import Counter
from dataclasses import dataclass

from kualik.cases.models import Request
from kualik.oversight.queries.figures.periods import month_name
from kualik.oversight.queries.figures.requests import TERMS, by
from kualik.oversight.queries.figures.tables import Figures, Share, said
from kualik.oversight.queries.figures.words import chart_title, word
from kualik.rules.language import LANGUAGES, Text

PATTERNS = ("plain", "lines", "cross")
# Of one bar, in lines of text: its label, its height, the space below.
STEP = 3.0
LABEL, TOP, THICK = 1.0, 1.35, 1.1


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar; ``left`` and ``width`` in per cent of the chart."""

    name: Text
    pattern: str
    value: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label and the words at its end; the rest are heights in lines."""

    label: Text
    told: Text
    parts: tuple[Part, ...]
    label_y: float
    top: float


@dataclass(frozen=True, slots=True)
class Chart:
    """``height`` in lines of text; ``table`` is the code of the table behind it."""

    code: str
    title: Text
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, Text], ...]
    table: str
    thick: float = THICK

    @property
    def height(self) -> float:
        """All bars."""
        return len(self.bars) * STEP

    @property
    def summary(self) -> Text:
        """The chart in words, for who does not see it."""
        return Text(
            *(
                "; ".join(f"{bar.label.get(one)}: {bar.told.get(one)}" for bar in self.bars)
                for one in LANGUAGES
            )
        )


Row = tuple[Text, tuple[int, ...], Text]


def charts_of(figures: Figures) -> list[Chart]:
    """Those that have something to show."""
    found = [_terms(figures), _channels(figures), _queue(figures), _hours(figures)]
    return [chart for chart in found if any(part.value for b in chart.bars for part in b.parts)]


def chart(code: str, names: tuple[Text, ...], rows: list[Row], table: str, most: int = 0) -> Chart:
    """Bars to one scale, whose end is ``most`` or the longest of them."""
    longest = max([most, *(sum(values) for _, values, _ in rows)], default=0) or 1
    bars = tuple(_bar(place, row, names, longest) for place, row in enumerate(rows))
    legend = tuple(zip(PATTERNS, names, strict=False)) if len(names) > 1 else ()
    return Chart(code, chart_title(code), bars, legend, table)


def _bar(place: int, row: Row, names: tuple[Text, ...], longest: int) -> Bar:
    label, values, told = row
    parts, before = [], 0
    for name, pattern, value in zip(names, PATTERNS, values, strict=False):
        left, width = 100 * before / longest, 100 * value / longest
        parts.append(Part(name, pattern, value, round(left, 2), round(width, 2)))
        before += value
    top = place * STEP
    return Bar(label, told, tuple(parts), round(top + LABEL, 2), round(top + TOP, 2))


def _terms(figures: Figures) -> Chart:
    months = by(figures.facts, lambda fact: fact.month)
    rows: list[Row] = []
    for month in figures.period.months():
        counts = months.get(month, Counter())
        values = tuple(counts[name] for name in TERMS)
        rows.append((month_name(month), values, _listed(values)))
    return chart("terms", tuple(word(name) for name in TERMS), rows, "months")


def _channels(figures: Figures) -> Chart:
    channels = by(figures.facts, lambda fact: fact.channel)
    rows: list[Row] = []
    for one in Request.Channel:
        count = channels.get(one.value, Counter())["received"]
        rows.append((word(one.value), (count,), _same(str(count))))
    return chart("channels", (word("received"),), rows, "channels")


def _queue(figures: Figures) -> Chart:
    queue = figures.queue
    rows: list[Row] = []
    for name, good, whole in (
        ("waiting", queue.waited_in_time, queue.handed_in),
        ("serving", queue.served_in_time, queue.served),
    ):
        share = Share(good, whole)
        told = Text(*(f"{said(share, one)} ({good}/{whole})" for one in LANGUAGES))
        rows.append((word(name), (good, whole - good), told))
    return chart("queue", (word("in_time"), word("beyond")), rows, "queue")


def _hours(figures: Figures) -> Chart:
    rows: list[Row] = [
        (
            _same(f"{row.hour:02d}:00–{row.hour:02d}:59"),
            (row.tickets - row.late, row.late),
            _same(f"{row.tickets}" if not row.late else f"{row.tickets} ({row.late})"),
        )
        for row in figures.queue.hours
    ]
    return chart("hours", (word("other"), word("late")), rows, "hours")


def _listed(values: tuple[int, ...]) -> Text:
    return _same(" + ".join(str(value) for value in values))


def _same(text: str) -> Text:
    return Text(text, text, text)
