"""The console program ``kualik``: what needs no database, and Django's management commands."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from kualik.config import deadline, journal, verifying

# They need no database, no secrets and, but for the trust of an installation, no settings.
ALONE: Final[Mapping[str, Callable[[Sequence[str]], int]]] = {
    "deadline": deadline.main,
    "journal": journal.main,
    "cms": partial(verifying.main, "cms"),
    "xml": partial(verifying.main, "xml"),
}


def main() -> int:
    """Runs the command of ``sys.argv`` and returns the exit status."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in ALONE:
        return ALONE[command](sys.argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")
    # Imported here: the commands above answer in a tenth of the time that Django takes to load.
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        sys.stderr.write(f"{error}: is the database prepared? Run `kualik migrate`.\n")
        return 1
    return 0
