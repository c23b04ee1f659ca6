"""Files that no complaint names: left behind when a registration stopped half-way."""

from datetime import datetime

from kualik.complaints.models import FILE_FOLDER, ComplaintFile
from kualik.core.sweeping import sweep_folder


def sweep_files(*, now: datetime) -> int:
    """Delete them; how many."""
    named = ComplaintFile.objects.values_list("content", flat=True)
    return sweep_folder(FILE_FOLDER, named, now=now)
