"""Stored files that no row names: left behind by what stopped half-way."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.core.files.storage import default_storage

ORPHAN_AGE: Final = timedelta(days=1)


def sweep_folder(folder: str, named: Iterable[str], *, now: datetime) -> int:
    """Delete the files of a folder that are not ``named``, which is read after the folder; how
    many. A young file may belong to a row whose transaction has not ended."""
    try:
        files = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return 0
    orphans = {f"{folder}/{file}" for file in files} - set(named)
    old = [name for name in orphans if default_storage.get_modified_time(name) < now - ORPHAN_AGE]
    for name in old:
        default_storage.delete(name)
    return len(old)
