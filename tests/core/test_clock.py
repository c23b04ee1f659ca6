"""The clock: this moment, or the one a demonstration plays."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from kualik.core import clock


def test_now_is_this_moment_with_its_offset() -> None:
    before = datetime.now(UTC)  # noqa: TID251 - what the clock is compared with
    assert before <= clock.now() <= datetime.now(UTC)  # noqa: TID251 - the same


def test_a_demonstration_may_play_another_moment(settings, tmp_path: Path) -> None:
    settings.CLOCK = str(tmp_path / "moment")
    (tmp_path / "moment").write_text("2026-11-23T03:00:00+00:00\n")
    assert clock.now() == datetime(2026, 11, 23, 3, tzinfo=UTC)
    (tmp_path / "moment").write_text("2026-11-23T03:01:00+00:00\n")
    assert clock.now() == datetime(2026, 11, 23, 3, 1, tzinfo=UTC)


def test_nobody_plays_with_the_time_of_a_real_installation(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import kualik.config.settings"],
        capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "KUALIK_DEMO": "0", "KUALIK_VAR": str(tmp_path),
             "KUALIK_SECRET_KEY": "s" * 50, "KUALIK_IIN_KEY": "i" * 50,
             "KUALIK_KEY_PASSPHRASE": "p", "KUALIK_CLOCK": str(tmp_path / "moment")},
    )  # fmt: skip
    assert told.returncode == 1
    assert "KUALIK_CLOCK" in told.stderr
