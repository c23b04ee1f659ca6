"""An order to seal is for one draft of one person who still may sign (A57.10-2)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from kualik.accounts.models import RoleGrant, User
from kualik.accounts.queries import authorised_person
from kualik.cases.models import Request
from kualik.cases.queries.tasks import tasks_of
from kualik.cases.services.deciding import (
    approve_request,
    decline_request,
    send_back_request,
)
from kualik.cases.services.sealing import (
    SEAL_JOB,
    order_seal,
    prepare_requests,
    prepared_for,
    run_seal_job,
    seal_progress,
    waiting_for_seal,
)
from kualik.certificates.models import Certificate
from kualik.core import jobs, journal
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, JournalEntry, StaffTask
from kualik.demo.loading import load_demonstration, read_data
from kualik.demo.organisations import open_organisation
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from kualik.signatures.models import KeyUse
from kualik.signatures.queries import organisation_key
from kualik.signatures.services import disable_key
from kualik.training.models import Completion
from tests.flows.office import NOW, Office, open_demo_office

HANDLERS = {"cases.seal": run_seal_job}
NO_PAPERS = Text(
    "Жеке басын куәландыратын құжат көрсетілмеді.", "Не показан документ, удостоверяющий личность."
)
REASON = Text("Атауында қате бар, түзету керек", "В названии ошибка, нужно исправить")


@pytest.fixture
def office(db: None, kualik_files: Path) -> Office:
    return open_demo_office()


def run_jobs() -> int:
    return jobs.run_waiting(handlers=HANDLERS, worker="one", clock=lambda: NOW)


def again(request: Request) -> Request:
    return Request.objects.select_related("certificate", "provider").get(pk=request.pk)


@pytest.mark.parametrize("by_machine", [False, True])
def test_what_no_sheet_holds_is_the_offices_task_until_it_is_sent_back(
    office: Office, by_machine: bool
) -> None:
    if by_machine:
        office.seal_automatically()
    (request,) = office.file(1)
    Completion.objects.filter(pk=request.completion_id).update(holder_kk="Ә" * 100)
    approve_request(request=request, user=office.registrar, role=Role.REGISTRAR, now=NOW)
    if not by_machine:
        order_seal(requests=[request], user=office.signer, now=NOW)
    run_jobs()
    task = StaffTask.objects.get(kind="seal_failed")
    assert (task.scope, task.role, task.closed_at) == ("DEMO", Role.OFFICE_HEAD, None)
    assert task.subject == f"request:{request.number}"
    assert "тегі, аты, әкесінің аты" in task.params["reason"]["kk"]
    assert task in tasks_of(office.registrar)
    who = {"user": office.signer, "role": Role.AUTHORISED_PERSON, "now": NOW}
    send_back_request(request=again(request), reason=REASON, **who)
    task.refresh_from_db()
    assert task.closed_at == NOW


def test_an_order_dies_with_the_draft_it_was_for(office: Office) -> None:
    (request,) = office.approved(1)
    order_seal(requests=[request], user=office.signer, now=NOW)
    payload = Job.objects.get(name="cases.seal").payload
    send_back_request(
        request=request,
        reason=REASON,
        user=office.signer,
        role=Role.AUTHORISED_PERSON,
        now=NOW,
    )
    assert not Job.objects.filter(name="cases.seal").exists()
    approve_request(request=again(request), user=office.registrar, role=Role.REGISTRAR, now=NOW)
    run_seal_job(payload, NOW)
    assert again(request).state == State.APPROVED
    statuses = sorted(Certificate.objects.values_list("status", flat=True))
    assert statuses == ["draft", "void"]


def test_a_person_who_left_prepares_nothing_more(office: Office) -> None:
    (request,) = office.approved(1)
    order_seal(requests=[request], user=office.signer, now=NOW)
    RoleGrant.objects.filter(user=office.signer).delete()
    assert run_jobs() == 1
    assert again(request).certificate.file == ""
    assert "seal_wrong_person" in Job.objects.get(name="cases.seal").last_error


def test_a_person_who_moved_to_another_provider_leaves_the_drafts_behind(office: Office) -> None:
    (request,) = office.approved(1)
    other = open_organisation(read_data()["provider"][1], now=NOW - timedelta(days=30))
    office.signer.provider = other
    office.signer.iin_hash = ""
    office.signer.save()
    assert waiting_for_seal(office.signer, NOW) == []
    with pytest.raises(RuleViolation) as refused:
        order_seal(requests=[again(request)], user=office.signer, now=NOW)
    assert refused.value.code == "seal_wrong_person"


def test_the_key_of_another_organisation_seals_nothing(office: Office) -> None:
    (request,) = office.approved(1)
    other = open_organisation(read_data()["provider"][1], now=NOW - timedelta(days=30))
    key = organisation_key(provider=other, now=NOW)
    with pytest.raises(RuleViolation) as refused:
        prepare_requests(requests=[request], key=key, user=None, actor=SYSTEM, now=NOW)
    assert refused.value.code == "key_of_other_organisation"
    assert KeyUse.objects.count() == 0


def test_without_an_authorised_person_nothing_is_approved(office: Office) -> None:
    RoleGrant.objects.filter(role=Role.AUTHORISED_PERSON).delete()
    with pytest.raises(RuleViolation) as refused:
        office.approved(1)
    assert refused.value.code == "no_authorised_person"


def test_of_several_authorised_persons_the_first_appointed_signs(office: Office) -> None:
    head = User.objects.get(provider=office.stage.provider, grants__role=Role.OFFICE_HEAD)
    RoleGrant.objects.create(
        user=head, role=Role.AUTHORISED_PERSON, granted_at=NOW - timedelta(days=50)
    )
    assert authorised_person(office.stage.provider) == head
    User.objects.filter(pk=head.pk).update(is_active=False)
    assert authorised_person(office.stage.provider) == office.signer


def test_an_order_prepares_and_issues_nothing(office: Office) -> None:
    requests = office.approved(2)
    assert order_seal(requests=requests, user=office.signer, now=NOW) == 2
    assert run_jobs() == 2
    certificate = again(requests[0]).certificate
    assert (again(requests[0]).state, certificate.status) == (State.APPROVED, "draft")
    assert (certificate.key, certificate.prepared_at) == (office.key, NOW)
    assert certificate.sealed_at is None
    with default_storage.open(certificate.file) as stored:
        assert stored.read().startswith(b"%PDF")
    assert [row.pk for row in prepared_for(office.signer, NOW)] == [row.pk for row in requests]
    assert waiting_for_seal(office.signer, NOW) == []
    found = seal_progress(office.signer, NOW)
    assert found is not None
    assert (found.total, found.prepared, found.signed, found.waiting) == (2, 2, 0, 0)
    use = KeyUse.objects.get(document_sha256=certificate.file_sha256)
    assert use.actor == office.signer
    life = journal.history(f"certificate:{certificate.number}")
    assert [(entry.action, entry.actor) for entry in life[1:]] == [
        ("certificates.seal_ordered", f"user:{office.signer.pk}"),
        ("certificates.prepared", f"user:{office.signer.pk}"),
    ]


def test_what_is_prepared_today_is_not_made_again(office: Office) -> None:
    requests = office.prepared(1)
    files = Certificate.objects.values_list("file", flat=True).get()
    assert order_seal(requests=[again(requests[0])], user=office.signer, now=NOW) == 0
    assert Job.objects.filter(name=SEAL_JOB).count() == 0
    assert Certificate.objects.values_list("file", flat=True).get() == files


def test_what_was_prepared_yesterday_is_made_anew_and_the_old_file_goes(
    office: Office, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    (request,) = office.prepared(1, now=NOW - timedelta(days=1))
    old = again(request).certificate.file
    assert prepared_for(office.signer, NOW) == []
    assert [row.pk for row in waiting_for_seal(office.signer, NOW)] == [request.pk]
    assert order_seal(requests=[again(request)], user=office.signer, now=NOW) == 1
    with django_capture_on_commit_callbacks(execute=True):
        run_jobs()
    fresh = again(request).certificate
    assert fresh.prepared_at == NOW
    assert default_storage.exists(fresh.file)
    assert not default_storage.exists(old)


def test_what_a_disabled_key_prepared_is_made_anew(office: Office) -> None:
    (request,) = office.prepared(1)
    disable_key(key=office.key, now=NOW, actor=SYSTEM)
    assert prepared_for(office.signer, NOW) == []
    assert [row.pk for row in waiting_for_seal(office.signer, NOW)] == [request.pk]


def test_a_prepared_draft_that_is_sent_back_loses_its_file(
    office: Office, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    (request,) = office.prepared(1)
    number, file = request.certificate.number, request.certificate.file
    with django_capture_on_commit_callbacks(execute=True):
        send_back_request(
            request=again(request),
            reason=REASON,
            user=office.signer,
            role=Role.AUTHORISED_PERSON,
            now=NOW,
        )
    void = Certificate.objects.get(number=number)
    assert (void.status, void.file, void.file_sha256, void.key) == ("void", "", "", None)
    assert not default_storage.exists(file)
    assert KeyUse.objects.count() == 1, "the log keeps what the key signed"


def test_a_failed_order_begins_anew_with_the_person_who_orders_now(office: Office) -> None:
    office.seal_automatically()
    (request,) = office.approved(1)
    Job.objects.filter(name="cases.seal").update(failed_at=NOW, last_error="a fault")
    assert order_seal(requests=[again(request)], user=office.signer, now=NOW) == 1
    job = Job.objects.get(name="cases.seal")
    assert (job.payload["user"], job.failed_at, job.last_error) == (office.signer.pk, None, "")


def test_acceptance_is_refused_only_before_the_acceptance_moment(office: Office) -> None:
    (request,) = office.file(1)
    assert request.accepted_at <= NOW
    with pytest.raises(RuleViolation) as refused:
        decline_request(
            request=request,
            ground="identity_not_shown",
            facts=NO_PAPERS,
            user=office.registrar,
            role=Role.REGISTRAR,
            now=NOW,
        )
    assert refused.value.code == "already_accepted"


def test_the_timeline_names_every_step_of_a_decision(office: Office) -> None:
    (request,) = office.approved(1)
    actions = [entry.action for entry in journal.history(f"request:{request.number}")]
    assert actions == ["cases.filed", "cases.accept", "cases.start_review", "cases.approve"]


def at_once(*acts: Callable[[Request], object], request: Request) -> list[str]:
    """Both acts on the request as each of them reads it now; the codes of what was refused."""
    gate = threading.Barrier(len(acts))
    faults: list[str] = []

    def play(act: Callable[[Request], object]) -> None:
        mine = again(request)
        gate.wait()
        try:
            act(mine)
        except RuleViolation as violation:
            faults.append(violation.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=play, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


@pytest.mark.django_db(transaction=True)
def test_preparing_and_sending_back_at_once_leave_no_file_behind(kualik_files: Path) -> None:
    office = open_demo_office()
    (request,) = office.approved(1)
    key, signer = office.key, office.signer

    def prepare(mine: Request) -> None:
        actor = signer.acting_as(Role.AUTHORISED_PERSON)
        prepare_requests(requests=[mine], key=key, user=signer, actor=actor, now=NOW)

    def send_back(mine: Request) -> None:
        send_back_request(
            request=mine, reason=REASON, user=signer, role=Role.AUTHORISED_PERSON, now=NOW
        )

    assert at_once(prepare, send_back, request=request) == []
    certificate = Certificate.objects.get()
    assert (again(request).state, certificate.status) == (State.IN_REVIEW, "void")
    assert certificate.file == ""
    assert [path for path in (kualik_files / "media").rglob("*") if path.suffix == ".pdf"] == []


@pytest.mark.django_db(transaction=True)
def test_an_order_given_twice_at_once_is_one_order(kualik_files: Path) -> None:
    office = open_demo_office()
    (request,) = office.approved(1)
    gate = threading.Barrier(2)
    outcomes: list[object] = []

    def order() -> None:
        mine = again(request)
        gate.wait()
        try:
            outcomes.append(order_seal(requests=[mine], user=office.signer, now=NOW))
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=order) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [1, 1]
    assert Job.objects.filter(name="cases.seal").count() == 1


@pytest.mark.django_db
def test_every_chain_of_the_demonstration_is_intact(kualik_files: Path) -> None:
    load_demonstration(now=NOW)
    subjects = set(JournalEntry.objects.values_list("subject", flat=True))
    assert len(subjects) > 150
    assert [subject for subject in subjects if journal.broken_links(subject)] == []
