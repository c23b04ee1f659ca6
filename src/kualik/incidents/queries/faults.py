"""What a part said of itself: a code with words in three languages (``data/faults.toml``)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from kualik.core import faults as kept
from kualik.rules.language import Text

DATA: Final = Path(__file__).parents[1] / "data" / "faults.toml"
MOST_SIGNS: Final = 200


@cache
def faults() -> Mapping[str, Text]:
    """All words by code. Raises KeyError where a language is missing."""
    return kept.read_faults(DATA)


def coded(code: str, detail: str = "") -> str:
    """A fault as it is kept, cut to what its column holds."""
    return kept.coded(code, detail)[:MOST_SIGNS]


def fault_text(fault: str) -> Text:
    """The words of a kept fault, without the detail; one without a known code is its own words."""
    return kept.told(fault, faults())[0]


def fault_detail(fault: str) -> str:
    """What the part itself said; empty where nothing is kept beside the code."""
    return kept.told(fault, faults())[1]
