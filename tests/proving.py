"""What a whole run of the tests proved, file by file: the page of the clauses shows it.

``kualik write_docs --results`` takes it over. A run of a part writes nothing.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

PROOFS = Path(__file__).resolve().parents[1] / "var" / "proofs"
COUNTED = ("passed", "failed", "skipped")


class Proofs:
    """Counts the outcomes of each test file; reports of all processes come together here."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, dict[str, int]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A test that passed may still fail when its fixtures are put away.
        if report.when != "call" and report.passed:
            return
        counts = self.files.setdefault(report.location[0], dict.fromkeys(COUNTED, 0))
        counts[report.outcome] += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.write(datetime.now(UTC).date().isoformat(), self.files)  # noqa: TID251 - a real day

    def write(self, day: str, files: Mapping[str, Mapping[str, int]]) -> None:
        PROOFS.mkdir(parents=True, exist_ok=True)
        told = json.dumps({"on": day, "files": files}, indent=1, sort_keys=True)
        (PROOFS / f"{self.name}.json").write_text(told, encoding="utf-8")


def watch(config: pytest.Config) -> None:
    """Count the outcomes of a run that leaves nothing of its folder out; in its first process."""
    is_part = config.option.keyword or config.option.markexpr or config.option.collectonly
    if hasattr(config, "workerinput") or is_part:
        return
    asked = {str(Path(name)) for name in config.args}
    if asked == {"tests/e2e"}:
        config.pluginmanager.register(Proofs("browser"))
    elif asked == {"tests"}:
        config.pluginmanager.register(Proofs("sqlite"))
    elif os.environ.get("TEST_DATABASE_URL"):
        config.pluginmanager.register(Proofs("postgresql"))
