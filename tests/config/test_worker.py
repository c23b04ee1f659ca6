"""The worker and the sign of life it leaves."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from kualik.config import jobs
from kualik.core import clock
from tests.migrated import lay_tables

KUALIK = Path(sys.executable).parent / "kualik"
AT_WORK = "at work, sqlite"
FAULT = "the database does not answer"


@pytest.fixture
def heartbeat(settings: Settings, tmp_path: Path) -> Path:
    settings.WORKER_HEARTBEAT = tmp_path / "worker-heartbeat"
    return tmp_path / "worker-heartbeat"


@pytest.mark.django_db
def test_health_says_whether_a_worker_lives_and_no_version(heartbeat: Path) -> None:
    def health() -> dict[str, str]:
        answer: dict[str, str] = Client().get("/healthz").json()
        return answer

    assert set(health()) == {"status", "database", "worker"}
    assert health()["worker"] == "silent"
    jobs.beat(now=clock.now())
    assert health()["worker"] == "alive"
    jobs.beat(now=clock.now() - timedelta(seconds=61))
    assert health()["worker"] == "silent"


def test_a_worker_is_silent_after_a_minute(heartbeat: Path) -> None:
    now = clock.now()
    jobs.beat(now=now)
    assert jobs.worker_state(now=now + timedelta(seconds=59)) == "alive"
    assert jobs.worker_state(now=now + timedelta(seconds=61)) == "silent"


@pytest.fixture
def worker_on_nothing(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker whose database has no tables yet."""
    with subprocess.Popen(
        [str(KUALIK), "worker"], env=environment(tmp_path), stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {
        **kept,
        "KUALIK_VAR": str(folder),
        "KUALIK_DEMO": "1",
        "KUALIK_LOG_LEVEL": "INFO",
        "DJANGO_SETTINGS_MODULE": "kualik.config.settings",
    }


def bring_tables(folder: Path) -> None:
    """Fill the database in which the worker looks; its file stays the same one."""
    lay_tables(folder / "prepared.sqlite3")
    with (
        closing(sqlite3.connect(folder / "prepared.sqlite3")) as source,
        closing(sqlite3.connect(folder / "kualik.sqlite3")) as target,
    ):
        source.backup(target)


def test_a_worker_outlives_a_fault_of_the_database(
    worker_on_nothing: subprocess.Popen[str], tmp_path: Path
) -> None:
    log = worker_on_nothing.stderr
    assert log
    assert any(FAULT in line for line in log)
    assert (tmp_path / "worker-heartbeat").exists()
    bring_tables(tmp_path)
    assert any(AT_WORK in line for line in log), "it goes on once the database answers"
    worker_on_nothing.send_signal(signal.SIGTERM)
    assert worker_on_nothing.wait(timeout=30) == 0


def test_a_worker_that_shall_end_with_its_work_says_that_the_database_is_not_prepared(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [str(KUALIK), "worker", "--once"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "kualik migrate" in done.stderr
