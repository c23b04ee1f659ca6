"""The rows by which a service's inner documents are read and written, and what is wrong with them.

``data/profiles.toml`` holds three families; a profile stores only what was agreed for it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

DATA: Final = Path(__file__).resolve().parents[1] / "data" / "profiles.toml"
NAME: Final = re.compile(r"[^\W\d][\w.-]*")
PATH: Final = re.compile(rf"{NAME.pattern}(/{NAME.pattern})*(/@{NAME.pattern})?")
ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
CODE: Final = re.compile(r"[^\s<>&](?:[^<>&\n\r\t]{0,62}[^\s<>&])?")
LONGEST: Final = 200
CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "qualified": ("children", "all", "none"),
        "shape": ("text", "element"),
        "signed": ("yes", "no"),
        "wants_signature": ("no", "portal", "applicant"),
    }
)
# Rows of one group are told apart by their values.
DISTINCT: Final = ("kind", "paper", "language", "delivery", "action", "operation")
LISTS: Final = ("form.files", "out.files")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a family: its value until something else is agreed.

    ``is_seen``: the value stands in public code of such a service; ``is_needed``: without a value
    nothing works.
    """

    name: str
    label: Text
    value: str
    is_seen: bool
    is_needed: bool

    @property
    def group(self) -> str:
        """What the row is about: the first part of its name."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A way of writing such documents; rows in the order in which answers are written."""

    code: str
    name: Text
    rows: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Rows:
    """The values that hold for one profile; a row that it does not have is empty."""

    family: str
    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def paths(self, name: str) -> tuple[str, ...]:
        """The alternatives of a path."""
        return tuple(part.strip() for part in self[name].split("|") if part.strip())

    def codes(self, group: str) -> dict[str, str]:
        """Our word by the code of the other side."""
        return {
            value: name.partition(".")[2]
            for name, value in self.values.items()
            if name.startswith(f"{group}.") and value
        }


@cache
def families() -> Mapping[str, Family]:
    """All families by code."""
    data = _data()
    return {code: _family(code, said, data) for code, said in data["families"].items()}


@cache
def status_words() -> Mapping[str, Text]:
    """What the portal shows at each step."""
    return {name: Text(**said) for name, said in _data()["statuses"].items()}


def rows_of(family: str, mapping: Mapping[str, str]) -> Rows:
    """What holds: the family's rows with the agreed ones in their place."""
    values = {name: row.value for name, row in families()[family].rows.items()}
    known = {name: value for name, value in mapping.items() if name in values}
    return Rows(family, values | known)


def not_agreed(family: str, mapping: Mapping[str, str]) -> list[Row]:
    """Rows that rest on our own proposal, and needed ones without a value."""
    return [
        row
        for name, row in families()[family].rows.items()
        if (name not in mapping and not row.is_seen)
        or (row.is_needed and not mapping.get(name, row.value))
    ]


def faults(family: str, mapping: Mapping[str, str]) -> dict[str, RuleViolation]:
    """What is wrong with a changed mapping, by row; empty when nothing is.

    Codes: ``gateway_row_`` with ``unknown``, ``long``, ``missing``, ``path``, ``name``,
    ``namespace``, ``choice``, ``code``, ``same`` (other), ``within`` (other).
    """
    known = families()[family].rows
    rows = rows_of(family, mapping)
    found = {
        name: RuleViolation("gateway_row_unknown") for name in mapping if name not in known
    } | {
        name: RuleViolation(code)
        for name, row in known.items()
        if (code := _fault(row, rows[name]))
    }
    for name, other in [*_same(rows), *_within(rows)]:
        code = "gateway_row_same" if name.partition(".")[0] in DISTINCT else "gateway_row_within"
        found.setdefault(name, RuleViolation(code, other=known[other].label))
    return found


def _data() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def _family(code: str, said: Mapping[str, Any], data: Mapping[str, Any]) -> Family:
    labels = data["labels"]
    rows = {
        name: Row(
            name=name,
            label=Text(**labels[name]),
            value=row["value"],
            is_seen=row.get("seen", False),
            is_needed=row.get("must", False),
        )
        for name, row in (said["rows"] | data["common"]).items()
    }
    return Family(code=code, name=Text(said["kk"], said["ru"], said["en"]), rows=rows)


def _fault(row: Row, value: str) -> str:
    if not value:
        return "gateway_row_missing" if row.is_needed else ""
    if len(value) > LONGEST:
        return "gateway_row_long"
    if row.name in CHOICES:
        return "" if value in CHOICES[row.name] else "gateway_row_choice"
    if row.name == "namespace":
        return "" if ADDRESS.fullmatch(value) else "gateway_row_namespace"
    if row.group in ("root", "operation"):
        return "" if NAME.fullmatch(value) else "gateway_row_name"
    if row.group in ("form", "out", "file", "doc"):
        return _path_fault(row, value)
    return "" if CODE.fullmatch(value) else "gateway_row_code"


def _path_fault(row: Row, value: str) -> str:
    paths = [part.strip() for part in value.split("|")]
    if not all(PATH.fullmatch(path) for path in paths):
        return "gateway_row_path"
    if row.name in LISTS and (len(paths) > 1 or "@" in value):
        return "gateway_row_path"
    return ""


def _same(rows: Rows) -> Iterator[tuple[str, str]]:
    """Rows of a group that could not be told apart, each with the one before it."""
    seen: dict[tuple[str, str], str] = {}
    for name, value in rows.values.items():
        group = name.partition(".")[0]
        if group not in DISTINCT or not value or name == "operation.answer":
            continue
        if (group, value) in seen:
            yield name, seen[group, value]
        seen.setdefault((group, value), name)


def _within(rows: Rows) -> Iterator[tuple[str, str]]:
    """Written rows at the same place as another one, or inside its text."""
    placed = [
        (name, path)
        for name in rows.values
        if name.startswith(("out.", "doc."))
        for path in rows.paths(name)
    ]
    for name, path in placed:
        for other, place in placed:
            alike = name.partition(".")[0] == other.partition(".")[0]
            inside = path.startswith(f"{place}/") and not path.startswith(f"{place}/@")
            if alike and name != other and (path == place or inside):
                yield name, other
