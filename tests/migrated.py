"""The tables of the tests on SQLite, migrated once and laid down in every process.

What `kualik migrate` makes of an empty database is kept in a file under ``var``, named after the
migrations and the libraries it was made by. A process of the tests begins with a copy of it, so
that Django finds nothing left to migrate.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "tests"
LIBRARIES = ROOT / "requirements" / "run.txt"
KUALIK = Path(sys.executable).parent / "kualik"


def lay_tables(database: Path) -> None:
    """This file is a database with all tables and no rows of ours, whatever it was before.

    Whoever comes first makes the one to copy from, and the others wait for it.
    """
    for beside in ("-wal", "-shm"):
        Path(f"{database}{beside}").unlink(missing_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = FOLDER / f"{_digest()}.sqlite3"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for older in FOLDER.glob("*.sqlite3"):
                older.unlink()
            _migrate(made)
        shutil.copy(made, database)


def _digest() -> str:
    files = sorted(ROOT.glob("src/kualik/*/migrations/*.py"))
    found = sha256()
    for file in (*files, LIBRARIES, ROOT / "src/kualik/config/settings.py"):
        found.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return found.hexdigest()[:16]


def _migrate(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "KUALIK_VAR": folder,
            "KUALIK_DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "kualik.config.settings",
        }
        subprocess.run([KUALIK, "migrate", "-v0", "--skip-checks"], env=environment, check=True)
        made, unfinished = Path(folder) / "kualik.sqlite3", file.with_suffix(".part")
        with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
        unfinished.replace(file)
