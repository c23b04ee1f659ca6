"""How a visit may end (``data/outcomes.toml``)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kualik.rules.language import LANGUAGES, Text

DATA = Path(__file__).parents[1] / "data" / "outcomes.toml"
LEFT, UNFINISHED = "left", "unfinished"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to end; ``needs_papers``: only after the documents were handed in."""

    code: str
    text: Text
    needs_papers: bool
    is_offered: bool


@cache
def outcomes() -> Mapping[str, Outcome]:
    """All of them, by code, in the order of the list. Raises KeyError where a language lacks."""
    return {
        code: Outcome(
            code,
            Text(*(row[language] for language in LANGUAGES)),
            row["needs_papers"],
            row["is_offered"],
        )
        for code, row in tomllib.loads(DATA.read_text(encoding="utf-8")).items()
    }
