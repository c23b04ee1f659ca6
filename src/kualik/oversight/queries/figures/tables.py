"""Figures as tables: the same rows for the page, the files and the signed report."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kualik.cases.models import Request
from kualik.core.clock import ZONE
from kualik.oversight.queries.figures.hall import Queue, queue_of
from kualik.oversight.queries.figures.others import (
    Blanks,
    Complaints,
    Failures,
    blanks_of,
    complaints_of,
    failures_of,
)
from kualik.oversight.queries.figures.periods import Period, month_name
from kualik.oversight.queries.figures.requests import (
    COLUMNS,
    Fact,
    Scope,
    Spread,
    by,
    facts_of,
    spread,
    tally,
    times_of,
)
from kualik.oversight.queries.figures.words import NONE, note, title, word
from kualik.providers.models import Office
from kualik.rules.facts import KIND_LABELS
from kualik.rules.language import Text

MINUTE = timedelta(minutes=1)
DASH = Text("–", "–", "–")


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole``; rounded down, so that 100 % is said only where nothing is missing."""

    part: int
    whole: int

    @property
    def tenths(self) -> int | None:
        """Tenths of a per cent; None of nothing."""
        return self.part * 1000 // self.whole if self.whole else None


Cell = str | int | Text | timedelta | Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns; the first cell of a row names it. ``total`` is the last row, if any."""

    code: str
    title: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Text = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything about a scope and a period."""

    scope: Scope
    period: Period
    facts: tuple[Fact, ...]
    times: tuple[tuple[timedelta, timedelta], ...]
    queue: Queue
    complaints: Complaints
    failures: Failures
    blanks: Blanks
    offices: tuple[Office, ...]

    @property
    def counts(self) -> Counter[str]:
        """The requests by column."""
        return tally(self.facts)

    @property
    def kept(self) -> Share:
        """Documents and refusals within the term, of all of them and those still owed."""
        return kept_share(self.counts)


def kept_share(counts: Counter[str]) -> Share:
    """The share within the term (A57.3.1, A303.3.1); what is owed past its term is not within."""
    kept = counts["early"] + counts["on_time"]
    return Share(kept, kept + counts["overdue"] + counts["unanswered"])


def figures_of(scope: Scope, period: Period, *, now: datetime) -> Figures:
    """Some two dozen queries, however many rows there are."""
    lengths = times_of(scope, period, now=now)
    return Figures(
        scope=scope,
        period=period,
        facts=tuple(facts_of(scope, period, now=now)),
        times=tuple(pair for pairs in lengths.values() for pair in pairs),
        queue=queue_of(scope, period, now=now),
        complaints=complaints_of(scope, period, now=now),
        failures=failures_of(scope, period, now=now),
        blanks=blanks_of(scope, period),
        offices=tuple(Office.objects.filter(provider__in=scope.keys).order_by("provider", "pk")),
    )


def tables_of(figures: Figures) -> list[Table]:
    """All tables in their order; those of the organisation alone are left out for an office."""
    found = [_summary(figures), _times(figures), _grounds(figures), *_dimensions(figures)]
    found += [_queue(figures.queue), _hours(figures), _worst(figures)]
    if figures.scope.office is None:
        found += [*_others(figures)]
    return found


def said(cell: Cell, language: str) -> str:
    """A cell as people read it: times as hours:minutes, shares in per cent."""
    if cell is None:
        return "–"
    if isinstance(cell, Text):
        return cell.get(language)
    if isinstance(cell, timedelta):
        minutes = cell // MINUTE
        return f"{minutes // 60}:{minutes % 60:02d}"
    if isinstance(cell, Share):
        return _percent(cell, language)
    return str(cell)


def _percent(share: Share, language: str) -> str:
    tenths = share.tenths
    if tenths is None:
        return "–"
    point = "." if language == "en" else ","
    return f"{tenths // 10}{point}{tenths % 10} %"


def _pairs(code: str, rows: Sequence[tuple[str, Cell]]) -> Table:
    """A table of names and values."""
    return Table(
        code=code,
        title=title(code),
        columns=(word("figure"), word("value")),
        rows=tuple((word(name), value) for name, value in rows),
        note=note(code),
    )


def _summary(figures: Figures) -> Table:
    counts = figures.counts
    rows: list[tuple[str, Cell]] = [(name, counts[name]) for name in COLUMNS]
    return _pairs("summary", [*rows, ("kept", figures.kept)])


def _grounds(figures: Figures) -> Table:
    counted: Counter[tuple[str, str, str]] = Counter()
    for fact in figures.facts:
        if fact.column in ("refused", "not_accepted"):
            counted[fact.ground] += fact.count
    rows = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    return Table(
        code="grounds",
        title=title("grounds"),
        columns=(word("ground"), word("clause"), word("count")),
        rows=tuple(
            (Text(kk, ru) if kk else DASH, clause or "–", count) for (clause, kk, ru), count in rows
        ),
    )


def _dimensions(figures: Figures) -> Iterator[Table]:
    facts = figures.facts
    months = by(facts, lambda fact: fact.month)
    yield _crossed(
        "months", "month", [(month_name(one), months.get(one)) for one in figures.period.months()]
    )
    channels = by(facts, lambda fact: fact.channel)
    yield _crossed(
        "channels",
        "channel",
        [(word(one.value), channels.get(one.value)) for one in Request.Channel],
    )
    kinds = by(facts, lambda fact: fact.kind)
    yield _crossed("kinds", "kind", [(KIND_LABELS[one], kinds.get(one)) for one in KIND_LABELS])
    offices = by(facts, lambda fact: fact.office)
    if figures.scope.office is None:
        named = [(_office_name(figures, one.pk), offices.get(one.pk)) for one in figures.offices]
        yield _crossed("offices", "office", [*named, (word("no_visit"), offices.get(None))])
    if len(figures.scope.providers) > 1:
        providers = by(facts, lambda fact: fact.provider)
        rows = [(one.name, providers.get(one.pk)) for one in figures.scope.providers]
        yield _crossed("providers", "provider", rows)


def _crossed(code: str, first: str, rows: Sequence[tuple[Text, Counter[str] | None]]) -> Table:
    return Table(
        code=code,
        title=title(code),
        columns=(word(first), *(word(name) for name in COLUMNS)),
        rows=tuple(
            (label, *((counts or Counter[str]())[name] for name in COLUMNS))
            for label, counts in rows
        ),
        note=note(code),
    )


def _office_name(figures: Figures, key: int) -> Text:
    """With its organisation's code where there are several."""
    office = next(one for one in figures.offices if one.pk == key)
    if len(figures.scope.providers) == 1:
        return office.name
    code = next(one.code for one in figures.scope.providers if one.pk == office.provider_id)
    name = office.name
    return Text(*(f"{code}: {name.get(language)}" for language in ("kk", "ru", "en")))


def _times(figures: Figures) -> Table:
    working = spread(pair[0] for pair in figures.times)
    clock = spread(pair[1] for pair in figures.times)
    return Table(
        code="times",
        title=title("times"),
        columns=(word("figure"), word("working_time"), word("clock_time")),
        rows=(
            (word("results"), working.count, clock.count),
            (word("middle"), working.middle, clock.middle),
            (word("ninth"), working.ninth, clock.ninth),
        ),
        note=note("times"),
    )


def _queue(queue: Queue) -> Table:
    waiting, serving = queue.waiting, queue.serving
    rows: list[tuple[str, Cell]] = [
        ("tickets", queue.tickets),
        ("handed_in", queue.handed_in),
        ("waited", queue.waited_in_time),
        ("waited_share", Share(queue.waited_in_time, queue.handed_in)),
        ("served", queue.served_in_time),
        ("served_share", Share(queue.served_in_time, queue.served)),
        *_spans("waiting", waiting),
        *_spans("serving", serving),
        ("no_shows", queue.no_shows),
        ("not_come", queue.not_come),
        ("left", queue.left),
        ("left_late", queue.left_late),
        ("recorded_later", queue.recorded_later),
    ]
    return _pairs("queue", rows)


def _spans(name: str, lengths: Spread) -> list[tuple[str, Cell]]:
    return [(f"{name}_middle", lengths.middle), (f"{name}_ninth", lengths.ninth)]


def _hours(figures: Figures) -> Table:
    return Table(
        code="hours",
        title=title("hours"),
        columns=tuple(word(name) for name in ("hour", "tickets", "handed_in", "late")),
        rows=tuple(
            (f"{row.hour:02d}:00", row.tickets, row.handed_in, row.late)
            for row in figures.queue.hours
        ),
    )


def _worst(figures: Figures) -> Table:
    names = ("day", "ticket", "office", "waiting", "serving", "reason", "outcome")
    return Table(
        code="worst",
        title=title("worst"),
        columns=tuple(word(name) for name in names),
        rows=tuple(
            (
                f"{row.ticket_at.astimezone(ZONE):%d.%m.%Y %H:%M}",
                row.number,
                _office_name(figures, row.office),
                row.waited,
                row.served,
                row.reason or word("no_reason"),
                row.outcome,
            )
            for row in figures.queue.worst
        ),
    )


def _others(figures: Figures) -> Iterator[Table]:
    complaints, failures, blanks = figures.complaints, figures.failures, figures.blanks
    names = ("received", "decided", "upheld", "overdue")
    yield _pairs("complaints", [(f"complaints_{n}", getattr(complaints, n)) for n in names])
    yield _pairs(
        "failures",
        [
            ("failures_count", failures.count),
            ("failures_lasted", failures.lasted),
            ("notices", failures.notices),
            ("notices_in_time", failures.notices_in_time),
            ("protocols", failures.protocols),
            ("protocols_in_time", failures.protocols_in_time),
        ],
    )
    names_of_blanks = ("received", "used", "spoiled", "lost", "left")
    yield _pairs("blanks", [(f"blanks_{n}", getattr(blanks, n)) for n in names_of_blanks])
