"""Who gets which answer on every address of the room; the second provider's staff see nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.sealing import seal_job_key
from kualik.core.models import Job
from kualik.rules.lifecycle import Role, State
from tests.world import FACTS, World, sign_in

OPEN, SENT_ON, UNREADABLE, CLOSED, ABSENT = 200, 302, 400, 403, 404
NOT_THIS_WAY = 405
WHO = (
    "anonymous", "stranger", "registrar", "clerk", "office_head", "authorised_person",
    "provider_admin", "inspector", "contact_centre",
)  # fmt: skip
SIGNER = ("authorised_person",)
# Handlers of complaints sign their decisions on the same page.
SIGNERS = ("registrar", "office_head", "authorised_person")
READERS = (*WHO[2:7], "inspector")
REFUSAL = {"ground": "incomplete", "facts_kk": FACTS.kk, "facts_ru": FACTS.ru}


@dataclass(frozen=True, kw_only=True)
class Door:
    """One address: who gets ``answer``; the rest are closed out, a stranger by ``stranger``.

    Those in ``sent_on`` have nothing there yet. ``is_early``: with a request filed after hours,
    looked at before its acceptance.
    """

    name: str
    for_state: State | None = None
    is_early: bool = False
    post: dict[str, str] | None = None
    opens: tuple[str, ...]
    answer: int = OPEN
    stranger: int = ABSENT
    sent_on: tuple[str, ...] = ()


DECIDERS = ("registrar", "office_head")
BY_PK = frozenset(
    {
        "acting",
        "attachment",
        "correction_check",
        "correction_new",
        "mandate",
        "mandate_check",
        "mandate_confirm",
        "mandate_refuse",
        "mandate_revoke",
        "own_attachment",
        "receive",
        "receive_sign",
    }
)
COUNTER = ("registrar", "clerk", "office_head")
REVIEWERS = ("authorised_person", "office_head")
DOORS = (
    Door(name="status", opens=WHO, stranger=OPEN),
    Door(name="office", opens=READERS, stranger=OPEN),
    Door(name="requests", opens=READERS, stranger=OPEN),
    Door(name="request", for_state=State.FILED, opens=READERS),
    Door(name="request", for_state=State.ISSUED, opens=READERS),
    Door(name="receipt", for_state=State.FILED, opens=READERS[:-1]),
    Door(name="approve", for_state=State.FILED, post={}, opens=DECIDERS, answer=SENT_ON),
    Door(name="start_review", for_state=State.ACCEPTED, post={}, opens=COUNTER, answer=SENT_ON),
    Door(name="hand_over", for_state=State.ISSUED, post={}, opens=COUNTER, answer=SENT_ON),
    Door(name="refuse", for_state=State.IN_REVIEW, opens=DECIDERS),
    Door(name="refuse", for_state=State.IN_REVIEW, post=REFUSAL, opens=DECIDERS),
    Door(
        name="refuse",
        for_state=State.IN_REVIEW,
        post=REFUSAL | {"step": "confirm"},
        opens=DECIDERS,
        answer=SENT_ON,
    ),
    Door(name="decline", for_state=State.FILED, opens=COUNTER, answer=SENT_ON),
    Door(name="decline", for_state=State.FILED, is_early=True, opens=COUNTER),
    Door(
        name="decline",
        for_state=State.FILED,
        is_early=True,
        post=REFUSAL | {"ground": "papers_expired", "step": "confirm"},
        opens=COUNTER,
        answer=SENT_ON,
    ),
    Door(name="send_back", for_state=State.APPROVED, opens=REVIEWERS),
    Door(
        name="send_back",
        for_state=State.APPROVED,
        post={"reason_kk": "Аты қате", "reason_ru": "Ошибка в имени"},
        opens=REVIEWERS,
        answer=SENT_ON,
    ),
    Door(name="withdrawal", for_state=State.FILED, opens=COUNTER),
    Door(
        name="withdrawal",
        for_state=State.FILED,
        post={"reason": "Заявление № 7"},
        opens=COUNTER,
        answer=SENT_ON,
    ),
    Door(name="seal", opens=SIGNER),
    Door(name="seal_progress", opens=SIGNER, answer=SENT_ON),
    Door(name="approve_many", post={"number": "own"}, opens=DECIDERS),
    Door(
        name="approve_many",
        post={"number": "own", "confirm": "yes"},
        opens=DECIDERS,
        answer=SENT_ON,
    ),
    Door(name="seal", post={"number": "own"}, opens=SIGNER, answer=SENT_ON),
    Door(name="sign", opens=SIGNERS, stranger=OPEN),
    # Nothing is prepared in the world, so there is no file to look at.
    Door(name="prepared_file", opens=SIGNERS, answer=ABSENT),
    Door(name="signatures", opens=SIGNERS, answer=SENT_ON, stranger=SENT_ON),
    Door(name="signatures", post={}, opens=SIGNERS, answer=UNREADABLE, stranger=UNREADABLE),
    Door(name="seal_phone", opens=SIGNERS, stranger=OPEN),
    Door(name="seal_phone_state", opens=SIGNERS, answer=ABSENT),
    Door(name="seal_phone_answer", opens=SIGNERS, answer=SENT_ON, stranger=SENT_ON),
    Door(name="signed", opens=SIGNERS, stranger=OPEN),
    Door(
        name="signed_files",
        opens=SIGNERS,
        stranger=SENT_ON,
        sent_on=("registrar", "office_head"),
    ),
    # An applicant's page: staff are sent to the applicants' entry as everybody else.
    Door(name="cabinet", opens=WHO, answer=SENT_ON, stranger=SENT_ON),
    *(
        Door(name=name, opens=WHO, answer=SENT_ON, stranger=SENT_ON)
        for name in (
            "receive",
            "receive_sign",
            "ask",
            "ask_check",
            "own_attachment",
            "phones",
            "phones_check",
            "phones_again",
            "phones_remove",
        )
    ),
    Door(name="enter_code", opens=WHO, stranger=OPEN),
    # No code was sent; tests/cases/test_code_entry.py and test_own_phones.py have some.
    *(
        Door(name=name, opens=WHO, answer=SENT_ON, stranger=SENT_ON)
        for name in ("enter_code_check", "enter_code_again")
    ),
    Door(name="person_phone", opens=COUNTER, stranger=OPEN),
    *(
        Door(name=name, opens=COUNTER, answer=SENT_ON, stranger=SENT_ON)
        for name in ("person_phone_check", "person_phone_again")
    ),
    Door(name="tasks", opens=READERS, stranger=OPEN),
    *(
        Door(name=name, opens=READERS[:-1], answer=SENT_ON, stranger=SENT_ON)
        for name in ("task_done", "task_send_again")
    ),
    # No task is open in the world; tests/cases/test_tasks_page.py has some.
    *(
        Door(name=name, post={"key": "0"}, opens=READERS[:-1], answer=ABSENT)
        for name in ("task_done", "task_send_again")
    ),
    # No scans are in the world; tests/cases/test_attaching.py has some.
    Door(name="attachment", opens=READERS[:-1], answer=ABSENT),
    # What a list names needs no looking for; tests/cases/test_claims.py has claims.
    Door(name="claim_training", for_state=State.FILED, opens=DECIDERS, answer=SENT_ON),
    Door(name="own_request", for_state=State.FILED, opens=WHO, answer=SENT_ON, stranger=SENT_ON),
    Door(name="own_receipt", for_state=State.FILED, opens=WHO, answer=SENT_ON, stranger=SENT_ON),
    Door(name="withdraw", for_state=State.FILED, opens=WHO, answer=SENT_ON, stranger=SENT_ON),
    Door(
        name="withdraw",
        for_state=State.FILED,
        post={},
        opens=WHO,
        answer=SENT_ON,
        stranger=SENT_ON,
    ),
    Door(name="human_review", for_state=State.ISSUED, opens=WHO, answer=SENT_ON, stranger=SENT_ON),
    Door(name="short", for_state=State.ISSUED, opens=WHO, answer=SENT_ON, stranger=SENT_ON),
    Door(name="api_status", opens=WHO, answer=NOT_THIS_WAY, stranger=NOT_THIS_WAY),
    Door(name="api_status", post={}, opens=WHO, answer=UNREADABLE, stranger=UNREADABLE),
    Door(name="reviews", opens=SIGNERS, stranger=OPEN),
    Door(name="contact", opens=("contact_centre",), stranger=CLOSED),
    Door(
        name="contact_request",
        for_state=State.ISSUED,
        opens=("contact_centre",),
        stranger=CLOSED,
    ),
    # Nobody of the world demanded one; tests/cases/test_reviews.py has those that are there.
    Door(name="review", for_state=State.ISSUED, opens=SIGNERS, answer=ABSENT),
    *(
        Door(name=name, opens=WHO, answer=SENT_ON, stranger=SENT_ON)
        for name in (
            "correction_new",
            "correction_check",
            "mandates",
            "mandate_new",
            "mandate_confirm",
            "mandate_revoke",
            "acting",
        )
    ),
    *(
        Door(name=name, for_state=State.FILED, opens=WHO, answer=SENT_ON, stranger=SENT_ON)
        for name in ("correction_of", "own_correction", "correction_withdraw")
    ),
    # Nobody of the world asked for any; test_correction_pages.py and test_mandate_pages.py have
    # those that are there.
    Door(name="corrections", opens=COUNTER, stranger=OPEN),
    Door(name="correction", for_state=State.FILED, opens=COUNTER, answer=ABSENT),
    Door(name="correction_accept", for_state=State.FILED, opens=DECIDERS, answer=ABSENT),
    Door(name="correction_refuse", for_state=State.FILED, opens=DECIDERS, answer=ABSENT),
    Door(name="mandate_checks", opens=COUNTER, stranger=OPEN),
    *(
        Door(name=name, opens=COUNTER, answer=ABSENT)
        for name in ("mandate", "mandate_check", "mandate_refuse")
    ),
    Door(name="file_group", opens=DECIDERS),
    Door(name="file_group", post={"paper": "certificate"}, opens=DECIDERS),
)


def people(world: World) -> dict[str, User | None]:
    staff = {role.value: user for role, user in world.demo.staff.items()}
    return staff | {
        "anonymous": None,
        "stranger": world.other.staff[Role.REGISTRAR],
        "inspector": world.inspector,
        "contact_centre": world.contact_centre,
    }


def expected(door: Door, who: str) -> int:
    if who in door.sent_on:
        return SENT_ON
    if who in door.opens and who != "stranger":
        return door.answer
    if who == "anonymous":
        return SENT_ON
    if who != "stranger":
        return CLOSED
    # The stranger is a registrar: where a registrar has no business the role is refused first.
    return door.stranger if "registrar" in door.opens else CLOSED


def address(world: World, door: Door) -> str:
    if door.name == "file_group":
        return reverse("cases:file_group", args=[world.demo.group.pk])
    if door.name in BY_PK:
        return reverse(f"cases:{door.name}", args=[world.demo.free[0].pk])
    if door.name == "prepared_file":
        certificate = world.by_state[State.APPROVED].certificate
        return reverse("cases:prepared_file", args=[certificate.number if certificate else ""])
    number = [world.by_state[door.for_state].number] if door.for_state else []
    return reverse(f"cases:{door.name}", args=number)


def answer(world: World, door: Door, user: User | None) -> int:
    if not door.is_early:
        return knock(world, door, user)
    case = world.by_state[State.FILED]
    Request.objects.filter(pk=case.pk).update(accepted_at=world.now + timedelta(days=1))
    return knock(world, door, user)


def knock(world: World, door: Door, user: User | None) -> int:
    client = sign_in(Client(), user) if user else Client()
    where = address(world, door)
    if door.post is None:
        return client.get(where).status_code
    state = State.APPROVED if door.name == "seal" else State.FILED
    own = world.by_state[state].number
    data = {name: own if value == "own" else value for name, value in door.post.items()}
    return client.post(where, data).status_code


def states() -> list[tuple[int, str, int]]:
    return list(Request.objects.order_by("pk").values_list("pk", "state", "version"))


@pytest.mark.parametrize("who", WHO)
def test_every_address_answers_each_person_as_the_matrix_says(world: World, who: str) -> None:
    user = people(world)[who]
    wrong, untouched = [], states()
    for door in DOORS:
        before = transaction.savepoint()
        found = answer(world, door, user)
        touched = states() != untouched
        transaction.savepoint_rollback(before)
        if found != expected(door, who) or (touched and who not in door.opens):
            wrong.append((door.name, door.post, expected(door, who), found, touched))
    assert wrong == []


def test_the_matrix_knows_every_address_of_the_room() -> None:
    named = {name for name in get_resolver("kualik.cases.urls").reverse_dict if str(name) == name}
    assert {door.name for door in DOORS} == named


@pytest.mark.parametrize(
    "where",
    ["office", "requests", "requests?text=Айгерім", "requests?text=DEMO", "requests?state=issued"],
)
def test_a_stranger_finds_nobody_of_the_first_provider(
    world: World, signed_in: Callable[[User], Client], where: str
) -> None:
    name, _, query = where.partition("?")
    client = signed_in(world.other.staff[Role.REGISTRAR])
    page = client.get(f"{reverse(f'cases:{name}')}?{query}").content.decode()
    assert "DEMO-" not in page
    assert "Основы кардиологии DEMO" not in page


def test_a_foreign_group_or_programme_is_no_filter(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(world.other.staff[Role.REGISTRAR])
    for name, row in (("group", world.demo.group), ("programme", world.demo.programme)):
        page = client.get(reverse("cases:requests"), {name: row.pk}).content.decode()
        assert "Select a valid choice" in page
        assert "DEMO-" not in page


def test_one_foreign_number_stops_a_bulk_approval_of_own_ones(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    own, foreign = world.by_state[State.FILED], world.other.requests[0]
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    data = {"number": [own.number, foreign.number], "confirm": "yes"}
    assert client.post(reverse("cases:approve_many"), data).status_code == ABSENT
    assert set(
        Request.objects.filter(pk__in=[own.pk, foreign.pk]).values_list("state", flat=True)
    ) == {State.FILED}


def test_approving_all_found_ones_stays_within_the_provider(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    data = {"scope": "found", "kept": "text=OTHER", "confirm": "yes"}
    client.post(reverse("cases:approve_many"), data)
    assert Request.objects.get(pk=world.other.requests[0].pk).state == State.FILED


def test_the_seal_of_a_foreign_document_cannot_be_ordered(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    foreign = world.other.requests[1]
    client = signed_in(world.demo.staff[Role.AUTHORISED_PERSON])
    data = {"number": [foreign.number]}
    assert client.post(reverse("cases:seal"), data).status_code == ABSENT
    foreign.refresh_from_db()
    assert foreign.certificate is not None
    assert not Job.objects.filter(key=seal_job_key(foreign.certificate.number)).exists()


def test_a_foreign_completion_cannot_be_filed(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    data = {
        "completions": [world.other.free[0].pk],
        "paper": "certificate",
        "language": "kk",
        "application_number": "12-3",
        "application_on": "2025-09-08",
        "edition": "A303",
    }
    where = reverse("cases:file_group", args=[world.demo.group.pk])
    assert client.post(where, data).status_code == OPEN
    assert not world.other.free[0].requests.exists()


def test_a_password_alone_opens_no_page_of_the_office(world: World, client: Client) -> None:
    bolat = world.demo.staff[Role.REGISTRAR]
    client.force_login(bolat, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(reverse("cases:office"))
    assert response.status_code == SENT_ON
    assert response.headers["Location"].startswith(reverse("accounts:second_factor"))


def test_an_inspector_of_the_platform_sees_both_providers_and_can_change_neither(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(world.inspector)
    page = client.get(reverse("cases:requests")).content.decode()
    assert "DEMO-2" in page
    assert "OTHER-2" in page
    case = world.by_state[State.FILED]
    page = client.get(reverse("cases:request", args=[case.number])).content.decode()
    assert "approve/" not in page
    assert "receipt.pdf" not in page
