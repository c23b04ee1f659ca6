"""A short day of the hall on the real server (``make day`` plays a full one)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.migrated import lay_tables

ROOT = Path(__file__).resolve().parents[2]
VISITORS = 15
SAME = "The system and the books say the same."


@pytest.mark.any_database
def test_the_figures_of_a_day_are_what_the_script_saw(tmp_path: Path) -> None:
    """A57.3.2, A57.3.3, A57.4, A57.10-4: an outage, a printer that fails, three no-shows."""
    lay_tables(tmp_path / "kualik.sqlite3")
    played = subprocess.run(
        [sys.executable, "-m", "bench.day", f"--visitors={VISITORS}", f"--folder={tmp_path}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    log = tmp_path / "log"
    said = log.read_text(encoding="utf-8")[-2000:] if log.exists() else ""
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}\n{said}"
    assert SAME in played.stdout
