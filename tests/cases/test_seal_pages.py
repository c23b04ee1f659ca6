"""What waits for the authorised person: look, choose, have it prepared, follow (A57.10-2)."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.sealing import (
    SEAL_JOB,
    order_seal,
    prepared_for,
    run_seal_job,
    seal_progress,
)
from kualik.cases.services.trial_signing import sign_on_trial
from kualik.certificates.models import Certificate
from kualik.core import clock, jobs
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.rules.lifecycle import Role, State
from kualik.signatures.services import disable_key
from tests.world import World

SignIn = Callable[[User], Client]


@pytest.fixture
def dana(world: World) -> User:
    return world.demo.staff[Role.AUTHORISED_PERSON]


@pytest.fixture
def waiting(world: World) -> list[Request]:
    """Three approved requests, in the order of their documents."""
    more = [world.by_state[State.FILED], world.by_state[State.ACCEPTED]]
    registrar = world.demo.staff[Role.REGISTRAR]
    approve_requests(requests=more, user=registrar, role=Role.REGISTRAR, now=world.now)
    return [world.by_state[State.APPROVED], *more]


def order(client: Client, *requests: Request, **data: str) -> str:
    numbers = [request.number for request in requests]
    response = client.post(reverse("cases:seal"), {"number": numbers, **data}, follow=True)
    return response.content.decode()


def run_jobs() -> None:
    jobs.run_waiting(handlers={SEAL_JOB: run_seal_job}, worker="test", clock=clock.now)


def sign(world: World, dana: User) -> None:
    now = clock.now()
    iins = list(world.demo.iins.values())
    outcomes = sign_on_trial(requests=prepared_for(dana, now), iins=iins, now=now)
    assert all(outcome.is_issued for outcome in outcomes)


def states_of(requests: list[Request]) -> set[str]:
    found = Request.objects.filter(pk__in=[row.pk for row in requests])
    return set(found.values_list("state", flat=True))


def test_what_waits_is_shown_with_its_facts_as_they_will_be_printed(
    waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    text = signed_in(dana).get(reverse("cases:seal")).content.decode()
    for request in waiting:
        assert request.certificate is not None
        assert request.certificate.number in text
    for printed in (
        "КУӘЛІК",
        "СВИДЕТЕЛЬСТВО",
        "«Кардиология негіздері DEMO»",
        "«Основы кардиологии DEMO»",
        "Дана Маратқызы Оспанова",
    ):
        assert printed in text
    assert text.count(" checked>") == len(waiting)
    assert "The organisation seals with a test key" in text
    nothing = signed_in(dana).get(reverse("cases:seal"), {"select": "none"}).content.decode()
    assert nothing.count(" checked>") == 0


def test_an_order_is_prepared_by_the_worker_signed_by_the_person_and_followed_to_its_end(
    world: World, waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    client = signed_in(dana)
    text = order(client, *waiting)
    assert "The documents are being prepared" in text
    assert "prepared of 3" in text
    assert client.get(reverse("cases:seal_progress")).headers["Refresh"] == "2"
    still = client.get(reverse("cases:seal_progress"), {"reload": "no"})
    assert "Refresh" not in still.headers
    run_jobs()
    prepared = client.get(reverse("cases:seal_progress"))
    assert "Everything is prepared: sign it now" in prepared.content.decode()
    assert reverse("cases:sign") in prepared.content.decode()
    assert "Refresh" not in prepared.headers
    assert states_of(waiting) == {State.APPROVED}, "the seal alone issues nothing"
    text = client.get(reverse("cases:seal")).content.decode()
    assert "3 documents are prepared and wait for your signature" in text
    assert "Nothing waits" not in text
    sign(world, dana)
    assert "Everything is signed" in client.get(reverse("cases:seal_progress")).content.decode()
    assert states_of(waiting) == {State.ISSUED}


def test_all_waiting_documents_may_be_ordered_without_naming_each(
    waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    assert "prepared of 3" in order(signed_in(dana), scope="all")


def test_choosing_nothing_orders_nothing(
    waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    assert "Select at least one document" in order(signed_in(dana))
    assert Job.objects.filter(name=SEAL_JOB).count() == 0


def test_without_a_key_in_force_nothing_can_be_ordered(
    world: World, waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    disable_key(key=world.demo.key, now=world.now, actor=SYSTEM)
    client = signed_in(dana)
    text = client.get(reverse("cases:seal")).content.decode()
    assert "The organisation has no sealing key in force" in text
    assert "DEMO has no key in force: documents cannot be sealed" in order(client, *waiting)
    assert Job.objects.filter(name=SEAL_JOB).count() == 0


def test_a_failed_seal_is_told_in_words_and_never_as_a_trace(
    world: World, waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    order_seal(requests=waiting, user=dana, now=world.now)
    disable_key(key=world.demo.key, now=world.now, actor=SYSTEM)
    run_jobs()
    client = signed_in(dana)
    text = client.get(reverse("cases:seal_progress")).content.decode()
    assert "DEMO has no key in force" in text
    assert "Order it again once the organisation has a key in force" in text
    assert "It will be tried again by itself." not in text
    assert "Traceback" not in text
    seals = Job.objects.filter(name=SEAL_JOB)
    seals.update(last_error="OSError: the disk is full", failed_at=None)
    text = client.get(reverse("cases:seal_progress")).content.decode()
    assert "It will be tried again by itself." in text
    assert "OSError" not in text
    seals.update(failed_at=world.now)
    text = client.get(reverse("cases:seal_progress")).content.decode()
    assert "Not everything was prepared" in text
    assert "Order it again when the cause is removed." in text
    found = seal_progress(dana, world.now)
    assert found is not None
    assert (found.total, found.prepared, found.signed, found.waiting) == (3, 0, 0, 0)


def test_what_is_prepared_or_signed_meanwhile_is_left_out_of_a_second_order(
    world: World, waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    client = signed_in(dana)
    order(client, waiting[0])
    run_jobs()
    assert "prepared of 2" in order(client, *waiting)
    run_jobs()
    sign(world, dana)
    assert "Select at least one document" in order(client, *waiting)


def test_a_fault_that_no_attempt_mends_says_that_the_request_must_be_sent_back(
    world: World, waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    request = waiting[0]
    assert request.certificate is not None
    Certificate.objects.filter(pk=request.certificate_id).update(facts_sha256="0" * 64)
    order_seal(requests=[request], user=dana, now=world.now)
    run_jobs()
    told = f"The facts of {request.certificate.number} were changed after the decision"
    back = reverse("cases:send_back", args=[request.number])
    progress = signed_in(dana).get(reverse("cases:seal_progress")).content.decode()
    assert told in progress
    assert "the request must be sent back to review" in progress
    assert "tried again by itself" not in progress
    assert f'href="{back}"' in progress
    where = reverse("cases:request", args=[request.number])
    for role, may in ((Role.OFFICE_HEAD, True), (Role.REGISTRAR, False)):
        text = signed_in(world.demo.staff[role]).get(where).content.decode()
        assert "The seal failed" in text
        assert told in text
        assert (f'href="{back}"' in text) is may


def test_the_sign_that_no_font_has_is_named(
    world: World, waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    order_seal(requests=waiting[:1], user=dana, now=world.now)
    error = "Traceback…\nkualik.rules.errors.RuleViolation: paper_glyph_missing (character=U+20AC)"
    Job.objects.update(last_error=error)
    text = signed_in(dana).get(reverse("cases:seal_progress")).content.decode()
    assert "U+20AC" in text
    assert "paper_glyph_missing" not in text


def test_what_is_ordered_already_is_not_offered_again_until_it_failed(
    world: World, waiting: list[Request], dana: User, signed_in: SignIn
) -> None:
    client = signed_in(dana)
    order(client, waiting[0])
    text = client.get(reverse("cases:seal")).content.decode()
    assert text.count(" checked>") == len(waiting) - 1
    Job.objects.filter(name=SEAL_JOB).update(failed_at=world.now)
    text = client.get(reverse("cases:seal")).content.decode()
    assert text.count(" checked>") == len(waiting)
    order(client, *waiting)
    text = client.get(reverse("cases:seal")).content.decode()
    assert f"{len(waiting)} ordered documents are being prepared" in text
    assert Job.objects.filter(name=SEAL_JOB, failed_at=None).count() == len(waiting)
