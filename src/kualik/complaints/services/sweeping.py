"""Files that no complaint names: left behind when a registration stopped half-way."""

from datetime import datetime, timedelta
from typing import Final

from django.core.files.storage import default_storage

from kualik.complaints.models import FILE_FOLDER, ComplaintFile

ORPHAN_AGE: Final = timedelta(days=1)


def sweep_files(*, now: datetime) -> int:
    """Delete stored files that no row names; how many. A young file may belong to a row whose
    transaction has not ended."""
    try:
        files = default_storage.listdir(FILE_FOLDER)[1]
    except FileNotFoundError:
        return 0
    names = {f"{FILE_FOLDER}/{file}" for file in files}
    orphans = names - set(ComplaintFile.objects.values_list("content", flat=True))
    old = [name for name in orphans if default_storage.get_modified_time(name) < now - ORPHAN_AGE]
    for name in old:
        default_storage.delete(name)
    return len(old)
