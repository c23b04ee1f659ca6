"""What figures are called: ``data/figures.toml``, read once."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from kualik.rules.language import LANGUAGES, Text

DATA = Path(__file__).parents[2] / "data" / "figures.toml"
NONE = Text("", "", "")


def word(code: str) -> Text:
    """The name of a column or row; KeyError for one that the data lack."""
    return _read()["word"][code]


def title(code: str) -> Text:
    """The title of a table."""
    return _read()["title"][code]


def note(code: str) -> Text:
    """What is said under a table; empty for most."""
    return _read()["note"].get(code, NONE)


def chart_title(code: str) -> Text:
    """The title of a chart."""
    return _read()["chart"][code]


@cache
def _read() -> Mapping[str, Mapping[str, Text]]:
    parts = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {
        part: {code: Text(*(row[language] for language in LANGUAGES)) for code, row in rows.items()}
        for part, rows in parts.items()
    }
