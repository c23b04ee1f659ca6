"""The portal and the system under faults, kills and a day without the gateway, in two processes.

``python -m bench.gateway`` plays 1,000 requests.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.migrated import lay_tables

ROOT = Path(__file__).resolve().parents[2]
REQUESTS, KILLS = 24, 2
SAME = "The portal and the system say the same."


@pytest.mark.any_database
def test_each_request_of_the_portal_ends_once_and_both_books_agree(tmp_path: Path) -> None:
    """Every fault at 5 %, web server and worker killed, the gateway away for a day (A57.10-4)."""
    lay_tables(tmp_path / "kualik.sqlite3")
    asked = [f"--requests={REQUESTS}", f"--kills={KILLS}", f"--folder={tmp_path}"]
    played = subprocess.run(
        [sys.executable, "-m", "bench.gateway", *asked],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    log = tmp_path / "log"
    said = log.read_text(encoding="utf-8")[-2000:] if log.exists() else ""
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}\n{said}"
    assert SAME in played.stdout
    assert "killed: ['worker', 'web']" in played.stdout
