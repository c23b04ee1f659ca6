"""Jobs survive a killed worker, run once for one key and die with a rolled-back transaction."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from kualik.core import jobs
from kualik.core.models import Job
from kualik.rules.errors import RuleViolation

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def at(moment: datetime) -> jobs.Clock:
    return lambda: moment


@pytest.mark.django_db
def test_a_second_enqueue_of_the_same_work_adds_nothing() -> None:
    assert jobs.enqueue(name="seal", key="seal:1", payload={"id": 1}, now=NOW)
    assert not jobs.enqueue(name="seal", key="seal:1", payload={"id": 1}, now=NOW)
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_rolled_back_transaction_is_never_seen() -> None:
    with transaction.atomic():
        jobs.enqueue(name="seal", key="seal:1", payload={}, now=NOW)
        transaction.set_rollback(True)
    assert jobs.claim(worker="one", now=NOW) is None


@pytest.mark.django_db
def test_a_job_runs_once_and_is_done() -> None:
    seen: list[object] = []
    jobs.enqueue(name="seal", key="seal:1", payload={"id": 7}, now=NOW)
    handlers = {"seal": lambda payload, now: seen.append(payload["id"])}
    assert jobs.run_waiting(handlers=handlers, worker="one", clock=at(NOW)) == 1
    assert jobs.run_waiting(handlers=handlers, worker="two", clock=at(NOW)) == 0
    assert seen == [7]


@pytest.mark.django_db
def test_what_has_time_is_done_when_nothing_else_waits() -> None:
    seen: list[str] = []
    handlers = {
        "proof": lambda _payload, _now: seen.append("proof"),
        "seal": lambda _payload, _now: seen.append("seal"),
    }
    jobs.enqueue(name="proof", key="proof:1", payload={}, now=NOW - timedelta(hours=1))
    for number in (1, 2):
        jobs.enqueue(name="seal", key=f"seal:{number}", payload={}, now=NOW)
    # Nobody here does this one, so it holds nothing up.
    jobs.enqueue(name="send", key="send:1", payload={}, now=NOW - timedelta(hours=1))
    while jobs.run_one(handlers=handlers, worker="one", clock=at(NOW), last=["proof"]):
        pass
    assert seen == ["seal", "seal", "proof"]


@pytest.mark.django_db
def test_a_failing_job_waits_longer_each_time_and_then_is_left_to_a_person() -> None:
    def fail(_payload: jobs.Payload, _now: datetime) -> None:
        raise ValueError("no such key")

    jobs.enqueue(name="seal", key="seal:1", payload={}, now=NOW)
    moment, pauses = NOW, []
    while True:
        assert jobs.run_one(handlers={"seal": fail}, worker="one", clock=at(moment))
        job = Job.objects.get()
        if job.failed_at is not None:
            break
        pauses.append((job.run_at - moment).total_seconds())
        moment = job.run_at
    assert pauses == [2, 4, 8, 16, 32, 64, 128]
    assert "no such key" in job.last_error
    assert jobs.reset(keys=["seal:1"], now=moment) == 1
    assert jobs.claim(worker="one", now=moment) is not None


@pytest.mark.django_db
def test_a_patient_job_is_tried_for_as_long_as_its_patience_lasts() -> None:
    def fail(_payload: jobs.Payload, _now: datetime) -> None:
        raise jobs.NotNow("nobody answers")

    patience, tries, moment = timedelta(days=3), 0, NOW
    jobs.enqueue(name="send", key="send:1", payload={}, now=NOW, patience=patience)
    while (job := Job.objects.get()).failed_at is None:
        assert moment <= job.run_at <= moment + jobs.LONGEST_PAUSE
        moment = job.run_at
        assert jobs.run_one(handlers={"send": fail}, worker="one", clock=at(moment))
        tries += 1
    assert moment == NOW + patience
    assert 72 < tries < 90
    assert job.last_error == "nobody answers"


@pytest.mark.django_db
def test_the_patience_of_a_job_begins_at_its_first_moment() -> None:
    tomorrow, hour = NOW + timedelta(days=1), timedelta(hours=1)
    jobs.enqueue(name="send", key="send:1", payload={}, now=NOW, run_at=tomorrow, patience=hour)
    assert Job.objects.get().give_up_at == tomorrow + hour


@pytest.mark.django_db
def test_a_patient_job_whose_workers_die_is_left_to_a_person_when_the_patience_is_over() -> None:
    jobs.enqueue(name="send", key="send:1", payload={}, now=NOW, patience=timedelta(hours=2))
    moment = NOW
    for _ in range(jobs.MAX_ATTEMPTS + 1):
        assert jobs.claim(worker="doomed", now=moment) is not None
        moment += jobs.LEASE * 2
    assert jobs.claim(worker="doomed", now=NOW + timedelta(hours=2)) is None
    assert Job.objects.get().failed_at == NOW + timedelta(hours=2)


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "is_final"), [("paper_overflow", True), ("conflict", False)])
def test_what_a_rule_forbids_is_not_tried_again(code: str, is_final: bool) -> None:
    def forbid(_payload: jobs.Payload, _now: datetime) -> None:
        raise RuleViolation(code)

    jobs.enqueue(name="seal", key="seal:1", payload={}, now=NOW)
    jobs.run_one(handlers={"seal": forbid}, worker="one", clock=at(NOW))
    job = Job.objects.get()
    assert (job.failed_at is not None) == is_final
    assert code in job.last_error


@pytest.mark.django_db
def test_the_lease_of_a_silent_worker_runs_out() -> None:
    jobs.enqueue(name="seal", key="seal:1", payload={}, now=NOW)
    assert jobs.claim(worker="dead", now=NOW) is not None
    assert jobs.claim(worker="alive", now=NOW + jobs.LEASE / 2) is None
    taken = jobs.claim(worker="alive", now=NOW + jobs.LEASE + timedelta(seconds=1))
    assert taken is not None
    assert (taken.worker, taken.attempts) == ("alive", 2)


@pytest.mark.django_db
def test_a_worker_that_lost_its_lease_changes_nothing_any_more() -> None:
    jobs.enqueue(name="seal", key="seal:1", payload={}, now=NOW)
    later = NOW + jobs.LEASE * 2

    def slow_and_failing(_payload: jobs.Payload, _now: datetime) -> None:
        assert jobs.claim(worker="second", now=later) is not None
        raise ValueError("too late")

    jobs.run_one(handlers={"seal": slow_and_failing}, worker="first", clock=at(NOW))
    job = Job.objects.get()
    assert (job.worker, job.attempts, job.last_error) == ("second", 2, "")
    assert job.leased_until == later + jobs.LEASE


@pytest.mark.django_db
def test_a_job_that_kills_every_worker_is_left_to_a_person() -> None:
    jobs.enqueue(name="seal", key="seal:1", payload={}, now=NOW)
    moment = NOW
    for _ in range(jobs.MAX_ATTEMPTS):
        assert jobs.claim(worker="doomed", now=moment) is not None
        moment += jobs.LEASE * 2
    assert jobs.claim(worker="doomed", now=moment) is None
    assert Job.objects.get().failed_at == moment


@pytest.mark.django_db
def test_work_that_nobody_began_can_be_cancelled() -> None:
    jobs.enqueue(name="seal", key="seal:1", payload={}, now=NOW)
    jobs.enqueue(name="seal", key="seal:2", payload={}, now=NOW)
    assert jobs.claim(worker="one", now=NOW) is not None
    assert jobs.cancel(keys=["seal:1", "seal:2"]) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_run_the_same_job() -> None:
    count = 60
    jobs.enqueue_all(
        name="seal", payloads={f"seal:{number}": {"id": number} for number in range(count)}, now=NOW
    )
    seen: list[object] = []
    faults: list[BaseException] = []

    def work(name: str) -> None:
        try:
            handlers = {"seal": lambda payload, now: seen.append(payload["id"])}
            jobs.run_waiting(handlers=handlers, worker=name, clock=at(NOW))
        except BaseException as fault:  # noqa: BLE001 - shown by the assertion below
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(seen) == list(range(count))


STUCK_WORKER = """
import os, sys, django
django.setup()
from datetime import datetime
from kualik.core import jobs
def stuck(payload, now):
    print("claimed", flush=True)
    sys.stdin.read()
jobs.run_one(handlers={"seal": stuck}, worker="dead",
             clock=lambda: datetime.fromisoformat(os.environ["TEST_NOW"]))
"""


@pytest.fixture
def stuck_worker() -> Iterator[subprocess.Popen[str]]:
    name = str(connection.settings_dict["NAME"])
    environment = {
        **os.environ,
        "TEST_NOW": NOW.isoformat(),
        "TEST_DATABASE_NAME": name,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": os.pathsep.join([str(Path("src").resolve()), str(Path().resolve())]),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK_WORKER],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_nothing(
    request: pytest.FixtureRequest,
) -> None:
    if connection.is_in_memory_db() if connection.vendor == "sqlite" else False:
        pytest.fail("the test database must be a file: another process has to see it")
    jobs.enqueue(name="seal", key="seal:1", payload={"id": 1}, now=NOW)
    process: subprocess.Popen[str] = request.getfixturevalue("stuck_worker")
    assert process.stdout is not None
    assert process.stdout.readline() == "claimed\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    later = NOW + jobs.LEASE + timedelta(seconds=1)
    seen: list[object] = []
    handlers = {"seal": lambda payload, now: seen.append(payload["id"])}
    assert jobs.run_waiting(handlers=handlers, worker="alive", clock=at(later)) == 1
    assert seen == [1]
