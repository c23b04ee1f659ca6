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
from kualik.core import jobs as queue
from kualik.core.models import Job
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


@pytest.mark.django_db
def test_slow_lines_are_left_to_the_process_that_has_them_while_it_lives(heartbeat: Path) -> None:
    now = clock.now()
    for name in (jobs.SEND_JOB, jobs.SWEEP_JOB):
        queue.enqueue(name=name, key=name, payload={"outbound": 0}, now=now)
    later = now + timedelta(seconds=5)
    assert jobs.run_one_of_lines(worker="lines", clock=lambda: now)
    assert not jobs.run_one_of_lines(worker="lines", clock=lambda: now), "it does nothing else"
    Job.objects.filter(name=jobs.SEND_JOB).update(done_at=None, failed_at=None, run_at=now)
    Job.objects.filter(name=jobs.SEND_JOB).update(leased_until=None, attempts=0)
    assert jobs.run_one(worker="one", clock=lambda: later)
    assert not jobs.run_one(worker="one", clock=lambda: later)
    assert list(Job.objects.filter(done_at=None).values_list("name", flat=True)) == [jobs.SEND_JOB]
    silent = now + queue.LEASE + timedelta(seconds=1)
    assert jobs.run_one(worker="one", clock=lambda: silent), "it is taken over from the dead"


def test_the_lines_take_no_work_from_each_other() -> None:
    assert set(jobs.LINES) == set(jobs.LAST)
    assert set(jobs.LINES) | set(jobs.OURS) == set(jobs.HANDLERS)
    assert not set(jobs.LINES) & set(jobs.OURS)


def test_the_process_of_the_lines_leaves_its_own_sign_and_none_of_a_worker(
    tmp_path: Path,
) -> None:
    bring_tables(tmp_path)
    done = subprocess.run(
        [str(KUALIK), "worker", "--lines", "--once"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lines-heartbeat").exists()
    assert not (tmp_path / "worker-heartbeat").exists()
