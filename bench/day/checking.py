"""The day by the system beside the day by the script's own books."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any

from openpyxl import load_workbook

from bench.day.books import Books, whole_minutes
from bench.day.desk import House
from bench.day.playing import Day
from bench.day.system import ROOT, System, moment_of

WORDS = tomllib.loads((ROOT / "src/kualik/oversight/data/figures.toml").read_text("utf-8"))
LENGTHS = ("waiting_middle", "waiting_ninth", "serving_middle", "serving_ninth")
SHARES = ("waited_share", "served_share")
OVERLAPS = """
SELECT v.number, p.window_id, p.state, p.started_at, p.ended_at, p.user_id
FROM counter_period p JOIN counter_visit v ON v.id = p.visit_id
WHERE v.office_id = ? AND v.day = ? ORDER BY p.started_at, p.id
"""
VISITS = """
SELECT number, ticket_at, handed_in_at, ended_at, outcome FROM counter_visit
WHERE office_id = ? AND day = ?
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison; ``is_same`` decides over the day."""

    name: str
    system: object
    books: object

    @property
    def is_same(self) -> bool:
        return self.system == self.books


def compare(system: System, house: House, day: Day) -> list[Line]:
    """Everything that must be equal."""
    today = f"{system.now:%Y-%m-%d}"
    house.head.open("/office/figures/?lang=en")
    path = f"/office/figures/figures.xlsx?first={today}&last={today}"
    book = load_workbook(BytesIO(house.head.file(path)), read_only=True)
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book]
    # Above the rows stand whose figures they are, the title and the names of the columns.
    tables = {rows[1][0]: rows[3:] for rows in sheets}
    return [
        *_queue(tables, day.books),
        *_rows("tickets at", _table(tables, "hours"), day.books.hours()),
        *_rows("beyond 30 min", _worst(tables), day.books.worst()),
        *_visits(system, house, day.books, today),
        *_calls(system, house, day, today),
        *_blanks(tables, day.books),
        *_failures(system, tables, day),
        *_printed(system, day.books),
    ]


def _table(tables: dict[str, Any], code: str) -> list[Any]:
    rows: list[Any] = tables[WORDS["title"][code]["en"]]
    return rows


def _values(tables: dict[str, Any], code: str) -> dict[str, Any]:
    """A table of names and values, by the codes of the names."""
    codes = {words["en"]: name for name, words in WORDS["word"].items()}
    return {codes.get(row[0], row[0]): row[1] for row in _table(tables, code)}


def _queue(tables: dict[str, Any], books: Books) -> Iterator[Line]:
    by_name = {WORDS["word"][code]["en"]: code for code in books.queue()}
    found = {by_name[row[0]]: row[1] for row in _table(tables, "queue")}
    for code, own in books.queue().items():
        value = found[code]
        if code in LENGTHS:
            value = _seconds(value)
        elif code in SHARES:
            value = round(value * 1000) if isinstance(value, int | float) else None
        yield Line(WORDS["word"][code]["en"], value, own)


def _seconds(value: object) -> float | None:
    """Lengths come as times of a day or as lengths, whatever fits; a dash is none."""
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    if value is None or isinstance(value, str):
        return None
    if isinstance(value, int | float):
        return round(float(value) * 86400, 3)
    found: Any = value
    spent = timedelta(
        hours=found.hour, minutes=found.minute,
        seconds=found.second, microseconds=found.microsecond,
    )  # fmt: skip
    return round(spent.total_seconds(), 3)


def _rows(name: str, found: Iterable[Any], own: list[tuple[object, ...]]) -> Iterator[Line]:
    listed = {str(row[0]) + str(row[1]): tuple(row) for row in found}
    if name == "tickets at":
        listed = {str(row[0]): tuple(row) for row in listed.values()}
    for row in own:
        key = str(row[0]) if name == "tickets at" else str(row[0]) + str(row[1])
        yield Line(f"{name} {row[0]}", listed.pop(key, ())[1:], row[1:])
    yield from (Line(f"{name} {key}", row, ()) for key, row in listed.items())


def _worst(tables: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for at, number, _office, waited, served, reason, _outcome in _table(tables, "worst"):
        lengths = [whole_minutes(timedelta(seconds=_seconds(one) or 0)) for one in (waited, served)]
        yield (at, number, *lengths, reason)


def _visits(system: System, house: House, books: Books, day: str) -> Iterator[Line]:
    """Each visit, moment by moment; who was missed is ended by the worker when it looks."""
    found = {row[0]: row[1:] for row in system.read(VISITS, house.office, day)}
    wrong = []
    for entry in books.entries:
        ticket, handed, ended, outcome = found.pop(entry.number, (None, None, None, ""))
        told = [_moment(one) for one in (ticket, handed, ended)]
        own = [_utc(entry.ticket_at), _utc(entry.handed_in_at), _utc(entry.ended_at)]
        if entry.was_missed and entry.handed_in_at is None:
            told[2], outcome = None, ""
        if told != own or outcome != entry.outcome:
            wrong.append(entry.number)
    yield Line("visits that differ in a moment or in the outcome", wrong, [])
    yield Line("visits that nobody made", sorted(found), [])


def _moment(text: str | None) -> datetime | None:
    return moment_of(text) if text else None


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def _calls(system: System, house: House, day: Day, today: str) -> Iterator[Line]:
    """Nobody at two windows at once, no window and no clerk with two people."""
    rows = system.read(OVERLAPS, house.office, today)
    spans = [
        (number, window, _moment(begins), _moment(ends) or datetime.max.replace(tzinfo=UTC), user)
        for number, window, state, begins, ends, user in rows
        if state in ("called", "serving")
    ]
    for name, place in (("visitor", 0), ("window", 1), ("clerk", 4)):
        yield Line(f"overlaps of one {name}", sum(_overlaps(spans, place)), 0)
    told = Counter(number for number, _, state, *_ in rows if state == "called")
    own = Counter(entry.number for entry in day.books.entries for _ in entry.called)
    twice = {
        entry.number: told[entry.number] - own[entry.number]
        for entry in day.books.entries
        if told[entry.number] != own[entry.number]
    }
    yield Line("calls that differ", twice, {})
    numbers = {number for number, _ in day.board.seen}
    yield Line("numbers on the board that nobody called", sorted(numbers - set(own)), [])
    yield Line("the board was told", day.board.events > 0, True)


def _overlaps(spans: list[Any], place: int) -> Iterator[int]:
    """How many spans begin before the one before them, of the same thing, has ended."""
    for thing in {span[place] for span in spans}:
        own = sorted((begins, ends) for *_, begins, ends, _ in (
            span for span in spans if span[place] == thing
        ))  # fmt: skip
        yield sum(later[0] < earlier[1] for earlier, later in pairwise(own))


def _blanks(tables: dict[str, Any], books: Books) -> Iterator[Line]:
    found, own = _values(tables, "blanks"), books.blanks
    for name in ("received", "used", "spoiled", "lost", "left"):
        label = WORDS["word"][f"blanks_{name}"]["en"]
        yield Line(label, found[f"blanks_{name}"], getattr(own, name))
    whole = found["blanks_used"] + found["blanks_spoiled"] + found["blanks_lost"]
    before = own.before + found["blanks_received"]
    yield Line("used + spoiled + lost + left", whole + found["blanks_left"], before)


def _failures(system: System, tables: dict[str, Any], day: Day) -> Iterator[Line]:
    """The system found the outage by itself, within the minutes of its tries."""
    yield Line("failures", _values(tables, "failures")["failures_count"], 1)
    rows = system.read(
        "SELECT cause, began_at, ended_at FROM incidents_incident WHERE provider_id IS NULL"
    )
    yield Line("cause", [row[0] for row in rows], ["timestamp"])
    for _, began, ended in rows:
        begins, ends = day.outage
        late = (moment_of(began) - begins, moment_of(ended) - ends) if ended else ()
        is_near = bool(late) and all(timedelta() <= one <= timedelta(minutes=6) for one in late)
        yield Line("found within six minutes of its tries", is_near, True)


def _printed(system: System, books: Books) -> Iterator[Line]:
    pictures = len(list(system.tickets.glob("ticket-*.png")))
    yield Line("tickets printed", pictures, sum(one.printed is True for one in books.entries))
    yield Line("faults in the log", len(system.faults()), 0)
