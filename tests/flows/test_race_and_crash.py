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
from kualik.certificates.models import Certificate, PersonSignature
from kualik.core import jobs
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.signatures.models import KeyUse
from tests.flows.office import NOW, Office, open_demo_office
from tests.flows.racing import at_once
from tests.flows.signing import accept, signed


@pytest.fixture
def office(transactional_db: None, kualik_files: Path) -> Office:
    return open_demo_office()


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
    assert request.certificate is not None
    assert request.certificate.file
    assert KeyUse.objects.count() == 1


def test_nobody_else_may_order_the_seal(office: Office) -> None:
    (request,) = office.approved(1)
    with pytest.raises(RuleViolation) as refused:
        order_seal(requests=[request], user=office.registrar, now=NOW)
    assert refused.value.code == "seal_wrong_person"


KILLED_BEFORE_THE_END = """
import os, signal, django
django.setup()
from datetime import datetime
from kualik.cases.services.sealing import making, run_seal_job
from kualik.core import jobs
def die_after_the_files(**_):
    os.kill(os.getpid(), signal.SIGKILL)
making.enter_prepared = making.enter_sealed = die_after_the_files
now = datetime.fromisoformat(os.environ["TEST_NOW"])
jobs.run_one(handlers={"cases.seal": run_seal_job}, worker="dead", clock=lambda: now)
"""


KILLED_BEFORE_THE_SIGNATURE_IS_ENTERED = """
import os, signal, django
django.setup()
from datetime import datetime
from pathlib import Path
from kualik.accounts.models import User
from kualik.cases.services.sealing import accept_signatures, accepting
from kualik.signatures.services import installation_trust, test_fetcher
def die(**_):
    os.kill(os.getpid(), signal.SIGKILL)
accepting.enter_signed = die
now = datetime.fromisoformat(os.environ["TEST_NOW"])
number = os.environ["TEST_NUMBER"]
accept_signatures(
    user=User.objects.get(pk=os.environ["TEST_USER"]),
    signatures={number: Path(os.environ["TEST_SIGNATURE"]).read_bytes()},
    trust=installation_trust(),
    fetcher=test_fetcher(now=now),
    now=now,
)
"""


def killed(script: str, files: Path, **given: str) -> bool:
    """Whether a process of its own was killed by the script on the database of this test."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "TEST_NOW": NOW.isoformat(),
            "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "KUALIK_MEDIA_ROOT": str(files / "media"),
            "KUALIK_KEYS_ROOT": str(files / "keys"),
            "PYTHONPATH": os.pathsep.join(["src", "."]),
            **given,
        },
        check=False,
    )
    return done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(("is_automatic", "ends"), [(False, "draft"), (True, "valid")])
def test_a_worker_killed_between_decision_and_seal_loses_nothing(
    office: Office, kualik_files: Path, is_automatic: bool, ends: str
) -> None:
    if is_automatic:
        office.seal_automatically()
    (request,) = office.approved(1)
    number = request.certificate.number if request.certificate else ""
    if not is_automatic:
        order_seal(requests=[request], user=office.signer, now=NOW)
    assert killed(KILLED_BEFORE_THE_END, kualik_files)
    request.refresh_from_db()
    assert request.state == State.APPROVED
    assert Certificate.objects.get().file == ""
    assert KeyUse.objects.count() == 1, "what the key signed is known though no document came"
    later = NOW + jobs.LEASE * 2
    handlers = {"cases.seal": run_seal_job}
    assert jobs.run_waiting(handlers=handlers, worker="alive", clock=lambda: later) == 1
    certificate = Certificate.objects.get()
    assert (certificate.status, certificate.number) == (ends, number)
    assert certificate.file
    assert KeyUse.objects.filter(document_sha256=certificate.file_sha256).count() == 1


def test_a_process_killed_while_it_takes_a_signature_issues_all_or_nothing(
    office: Office, kualik_files: Path, tmp_path: Path
) -> None:
    (request,) = office.prepared(1)
    signature = tmp_path / "signature"
    signature.write_bytes(signed(office, request))
    given = {
        "TEST_NUMBER": request.certificate.number if request.certificate else "",
        "TEST_SIGNATURE": str(signature),
        "TEST_USER": str(office.signer.pk),
    }
    assert killed(KILLED_BEFORE_THE_SIGNATURE_IS_ENTERED, kualik_files, **given)
    request.refresh_from_db()
    assert (request.state, Certificate.objects.get().status) == (State.APPROVED, "draft")
    assert PersonSignature.objects.count() == 0
    (outcome,) = accept(office, {given["TEST_NUMBER"]: signature.read_bytes()})
    assert (outcome.is_issued, outcome.code) == (True, "")
    request.refresh_from_db()
    assert request.state == State.ISSUED
