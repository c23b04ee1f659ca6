"""Filing requests for a group from the persons' applications."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import User
from kualik.accounts.services import masked_iin
from kualik.cases.models import Request
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion, Group, Programme
from tests.world import PEOPLE, World, complete

SignIn = Callable[[User], Client]


@pytest.fixture
def bolat(world: World, signed_in: SignIn) -> Client:
    return signed_in(world.demo.staff[Role.REGISTRAR])


def file(client: Client, group: Group, people: list[Completion], **changes: str) -> str:
    data = {
        "completions": [str(row.pk) for row in people],
        "paper": "certificate",
        "language": "ru",
        "application_number": "45-7",
        "application_on": "2025-09-08",
        "edition": "A303",
    }
    where = reverse("cases:file_group", args=[group.pk])
    return client.post(where, data | changes, follow=True).content.decode()


def test_only_people_without_a_live_request_are_offered(world: World, bolat: Client) -> None:
    text = bolat.get(reverse("cases:file_group", args=[world.demo.group.pk])).content.decode()
    offered = {
        row.pk for row in world.demo.completions if f'id="c{row.pk}"' in text
    }  # a refused or withdrawn request may be followed by a new one
    closed = (State.REFUSED, State.NOT_ACCEPTED, State.WITHDRAWN)
    again = {world.by_state[state].completion_id for state in closed}
    assert offered == {row.pk for row in world.demo.free} | again
    assert text.count(" checked>") >= len(offered)


def test_the_chosen_people_get_requests_and_can_be_approved_next(
    world: World, bolat: Client
) -> None:
    text = file(bolat, world.demo.group, world.demo.free)
    assert "2 requests are filed." in text
    assert "Approve all" in text
    filed = Request.objects.filter(completion__in=world.demo.free)
    assert {
        (row.channel, row.application_number, str(row.application_on), row.language, row.edition)
        for row in filed
    } == {("registrar", "45-7", "2025-09-08", "ru", "A303")}


def test_a_reference_may_be_asked_for_instead_of_a_certificate(world: World, bolat: Client) -> None:
    person = world.demo.free[0]
    file(bolat, world.demo.group, [person], paper="reference")
    assert Request.objects.get(completion=person).paper == "reference"


def test_an_older_application_keeps_its_own_moment(world: World, bolat: Client) -> None:
    person = world.demo.free[0]
    file(bolat, world.demo.group, [person], filed_at="2025-09-12T18:00")
    found = Request.objects.get(completion=person)
    assert found.filed_at == datetime(2025, 9, 12, 13, 0, tzinfo=UTC)
    assert found.accepted_at == datetime(2025, 9, 15, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"filed_at": "2099-01-01T10:00"}, "in the future"),
        ({"edition": "A57"}, "A57 was not in force when the request was filed"),
        (
            {
                "edition": "A57",
                "paper": "reference",
                "filed_at": "2020-10-05T10:00",
                "application_on": "2020-10-05",
            },
            "order № ҚР ДСМ-57/2020) does not give this document",
        ),
        ({"application_on": "2099-01-01"}, "dated after its filing"),
        ({"application_number": ""}, "This field is required"),
        ({"paper": "diploma"}, "Select a valid choice"),
    ],
)
def test_what_the_law_or_the_paper_forbids_is_an_error_of_the_form(
    world: World, bolat: Client, changes: dict[str, str], said: str
) -> None:
    text = file(bolat, world.demo.group, world.demo.free, **changes)
    assert "There is a problem" in text
    assert said in text
    if "A57 was not in force" in said:
        assert f'href="#id_edition">Edition of the standard: {said}' in text
    assert not Request.objects.filter(completion__in=world.demo.free).exists()


def test_nobody_chosen_is_an_error(world: World, bolat: Client) -> None:
    assert "This field is required" in file(bolat, world.demo.group, [])


def test_a_person_with_a_request_on_its_way_cannot_be_filed_again(
    world: World, bolat: Client
) -> None:
    file(bolat, world.demo.group, [world.by_state[State.FILED].completion])
    assert world.by_state[State.FILED].completion.requests.count() == 1


def test_retraining_is_filed_only_under_the_edition_that_gives_it(
    world: World, bolat: Client
) -> None:
    programme = Programme.objects.create(
        provider=world.demo.provider,
        kind="rt",
        title_kk="Мейіргер ісі",
        title_ru="Сестринское дело",
        hours=864,
        credits=Decimal("28.8"),
    )
    group = Group.objects.create(
        provider=world.demo.provider,
        programme=programme,
        name="Қайта даярлау",
        started_on="2020-07-01",
        ended_on="2020-10-02",
        created_at=world.now,
    )
    group.refresh_from_db()
    people = complete(group, PEOPLE[:1], number=3, now=world.now)
    page = bolat.get(reverse("cases:file_group", args=[group.pk])).content.decode()
    assert "does not give this document" in page
    text = file(bolat, group, people)
    assert "order № ҚР ДСМ-303/2020) does not give this document" in text
    old = {"edition": "A57", "filed_at": "2020-10-05T10:00", "application_on": "2020-10-05"}
    assert "1 request is filed." in file(bolat, group, people, **old)
    assert Request.objects.get(completion=people[0]).edition == "A57"


def test_namesakes_are_told_apart_by_the_masked_iin_in_kazakh_order(
    world: World, bolat: Client
) -> None:
    people = Completion.objects.filter(pk__in=[row.pk for row in world.demo.free])
    for row, surname in zip(people.order_by("pk"), ("Шалов", "Іскаков"), strict=True):
        row.holder_kk = row.holder_ru = f"{surname} Асқар"
        row.save()
    text = bolat.get(reverse("cases:file_group", args=[world.demo.group.pk])).content.decode()
    assert text.index("Шалов Асқар") < text.index("Іскаков Асқар")
    for row in people:
        assert masked_iin(row.person) in text
    file(bolat, world.demo.group, world.demo.free)
    filed = Request.objects.filter(completion__in=people).order_by("number")
    assert [row.completion.holder_kk for row in filed] == ["Шалов Асқар", "Іскаков Асқар"]
    numbers = {"number": [row.number for row in filed]}
    asked = bolat.post(reverse("cases:approve_many"), numbers).content.decode()
    for row in filed:
        assert masked_iin(row.person) in asked
