"""Who gets which answer on every page of the work at the window; staff of other providers see
nothing of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from kualik.accounts.adapters import seal_iin
from kualik.accounts.models import User
from kualik.accounts.services import iin_hash
from kualik.cases.models import Request
from kualik.counter.adapters.digital_documents import IDENTITY
from kualik.counter.models import DocumentAsk, Identification
from kualik.counter.queries.work import office_of
from kualik.rules.lifecycle import Role
from tests.counter.desk import CARD, MINUTE, MONDAY, at_desk, filed, identified, iin_of
from tests.entering import open_cabinet
from tests.world import World, build_world, sign_in

OPEN, SENT_ON, CLOSED, ABSENT = 200, 302, 403, 404
WHO = (
    "anonymous", "stranger", "registrar", "clerk", "office_head", "authorised_person",
    "provider_admin", "inspector", "contact_centre",
)  # fmt: skip
COUNTER = ("registrar", "clerk", "office_head")
DECIDERS = ("registrar", "office_head")


@dataclass(frozen=True, kw_only=True)
class Door:
    """One address: who gets ``answer``; a stranger is a registrar elsewhere."""

    name: str
    about: str = "record"
    opens: tuple[str, ...] = COUNTER
    answer: int = OPEN
    is_post: bool = False
    stranger: int = ABSENT


DOORS = (
    Door(name="identify", about="", stranger=OPEN),
    Door(name="ask_document", about="", answer=SENT_ON, stranger=SENT_ON),
    Door(name="asked", about="ask"),
    Door(name="asked_state", about="ask"),
    Door(name="work"),
    Door(name="file", about="completion"),
    Door(name="claim"),
    Door(name="representative"),
    Door(name="work_phone"),
    Door(name="work_phone_check", answer=SENT_ON),
    Door(name="work_phone_again", answer=SENT_ON, is_post=True),
    Door(name="case", about="request"),
    Door(name="case_state", about="request"),
    Door(name="case_approve", about="request", opens=DECIDERS, answer=SENT_ON, is_post=True),
    Door(name="case_withdraw", about="request"),
)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def record(world: World) -> Identification:
    clerk = at_desk(world.demo.staff[Role.CLERK])
    return identified(clerk, world.demo.free[0].person)


@pytest.fixture
def case(world: World, record: Identification) -> Request:
    """A request of the person of the record, for another programme than the one still free."""
    taken = world.by_state
    request = next(iter(taken.values()))
    Request.objects.filter(pk=request.pk).update(person=record.person)
    request.refresh_from_db()
    return request


@pytest.fixture
def ask(world: World) -> DocumentAsk:
    clerk = world.demo.staff[Role.CLERK]
    number = iin_of(world.demo.free[0].person)
    return DocumentAsk.objects.create(
        office=office_of(clerk),
        user=clerk,
        iin_hash=iin_hash(number),
        iin_sealed=seal_iin(number),
        kind=IDENTITY,
        state=DocumentAsk.State.DENIED,
        asked_at=MONDAY,
        ends_at=MONDAY + 5 * MINUTE,
    )


def staff(world: World, who: str) -> User | None:
    known = {
        "anonymous": None,
        "stranger": world.other.staff[Role.REGISTRAR],
        "inspector": world.inspector,
        "contact_centre": world.contact_centre,
    }
    return known[who] if who in known else world.demo.staff[Role(who)]


def expected(door: Door, who: str) -> int:
    if who == "anonymous":
        return SENT_ON
    if who == "stranger":
        return door.stranger
    return door.answer if who in door.opens else CLOSED


@pytest.mark.parametrize("who", WHO)
def test_each_role_gets_its_own_answer(
    world: World, record: Identification, case: Request, ask: DocumentAsk, who: str
) -> None:
    user = staff(world, who)
    client = sign_in(Client(), user) if user else Client()
    arguments = {
        "": [],
        "record": [record.pk],
        "ask": [ask.pk],
        "completion": [record.pk, world.demo.free[0].pk],
        "request": [record.pk, case.number],
    }
    wrong = []
    for door in DOORS:
        where = reverse(f"counter:{door.name}", args=arguments[door.about])
        answer = client.post(where) if door.is_post else client.get(where)
        if answer.status_code != expected(door, who):
            wrong.append((door.name, expected(door, who), answer.status_code))
    assert wrong == []


def test_an_applicant_opens_none_of_it(world: World, record: Identification) -> None:
    client = open_cabinet(Client(), record.person)
    answer = client.get(reverse("counter:work", args=[record.pk]))
    assert answer.status_code == SENT_ON
    assert answer.headers["Location"].startswith(reverse("accounts:login"))


def test_a_foreign_person_and_a_foreign_request_are_absent(
    world: World, record: Identification
) -> None:
    clerk = at_desk(world.demo.staff[Role.CLERK])
    somebody = world.demo.requests[0]
    for number in (somebody.number, world.other.requests[0].number):
        where = reverse("counter:case", args=[record.pk, number])
        assert clerk.get(where).status_code == ABSENT
    others = (world.demo.free[1], world.other.free[0])
    for completion in others:
        where = reverse("counter:file", args=[record.pk, completion.pk])
        assert clerk.get(where).status_code == ABSENT
        assert clerk.post(where, {"paper": "certificate"}).status_code == ABSENT


def test_what_other_providers_hold_of_the_person_is_not_shown(world: World) -> None:
    mine = world.other.free[0]
    clerk = at_desk(world.demo.staff[Role.CLERK])
    page = clerk.get(reverse("counter:work", args=[identified(clerk, mine.person).pk]))
    assert "OTHER" not in page.content.decode()


def test_a_clerk_cannot_approve_what_a_clerk_filed(world: World, record: Identification) -> None:
    clerk = at_desk(world.demo.staff[Role.CLERK])
    request = filed(clerk, record, world.demo.free[0])
    where = reverse("counter:case_approve", args=[record.pk, request.number])
    assert clerk.post(where).status_code == CLOSED
    page = clerk.get(reverse("counter:case", args=[record.pk, request.number])).content.decode()
    assert where not in page


def test_a_password_alone_identifies_nobody(world: World) -> None:
    client = Client()
    client.force_login(
        world.demo.staff[Role.CLERK], backend="django.contrib.auth.backends.ModelBackend"
    )
    sent = {"iin": iin_of(world.demo.free[0].person), **CARD}
    answer = client.post(reverse("counter:identify"), sent)
    assert answer.headers["Location"].startswith(reverse("accounts:second_factor"))
    assert not Identification.objects.exists()
