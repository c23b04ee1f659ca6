"""A complaint that is being written: no word is lost, and none is filed as a stranger's."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.cases.models import Draft
from kualik.cases.services.drafting import draft_of_key
from kualik.complaints.models import Complaint
from kualik.complaints.queries import status_code
from kualik.core import clock
from kualik.notifications.models import Message
from kualik.rules.lifecycle import Role, State
from tests.complaints.complaining import TEXT, complain
from tests.entering import open_cabinet
from tests.world import World, sign_in

NEW = reverse("complaints:new")
BY_SCRIPT = {"accept": "application/json"}


@pytest.fixture
def person(world: World) -> Person:
    return world.by_state[State.REFUSED].person


def cabinet(person: Person) -> Client:
    client = open_cabinet(Client(), person)
    client.cookies["kualik_language"] = "en"
    return client


def text_of(answer: HttpResponse) -> str:
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def written(client: Client, where: str = NEW, **more: object) -> dict[str, object]:
    """The form with its key, filled in."""
    key = re.search(r'name="key"[^>]*value="([^"]*)"', client.get(where).content.decode())
    assert key
    return {
        "key": key[1],
        "subject": "conduct",
        "provider": "DEMO",
        "text": TEXT,
        "complainant": "Иванов Иван",
        "phone": "8 701 123 45 67",
        "language": "ru",
        **more,
    }


def test_one_written_in_the_cabinet_is_never_a_strangers(person: Person) -> None:
    client = cabinet(person)
    sent = written(client)
    client.session.flush()
    client.cookies["kualik_language"] = "en"
    answer = client.post(NEW, sent)
    assert answer["Location"] == f"{reverse('signatures:enter')}?next={NEW}"
    assert not Complaint.objects.exists()
    assert "What you typed is kept" in text_of(client.get(answer["Location"]))
    back = cabinet(person)
    page = text_of(back.get(NEW))
    assert TEXT in page
    assert "8 701 123 45 67" in page
    back.post(NEW, written(back))
    found = Complaint.objects.get()
    assert found.person == person
    assert found.number in text_of(back.get(reverse("complaints:own_list")))


def test_staff_in_the_same_browser_do_not_file_it_either(world: World, person: Person) -> None:
    sent = written(cabinet(person))
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    assert client.post(NEW, sent).status_code == 302
    assert not Complaint.objects.exists()


def test_what_was_filed_does_not_come_back(person: Person) -> None:
    client = cabinet(person)
    client.post(NEW, written(client, do="keep"))
    assert TEXT in text_of(client.get(NEW))
    client.post(NEW, written(client))
    assert Draft.objects.get().result == Complaint.objects.get().number
    assert TEXT not in text_of(client.get(NEW))


def test_each_request_has_a_complaint_of_its_own(world: World, person: Person) -> None:
    number = world.by_state[State.REFUSED].number
    client = cabinet(person)
    where = f"{NEW}?request={number}"
    client.post(where, written(client, where, do="keep", named_number=number))
    assert TEXT in text_of(client.get(where))
    assert TEXT not in text_of(client.get(NEW))


def test_a_stranger_finds_the_words_again_but_no_name(world: World, client: Client) -> None:
    client.cookies["kualik_language"] = "en"
    sent = written(client, do="keep")
    assert client.post(NEW, sent, headers=BY_SCRIPT).status_code == 204
    page = text_of(client.get(NEW))
    assert TEXT in page
    assert "it was not sent" in page
    for name in ("Иванов Иван", "8 701 123 45 67"):
        assert name not in page + str(dict(client.session))
    assert TEXT not in text_of(Client().get(NEW))
    client.post(NEW, {"do": "anew"})
    assert TEXT not in text_of(client.get(NEW))


def test_a_strangers_words_are_kept_for_an_hour_and_end_with_the_sending(
    world: World, client: Client
) -> None:
    client.post(NEW, written(client, do="keep"))
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        assert TEXT not in text_of(client.get(NEW))
    client.post(NEW, written(client, do="keep"))
    client.post(NEW, written(client))
    assert Complaint.objects.count() == 1
    assert TEXT not in text_of(client.get(NEW))


def test_the_language_is_changed_without_a_script(world: World, client: Client) -> None:
    page = client.post(f"{NEW}?lang=ru", written(client, do="keep"), follow=True)
    assert page.headers["Content-Language"] == "ru"
    assert TEXT in text_of(page)


@pytest.mark.parametrize("key", ["\0", "a\0b", "ә" * 30, "", "x" * 500])
def test_a_key_that_was_never_given_belongs_to_no_draft(db: None, key: str) -> None:
    assert draft_of_key(kind="complaint", key=key) is None


def test_papers_are_not_required_and_nothing_is_optional_twice(
    world: World, client: Client
) -> None:
    staff = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    for visitor, where in ((client, NEW), (staff, reverse("complaints:register"))):
        visitor.cookies["kualik_language"] = "en"
        page = text_of(visitor.get(where))
        field = re.search(r'<input[^>]*name="scans"[^>]*>', page)
        assert field
        assert "required" not in field[0]
        assert "if there is one" not in page


def test_the_message_carries_the_code_that_its_page_asks_for(world: World, client: Client) -> None:
    found = complain(world, channel=Complaint.Channel.PHONE)
    told = Message.objects.filter(event="complaint_registered", channel="sms").get()
    code = status_code(found)
    assert code in told.body
    answer = client.post(reverse("complaints:status"), {"number": found.number, "code": code})
    assert answer.templates[0].name == "complaints/status_result.html"
