"""What one edition changes against another, clause by clause."""

import re
from dataclasses import dataclass

from kualik.rules.language import Text
from kualik.rules.standards.model import Row, Standard

LEADING_NUMBER = re.compile(r"^\d+")
POINTS_OF_RULES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One matter in both editions.

    ``kind`` is "added", "removed", "changed", "same" or "not_held": the older edition has a point
    of the Rules and the data of the newer one holds no point of its Rules at all, so nothing can
    be said about it.
    """

    kind: str
    topic: str
    number: str
    title: Text
    old: Row | None
    new: Row | None


def diff(old: Standard, new: Standard) -> tuple[Difference, ...]:
    """Every matter of both editions in the order of their rows; rows meet by ``topic``."""
    before = {row.topic: row for row in old.rows}
    after = {row.topic: row for row in new.rows}
    rules_held = any(row.of_rules for row in new.rows)
    found = [_compare(before.get(row.topic), row) for row in new.rows]
    for row in old.rows:
        if row.topic not in after:
            kind = "not_held" if row.of_rules and not rules_held else "removed"
            found.append(_difference(kind, row, row, None))
    return tuple(sorted(found, key=lambda one: _order(one.number)))


def _compare(old: Row | None, new: Row) -> Difference:
    if old is None:
        return _difference("added", new, None, new)
    same = _plain(old.text.kk) == _plain(new.text.kk) and _plain(old.text.ru) == _plain(new.text.ru)
    return _difference("same" if same else "changed", new, old, new)


def _difference(kind: str, shown: Row, old: Row | None, new: Row | None) -> Difference:
    return Difference(
        kind=kind, topic=shown.topic, number=shown.number, title=shown.title, old=old, new=new
    )


def _plain(text: str) -> str:
    """The words alone: numbering of the sub-item, case, spaces and the last stop do not differ."""
    words = " ".join(text.casefold().split())
    return re.sub(r"^\d+\) ", "", words).rstrip(" .;,")


def _order(number: str) -> int:
    """The row of the standard; points of the Rules come after the rows, the name before them."""
    leading = LEADING_NUMBER.match(number)
    row = int(leading[0]) if leading else 0
    return row + POINTS_OF_RULES if "-" in number else row
