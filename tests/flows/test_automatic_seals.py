"""The organisation's seal alone: under A303 only, within the provider's limits, by the machine
(A303.4; reading A303-organisation-seal). Under A57 a person signs, always (A57.10-2)."""

import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.sealing import (
    SEAL_JOB,
    order_seal,
    prepare_requests,
    run_seal_job,
    seal_alone,
    seal_automatically,
    sealing_by_machine,
    waiting_for_seal,
)
from kualik.certificates.models import Certificate, PersonSignature, SealPolicy
from kualik.certificates.services.sealing import enter_sealed, make_sealed_files
from kualik.core import jobs, journal
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.signatures.models import KeyUse, SigningKey
from tests.flows.office import NOW, Office, open_demo_office
from tests.flows.signing import accept, signed

HANDLERS = {"cases.seal": run_seal_job}
BEFORE_THE_CODE = datetime(2026, 7, 10, 6, 0, tzinfo=UTC)


@pytest.fixture
def office(db: None, kualik_files: Path) -> Office:
    return open_demo_office()


def run_jobs(now: datetime = NOW) -> int:
    return jobs.run_waiting(handlers=HANDLERS, worker="one", clock=lambda: now)


def again(request: Request) -> Request:
    return Request.objects.select_related("certificate", "provider").get(pk=request.pk)


def standing(request: Request) -> tuple[str, str]:
    found = again(request)
    assert found.certificate is not None
    return found.state, found.certificate.status


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(RuleViolation) as refused:
        act()
    return refused.value.code


def test_within_the_limits_an_approval_is_sealed_by_the_machine(office: Office) -> None:
    office.seal_automatically()
    (request,) = office.approved(1)
    assert waiting_for_seal(office.signer, NOW) != [], "until the worker has come"
    assert sealing_by_machine([request]) == [request]
    assert run_jobs() == 1
    assert standing(request) == (State.ISSUED, "valid")
    assert sealing_by_machine([again(request)]) == []
    certificate = again(request).certificate
    assert (certificate.key, certificate.sealed_at) == (office.key, NOW)
    assert PersonSignature.objects.count() == 0
    assert KeyUse.objects.get().actor is None
    life = journal.history(f"certificate:{certificate.number}")
    assert [(entry.action, entry.actor) for entry in life[1:]] == [
        ("certificates.seal_ordered", "system"),
        ("certificates.sealed", "system"),
    ]
    last = journal.history(f"request:{request.number}")[-1]
    assert (last.action, last.actor, last.role) == ("cases.seal", "system", "system")
    with default_storage.open(certificate.file) as file:
        assert file.read().startswith(b"%PDF")
    run_seal_job({"request": request.pk, "certificate": certificate.pk, "user": None}, NOW)
    assert KeyUse.objects.count() == 1, "a second run finds nothing to do"


def test_without_a_policy_nothing_is_sealed_by_the_machine(office: Office) -> None:
    (request,) = office.approved(1)
    assert not Job.objects.filter(name=SEAL_JOB).exists()
    assert seal_automatically(requests=[request], now=NOW) == []
    assert refusal(lambda: seal_alone(requests=[request], key=office.key, now=NOW)) == (
        "seal_by_person_only"
    )
    assert standing(request) == (State.APPROVED, "draft")
    assert KeyUse.objects.count() == 0


def test_under_a57_nothing_is_ever_sealed_by_the_machine(office: Office) -> None:
    office.seal_automatically(kinds=["pd", "cc", "rt"])
    (request,) = office.approved(1, edition="A57")
    assert request.edition == "A57"
    assert not Job.objects.filter(name=SEAL_JOB).exists()
    forced = {"request": request.pk, "certificate": request.certificate_id, "user": None}
    for act in (
        lambda: seal_alone(requests=[request], key=office.key, now=NOW),
        lambda: run_seal_job(forced, NOW),
    ):
        assert refusal(act) == "seal_by_person_only"
    assert KeyUse.objects.count() == 0, "no file was even made"
    assert standing(request) == (State.APPROVED, "draft")


def test_not_even_a_made_file_of_a57_can_be_entered(office: Office) -> None:
    office.seal_automatically()
    (request,) = office.approved(1, edition="A57")
    assert request.certificate is not None
    files = make_sealed_files(
        certificates=[request.certificate],
        key=office.key,
        way=SealPolicy.Way.PERSON,
        user=None,
        now=NOW,
    )
    assert refusal(lambda: enter_sealed(files=files, key=office.key, now=NOW)) == (
        "seal_by_person_only"
    )
    assert standing(request) == (State.APPROVED, "draft")


@pytest.mark.parametrize(
    "changed",
    [{"way": "person"}, {"reading_at": None}],
)
def test_a_policy_that_ends_between_order_and_seal_stops_the_seal(
    office: Office, changed: dict[str, object]
) -> None:
    office.seal_automatically()
    (request,) = office.approved(1)
    SealPolicy.objects.update(**changed)
    assert run_jobs() == 1
    job = Job.objects.get(name="cases.seal")
    assert job.failed_at is not None
    assert "seal_by_person_only" in job.last_error
    assert standing(request) == (State.APPROVED, "draft")
    assert order_seal(requests=[again(request)], user=office.signer, now=NOW) == 1
    assert run_jobs() == 1
    assert again(request).certificate.file != ""


def test_before_the_code_took_effect_a_person_signed(office: Office) -> None:
    office.seal_automatically()
    (request,) = office.approved(1)
    assert refusal(
        lambda: seal_alone(requests=[request], key=office.key, now=BEFORE_THE_CODE)
    ) == ("seal_by_person_only")  # fmt: skip


def test_the_days_quota_leaves_the_rest_to_the_person(office: Office) -> None:
    office.seal_automatically(daily_quota=2)
    requests = office.approved(3)
    assert run_jobs() == 2
    assert [standing(request)[0] for request in requests] == [
        State.ISSUED, State.ISSUED, State.APPROVED
    ]  # fmt: skip
    waiting = waiting_for_seal(office.signer, NOW)
    assert [request.pk for request in waiting] == [requests[2].pk]
    fault = refusal(lambda: seal_alone(requests=[again(requests[2])], key=office.key, now=NOW))
    assert fault == "seal_quota_reached"


@pytest.mark.django_db(transaction=True)
def test_the_quota_holds_for_several_workers_at_once(kualik_files: Path) -> None:
    office = open_demo_office()
    office.seal_automatically(daily_quota=1)
    requests = office.approved(2)
    key, gate = office.key, threading.Barrier(2)
    outcomes: list[str] = []

    def seal(request: Request) -> None:
        mine = again(request)
        gate.wait()
        try:
            seal_alone(requests=[mine], key=key, now=NOW)
            outcomes.append("issued")
        except RuleViolation as violation:
            outcomes.append(violation.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=seal, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["issued", "seal_quota_reached"]
    assert Certificate.objects.filter(status="valid").count() == 1
    assert len(list((kualik_files / "media").rglob("*.pdf"))) == 1


def test_a_key_that_was_disabled_while_the_file_was_made_issues_nothing(office: Office) -> None:
    office.seal_automatically()
    requests = office.approved(2)
    key = office.key
    actor = office.signer.acting_as(Role.AUTHORISED_PERSON)
    SigningKey.objects.update(disabled_at=NOW)
    for act in (
        lambda: seal_alone(requests=requests[:1], key=key, now=NOW),
        lambda: prepare_requests(
            requests=requests[1:], key=key, user=office.signer, actor=actor, now=NOW
        ),
    ):
        assert refusal(act) == "key_disabled"
    assert set(Certificate.objects.values_list("status", "file")) == {("draft", "")}
    media = Path(default_storage.path(""))
    assert list(media.rglob("*.pdf")) == [], "no file is left behind"


def test_a_portion_over_the_quota_is_not_begun(office: Office) -> None:
    office.seal_automatically(daily_quota=1)
    requests = office.approved(2)
    assert refusal(lambda: seal_alone(requests=requests, key=office.key, now=NOW)) == (
        "seal_quota_reached"
    )
    assert KeyUse.objects.count() == 0


def test_a_kind_that_is_not_allowed_waits_for_the_person(office: Office) -> None:
    office.seal_automatically(kinds=["cc"])
    (request,) = office.approved(1)
    assert request.certificate is not None
    assert request.certificate.kind == "pd"
    assert not Job.objects.filter(name=SEAL_JOB).exists()


def test_a_draft_prepared_for_the_person_may_still_go_the_other_way(office: Office) -> None:
    (request,) = office.prepared(1)
    prepared = again(request).certificate.file
    office.seal_automatically()
    issued = seal_alone(requests=[again(request)], key=office.key, now=NOW)
    assert [row.pk for row in issued] == [request.pk]
    assert standing(request) == (State.ISSUED, "valid")
    assert again(request).certificate.file != prepared


def test_a_file_that_takes_the_name_of_a_lost_one_stays(
    office: Office, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    alone, prepared = office.prepared(2)
    names = [again(request).certificate.file for request in (alone, prepared)]
    for name in names:
        default_storage.delete(name)
    office.seal_automatically()
    actor = office.signer.acting_as(Role.AUTHORISED_PERSON)
    with django_capture_on_commit_callbacks(execute=True):
        seal_alone(requests=[again(alone)], key=office.key, now=NOW)
        prepare_requests(
            requests=[again(prepared)], key=office.key, user=office.signer, actor=actor, now=NOW
        )
    assert [again(request).certificate.file for request in (alone, prepared)] == names
    assert all(default_storage.exists(name) for name in names)


def test_the_paper_says_by_which_way_it_came(office: Office) -> None:
    (by_person,) = office.prepared(1)
    signature = signed(office, by_person)
    assert by_person.certificate is not None
    (outcome,) = accept(office, {by_person.certificate.number: signature})
    assert outcome.is_issued
    office.seal_automatically()
    (alone,) = office.approved(1, start=30)
    run_jobs()
    beside = ("құжатпен бірге сақталады", "хранится вместе с документом")
    for request, holds in ((by_person, True), (alone, False)):
        text = said(again(request))
        assert "Удостоверено ЭЦП организации" in text
        assert "Ұйымның ЭЦҚ-сымен куәландырылды" in text
        assert [words in text for words in beside] == [holds, holds]


def said(request: Request) -> str:
    """The words of the issued file."""
    assert request.certificate is not None
    path = default_storage.path(request.certificate.file)
    done = subprocess.run(
        ["pdftotext", "-raw", path, "-"], check=True, capture_output=True, text=True
    )
    return " ".join(done.stdout.split())


def test_the_person_may_always_sign_where_the_machine_could_seal(office: Office) -> None:
    requests = office.file(1)
    approve_requests(requests=requests, user=office.registrar, role=Role.REGISTRAR, now=NOW)
    office.seal_automatically()
    actor = office.signer.acting_as(Role.AUTHORISED_PERSON)
    prepare_requests(requests=requests, key=office.key, user=office.signer, actor=actor, now=NOW)
    number = requests[0].certificate.number if requests[0].certificate else ""
    (outcome,) = accept(office, {number: signed(office, requests[0])})
    assert outcome.is_issued


def test_a_request_that_was_sent_back_meanwhile_is_left_out(office: Office) -> None:
    office.seal_automatically()
    (request,) = office.approved(1)
    stale = again(request)
    Request.objects.filter(pk=request.pk).update(version=request.version + 1)
    assert seal_alone(requests=[stale], key=office.key, now=NOW) == []
    assert standing(request) == (State.APPROVED, "draft")


def test_the_machine_orders_with_its_own_name(office: Office) -> None:
    office.seal_automatically()
    (request,) = office.approved(1)
    number = request.certificate.number if request.certificate else ""
    ordered = journal.history(f"certificate:{number}")[-1]
    assert (ordered.action, ordered.actor) == ("certificates.seal_ordered", SYSTEM.name)
    job = Job.objects.get(name="cases.seal")
    assert job.payload["user"] is None
    assert job.run_at == NOW
    assert run_jobs(NOW - timedelta(minutes=1)) == 0
