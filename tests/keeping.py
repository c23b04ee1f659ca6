"""What costly builders leave behind, made once in a process and laid down anew for every test.

A builder fills tables and writes files. The first test that asks for it pays; the next ones get
the same rows, the same files and a copy of what it returned in some milliseconds. Nothing is
shared: a test may change all of it, and its end takes it all back.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import time_machine
from django.conf import settings
from django.db import connection, transaction

from kualik.core import clock
from tests.moment import BEGINS_AT, BUILT_AT

Built = TypeVar("Built")
Rows = dict[str, list[tuple[Any, ...]]]
Files = dict[str, dict[str, tuple[int, bytes]]]

FRESH_FOR = timedelta(minutes=20)
FOLDERS = ("MEDIA_ROOT", "KEYS_ROOT")
# Filled by Django itself, with other identifiers after each flush.
NOT_OURS = {"django_migrations", "django_content_type", "auth_permission"}
MOST_VALUES = 30_000  # SQLite takes 32 766 in a statement
IS_FILLED = "EXISTS (SELECT 1 FROM {})"
READ = "SELECT * FROM {}"
WRITE = "INSERT INTO {} VALUES {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """``rows`` by table; ``files`` (mode and content) by folder setting and path."""

    rows: Rows
    files: Files
    result: Any


_kept: dict[str, Kept] = {}


def kept(build: Callable[[], Built]) -> Built:
    """What ``build()`` returns, with the rows and files that it leaves behind.

    ``build`` is a function of a module without arguments. It writes to the database and to the
    folders of the fixture ``kualik_files``, and returns what ``deepcopy`` can copy. It really
    runs where a test has rows already or went to another time before it asked.
    """
    now = clock.now()
    if not _is_empty() or not BEGINS_AT <= now < BEGINS_AT + FRESH_FOR:
        return build()
    name = f"{build.__module__}.{build.__qualname__}"
    found = _kept.get(name)
    if found is not None:
        _write_rows(found.rows)
        _write_files(found.files)
        result: Built = deepcopy(found.result)
        return result
    before = _files()
    with time_machine.travel(BUILT_AT):
        made = build()
    files = {
        folder: dict(held.items() - before[folder].items()) for folder, held in _files().items()
    }
    _kept[name] = Kept(rows=_rows(), files=files, result=deepcopy(made))
    return made


def _tables() -> list[str]:
    names = connection.introspection.django_table_names(include_views=False)
    return sorted(set(names) - NOT_OURS)


def _is_empty() -> bool:
    parts = [IS_FILLED.format(connection.ops.quote_name(table)) for table in _tables()]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {' OR '.join(parts)}")
        return not cursor.fetchone()[0]


def _rows() -> Rows:
    found = {}
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(READ.format(connection.ops.quote_name(table)))
            found[table] = list(cursor.fetchall())
    return {table: rows for table, rows in found.items() if rows}


def _files() -> Files:
    roots = {folder: Path(getattr(settings, folder)) for folder in FOLDERS}
    return {
        folder: {
            str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes())
            for path in root.rglob("*")
            if path.is_file()
        }
        for folder, root in roots.items()
    }


def _write_rows(found: Rows) -> None:
    # Rows name others that come later: that is looked at when the transaction ends.
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in found.items():
            row = f"({', '.join(['%s'] * len(rows[0]))})"
            at_once = MOST_VALUES // len(rows[0])
            for start in range(0, len(rows), at_once):
                part = rows[start : start + at_once]
                places = ", ".join([row] * len(part))
                cursor.execute(
                    WRITE.format(connection.ops.quote_name(table), places),
                    [value for values in part for value in values],
                )


def _write_files(found: Files) -> None:
    for folder, files in found.items():
        for path, (mode, content) in files.items():
            file = Path(getattr(settings, folder)) / path
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_bytes(content)
            file.chmod(mode)
