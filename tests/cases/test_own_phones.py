"""Confirming a number: in the own cabinet after EDS or IDP, or at the counter by a document."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person, PersonPhone, User
from kualik.accounts.queries import confirmed_phone, identity_documents, phones_of
from kualik.accounts.services import confirm_phone, find_person
from kualik.cases.services.entering import MOVED_JOB, run_moved_job
from kualik.core import clock, journal
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.notifications.models import Message
from kualik.rules.language import LANGUAGES
from kualik.rules.lifecycle import Role
from kualik.rules.phones import e164
from kualik.training.models import Completion
from tests.entering import open_cabinet
from tests.world import World, iin, sign_in

OWN, OFFICE = "/cabinet/phones/", "/office/persons/phone/"
PHONE = "+7 701 555 10 20"
KEPT = "+77015551020"
COUNTER = (Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD)


@pytest.fixture
def person(world: World) -> Person:
    return world.demo.requests[0].person


@pytest.fixture
def stranger(world: World) -> Person:
    return world.demo.requests[1].person


def last_code() -> str:
    codes = Message.objects.filter(event__in=["one_time_code", "counter_code"])
    found = re.search(r"\b\d{6}\b", codes.latest("pk").body)
    assert found
    return found[0]


def listed_phone(person: Person) -> str:
    return e164(Completion.objects.filter(person=person).latest("pk").phone)


def add(client: Client, phone: str = PHONE) -> None:
    """The whole way in the cabinet."""
    assert client.post(OWN, {"phone": phone}).headers["Location"] == f"{OWN}check/"
    answer = client.post(f"{OWN}check/", {"code": last_code()})
    assert answer.headers["Location"] == OWN


# In the cabinet


@pytest.mark.parametrize(("level", "way"), [("eds", "ncalayer"), ("idp", "idp")])
def test_a_person_adds_a_number_by_the_code_that_came_to_it(
    person: Person, level: str, way: str
) -> None:
    client = open_cabinet(Client(), person, level=level, way=way)
    add(client)
    [row] = phones_of(person)
    assert (row.phone, row.how, row.evidence) == (KEPT, level, {"way": way})
    assert row.confirmed_by == f"person:{person.pk}"
    assert PHONE in client.get(OWN).content.decode()


def test_nothing_is_confirmed_before_the_code_is_typed_back(person: Person) -> None:
    client = open_cabinet(Client(), person)
    client.post(OWN, {"phone": PHONE})
    code = last_code()
    wrong = "000000" if code != "000000" else "000001"
    assert client.post(f"{OWN}check/", {"code": wrong}).status_code == 200
    assert confirmed_phone(person) == ""


def test_the_code_of_another_cabinet_confirms_nothing(person: Person, stranger: Person) -> None:
    mine, theirs = open_cabinet(Client(), person), open_cabinet(Client(), stranger)
    mine.post(OWN, {"phone": PHONE})
    code = last_code()
    assert theirs.post(f"{OWN}check/", {"code": code}).headers["Location"] == OWN
    assert confirmed_phone(stranger) == confirmed_phone(person) == ""


def test_who_entered_by_a_code_may_neither_add_nor_remove(person: Person) -> None:
    row = confirm_phone(
        person=person, phone=PHONE, how="eds", evidence={}, actor=SYSTEM, now=clock.now()
    )
    client = open_cabinet(Client(), person, level="otp", way="code")
    page = client.get(OWN, {"lang": "en"}).content.decode()
    assert f"{OWN}remove/" not in page
    assert "enter with an EDS or by eGov IDP" in page
    assert client.post(OWN, {"phone": "+7 701 555 99 99"}).status_code == 200
    client.post(f"{OWN}remove/", {"phone": str(row.pk)})
    assert client.get(f"{OWN}check/").headers["Location"] == OWN
    assert not Message.objects.filter(event="one_time_code").exists()
    assert confirmed_phone(person) == KEPT


def test_a_person_removes_the_own_number_alone(person: Person, stranger: Person) -> None:
    client = open_cabinet(Client(), person)
    add(client)
    number = str(phones_of(person)[0].pk)
    for sent in ("", "x", "\u0661", str(int(number) + 1)):
        open_cabinet(Client(), stranger).post(f"{OWN}remove/", {"phone": sent or number})
        client.post(f"{OWN}remove/", {"phone": sent})
    assert confirmed_phone(person) == KEPT
    client.post(f"{OWN}remove/", {"phone": number})
    assert confirmed_phone(person) == ""


def test_without_a_carrier_no_number_can_be_confirmed(person: Person, settings: Settings) -> None:
    client = open_cabinet(Client(), person)
    settings.SMS_URL = ""
    assert "SMS" in client.post(OWN, {"phone": PHONE}).content.decode()
    assert client.get(f"{OWN}check/").headers["Location"] == OWN


def test_a_new_code_is_sent_after_a_minute(person: Person) -> None:
    moment, client = clock.now(), open_cabinet(Client(), person)
    with time_machine.travel(moment, tick=False):
        client.post(OWN, {"phone": PHONE})
    with time_machine.travel(moment + timedelta(seconds=60), tick=False):
        client.post(f"{OWN}again/")
        assert Message.objects.filter(event="one_time_code").count() == 2
        client.post(f"{OWN}check/", {"code": last_code()})
    assert confirmed_phone(person) == KEPT


def test_a_number_moves_by_proof_and_the_former_owner_is_told(
    person: Person, stranger: Person
) -> None:
    Person.objects.filter(pk=person.pk).update(email="former@demo.example")
    add(open_cabinet(Client(), person))
    moment = clock.now() + timedelta(minutes=2)
    with time_machine.travel(moment, tick=False):
        add(open_cabinet(Client(), stranger))
    assert (confirmed_phone(person), confirmed_phone(stranger)) == ("", KEPT)
    assert journal.history(f"person:{person.pk}")[-1].action == "accounts.phone_moved"
    for _ in range(2):
        run_moved_job(Job.objects.get(name=MOVED_JOB).payload, moment)
    told = Message.objects.filter(event="phone_moved")
    assert {one.address for one in told} == {"former@demo.example", listed_phone(person)}
    assert all("1020" in one.body and KEPT not in one.body for one in told)


def test_a_former_owner_without_another_address_is_a_matter_of_the_journal(
    person: Person, stranger: Person
) -> None:
    """The moved number itself tells the wrong one, though a list still has it."""
    Completion.objects.filter(person=person).update(phone=PHONE, email="")
    for owner in (person, stranger):
        confirm_phone(
            person=owner, phone=PHONE, how="eds", evidence={}, actor=SYSTEM, now=clock.now()
        )
    run_moved_job(Job.objects.get(name=MOVED_JOB).payload, clock.now())
    assert not Message.objects.filter(event="phone_moved").exists()


# At the counter


def shown(person_iin: str, **more: str) -> dict[str, str]:
    given = {
        "iin": person_iin,
        "phone": PHONE,
        "document": "identity_card",
        "number": "045 678 912",
    }
    return {**given, "family_name": "", "given_name": "", "patronymic": "", **more}


def iin_of(person: Person) -> str:
    return open_iin(bytes(person.iin_sealed))


@pytest.mark.parametrize("role", COUNTER)
def test_staff_of_the_counter_confirm_a_number_by_the_document(
    world: World, person: Person, role: Role
) -> None:
    user = world.demo.staff[role]
    client = sign_in(Client(), user)
    answer = client.post(OFFICE, shown(iin_of(person)))
    assert answer.headers["Location"] == f"{OFFICE}check/"
    assert person.full_name in client.get(f"{OFFICE}check/").content.decode()
    client.post(f"{OFFICE}check/", {"code": last_code()})
    [row] = phones_of(person)
    assert (row.phone, row.how, row.confirmed_by) == (KEPT, "counter", f"user:{user.pk}")
    assert row.evidence == {"document": "identity_card", "last": "8912", "staff": f"user:{user.pk}"}
    act = journal.history(f"person:{person.pk}")[-1]
    assert (act.action, act.actor, act.role) == (
        "accounts.phone_confirmed",
        f"user:{user.pk}",
        role.value,
    )


def test_a_person_learns_at_the_known_addresses_that_a_counter_confirmed_a_number(
    world: World, person: Person
) -> None:
    """Otherwise staff might confirm a number of their own for anybody."""
    Person.objects.filter(pk=person.pk).update(email="person@demo.example")
    confirm_phone(
        person=person, phone="+77029999999", how="eds", evidence={}, actor=SYSTEM, now=clock.now()
    )
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    client.post(OFFICE, shown(iin_of(person)))
    client.post(f"{OFFICE}check/", {"code": last_code()})
    told = Message.objects.filter(event="phone_added")
    assert {one.address for one in told} == {"person@demo.example", "+77029999999"}
    assert all("1020" in one.body for one in told)


def test_who_had_no_confirmed_number_learns_of_it_at_the_number_of_the_list(
    world: World, person: Person
) -> None:
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    client.post(OFFICE, shown(iin_of(person)))
    client.post(f"{OFFICE}check/", {"code": last_code()})
    assert phones_of(person)
    [told] = Message.objects.filter(event="phone_added", channel="sms")
    assert told.address == listed_phone(person)


def test_a_number_confirmed_before_is_no_news(world: World, person: Person) -> None:
    for phone in (PHONE, "+77029999999"):
        confirm_phone(
            person=person, phone=phone, how="eds", evidence={}, actor=SYSTEM, now=clock.now()
        )
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    client.post(OFFICE, shown(iin_of(person)))
    assert client.post(f"{OFFICE}check/", {"code": last_code()}).headers["Location"] == OFFICE
    assert not Message.objects.filter(event="phone_added").exists()


def test_the_code_of_the_counter_says_that_it_is_read_out_and_no_other_does(
    world: World, person: Person
) -> None:
    """Else staff could ask for an entry and let the person read out that code."""
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    client.post(OFFICE, shown(iin_of(person)))
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        client.post(f"{OFFICE}again/")
    counter = Message.objects.filter(event="counter_code")
    assert ["қызметкерге айтыңыз" in one.body for one in counter] == [True, True]
    confirm_phone(person=person, phone=PHONE, how="eds", evidence={}, actor=SYSTEM, now=clock.now())
    with time_machine.travel(clock.now() + timedelta(minutes=4), tick=False):
        client.post("/enter/code/", {"iin": iin_of(person), "phone": PHONE})
    [entry] = Message.objects.filter(event="one_time_code")
    assert "ешкімге айтпаңыз" in entry.body


def test_nobody_checks_the_own_document(world: World, person: Person) -> None:
    clerk = world.demo.staff[Role.CLERK]
    User.objects.filter(pk=clerk.pk).update(iin_hash=person.iin_hash)
    page = sign_in(Client(), clerk).post(OFFICE, shown(iin_of(person)))
    assert page.status_code == 200
    assert not Message.objects.filter(event="counter_code").exists()


def test_the_number_of_the_document_is_kept_by_its_end_alone(world: World, person: Person) -> None:
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    client.post(OFFICE, shown(iin_of(person), number="N 09-876 5432 / K"))
    client.post(f"{OFFICE}check/", {"code": last_code()})
    told = str(list(PersonPhone.objects.values())) + str(dict(client.session.items()))
    assert "0987" not in told
    assert "09-876" not in told
    assert iin_of(person) not in told


def test_a_person_nobody_knows_is_registered_by_the_document(world: World) -> None:
    client, number = sign_in(Client(), world.demo.staff[Role.CLERK]), iin(9000)
    page = client.post(OFFICE, shown(number), headers={"accept-language": "kk"})
    assert page.status_code == 200
    assert "Бұл ЖСН жүйеде жоқ" in page.content.decode()
    assert find_person(iin=number) is None
    client.post(OFFICE, shown(number, family_name="\u202eКим\u200b", given_name="Виктор"))
    client.post(f"{OFFICE}check/", {"code": last_code()})
    found = find_person(iin=number)
    assert found is not None
    assert (found.full_name, confirmed_phone(found)) == ("Ким Виктор", KEPT)


@pytest.mark.parametrize(
    "broken",
    [
        {"iin": "1"},
        {"phone": "1414"},
        {"document": "library_card"},
        {"number": ""},
        {"number": "1"},
    ],
)
def test_what_is_missing_or_wrong_sends_no_code(
    world: World, person: Person, broken: dict[str, str]
) -> None:
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    assert client.post(OFFICE, shown(iin_of(person), **broken)).status_code == 200
    assert not Message.objects.filter(event="counter_code").exists()


def test_a_clerk_takes_no_code_that_another_clerk_asked_for(world: World, person: Person) -> None:
    first, second = (sign_in(Client(), world.demo.staff[role]) for role in COUNTER[:2])
    first.post(OFFICE, shown(iin_of(person)))
    code = last_code()
    assert second.post(f"{OFFICE}check/", {"code": code}).headers["Location"] == OFFICE
    assert confirmed_phone(person) == ""


def test_the_person_sees_who_asked(world: World, person: Person) -> None:
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    client.post(OFFICE, shown(iin_of(person)))
    page = open_cabinet(Client(), person).get("/cabinet/looks/").content.decode()
    assert world.demo.provider.name.kk in page
    assert "Телефонды растау" in page


def test_kinds_of_documents_have_their_names_in_every_language() -> None:
    for words in identity_documents().values():
        assert all(words.get(language) for language in LANGUAGES)
