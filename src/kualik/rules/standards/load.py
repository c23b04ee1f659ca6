"""Reading the editions of the standard from their files."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.rules.standards.clauses import CLAUSES
from kualik.rules.standards.model import (
    Act,
    Check,
    Fee,
    Ground,
    Hours,
    Item,
    Name,
    Portal,
    Reading,
    Result,
    Row,
    Standard,
    Term,
)
from kualik.rules.standards.source import Node, Source, read
from kualik.rules.standards.validate import validate_set, validate_standard

DATA = Path(__file__).resolve().parent.parent / "data" / "standards"

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GROUPS = (
    "provider_kind",
    "channel",
    "medium",
    "document",
    "contact",
    "information",
    "accessibility",
    "confirmation",
    "digital_document",
    "sealing",
)
KINDS = ("pd", "cc", "rt")
PAPERS = ("certificate", "reference")
UNITS = ("working_day", "minute")
STAGES = ("service", "acceptance")
OPENING = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$")


def load(files: Path | Iterable[Path]) -> dict[str, tuple[Standard, ...]]:
    """The editions in a folder or in the named files, versions of each in rising order.

    Raises ``StandardError`` for the first fault, naming file, key and line.
    """
    paths = sorted(files.glob("*.toml")) if isinstance(files, Path) else list(files)
    found: list[tuple[Standard, Source]] = []
    for path in paths:
        root = read(path)
        standard = _standard(root)
        validate_standard(standard, root.source)
        found.append((standard, root.source))
    validate_set(found)
    editions: dict[str, tuple[Standard, ...]] = {}
    for standard, _ in sorted(found, key=lambda pair: pair[0].in_force_from):
        editions[standard.edition] = (*editions.get(standard.edition, ()), standard)
    return editions


@cache
def load_all() -> dict[str, tuple[Standard, ...]]:
    """The editions shipped with the program, read once."""
    return load(DATA)


def get(edition: str, version: int | None = None) -> Standard:
    """That version of the edition, the newest when none is named."""
    versions = load_all().get(edition, ())
    for standard in reversed(versions):
        if version is None or standard.version == version:
            return standard
    raise RuleViolation("edition_unknown", edition=edition, version=version)


def in_force(on: date) -> Standard:
    """The standard a request filed on that day is bound to."""
    for versions in load_all().values():
        for standard in versions:
            if standard.covers(on):
                return standard
    raise RuleViolation("no_standard_in_force", on=on)


def _standard(root: Node) -> Standard:
    edition = root.string("edition", tuple(CLAUSES))
    original = root.string("original", ("kk", "ru"))
    standard = Standard(
        edition=edition,
        version=root.integer("version"),
        original=original,
        title=root.text("title"),
        in_force_from=root.day("in_force_from"),
        in_force_to=root.optional_day("in_force_to"),
        act=_act(root),
        checks=tuple(
            Check(about=node.string("about"), note=node.text("note"))
            for node in root.tables("checks")
        ),
        names=tuple(_name(node) for node in root.tables("names")),
        terms=tuple(_term(node) for node in root.tables("terms")),
        results=tuple(_result(node, edition) for node in root.tables("results")),
        fee=_fee(root.table("fee")),
        hours=_hours(root.table("hours")),
        portal=_portal(root.table("portal")),
        items=tuple(_item(node) for node in root.tables("items")),
        grounds=tuple(_ground(node, edition) for node in root.tables("grounds")),
        rows=tuple(_row(node, original) for node in root.tables("rows")),
        readings=tuple(_reading(node) for node in root.tables("readings")),
    )
    root.finish()
    return standard


def _act(root: Node) -> Act:
    node, publication = root.table("act"), root.table("publication")
    act = Act(
        number=node.string("number"),
        adopted_on=node.day("adopted_on"),
        registered_number=node.string("registered_number"),
        registered_on=node.day("registered_on"),
        title=node.text("title"),
        published_on=publication.day("assumed_on"),
        wait_days=publication.integer("wait_days"),
        published_check=publication.boolean("check"),
        published_note=publication.text("note"),
    )
    node.finish()
    publication.finish()
    return act


def _name(node: Node) -> Name:
    return Name(
        clause=node.string("clause"),
        place=node.string("place", ("rules", "standard")),
        language=node.string("language", LANGUAGES),
        original=node.boolean("original"),
        text=node.string("text"),
    )


def _term(node: Node) -> Term:
    return Term(
        code=node.string("code"),
        clause=node.string("clause"),
        amount=node.integer("amount"),
        unit=node.string("unit", UNITS),
        reading=node.optional("reading"),
    )


def _result(node: Node, edition: str) -> Result:
    kind, paper = node.string("kind", KINDS), node.string("paper", PAPERS)
    form = node.string("form")
    if not re.fullmatch(rf"{edition}-{kind}-{paper}@[1-9]\d*", form):
        raise node.fault("form", f"must be a form template {edition}-{kind}-{paper}@version")
    return Result(
        kind=kind,
        paper=paper,
        form=form,
        clause=node.string("clause"),
        check=node.boolean("check"),
        title=node.text("title"),
    )


def _fee(node: Node) -> Fee:
    fee = Fee(
        clause=node.string("clause"),
        amount_tenge=node.integer("amount_tenge"),
        text=node.text("text"),
    )
    node.finish()
    return fee


def _hours(node: Node) -> Hours:
    week: list[tuple[int, int, int]] = []
    for weekday, key in enumerate(WEEKDAYS):
        value = node.string(key)
        if value == "closed":
            continue
        found = OPENING.match(value)
        opens, closes = (
            (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
            if found
            else (0, 0)
        )
        if opens >= closes:
            raise node.fault(key, 'must be "closed" or hours such as "09:00-14:00"')
        week.append((weekday, opens, closes))
    hours = Hours(
        clause=node.string("clause"),
        reading=node.optional("reading"),
        week=tuple(week),
        holidays=node.string("holidays", ("closed",)),
    )
    node.finish()
    return hours


def _portal(node: Node) -> Portal:
    portal = Portal(
        clause=node.string("clause"),
        reading=node.optional("reading"),
        round_the_clock=node.boolean("round_the_clock"),
        after_hours=node.string("after_hours", ("next_working_day",)),
        break_extends_term=node.boolean("break_extends_term"),
    )
    node.finish()
    return portal


def _item(node: Node) -> Item:
    return Item(
        group=node.string("group", GROUPS),
        code=node.string("code"),
        clause=node.string("clause"),
        value=node.optional("value"),
        reading=node.optional("reading"),
        since=node.optional_day("since"),
        name=node.text("name"),
    )


def _ground(node: Node, edition: str) -> Ground:
    return Ground(
        code=node.string("code"),
        stage=node.string("stage", STAGES),
        edition=edition,
        clause=node.string("clause"),
        law=node.text("law"),
        text=node.text("text"),
    )


def _row(node: Node, original: str) -> Row:
    return Row(
        id=node.string("id"),
        topic=node.string("topic"),
        original=original,
        title=node.text("title"),
        text=node.text("text"),
    )


def _reading(node: Node) -> Reading:
    return Reading(
        id=node.string("id"),
        clause=node.string("clause"),
        question=node.text("question"),
        decision=node.text("decision"),
    )
