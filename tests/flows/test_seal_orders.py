"""An order to seal is for one draft of one person who still may seal (A57.10-2)."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from kualik.accounts.models import RoleGrant
from kualik.cases.models import Request
from kualik.cases.services.deciding import (
    approve_request,
    decline_request,
    send_back_request,
)
from kualik.cases.services.sealing import (
    order_seal,
    run_seal_job,
    seal_requests,
    waiting_for_seal,
)
from kualik.certificates.models import Certificate
from kualik.core import jobs, journal
from kualik.core.models import Job, JournalEntry
from kualik.demo.loading import load_demonstration, read_data
from kualik.demo.organisations import open_organisation
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from kualik.signatures.queries import own_key
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


def test_a_person_who_left_seals_nothing_more(office: Office) -> None:
    (request,) = office.approved(1)
    order_seal(requests=[request], user=office.signer, now=NOW)
    RoleGrant.objects.filter(user=office.signer).delete()
    assert run_jobs() == 1
    assert again(request).state == State.APPROVED
    assert "key_not_usable" in Job.objects.get(name="cases.seal").last_error


def test_a_person_who_moved_to_another_provider_leaves_the_drafts_behind(office: Office) -> None:
    (request,) = office.approved(1)
    key = own_key(holder=office.signer, now=NOW)
    other = open_organisation(read_data()["provider"][1], now=NOW - timedelta(days=30))
    office.signer.provider = other
    office.signer.save()
    assert waiting_for_seal(office.signer) == []
    key.provider = other
    key.save()
    actor = office.signer.acting_as(Role.AUTHORISED_PERSON)
    with pytest.raises(RuleViolation) as refused:
        seal_requests(requests=[request], key=key, actor=actor, now=NOW)
    assert refused.value.code == "seal_wrong_person"


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


@pytest.mark.django_db(transaction=True)
def test_seal_and_send_back_at_once_end_in_one_of_the_two(kualik_files: Path) -> None:
    office = open_demo_office()
    (request,) = office.approved(1)
    key = own_key(holder=office.signer, now=NOW)
    gate = threading.Barrier(2)
    faults: list[str] = []

    def play(act: object) -> None:
        mine = again(request)
        gate.wait()
        try:
            act(mine)  # type: ignore[operator]
        except RuleViolation as violation:
            faults.append(violation.code)
        finally:
            connection.close()

    def seal(mine: Request) -> None:
        actor = office.signer.acting_as(Role.AUTHORISED_PERSON)
        seal_requests(requests=[mine], key=key, actor=actor, now=NOW)

    def send_back(mine: Request) -> None:
        send_back_request(
            request=mine, reason=REASON, user=office.signer, role=Role.AUTHORISED_PERSON, now=NOW
        )

    threads = [threading.Thread(target=play, args=(act,)) for act in (seal, send_back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    certificate = Certificate.objects.get()
    pair = (again(request).state, certificate.status)
    assert pair in {(State.ISSUED, "valid"), (State.IN_REVIEW, "void")}
    assert set(faults) <= {"conflict"}


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
