"""Where facts of registers are asked for and seen: window, own cabinet, administration."""

import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.core.jobs import Later
from kualik.counter.models import Identification
from kualik.gateway.models import Call, Consent, Fact, Peer
from kualik.gateway.queries.lacking import SECTIONS, VALUES
from kualik.gateway.queries.registers import USUAL
from kualik.gateway.services.consents import forget_consents, run_follow_job
from kualik.rules.lifecycle import Role
from tests.counter.desk import at_desk, identified, iin_of, show_card
from tests.entering import open_cabinet
from tests.gateway.bus import Bus
from tests.gateway.conftest import NOW
from tests.gateway.state_registers import TOKEN, answering
from tests.world import World, build_world, enrol, sign_in


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def person(world: World) -> Person:
    return world.demo.requests[0].person


@pytest.fixture
def clerk(world: World) -> Client:
    return at_desk(world.demo.staff[Role.CLERK])


@pytest.fixture
def record(clerk: Client, person: Person) -> Identification:
    return identified(clerk, person)


def page(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def follow() -> None:
    run_follow_job({"consent": Consent.objects.get().pk, "about": ""}, NOW)


def test_the_clerk_asks_the_person_and_sees_the_facts(
    clerk: Client, record: Identification, bus: Bus, bus_peer: Peer, person: Person
) -> None:
    registers = answering(bus, names=("БАСҚА", person.given_name, person.patronymic))
    registers.words = ["VALID"]
    assert reverse("counter:register", args=[record.pk]) in page(clerk, "counter:work", record.pk)
    assert "Ask the person for consent" in page(clerk, "counter:register", record.pk)
    answer = clerk.post(reverse("counter:register_ask", args=[record.pk]))
    assert answer.headers["Location"] == reverse("counter:register", args=[record.pk])
    assert "SMS from 1414" in page(clerk, "counter:register", record.pk)
    state = reverse("counter:register_state", args=[record.pk])
    assert clerk.get(state).json() == {"state": "asked", "said": ""}
    follow()
    assert clerk.get(state).json()["state"] == "told"
    shown = page(clerk, "counter:register", record.pk)
    assert "do not agree: surname" in shown
    assert "State database of natural persons" in shown
    assert "БАСҚА" not in shown
    assert TOKEN not in shown


def test_who_did_not_allow_is_told_so(
    clerk: Client, record: Identification, bus: Bus, bus_peer: Peer
) -> None:
    answering(bus, words=["DENIED"])
    clerk.post(reverse("counter:register_ask", args=[record.pk]))
    follow()
    assert "did not allow it" in page(clerk, "counter:register", record.pk)
    assert not Fact.objects.exists()


def test_without_a_channel_the_window_offers_nothing(clerk: Client, record: Identification) -> None:
    assert reverse("counter:register", args=[record.pk]) not in page(
        clerk, "counter:work", record.pk
    )
    assert clerk.get(reverse("counter:register", args=[record.pk])).status_code == 404
    assert clerk.post(reverse("counter:register_ask", args=[record.pk])).status_code == 404


def test_another_provider_and_other_roles_see_nothing(
    world: World, record: Identification, bus_peer: Peer
) -> None:
    places = [
        reverse(f"counter:{name}", args=[record.pk]) for name in ("register", "register_state")
    ]
    foreign = at_desk(world.other.staff[Role.CLERK])
    assert [foreign.get(place).status_code for place in places] == [404, 404]
    ask = reverse("counter:register_ask", args=[record.pk])
    assert foreign.post(ask).status_code == 404
    signer = at_desk(world.demo.staff[Role.AUTHORISED_PERSON])
    assert [signer.get(place).status_code for place in places] == [403, 403]
    assert signer.post(ask).status_code == 403
    assert [Client().get(place).status_code for place in places] == [302, 302]
    assert not Consent.objects.exists()


def test_what_another_provider_learned_is_not_shown(
    world: World, clerk: Client, record: Identification, bus: Bus, bus_peer: Peer, person: Person
) -> None:
    answering(bus)
    clerk.post(reverse("counter:register_ask", args=[record.pk]))
    follow()
    other = at_desk(world.other.staff[Role.CLERK])
    show_card(other, person)
    theirs = Identification.objects.latest("pk")
    assert "do not agree" not in page(other, "counter:register", theirs.pk)


def test_an_hour_later_the_page_asks_for_the_document_again(
    clerk: Client, record: Identification, bus_peer: Peer
) -> None:
    Identification.objects.update(checked_at="2026-11-23T03:00:00Z")
    assert clerk.get(reverse("counter:register", args=[record.pk])).status_code == 409


def test_the_person_sees_in_the_cabinet_what_was_told_and_who_asked(
    client: Client, clerk: Client, record: Identification, bus: Bus, bus_peer: Peer, person: Person
) -> None:
    answering(bus, names=(person.family_name, person.given_name, person.patronymic))
    clerk.post(reverse("counter:register_ask", args=[record.pk]))
    follow()
    client.cookies["kualik_language"] = "en"
    open_cabinet(client, person, level="otp")
    assert reverse("gateway:own_registers") in page(client, "cases:cabinet")
    shown = page(client, "gateway:own_registers")
    for words in ("DEMO ltd", "answer to an SMS from 1414", "agree", "23.11.2026 10:00"):
        assert words in shown
    assert "I agree to one look" not in shown
    assert iin_of(person) not in shown


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_consent_that_was_used_shows_from_when_till_when_it_held(
    client: Client,
    world: World,
    bus: Bus,
    bus_peer: Peer,
    person: Person,
    is_forgotten: bool,
) -> None:
    answering(bus)
    client.cookies["kualik_language"] = "en"
    with time_machine.travel(NOW, tick=False):
        open_cabinet(client, person, level="eds")
        client.post(reverse("gateway:allow_register"), {"provider": world.demo.provider.pk})
        follow()
        held = "given 23.11.2026 10:00, in force until 23.11.2026 10:10"
        assert held in page(client, "gateway:own_registers")
    with time_machine.travel(NOW + timedelta(minutes=12), tick=False):
        if is_forgotten:
            assert forget_consents(now=NOW + timedelta(minutes=12)) == 1
        shown = page(client, "gateway:own_registers")
    assert "given 23.11.2026 10:00, was in force until 23.11.2026 10:10" in shown
    assert "Source" in shown


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_question_that_nobody_answered_shows_when_its_time_was_over(
    client: Client, clerk: Client, record: Identification, bus_peer: Peer, is_forgotten: bool
) -> None:
    clerk.post(reverse("counter:register_ask", args=[record.pk]))
    with time_machine.travel(NOW + timedelta(minutes=12), tick=False):
        if is_forgotten:
            assert forget_consents(now=NOW + timedelta(minutes=12)) == 1
        client.cookies["kualik_language"] = "en"
        open_cabinet(client, record.person)
        shown = page(client, "gateway:own_registers")
    assert "over, 23.11.2026 10:10" in shown
    assert "given 23.11.2026" not in shown


def test_who_entered_with_an_eds_lets_an_organisation_look(
    client: Client, world: World, bus: Bus, bus_peer: Peer, person: Person
) -> None:
    answering(bus)
    client.cookies["kualik_language"] = "en"
    open_cabinet(client, person, level="eds")
    assert "I agree to one look" in page(client, "gateway:own_registers")
    place = reverse("gateway:allow_register")
    assert client.post(place, {"provider": world.demo.provider.pk}).status_code == 302
    assert Consent.objects.get().basis == "ovt"
    assert client.get(place).status_code == 302
    assert client.post(place, {"provider": "999"}).status_code == 422


@pytest.mark.parametrize("level", ["otp", "idp"])
def test_a_weaker_entry_lets_nobody_look(
    client: Client, world: World, bus_peer: Peer, person: Person, level: str
) -> None:
    open_cabinet(client, person, level=level)
    answer = client.post(reverse("gateway:allow_register"), {"provider": world.demo.provider.pk})
    assert answer.status_code == 422
    assert not Consent.objects.exists()


def test_nobody_sees_the_cabinet_of_another(
    client: Client, world: World, clerk: Client, record: Identification, bus: Bus, bus_peer: Peer
) -> None:
    answering(bus)
    clerk.post(reverse("counter:register_ask", args=[record.pk]))
    follow()
    client.cookies["kualik_language"] = "en"
    open_cabinet(client, world.demo.requests[1].person)
    assert "No register was asked about you" in page(client, "gateway:own_registers")
    assert Client().get(reverse("gateway:own_registers")).status_code == 302


def test_the_administrator_sees_what_is_unset_and_the_questions_without_persons(
    client: Client, world: World, clerk: Client, record: Identification, bus: Bus, bus_peer: Peer
) -> None:
    answering(bus, words=["NEW_WORD", "DENIED"])
    clerk.post(reverse("counter:register_ask", args=[record.pk]))
    with pytest.raises(Later):
        follow()
    sign_in(client, enrol("platform", None, Role.PLATFORM_ADMIN, now=NOW))
    client.cookies["kualik_language"] = "en"
    shown = page(client, "gateway:registers")
    for words in ("KDP_SERVICE", "code of our system in the database", "NEW_WORD", "Портал"):
        assert words in shown
    assert not re.search(r"(consent|persons|files|phones|documents|supplier)\.[a-z]", shown)
    assert record.person.family_name not in shown
    assert Call.objects.count() == 1


def test_everything_that_may_be_unset_has_a_name() -> None:
    rows = tomllib.loads(USUAL.read_text("utf-8"))
    assert set(rows) == set(SECTIONS)
    named = {name for row in rows.values() for name, value in row.items() if value != 0}
    texts = {name for name in named if not name.endswith(("_minutes", "_hours", "_seconds"))}
    assert texts - {"most_bytes"} == set(VALUES)


def test_a_channel_is_called_in_the_language_of_the_page(bus_peer: Peer) -> None:
    bus_peer.name = "Шлюз (сынақ) / Шлюз (имитация)"
    assert [bus_peer.called.get(code) for code in ("kk", "ru")] == [
        "Шлюз (сынақ)",
        "Шлюз (имитация)",
    ]
    bus_peer.name = "egov.kz"
    assert {bus_peer.called.get(code) for code in ("kk", "ru", "en")} == {"egov.kz"}


def test_the_page_of_the_administrator_is_for_no_provider(world: World) -> None:
    for user in world.demo.staff.values():
        assert at_desk(user).get(reverse("gateway:registers")).status_code == 403
