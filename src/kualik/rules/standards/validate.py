"""What must hold between the entries of one file and between the editions."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations

from kualik.rules.standards.clauses import ALL_CLAUSES, CLAUSES
from kualik.rules.standards.model import Standard
from kualik.rules.standards.source import Source

REQUIRED_TERMS = ("issue", "waiting", "serving")


def validate_standard(standard: Standard, source: Source) -> None:
    """Raise ``StandardError`` at the first entry that contradicts the file or the acts."""
    _known_clauses(standard, source)
    _complete_rows(standard, source)
    _unique(standard, source)
    _known_readings(standard, source)
    _dates(standard, source)
    _required_terms(standard, source)


def validate_set(found: list[tuple[Standard, Source]]) -> None:
    """Raise when two files claim the same version or their days in force overlap."""
    for (one, _), (other, source) in combinations(found, 2):
        if (one.edition, one.version) == (other.edition, other.version):
            raise source.fault("version", f"{one.edition} version {one.version} exists twice")
        first, second = sorted((one, other), key=lambda standard: standard.in_force_from)
        if (first.in_force_to or date.max) >= second.in_force_from:
            raise source.fault(
                "in_force_from",
                f"{other.edition} overlaps the days in force of {one.edition}",
            )


def _citations(standard: Standard) -> Iterator[tuple[str, str, str]]:
    """Key, clause and reading of every entry that cites a clause."""
    for position, name in enumerate(standard.names):
        yield f"names[{position}].clause", name.clause, ""
    for position, term in enumerate(standard.terms):
        yield f"terms[{position}].clause", term.clause, term.reading
    for position, result in enumerate(standard.results):
        yield f"results[{position}].clause", result.clause, ""
    for position, item in enumerate(standard.items):
        yield f"items[{position}].clause", item.clause, item.reading
    for position, ground in enumerate(standard.grounds):
        yield f"grounds[{position}].clause", ground.clause, ""
    yield "fee.clause", standard.fee.clause, ""
    yield "hours.clause", standard.hours.clause, standard.hours.reading
    yield "portal.clause", standard.portal.clause, standard.portal.reading


def _known_clauses(standard: Standard, source: Source) -> None:
    own = CLAUSES[standard.edition]
    for position, row in enumerate(standard.rows):
        if row.id not in own:
            raise source.fault(f"rows[{position}].id", f"{row.id} is no clause of the act")
    for position, reading in enumerate(standard.readings):
        if reading.clause not in ALL_CLAUSES:
            raise source.fault(
                f"readings[{position}].clause", f"{reading.clause} is no clause of the acts"
            )
    for key, clause, reading_id in _citations(standard):
        if clause not in ALL_CLAUSES:
            raise source.fault(key, f"{clause} is no clause of the acts")
        if clause not in own and not reading_id:
            raise source.fault(key, f"{clause} is of another edition and names no reading")


def _complete_rows(standard: Standard, source: Source) -> None:
    present = {row.id for row in standard.rows}
    for clause in CLAUSES[standard.edition]:
        if clause not in present:
            raise source.fault("rows", f"clause {clause} has no row")


def _unique(standard: Standard, source: Source) -> None:
    _no_repeat(source, "rows", "id", (row.id for row in standard.rows))
    _no_repeat(source, "rows", "topic", (row.topic for row in standard.rows))
    _no_repeat(source, "readings", "id", (reading.id for reading in standard.readings))
    _no_repeat(source, "terms", "code", (term.code for term in standard.terms))
    _no_repeat(source, "grounds", "code", (ground.code for ground in standard.grounds))
    _no_repeat(source, "results", "form", (result.form for result in standard.results))
    _no_repeat(source, "results", "paper", (f"{one.kind} {one.paper}" for one in standard.results))
    _no_repeat(source, "items", "code", (f"{item.group} {item.code}" for item in standard.items))


def _no_repeat(source: Source, table: str, key: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for position, value in enumerate(values):
        if value in seen:
            raise source.fault(f"{table}[{position}].{key}", f"{value} exists twice")
        seen.add(value)


def _known_readings(standard: Standard, source: Source) -> None:
    known = {reading.id for reading in standard.readings}
    for key, _, reading_id in _citations(standard):
        if reading_id and reading_id not in known:
            place = f"{key.rpartition('.')[0]}.reading"
            raise source.fault(place, f"{reading_id} is no reading of this file")


def _dates(standard: Standard, source: Source) -> None:
    starts = standard.act.published_on + timedelta(days=standard.act.wait_days + 1)
    if standard.in_force_from != starts:
        raise source.fault(
            "in_force_from", f"must be {starts}: the day after the days of waiting have run out"
        )
    if standard.in_force_to is not None and standard.in_force_to < standard.in_force_from:
        raise source.fault("in_force_to", "is before in_force_from")


def _required_terms(standard: Standard, source: Source) -> None:
    present = {term.code for term in standard.terms}
    for code in REQUIRED_TERMS:
        if code not in present:
            raise source.fault("terms", f"term {code} is missing")
