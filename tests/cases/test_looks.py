"""A person sees who of an office looked at the own data, in which role, and when (no names)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from kualik.accounts.models import Person
from kualik.accounts.queries import ROLE_LABELS, looks_of
from kualik.accounts.services import record_look
from kualik.cases.models import Request
from kualik.core import clock
from kualik.core.models import JournalEntry
from kualik.rules.lifecycle import READERS, Role, State
from tests.entering import open_cabinet
from tests.world import World, sign_in

LOOKS = "/cabinet/looks/"


@pytest.fixture
def asked(world: World) -> Request:
    return world.by_state[State.ISSUED]


def addresses(asked: Request) -> dict[str, str]:
    assert asked.certificate is not None
    number = asked.certificate.number
    return {
        "request": f"/office/requests/{asked.number}/",
        "receipt": f"/office/requests/{asked.number}/receipt.pdf",
        "certificate": f"/office/register/{number}/",
        "file": f"/office/register/{number}/file",
    }


def opened(client: Client, where: str) -> int:
    answer = client.get(where)
    b"".join(answer)
    return answer.status_code


def looked(person: Person) -> list[tuple[str, str]]:
    rows = JournalEntry.objects.filter(subject=f"person:{person.pk}", action="accounts.looked")
    return [(row.data["what"], row.role) for row in rows.order_by("sequence")]


@pytest.mark.parametrize("role", sorted(READERS))
@pytest.mark.parametrize(
    ("page", "what"),
    [
        ("request", "request"),
        ("receipt", "receipt"),
        ("certificate", "certificate"),
        ("file", "certificate"),
    ],
)
def test_every_page_that_shows_a_person_leaves_a_look(
    world: World, asked: Request, role: Role, page: str, what: str
) -> None:
    user = world.inspector if role is Role.INSPECTOR else world.demo.staff[role]
    status = opened(sign_in(Client(), user), addresses(asked)[page])
    may = not (page == "receipt" and role is Role.INSPECTOR)
    assert status == (200 if may else 403)
    assert looked(asked.person) == ([(what, role.value)] if may else [])


def test_who_is_refused_leaves_no_look(world: World, asked: Request) -> None:
    for user in (world.other.staff[Role.REGISTRAR], world.contact_centre):
        for where in addresses(asked).values():
            assert opened(sign_in(Client(), user), where) in (403, 404)
    assert looked(asked.person) == []


def test_a_look_is_kept_once_a_day_for_each_actor_and_thing(world: World, asked: Request) -> None:
    first, second = world.demo.staff[Role.REGISTRAR], world.demo.staff[Role.CLERK]
    page = addresses(asked)["request"]
    for user in (first, first, second):
        opened(sign_in(Client(), user), page)
    opened(sign_in(Client(), first), addresses(asked)["certificate"])
    assert looked(asked.person) == [
        ("request", "registrar"),
        ("request", "clerk"),
        ("certificate", "registrar"),
    ]


def test_the_next_day_the_look_is_a_new_one(world: World, asked: Request) -> None:
    """The day of Kazakhstan: 19:00 UTC is midnight."""
    actor = world.demo.staff[Role.CLERK].acting_as(Role.CLERK)
    midnight = clock.now().replace(hour=19, minute=0, second=0, microsecond=0)
    for minutes in (-2, -1, 1):
        record_look(
            person=asked.person,
            what="request",
            about=asked.number,
            actor=actor,
            now=midnight + timedelta(minutes=minutes),
        )
    assert len(looked(asked.person)) == 2


def test_the_person_sees_organisation_role_and_thing_and_no_name_of_staff(
    world: World, asked: Request
) -> None:
    user = world.demo.staff[Role.CLERK]
    opened(sign_in(Client(), user), addresses(asked)["request"])
    page = open_cabinet(Client(), asked.person).get(LOOKS, {"lang": "ru"}).content.decode()
    for shown in (world.demo.provider.name.ru, ROLE_LABELS[Role.CLERK].ru, asked.number):
        assert shown in page
    assert user.full_name not in page
    assert user.email not in page


def test_nobody_else_sees_it(world: World, asked: Request) -> None:
    opened(sign_in(Client(), world.demo.staff[Role.CLERK]), addresses(asked)["request"])
    other = world.by_state[State.REFUSED].person
    assert asked.number not in open_cabinet(Client(), other).get(LOOKS).content.decode()
    for user in (*world.demo.staff.values(), world.inspector, world.contact_centre):
        answer = sign_in(Client(), user).get(LOOKS)
        assert answer.headers["Location"].startswith("/enter/?next=")


def test_the_inspector_is_of_a_supervising_body(world: World, asked: Request) -> None:
    opened(sign_in(Client(), world.inspector), addresses(asked)["request"])
    [look] = looks_of(asked.person)
    assert "контролирующий орган" in look.organisation.ru
    assert look.role == ROLE_LABELS[Role.INSPECTOR]


def test_looking_costs_the_same_the_second_time(
    world: World, asked: Request, django_assert_max_num_queries: Callable[..., object]
) -> None:
    actor = world.demo.staff[Role.CLERK].acting_as(Role.CLERK)
    look = {"person": asked.person, "what": "request", "about": asked.number, "actor": actor}
    with time_machine.travel(clock.now(), tick=False):
        record_look(**look, now=clock.now())
        with django_assert_max_num_queries(3):
            record_look(**look, now=clock.now())
