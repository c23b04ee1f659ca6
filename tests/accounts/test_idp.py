"""Entering by eGov IDP, against its simulator over HTTP."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person
from kualik.accounts.queries import confirmed_phone, phones_of
from kualik.core import clock, errors, journal
from kualik.core.access import APPLICANT_KEY
from kualik.core.models import JournalEntry
from kualik.rules.errors import RuleViolation
from tests.accounts.identity import (
    CLIENT,
    PEOPLE,
    SECRET,
    SITE,
    Running,
    own_path,
    query_of,
    running,
    way_there,
)
from tests.entering import consent

pytestmark = pytest.mark.django_db
BACK = f"{SITE}/enter/idp/back/"
IIN = PEOPLE[0]["iin"]


@pytest.fixture
def idp(settings: Settings, tmp_path: Path) -> Iterator[Running]:
    with running(settings, tmp_path) as found:
        yield found


def entered(client: Client, idp: Running, **choice: str) -> HttpResponse:
    """The whole way there and back."""
    return client.get(own_path(idp.log_in(way_there(client), **choice)))


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def words(code: str) -> list[str]:
    return [errors.message(RuleViolation(code), "kk")]


# The way there


def test_the_browser_is_led_to_the_provider_as_its_interface_says(
    client: Client, idp: Running
) -> None:
    address = way_there(client, lang="ru")
    assert address.startswith(f"http://{idp.address}/idp/oauth/authorize?")
    asked = query_of(address)
    assert len(asked.pop("state")) > 40
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": BACK,
        "scope": "user:basic:read",
        "lang": "ru",
    }


def test_every_way_has_its_own_state(client: Client, idp: Running) -> None:
    states = {query_of(way_there(client))["state"] for _ in range(3)}
    assert len(states) == 3


def test_without_a_provider_there_is_no_such_way(client: Client, settings: Settings) -> None:
    settings.IDP_URL = ""
    for name in ("accounts:idp", "accounts:idp_back"):
        assert client.get(reverse(name)).status_code == 404
    assert reverse("accounts:idp") not in client.get(reverse("signatures:enter")).content.decode()


# The way back


def test_a_person_enters_and_is_registered_by_the_names_of_the_provider(
    client: Client, idp: Running
) -> None:
    answer = entered(client, idp)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cabinet/")
    person = Person.objects.get()
    assert person.full_name == "Әбдірахманова Айгерім Нұрланқызы"
    assert open_iin(bytes(person.iin_sealed)) == IIN
    entry = client.session[APPLICANT_KEY]
    assert (entry["person"], entry["level"], entry["way"]) == (person.pk, "idp", "idp")


def test_the_number_that_the_provider_tells_is_confirmed(client: Client, idp: Running) -> None:
    entered(client, idp)
    [row] = phones_of(Person.objects.get())
    assert (row.phone, row.how, row.evidence) == ("+77011234567", "idp", {"way": "idp"})


def test_the_journal_tells_way_and_level_and_no_iin(client: Client, idp: Running) -> None:
    entered(client, idp)
    entry = journal.history(f"person:{Person.objects.get().pk}")[0]
    assert (entry.action, entry.data["way"], entry.data["level"]) == (
        "accounts.entered",
        "idp",
        "idp",
    )
    assert IIN not in str(list(JournalEntry.objects.values()))


def test_the_page_that_was_wanted_is_kept(client: Client, idp: Running) -> None:
    back = idp.log_in(way_there(client, next="/cabinet/looks/"))
    assert client.get(own_path(back)).headers["Location"] == "/cabinet/looks/"
    assert "next" not in query_of(back)


def test_an_address_of_another_site_is_not_gone_to(client: Client, idp: Running) -> None:
    back = idp.log_in(way_there(client, next="https://evil.example/"))
    assert client.get(own_path(back)).headers["Location"] == "/cabinet/"


def test_the_session_is_a_new_one_afterwards(client: Client, idp: Running) -> None:
    back = own_path(idp.log_in(way_there(client)))
    planted = client.session.session_key
    client.get(back)
    assert client.session.session_key != planted
    assert set(client.session.keys()) == {APPLICANT_KEY}


def test_who_is_in_already_is_led_to_the_cabinet(client: Client, idp: Running) -> None:
    entered(client, idp)
    assert client.get("/enter/idp/").headers["Location"] == "/cabinet/"


@pytest.mark.parametrize("fault", ["no_patronymic", "no_phone"])
def test_what_the_provider_does_not_know_stops_nobody(
    client: Client, idp: Running, fault: str
) -> None:
    assert entered(client, idp, fault=fault).headers["Location"] == "/cabinet/"
    person = Person.objects.get()
    assert bool(person.patronymic) == (fault != "no_patronymic")
    assert bool(confirmed_phone(person)) == (fault != "no_phone")


def test_a_person_without_patronymic_and_phone_enters(client: Client, idp: Running) -> None:
    entered(client, idp, person="stranger")
    person = Person.objects.get()
    assert (person.full_name, confirmed_phone(person)) == ("Ким Виктор", "")


# What is refused


def refused(client: Client, response: HttpResponse, code: str) -> None:
    """Led back to the ways of entering, with the reason in words; nobody is in."""
    assert (response.status_code, response.headers["Location"]) == (302, "/enter/")
    assert told(response) == words(code)
    assert APPLICANT_KEY not in client.session
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("wrong_state", "idp_state_wrong"),
        ("wrong_code", "idp_refused"),
        ("broken", "idp_unreachable"),
        ("nonsense", "idp_answer_wrong"),
        ("no_iin", "idp_answer_wrong"),
    ],
)
def test_a_fault_of_the_provider_is_told_in_words(
    client: Client, idp: Running, fault: str, code: str
) -> None:
    refused(client, entered(client, idp, fault=fault), code)


def test_a_person_may_refuse(client: Client, idp: Running) -> None:
    refused(client, entered(client, idp, answer="refuse"), "idp_refused")


def test_a_provider_that_is_slow_is_not_waited_for(
    client: Client, idp: Running, settings: Settings
) -> None:
    settings.IDP_PATIENCE = (0.5, 0.2)
    refused(client, entered(client, idp, fault="slow", delay="1"), "idp_unreachable")


def test_a_provider_that_is_away_is_told_in_words(
    client: Client, idp: Running, settings: Settings
) -> None:
    back = own_path(idp.log_in(way_there(client)))
    settings.IDP_URL = "http://127.0.0.1:9"
    refused(client, client.get(back), "idp_unreachable")


def test_a_wrong_secret_of_the_installation_lets_nobody_in(
    client: Client, idp: Running, settings: Settings
) -> None:
    settings.IDP_CLIENT_SECRET = "another"
    refused(client, entered(client, idp), "idp_refused")


def test_the_answer_serves_once(client: Client, idp: Running) -> None:
    back = own_path(idp.log_in(way_there(client)))
    client.get(back)
    client.post(reverse("signatures:leave"))
    assert told(client.get(back))[-1:] == words("idp_state_wrong")
    assert APPLICANT_KEY not in client.session


def test_an_answer_in_another_browser_is_worth_nothing(client: Client, idp: Running) -> None:
    """Nobody can be made to enter the cabinet of somebody else by a link."""
    back = own_path(idp.log_in(way_there(client)))
    for began in (False, True):
        victim = Client()
        if began:
            way_there(victim)
        refused(victim, victim.get(back), "idp_state_wrong")


def test_a_refused_answer_burns_the_state(client: Client, idp: Running) -> None:
    back = own_path(idp.log_in(way_there(client)))
    client.get("/enter/idp/back/", {"state": "x", "code": "y"})
    assert told(client.get(back))[-1:] == words("idp_state_wrong")


@pytest.mark.parametrize(("seconds", "is_in"), [(599, True), (600, False)])
def test_the_way_takes_ten_minutes_at_most(
    client: Client, idp: Running, seconds: int, is_in: bool
) -> None:
    moment = clock.now()
    with time_machine.travel(moment, tick=False):
        back = own_path(idp.log_in(way_there(client)))
    with time_machine.travel(moment + timedelta(seconds=seconds), tick=False):
        answer = client.get(back)
    assert (APPLICANT_KEY in client.session) is is_in
    if not is_in:
        assert told(answer) == words("idp_expired")


def test_the_fields_are_found_where_the_settings_say(
    client: Client, idp: Running, settings: Settings
) -> None:
    settings.IDP_FIELDS = {**settings.IDP_FIELDS, "given_name": "person.surname"}
    entered(client, idp)
    assert Person.objects.get().given_name == "Әбдірахманова"


def test_the_cabinet_opens_after_the_consent(client: Client, idp: Running) -> None:
    entered(client, idp)
    assert client.get("/cabinet/").headers["Location"] == "/cabinet/consent/?next=/cabinet/"
    consent(Person.objects.get())
    assert client.get("/cabinet/").status_code == 200


# The simulator itself


def test_the_simulator_keeps_to_the_interface(idp: Running) -> None:
    page, code = "/idp/oauth/authorize", "/idp/oauth/token"
    basic = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    asked = {"response_type": "code", "client_id": CLIENT, "redirect_uri": BACK, "state": "s"}
    for name in asked:
        broken = {**asked, name: "https://evil.example/" if name == "redirect_uri" else ""}
        assert idp.ask("GET", f"{page}?{'&'.join(f'{k}={v}' for k, v in broken.items())}")[0] == 400
    _, back, _ = idp.post("/idp/login", {**asked, "person": "graduate", "answer": "enter"})
    given = query_of(back)["code"]
    form = {"grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": BACK}
    assert idp.post(code, {**form, "code": given})[0] == 401
    assert idp.post(code, {**form, "code": "x"}, Authorization=f"Basic {basic}")[0] == 400
    assert idp.post(code, {**form, "code": given}, Authorization=f"Basic {basic}")[0] == 200
    assert idp.post(code, {**form, "code": given}, Authorization=f"Basic {basic}")[0] == 400
    assert idp.ask("GET", "/idp/resource/user/basic")[0] == 401


@pytest.mark.parametrize(("language", "word"), [("kk", "Бас тарту"), ("ru", "Отказаться")])
def test_its_page_speaks_the_language_of_the_visitor(
    client: Client, idp: Running, language: str, word: str
) -> None:
    address = way_there(client, lang=language).partition(idp.address)[2]
    shown = idp.ask("GET", address)[2]
    assert word in shown
    assert "Айгерім" in shown
    assert IIN not in shown
