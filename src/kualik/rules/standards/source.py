"""A TOML file of the law, read so that every fault is named by file, key and line."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from kualik.rules.language import LANGUAGES, Text

HEADER = re.compile(r"^(\[{1,2})([\w.-]+)\]{1,2}\s*(?:#.*)?$")
KEY = re.compile(r"^([\w.-]+)\s*=")
SYNTAX_PLACE = re.compile(r"at line (\d+)")


class StandardError(Exception):
    """A fault in the data of the law: file name, dotted key, line (from 1) and the problem."""

    def __init__(self, file: str, key: str, line: int, problem: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {problem}")
        self.file = file
        self.key = key
        self.line = line
        self.problem = problem


def index_lines(text: str) -> dict[str, int]:
    """Dotted key such as ``rows[3].text.kk`` to its line; one key a line, as our files have it."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            first, dot, rest = header[2].partition(".")
            if header[1] == "[[":
                counts[first] = counts.get(first, -1) + 1
            here = f"{first}[{counts[first]}]" if first in counts else first
            prefix = f"{here}{dot}{rest}"
            lines[prefix] = number
        elif key := KEY.match(line):
            lines[f"{prefix}.{key[1]}" if prefix else key[1]] = number
    return lines


class Source:
    """One file: its name and where its keys stand."""

    def __init__(self, file: str, lines: dict[str, int]) -> None:
        self.file = file
        self.lines = lines

    def fault(self, key: str, problem: str) -> StandardError:
        """The error at ``key``, or at the nearest table around it when the key is absent."""
        near = key
        while near and near not in self.lines:
            near = near.rpartition(".")[0]
        return StandardError(self.file, key, self.lines.get(near, 1), problem)


class Node:
    """One table of the file; every key must be taken, ``finish`` names the ones nobody knows."""

    def __init__(self, source: Source, path: str, values: dict[str, object]) -> None:
        self.source = source
        self.path = path
        self.values = values
        self.taken: set[str] = set()

    def fault(self, key: str, problem: str) -> StandardError:
        """The error at a key of this table."""
        return self.source.fault(self.place(key), problem)

    def place(self, key: str) -> str:
        """The key with the path of its table."""
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str) -> object:
        """The value of a key that must be there."""
        self.taken.add(key)
        if key not in self.values:
            raise self.fault(key, "is missing")
        return self.values[key]

    def string(self, key: str, one_of: tuple[str, ...] = ()) -> str:
        """A text that is not empty and, where a list is given, one of it."""
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, "must be a text")
        if one_of and value not in one_of:
            raise self.fault(key, f"must be one of {', '.join(one_of)}")
        return value

    def optional(self, key: str) -> str:
        """A text, or the empty text when the key is absent."""
        return self.string(key) if key in self.values else ""

    def integer(self, key: str) -> int:
        """A whole number, zero or more."""
        value = self.take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.fault(key, "must be a whole number, zero or more")
        return value

    def boolean(self, key: str) -> bool:
        """True or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.fault(key, "must be true or false")
        return value

    def day(self, key: str) -> date:
        """A date without time."""
        value = self.take(key)
        if type(value) is not date:
            raise self.fault(key, "must be a date")
        return value

    def optional_day(self, key: str) -> date | None:
        """A date, or None when the key is absent."""
        return self.day(key) if key in self.values else None

    def table(self, key: str) -> "Node":
        """The table under the key."""
        value = self.take(key)
        if not isinstance(value, dict):
            raise self.fault(key, "must be a table")
        return Node(self.source, self.place(key), value)

    def tables(self, key: str) -> Iterator["Node"]:
        """The tables of a list, each finished after it was read."""
        value = self.take(key)
        if not isinstance(value, list) or not value:
            raise self.fault(key, "must be a list of tables")
        for position, entry in enumerate(value):
            if not isinstance(entry, dict):
                raise self.fault(key, "must be a list of tables")
            node = Node(self.source, f"{self.place(key)}[{position}]", entry)
            yield node
            node.finish()

    def text(self, key: str) -> Text:
        """A text in the three languages, none of them missing."""
        if key not in self.values:
            raise self.fault(key, "is missing")
        node = self.table(key)
        parts = [node.string(language) for language in LANGUAGES]
        node.finish()
        return Text(*parts)

    def finish(self) -> None:
        """Raise for the first key that the reader does not know."""
        for key in self.values:
            if key not in self.taken:
                raise self.fault(key, "is not a known key")


def read(path: Path) -> Node:
    """The root table of a file; a fault of the syntax is named like any other."""
    content = path.read_text(encoding="utf-8")
    source = Source(path.name, index_lines(content))
    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        found = SYNTAX_PLACE.search(str(error))
        line = int(found[1]) if found else 1
        raise StandardError(path.name, "(syntax)", line, str(error)) from error
    return Node(source, "", values)
