"""The console program ``kualik``: the legal clock, and Django's management commands."""

import os
import sys

from kualik.config import deadline


def main() -> int:
    """Runs the command of ``sys.argv`` and returns the exit status.

    ``kualik deadline`` needs no database and starts without Django.
    """
    if sys.argv[1:2] == ["deadline"]:
        return deadline.main(sys.argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")
    # Imported here: the clock above answers in a tenth of the time that Django takes to load.
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        sys.stderr.write(f"{error}: is the database prepared? Run `kualik migrate`.\n")
        return 1
    return 0
