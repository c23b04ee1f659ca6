"""The editions of the standard of the state service as data: A57 (2020) and A303 (2021)."""

from kualik.rules.standards.clauses import ALL_CLAUSES, CLAUSES
from kualik.rules.standards.diff import Difference, diff
from kualik.rules.standards.load import get, in_force, load, load_all
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
from kualik.rules.standards.source import StandardError

__all__ = [
    "ALL_CLAUSES",
    "CLAUSES",
    "Act",
    "Check",
    "Difference",
    "Fee",
    "Ground",
    "Hours",
    "Item",
    "Name",
    "Portal",
    "Reading",
    "Result",
    "Row",
    "Standard",
    "StandardError",
    "Term",
    "diff",
    "get",
    "in_force",
    "load",
    "load_all",
]
