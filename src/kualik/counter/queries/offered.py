"""What the hall offers, as data: the lines people stand in, and who is called first by law."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something people come for; ``minutes`` is taken until the hall has measured its own."""

    code: str
    letter: str
    minutes: int
    name: Text
    hint: Text
    bring: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """A right to be called before others; ``to_be_checked``: its article is not confirmed yet.

    ``weight`` is its head start in minutes (``queries.order``).
    """

    code: str
    name: Text
    law: Text
    proof: Text
    to_be_checked: bool
    weight: int


@cache
def lines() -> Mapping[str, Line]:
    """All lines by code, in the order of the screens."""
    return {
        code: Line(
            code=code,
            letter=row["letter"],
            minutes=row["minutes"],
            name=_text(row["name"]),
            hint=_text(row["hint"]),
            bring=tuple(map(_text, row["bring"])),
        )
        for code, row in _rows("lines").items()
    }


@cache
def priorities() -> Mapping[str, Priority]:
    """All rights to be called first, by code."""
    return {
        code: Priority(
            code=code,
            name=_text(row["name"]),
            law=_text(row["law"]),
            proof=_text(row["proof"]),
            to_be_checked=row["to_be_checked"],
            weight=row["weight"],
        )
        for code, row in _rows("priorities").items()
    }


def line(code: str) -> Line:
    """One line. Raises RuleViolation ``line_unknown``."""
    try:
        return lines()[code]
    except KeyError as error:
        raise RuleViolation("line_unknown", line=code) from error


def _text(row: Mapping[str, str]) -> Text:
    return Text(**{language: row[language] for language in LANGUAGES})


def _rows(name: str) -> Mapping[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))
