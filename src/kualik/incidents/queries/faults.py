"""What a part said of itself: a code with words in three languages (``data/faults.toml``)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from kualik.rules.language import LANGUAGES, Text

DATA: Final = Path(__file__).parents[1] / "data" / "faults.toml"
BETWEEN: Final = ": "
MOST_SIGNS: Final = 200


@cache
def faults() -> Mapping[str, Text]:
    """All words by code. Raises KeyError where a language is missing."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {code: Text(*(row[name] for name in LANGUAGES)) for code, row in rows.items()}


def coded(code: str, detail: str = "") -> str:
    """A fault as it is kept: the code, and what the part itself said, for who mends it."""
    return f"{code}{BETWEEN}{detail}"[:MOST_SIGNS] if detail else code


def fault_text(fault: str) -> Text:
    """The words of a kept fault, without the detail; one without a known code is its own words."""
    return faults().get(fault.partition(BETWEEN)[0]) or Text(fault, fault, fault)


def fault_detail(fault: str) -> str:
    """What the part itself said; empty where nothing is kept beside the code."""
    code, _, detail = fault.partition(BETWEEN)
    return detail if code in faults() else ""
