"""The accessibility statement: its text as data, and what our own tests found last."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from kualik.rules.language import Text

DATA = Path(__file__).parent / "data"
AUDIT = DATA / "audit.toml"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the statement; the page puts our results beside the part ``ways``."""

    code: str
    heading: Text
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What one whole run of the browser tests saw; ``kualik write_audit`` writes it.

    ``visits`` are pages judged by axe in a state, a language and a width; ``pages`` the different
    addresses among them; ``keyboard`` the journeys made by keys alone, ``zoom`` the pages read at
    200 and 400 %, ``looks`` the pages judged in the low-vision version.
    """

    on: date
    axe: str
    browser: str
    visits: int
    pages: int
    widths: tuple[int, ...]
    languages: tuple[str, ...]
    faults: int
    keyboard: int
    zoom: int
    looks: int


@cache
def statement() -> Sequence[Part]:
    """The parts in their order. Raises KeyError where one lacks a language."""
    rows = tomllib.loads((DATA / "accessibility.toml").read_text(encoding="utf-8"))["part"]
    return [
        Part(row["code"], _text(row["heading"]), tuple(_text(part) for part in row["paragraph"]))
        for row in rows
    ]


@cache
def last_audit() -> Audit | None:
    """The results on file; None where no whole run was written down yet."""
    if not AUDIT.exists():
        return None
    row = tomllib.loads(AUDIT.read_text(encoding="utf-8"))
    row |= {name: tuple(row[name]) for name in ("widths", "languages")}
    return Audit(**row)


def _text(row: dict[str, str]) -> Text:
    return Text(row["kk"], row["ru"], row["en"])
