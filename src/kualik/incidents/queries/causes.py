"""What may fail and when that is an incident: ``data/causes.toml``, checked when first read."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from kualik.rules.language import LANGUAGES, Text

DATA: Final = Path(__file__).parents[1] / "data" / "causes.toml"
DECLARED: Final = "declared"
GRADES: Final = ("failure", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A part of the system that may fail; the numbers are explained in the data file."""

    code: str
    is_failure: bool
    fails: int
    passes: int
    joins: timedelta
    every: timedelta
    under: frozenset[str]
    what: Text
    effect: Text


@cache
def causes() -> Mapping[str, Cause]:
    """All causes by code. Raises KeyError or ValueError for a row that is not whole."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))
    found = {code: _cause(code, row) for code, row in rows.items()}
    for cause in found.values():
        if not cause.under <= set(found):
            raise ValueError(f"{DATA.name}: {cause.code}: under an unknown cause")
    return found


def _cause(code: str, row: Mapping[str, object]) -> Cause:
    match row:
        case {
            "grade": str(grade),
            "fails": int(fails),
            "passes": int(passes),
            "joins": int(joins),
            "every": int(every),
            "under": list(under),
            "what": dict(what),
            "effect": dict(effect),
        } if grade in GRADES and min(fails, passes, every) > 0:
            return Cause(
                code=code,
                is_failure=grade == "failure",
                fails=fails,
                passes=passes,
                joins=timedelta(minutes=joins),
                every=timedelta(minutes=every),
                under=frozenset(map(str, under)),
                what=Text(*(str(what[language]) for language in LANGUAGES)),
                effect=Text(*(str(effect[language]) for language in LANGUAGES)),
            )
    raise ValueError(f"{DATA.name}: {code}: not a whole row")
