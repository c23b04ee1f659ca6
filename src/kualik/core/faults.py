"""Faults of what works beside the system, as rows keep them: a code, and what the other side said.

The words of a code, in three languages, are a room's own (``data/faults.toml``).
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kualik.rules.language import LANGUAGES, Text

BETWEEN: Final = ": "


def read_faults(file: Path) -> Mapping[str, Text]:
    """The words of every fault by its code. Raises KeyError where a language is missing."""
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    return {code: Text(*(row[name] for name in LANGUAGES)) for code, row in rows.items()}


def coded(code: str, detail: object = "") -> str:
    """A fault as it is kept; ``detail`` is for who mends it."""
    return f"{code}{BETWEEN}{detail}" if str(detail) else code


def told(fault: str, words: Mapping[str, Text]) -> tuple[Text, str]:
    """The words of a kept fault, and what the other side itself said; one without a known code is
    its own words."""
    code, _, detail = fault.partition(BETWEEN)
    known = words.get(code)
    return (known, detail) if known else (Text(fault, fault, fault), "")
