"""Why something took longer than thirty minutes (``data/reasons.toml``)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from kualik.rules.language import LANGUAGES, Text

DATA = Path(__file__).parents[1] / "data" / "reasons.toml"
# Says nothing by itself: words are added to it.
OTHER = "other"


@cache
def reasons() -> Mapping[str, Text]:
    """All of them by code, in the order of the list. Raises KeyError where a language lacks."""
    return {
        code: Text(*(row[language] for language in LANGUAGES))
        for code, row in tomllib.loads(DATA.read_text(encoding="utf-8")).items()
    }
