"""Entering by a code to the own phone (A303.10.a): what a guesser, a stranger and a list get."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as present
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import OneTimeCode, Person, PersonPhone
from kualik.accounts.queries import confirmed_phone
from kualik.accounts.services import confirm_phone, remove_phone
from kualik.accounts.services.codes import TRIES
from kualik.core import clock, journal
from kualik.core.access import APPLICANT_KEY
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry, Miss
from kualik.notifications.models import Message
from tests.entering import consent
from tests.world import World, iin, sign_in

ASK, CHECK, AGAIN = "/enter/code/", "/enter/code/check/", "/enter/code/again/"
PHONE, OTHER_PHONE = "+7 701 555 10 20", "+7 701 555 10 30"
UNKNOWN = iin(9000)
CODE = re.compile(r"\b\d{6}\b")


@pytest.fixture
def person(world: World) -> Person:
    """Somebody of the world with a confirmed number, who agreed."""
    found = world.demo.requests[0].person
    confirm(found)
    consent(found)
    return found


def confirm(person: Person, phone: str = PHONE) -> PersonPhone:
    return confirm_phone(
        person=person, phone=phone, how="counter", evidence={}, actor=SYSTEM, now=clock.now()
    )


def iin_of(person: Person) -> str:
    return open_iin(bytes(person.iin_sealed))


def ask(client: Client, number: str, phone: str = PHONE, **more: str) -> HttpResponse:
    answer: HttpResponse = client.post(ASK, {"iin": number, "phone": phone, **more})
    return answer


def check(client: Client, code: str) -> HttpResponse:
    answer: HttpResponse = client.post(CHECK, {"code": code})
    return answer


def last_code() -> str:
    """What the phone shows."""
    message = Message.objects.filter(event="one_time_code").latest("pk")
    found = CODE.search(message.body)
    assert found
    return found[0]


def is_in(client: Client) -> bool:
    return APPLICANT_KEY in client.session


def forget_limits() -> None:
    Miss.objects.all().delete()


def test_a_person_enters_by_the_code_on_the_own_phone(client: Client, person: Person) -> None:
    answer = ask(client, iin_of(person))
    assert (answer.status_code, answer.headers["Location"]) == (302, CHECK)
    message = Message.objects.get(event="one_time_code")
    assert (message.address, message.person) == ("+77015551020", person)
    answer = check(client, last_code())
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cabinet/")
    assert client.get("/cabinet/").status_code == 200
    entry = client.session[APPLICANT_KEY]
    assert (entry["person"], entry["level"], entry["way"]) == (person.pk, "otp", "code")
    act = journal.history(f"person:{person.pk}")[-1]
    assert (act.action, act.data) == (
        "accounts.entered",
        {"way": "code", "level": "otp", "phone": "1020"},
    )


def test_the_page_that_was_wanted_is_reached(client: Client, person: Person) -> None:
    ask(client, iin_of(person), next="/cabinet/looks/")
    assert check(client, last_code()).headers["Location"] == "/cabinet/looks/"


def test_the_session_is_a_new_one_afterwards(client: Client, person: Person) -> None:
    ask(client, iin_of(person))
    planted = client.session.session_key
    check(client, last_code())
    assert client.session.session_key != planted
    assert set(client.session.keys()) == {APPLICANT_KEY}


def test_no_iin_stands_in_an_address_the_session_or_the_journal(
    client: Client, person: Person
) -> None:
    number = iin_of(person)
    ask(client, number)
    page = client.get(CHECK).content.decode()
    kept = str(dict(client.session.items()))
    check(client, last_code())
    told = str(list(JournalEntry.objects.values())) + str(list(Message.objects.values()))
    assert number not in page + kept + told


def test_a_code_that_can_serve_no_more_is_not_left_in_the_field(
    client: Client, person: Person
) -> None:
    ask(client, iin_of(person))
    wrong = "000000" if last_code() != "000000" else "000001"
    pages = [check(client, wrong).content.decode() for _ in range(TRIES)]
    assert [f'value="{wrong}"' in page for page in pages] == [True] * (TRIES - 1) + [False]
    OneTimeCode.objects.update(expires_at=clock.now(), tries=0)
    assert f'value="{last_code()}"' not in check(client, last_code()).content.decode()


# No oracle


def bodies(client: Client, number: str, phone: str) -> tuple[int, str, str]:
    """What a browser sees of asking and of a wrong code, without what differs by chance."""
    forget_limits()
    answer = ask(client, number, phone)
    page = client.get(CHECK)
    refusal = check(client, "000000")
    chance = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|\d\d\.\d\d\.\d{4} \d\d:\d\d')
    shown = [chance.sub("", one.content.decode()) for one in (page, refusal)]
    return answer.status_code, answer.headers["Location"], "".join(shown)


def test_known_and_unknown_people_see_the_same(person: Person, world: World) -> None:
    """Known with the number, known with another one, unknown: every answer is alike."""
    listed = world.demo.completions[0]
    cases = (
        (iin_of(person), PHONE),
        (iin_of(person), OTHER_PHONE[:-2] + "20"),
        (UNKNOWN, PHONE),
        (iin_of(listed.person), OTHER_PHONE[:-2] + "20"),
    )
    seen = {bodies(Client(), number, phone) for number, phone in cases}
    assert len(seen) == 1
    [(status, where, _)] = seen
    assert (status, where) == (302, CHECK)


def test_a_code_goes_to_the_confirmed_number_of_the_iin_alone(person: Person, world: World) -> None:
    stranger = world.demo.requests[1].person
    for number, phone in (
        (UNKNOWN, PHONE),
        (iin_of(stranger), PHONE),
        (iin_of(person), OTHER_PHONE),
    ):
        forget_limits()
        ask(Client(), number, phone)
    assert not Message.objects.filter(event="one_time_code").exists()
    assert OneTimeCode.objects.filter(person=None).count() == 3


def test_the_work_for_the_unknown_is_that_for_the_known(person: Person, world: World) -> None:
    """What is not sent is written too, and taken back by one statement more."""
    listed, counts = world.demo.completions[0].person, []
    for number in (iin_of(person), iin_of(listed), UNKNOWN):
        forget_limits()
        client = Client()
        client.get(ASK)
        with CaptureQueriesContext(connection) as captured:
            ask(client, number)
        counts.append(len(captured))
    confirmed, known, unknown = counts
    assert known == unknown == confirmed + 1


def test_limits_are_the_same_for_the_unknown(person: Person) -> None:
    told = []
    for number in (iin_of(person), UNKNOWN):
        forget_limits()
        answers = [ask(Client(), number, f"+7 701 555 1{place:03d}") for place in range(11)]
        told.append([answer.status_code for answer in answers])
    assert told[0] == told[1] == [302] * 10 + [200]


def test_a_wrong_iin_is_told_before_anything_is_looked_up(client: Client, world: World) -> None:
    answer = ask(client, "123456789012")
    assert answer.status_code == 200
    assert "govuk-error-summary" in answer.content.decode()
    assert not OneTimeCode.objects.exists()


def test_an_iin_in_the_field_of_the_number_is_not_kept(client: Client, person: Person) -> None:
    answer = ask(client, iin_of(person), iin_of(person))
    assert answer.status_code == 200
    assert "Ұялы нөмірді толық теріңіз" in answer.content.decode()
    assert not OneTimeCode.objects.exists()


# A number of a list


def test_a_number_that_stands_in_a_list_gets_nowhere(client: Client, world: World) -> None:
    """Otherwise whoever writes a list takes over a person."""
    listed = world.demo.completions[0]
    assert listed.phone
    assert confirmed_phone(listed.person) == ""
    ask(client, iin_of(listed.person), listed.phone)
    assert not Message.objects.filter(event="one_time_code").exists()
    assert not is_in(client)


def test_a_number_that_was_taken_away_opens_nothing(client: Client, person: Person) -> None:
    ask(client, iin_of(person))
    row = PersonPhone.objects.get(person=person)
    remove_phone(person=person, phone_id=row.pk, actor=SYSTEM, now=clock.now())
    assert check(client, last_code()).status_code == 200
    assert not is_in(client)


# Guessing


def test_five_wrong_codes_burn_it(client: Client, person: Person) -> None:
    ask(client, iin_of(person))
    code = last_code()
    wrong = "000000" if code != "000000" else "000001"
    pages = [check(client, wrong).content.decode() for _ in range(5)]
    assert "Қалған мүмкіндік саны: 4" in pages[0]
    assert "енді жарамсыз" in pages[4]
    assert check(client, code).status_code == 200
    assert not is_in(client)


def test_a_network_that_guesses_at_many_people_is_stopped(client: Client, person: Person) -> None:
    ask(client, iin_of(person))
    code = last_code()
    row = Miss.objects.count()
    for _ in range(10):
        OneTimeCode.objects.update(tries=0)
        for _ in range(5):
            check(client, "000000" if code != "000000" else "000001")
    assert Miss.objects.count() == row + 1
    OneTimeCode.objects.update(tries=0)
    assert "Тым көп әрекет" in check(client, code).content.decode()
    assert not is_in(client)


def test_the_code_of_one_browser_serves_in_no_other(client: Client, person: Person) -> None:
    ask(client, iin_of(person))
    code = last_code()
    thief = Client()
    assert check(thief, code).headers["Location"] == ASK
    forget_limits()
    ask(thief, UNKNOWN)
    check(thief, code)
    assert not is_in(thief)
    check(client, code)
    assert is_in(client)


def test_a_code_that_is_over_opens_nothing(client: Client, person: Person) -> None:
    moment = clock.now()
    with time_machine.travel(moment, tick=False):
        ask(client, iin_of(person))
    with time_machine.travel(moment + timedelta(minutes=5), tick=False):
        page = check(client, last_code())
    assert "бес минуттық мерзімі өтіп кетті" in page.content.decode()
    assert not is_in(client)


# Once more


def test_another_code_takes_the_place_of_the_first(client: Client, person: Person) -> None:
    moment = clock.now()
    with time_machine.travel(moment, tick=False):
        ask(client, iin_of(person))
        first = last_code()
        assert client.post(AGAIN).headers["Location"] == CHECK
        assert Message.objects.filter(event="one_time_code").count() == 1
    with time_machine.travel(moment + timedelta(seconds=60), tick=False):
        client.post(AGAIN)
        second = last_code()
        assert Message.objects.filter(event="one_time_code").count() == 2
        if first != second:
            check(client, first)
            assert not is_in(client)
        check(client, second)
        assert is_in(client)


def test_asking_again_is_the_same_for_the_unknown(client: Client, person: Person) -> None:
    moment = clock.now()
    with time_machine.travel(moment, tick=False):
        ask(client, UNKNOWN)
    with time_machine.travel(moment + timedelta(seconds=61), tick=False):
        assert client.post(AGAIN).headers["Location"] == CHECK
    assert OneTimeCode.objects.filter(person=None).count() == 2
    assert not Message.objects.filter(event="one_time_code").exists()


def test_without_a_code_on_its_way_the_page_leads_to_the_beginning(
    client: Client, db: None
) -> None:
    assert client.get(CHECK).headers["Location"] == ASK
    assert client.get(AGAIN).headers["Location"] == CHECK
    assert client.post(AGAIN).headers["Location"] == CHECK


def test_without_a_carrier_there_is_no_such_way(
    client: Client, settings: Settings, db: None
) -> None:
    settings.SMS_URL = ""
    assert client.get(ASK).status_code == 404
    assert ASK not in client.get("/enter/").content.decode()


# Levels


def test_the_ways_of_entering_say_what_each_allows(client: Client, db: None) -> None:
    page = client.get("/enter/", {"lang": "en"}).content.decode()
    for where in ("/enter/phone/", ASK, "/enter/idp/", "/enter/eds/"):
        assert f'href="{where}"' in page
    assert "The code is no signature." in page


def test_entering_ends_the_work_of_staff_in_this_browser(person: Person, world: World) -> None:
    client = sign_in(Client(), next(iter(world.demo.staff.values())))
    ask(client, iin_of(person))
    check(client, last_code())
    assert is_in(client)
    assert "_auth_user_id" not in client.session


def test_who_is_in_already_is_led_to_the_cabinet(client: Client, person: Person) -> None:
    ask(client, iin_of(person))
    check(client, last_code())
    assert client.get(ASK).headers["Location"] == "/cabinet/"


# The demonstration


def test_a_demonstration_names_people_who_may_be_tried_and_where_the_message_is(
    client: Client, person: Person, settings: Settings
) -> None:
    confirm_phone(
        person=person,
        phone=OTHER_PHONE,
        how="counter",
        evidence={"document": "demo"},
        actor=SYSTEM,
        now=clock.now(),
    )
    page = client.get(ASK).content.decode()
    assert iin_of(person) in page
    assert f"http://{present.SIMULATORS[5]}/" in page
    settings.DEMO = False
    assert iin_of(person) not in client.get(ASK).content.decode()


def test_what_staff_see_of_the_message_holds_no_code(client: Client, person: Person) -> None:
    ask(client, iin_of(person))
    assert CODE.search(Message.objects.get(event="one_time_code").masked_body) is None
