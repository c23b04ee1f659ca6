"""A misspelled name from the issued document to the new one, as everybody sees it on the way."""

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.cases.models import Correction, Draft, Request
from kualik.cases.services.sealing import SEAL_JOB, run_seal_job
from kualik.certificates.models import Certificate, SealPolicy
from kualik.certificates.services.policy import Limits, set_policy
from kualik.core import clock, jobs, journal
from kualik.notifications.models import Message
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.papers import scan
from tests.entering import open_cabinet
from tests.world import World, build_world, issue, sign_in

RIGHT = "Сәрсенбай Ұлжан Қайратқызы"


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def cabinet(person: Person) -> Client:
    client = open_cabinet(Client(), person)
    client.cookies["kualik_language"] = "en"
    return client


def ask(client: Client, completion: Completion) -> Correction:
    """From the link on the check page to the registered correction."""
    where = reverse("cases:correction_new", args=[completion.pk])
    names = ("holder_kk", "holder_ru", "family_name", "given_name", "patronymic")
    sent = {name: getattr(completion, name) for name in names}
    sent |= {"holder_kk": RIGHT, "holder_ru": RIGHT, "note": "", "scans": scan()}
    check = client.post(where, sent)["Location"]
    key = Draft.objects.filter(person=completion.person).latest("pk").key
    client.post(check, {"key": key})
    return Correction.objects.get(completion=completion)


def accept(world: World, found: Correction) -> Request:
    registrar = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    completion = found.completion
    sent = {
        "started_on": completion.started_on.isoformat(),
        "mastered_on": completion.mastered_on.isoformat(),
    }
    registrar.post(reverse("cases:correction_accept", args=[found.number]), sent)
    return Request.objects.get(application_number=found.number)


def check_page(certificate: Certificate) -> str:
    client = Client()
    client.cookies["kualik_language"] = "en"
    return client.get(f"/c/{certificate.code}").content.decode()


def test_an_issued_document_is_corrected_by_a_new_one(world: World) -> None:
    request = world.by_state[State.HANDED_OVER]
    old, completion = request.certificate, request.completion
    assert old is not None
    assert completion is not None
    client = cabinet(request.person)
    way_in = reverse("cases:correction_of", args=[old.number])
    assert way_in in check_page(old)
    assert client.get(way_in).status_code == 302

    found = ask(client, completion)
    ordered = accept(world, found)
    page = client.get(reverse("cases:own_correction", args=[found.number])).content.decode()
    assert "The new document is on its way" in page
    assert "replaced" not in Certificate.objects.get(pk=old.pk).status

    issue(world.demo, ordered, now=world.now)
    old.refresh_from_db()
    new = Request.objects.get(pk=ordered.pk).certificate
    assert new is not None
    assert (old.status, old.replaced_by) == ("replaced", new)
    answer = check_page(old)
    assert f"/c/{new.code}" in answer
    assert way_in not in answer
    assert RIGHT in check_page(new)
    assert [entry.action for entry in journal.history(f"certificate:{old.number}")][-1] == (
        "certificates.replaced"
    )

    page = client.get(reverse("cases:own_correction", args=[found.number])).content.decode()
    assert "The new document is issued" in page
    page = client.get(reverse("cases:cabinet")).content.decode()
    assert new.number in page
    assert old.number in page
    staff = sign_in(Client(), world.demo.staff[Role.CLERK])
    staff.cookies["kualik_language"] = "en"
    page = staff.get(reverse("cases:request", args=[request.number])).content.decode()
    assert "This document is replaced by" in page
    assert new.number in page
    page = staff.get(reverse("cases:request", args=[ordered.number])).content.decode()
    assert "Corrected document" in page
    told = Message.objects.filter(person=request.person).values_list("event", flat=True)
    assert {"correction_filed", "correction_decided", "corrected_document_issued"} <= set(told)
    of_new = Message.objects.filter(about=f"request:{ordered.number}", channel="sms")
    assert [message.event for message in of_new] == ["corrected_document_issued"]


def test_the_machine_seals_the_new_document_where_it_may(world: World) -> None:
    """A303.4: the replacement goes the same way as any other document of the provider."""
    request = world.by_state[State.ISSUED]
    old, completion = request.certificate, request.completion
    assert old is not None
    assert completion is not None
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    set_policy(
        provider=world.demo.provider,
        limits=Limits(way=SealPolicy.Way.AUTOMATIC, kinds=["pd"], daily_quota=100),
        takes_reading=True,
        user=signer,
        actor=signer.acting_as(Role.AUTHORISED_PERSON),
        now=world.now,
    )
    Request.objects.filter(pk=request.pk).update(edition="A303", edition_version=1)
    found = ask(cabinet(request.person), completion)
    ordered = accept(world, found)
    jobs.run_waiting(handlers={SEAL_JOB: run_seal_job}, worker="test", clock=clock.now)
    ordered.refresh_from_db()
    old.refresh_from_db()
    assert ordered.state == State.ISSUED
    assert old.status == "replaced"
    assert ordered.certificate_id == old.replaced_by_id


def test_the_old_document_stands_until_the_new_one_is_signed(world: World) -> None:
    request = world.by_state[State.ISSUED]
    old, completion = request.certificate, request.completion
    assert old is not None
    assert completion is not None
    ordered = accept(world, ask(cabinet(request.person), completion))
    draft = ordered.certificate
    assert draft is not None
    assert draft.number not in check_page(old)
    assert Certificate.objects.get(pk=old.pk).status == "valid"
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    sent = {"reason_kk": "Аты әлі қате", "reason_ru": "Имя всё ещё с ошибкой"}
    head.post(reverse("cases:send_back", args=[ordered.number]), sent)
    draft.refresh_from_db()
    assert draft.status == "void"
    assert Certificate.objects.get(pk=old.pk).status == "valid"
