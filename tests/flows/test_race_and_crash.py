"""Two registrars at one request, gaps in numbers, a worker killed between decision and seal."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_request, approve_requests
from kualik.cases.services.sealing import order_seal, run_seal_job
from kualik.certificates.models import Certificate
from kualik.core import jobs
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.signatures.models import KeyUse
from tests.flows.office import NOW, Office, open_demo_office


@pytest.fixture
def office(transactional_db: None, kualik_files: Path) -> Office:
    return open_demo_office()


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run acts in threads that start together; what each returned or raised."""
    gate = threading.Barrier(len(acts))
    outcomes: list[object] = [None] * len(acts)

    def play(place: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            outcomes[place] = act()
        except Exception as error:  # noqa: BLE001 - the outcome is what the test looks at
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=play, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_two_registrars_one_decides_and_the_other_is_told(office: Office) -> None:
    (request,) = office.file(1)

    def decide() -> object:
        mine = Request.objects.get(pk=request.pk)
        gate.wait()
        return approve_request(request=mine, user=office.registrar, role=Role.REGISTRAR, now=NOW)

    gate = threading.Barrier(2)
    outcomes = at_once(decide, decide)
    told = [outcome for outcome in outcomes if isinstance(outcome, RuleViolation)]
    assert [violation.code for violation in told] == ["conflict"], outcomes
    assert Certificate.objects.count() == 1
    request.refresh_from_db()
    assert request.state == State.APPROVED


def test_numbers_given_at_once_have_no_gap_and_no_double(office: Office) -> None:
    first, second = office.file(12)[:6], office.file(12, start=100)[:6]

    def approve(requests: list[Request]) -> Callable[[], object]:
        return lambda: approve_requests(
            requests=requests, user=office.registrar, role=Role.REGISTRAR, now=NOW
        )

    outcomes = at_once(approve(first), approve(second))
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    sequences = sorted(Certificate.objects.values_list("sequence", flat=True))
    assert sequences == list(range(1, 13))


def test_an_ordered_seal_is_made_once_by_whoever_runs_it(office: Office) -> None:
    (request,) = office.approved(1)
    assert order_seal(requests=[request], user=office.signer, now=NOW) == 1
    assert order_seal(requests=[request], user=office.signer, now=NOW) == 1
    handlers = {"cases.seal": run_seal_job}
    outcomes = at_once(
        lambda: jobs.run_waiting(handlers=handlers, worker="one", clock=lambda: NOW),
        lambda: jobs.run_waiting(handlers=handlers, worker="two", clock=lambda: NOW),
    )
    assert sorted(str(outcome) for outcome in outcomes) == ["0", "1"]
    request.refresh_from_db()
    assert request.state == State.ISSUED
    assert KeyUse.objects.count() == 1


def test_nobody_else_may_order_the_seal(office: Office) -> None:
    (request,) = office.approved(1)
    with pytest.raises(RuleViolation) as refused:
        order_seal(requests=[request], user=office.registrar, now=NOW)
    assert refused.value.code == "key_not_usable"


KILLED_BEFORE_THE_END = """
import os, signal, django
django.setup()
from datetime import datetime
from kualik.cases.services import sealing
from kualik.core import jobs
def die_after_the_files(**_):
    os.kill(os.getpid(), signal.SIGKILL)
sealing.enter_sealed = die_after_the_files
now = datetime.fromisoformat(os.environ["TEST_NOW"])
jobs.run_one(handlers={"cases.seal": sealing.run_seal_job}, worker="dead", clock=lambda: now)
"""


def test_a_worker_killed_between_decision_and_seal_loses_nothing(
    office: Office, kualik_files: Path
) -> None:
    (request,) = office.approved(1)
    number = request.certificate.number if request.certificate else ""
    order_seal(requests=[request], user=office.signer, now=NOW)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_END],
        env={
            **os.environ,
            "TEST_NOW": NOW.isoformat(),
            "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "KUALIK_MEDIA_ROOT": str(kualik_files / "media"),
            "KUALIK_KEYS_ROOT": str(kualik_files / "keys"),
            "PYTHONPATH": os.pathsep.join(["src", "."]),
        },
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    request.refresh_from_db()
    assert request.state == State.APPROVED
    assert KeyUse.objects.count() == 1, "what the key signed is known though no document came"
    later = NOW + jobs.LEASE * 2
    handlers = {"cases.seal": run_seal_job}
    assert jobs.run_waiting(handlers=handlers, worker="alive", clock=lambda: later) == 1
    request.refresh_from_db()
    certificate = Certificate.objects.get()
    assert (request.state, certificate.number) == (State.ISSUED, number)
    assert certificate.status == Certificate.Status.VALID
    assert KeyUse.objects.filter(document_sha256=certificate.file_sha256).count() == 1
