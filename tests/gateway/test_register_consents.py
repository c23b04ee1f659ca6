"""Facts of a person from registers: by consent alone, the least of them, tokens till their end."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from kualik.accounts.models import Person
from kualik.accounts.queries import looks_of
from kualik.accounts.services import applicant
from kualik.config.jobs import HANDLERS, enqueue_daily
from kualik.core import jobs, journal
from kualik.core.jobs import Later
from kualik.core.models import Job
from kualik.gateway.adapters.inner import anywhere, element
from kualik.gateway.models import Call, Consent, Fact, Peer
from kualik.gateway.queries.facts import all_told
from kualik.gateway.services.consents import (
    FOLLOW_JOB,
    Wanted,
    ask_consent,
    forget_consents,
    give_consent,
    run_follow_job,
    token_of,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from tests.gateway.bus import Bus, fixed
from tests.gateway.conftest import NOW
from tests.gateway.state_registers import KEY, TOKEN, State, answering
from tests.world import World, build_world

LATER = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def person(world: World) -> Person:
    return world.demo.free[0].person


@pytest.fixture
def registers(bus: Bus, person: Person) -> State:
    """Registers that know the person as we do, in capital letters."""
    names = (person.family_name.upper(), person.given_name.upper(), person.patronymic.upper())
    return answering(bus, names=names)


@pytest.fixture
def wanted(world: World, person: Person, bus_peer: Peer) -> Wanted:
    return Wanted(person=person, provider=world.demo.provider, about="A-007")


def asked(world: World, wanted: Wanted) -> Consent:
    actor = world.demo.staff[Role.REGISTRAR].acting_as(Role.REGISTRAR)
    return ask_consent(wanted=wanted, actor=actor, now=NOW)


def followed(consent: Consent) -> Consent:
    run_follow_job({"consent": consent.pk, "about": "A-007"}, LATER)
    consent.refresh_from_db()
    return consent


def facts(consent: Consent) -> dict[str, str]:
    return dict(Fact.objects.filter(consent=consent).values_list("name", "value"))


def test_a_consent_given_by_sms_lets_the_register_be_asked_once(
    world: World, wanted: Wanted, registers: State, bus: Bus
) -> None:
    consent = followed(asked(world, wanted))
    assert consent.state == Consent.State.GIVEN
    assert facts(consent) == {"name": "agrees", "alive": "yes", "paper": "valid"}
    assert [one.info.service_id for one in bus.asked] == ["KDP_SERVICE", "GBDFLUniversal_token"]
    followed(consent)
    assert len(bus.asked) == 2


def test_the_question_names_the_organisation_and_who_asks(
    world: World, wanted: Wanted, registers: State, bus: Bus
) -> None:
    followed(asked(world, wanted))
    question = element(bus.asked[0].data.text)
    assert anywhere(question, "company_bin") == world.demo.provider.bin
    assert anywhere(question, "employee_name") == world.demo.staff[Role.REGISTRAR].full_name
    assert anywhere(question, "access_name") == "GBDFLUniversal_token"
    assert anywhere(question, "omit-sms") == "false"
    assert anywhere(question, "expiresIn") == "600000"


def test_the_token_lies_sealed_and_is_emptied_when_its_time_is_over(
    world: World, wanted: Wanted, registers: State
) -> None:
    consent = followed(asked(world, wanted))
    assert token_of(consent, now=LATER) == (TOKEN, KEY)
    assert TOKEN.encode() not in bytes(consent.code_sealed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM gateway_consent")
        assert TOKEN not in str(cursor.fetchall())
    over = consent.expires_at
    assert Job.objects.filter(name="gateway.forget_consents", run_at=over).exists()
    assert forget_consents(now=over - timedelta(seconds=1)) == 0
    assert forget_consents(now=over) == 1
    consent.refresh_from_db()
    assert (consent.state, bytes(consent.code_sealed), bytes(consent.key_sealed)) == (
        Consent.State.EXPIRED,
        b"",
        b"",
    )
    with pytest.raises(RuleViolation, match="consent_over"):
        token_of(consent, now=over)
    assert facts(consent)


def test_while_the_person_has_not_answered_the_same_is_asked_again(
    world: World, wanted: Wanted, registers: State, bus: Bus
) -> None:
    registers.words = ["PENDING", "PENDING", "VALID"]
    consent = asked(world, wanted)
    for _ in range(2):
        with pytest.raises(Later):
            followed(consent)
    assert followed(consent).state == Consent.State.GIVEN
    assert [one.info.service_id for one in bus.asked].count("KDP_SERVICE") == 3


@pytest.mark.parametrize(("word", "state"), [("DENIED", "denied"), ("TIMEOUT", "expired")])
def test_a_person_who_does_not_allow_is_not_asked_about(
    world: World, wanted: Wanted, registers: State, bus: Bus, word: str, state: str
) -> None:
    registers.words = [word]
    consent = followed(asked(world, wanted))
    assert (consent.state, facts(consent)) == (state, {})
    assert [one.info.service_id for one in bus.asked] == ["KDP_SERVICE"]


def test_a_word_that_nobody_knows_settles_nothing_and_is_kept_for_the_administrator(
    world: World, wanted: Wanted, registers: State
) -> None:
    registers.words = ["CONFIRMED_LATER"]
    with pytest.raises(Later):
        followed(asked(world, wanted))
    assert Call.objects.get().outcome == "CONFIRMED_LATER"


def test_nobody_waits_for_an_answer_for_ever(
    world: World, wanted: Wanted, registers: State
) -> None:
    registers.words = ["PENDING"]
    consent = asked(world, wanted)
    run_follow_job({"consent": consent.pk, "about": ""}, consent.expires_at)
    consent.refresh_from_db()
    assert consent.state == Consent.State.EXPIRED


def test_one_question_stands_at_a_time_and_few_are_sent(
    world: World, wanted: Wanted, registers: State
) -> None:
    registers.words = ["DENIED"]
    first = asked(world, wanted)
    assert asked(world, wanted) == first
    for _ in range(2):
        followed(Consent.objects.latest("pk"))
        asked(world, wanted)
    followed(Consent.objects.latest("pk"))
    with pytest.raises(RuleViolation, match="too_many_tries"):
        asked(world, wanted)
    assert Consent.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"names": ("ИВАНОВ", "Айгерим", "")}, "differs"),
        ({"life": "3"}, "alive:no"),
        ({"paper": "07"}, "paper:none"),
        ({"is_known": False}, "known:no"),
        ({"code": "00008"}, "fault:register_refused"),
        ({"iin": "900101300017"}, "fault:register_answer_wrong"),
    ],
)
def test_what_the_register_says_otherwise_is_kept_as_a_fact(
    world: World, wanted: Wanted, registers: State, changes: dict[str, object], told: str
) -> None:
    for name, value in changes.items():
        setattr(registers, name, value)
    consent = followed(asked(world, wanted))
    kept = [f"{name}:{value}" for name, value in facts(consent).items()]
    assert any(told in one for one in kept), kept
    assert all(row.facts for row in all_told(wanted.person, now=LATER))


def test_neither_names_nor_papers_of_the_answer_are_kept(
    world: World, wanted: Wanted, registers: State
) -> None:
    registers.names = ("КЕЛІСПЕЙТІН", "Басқа", "Есім")
    followed(asked(world, wanted))
    rows = [*Fact.objects.values(), *Call.objects.values(), *Job.objects.values()]
    entries = journal.history(f"consent:{Consent.objects.get().pk}")
    everything = f"{rows}{[entry.data for entry in entries]}"
    for word in ("КЕЛІСПЕЙТІН", "000000001", "1990-01-01", TOKEN):
        assert word not in everything
    assert [entry.action for entry in entries] == [
        "gateway.consent_asked",
        "gateway.consent_given",
        "gateway.facts_learned",
    ]


def test_while_a_register_is_away_the_consent_waits(world: World, wanted: Wanted, bus: Bus) -> None:
    bus.plan.append(fixed(503, b"away"))
    consent = asked(world, wanted)
    with pytest.raises(Later):
        followed(consent)
    assert Call.objects.get().outcome == "unreachable"
    registers = answering(bus, names=("A", "B", "C"))
    assert followed(consent).state == Consent.State.GIVEN
    assert registers in bus.plan


def test_a_register_that_is_away_till_the_end_of_the_consent_told_nothing(
    world: World, wanted: Wanted, registers: State, bus: Bus
) -> None:
    consent = asked(world, wanted)
    bus.plan.insert(1, fixed(503, b"away"))
    with pytest.raises(Later):
        followed(consent)
    consent.refresh_from_db()
    over = consent.expires_at
    run_follow_job({"consent": consent.pk, "about": ""}, over)
    assert facts(consent) == {"fault": "consent_over"}


def test_the_person_sees_who_asked(world: World, wanted: Wanted, registers: State) -> None:
    consent = asked(world, wanted)
    [look] = looks_of(wanted.person)
    assert look.what.ru == "Запрос в государственный регистр"
    assert (look.about, look.organisation) == ("A-007", world.demo.provider.name)
    followed(consent)
    [told] = all_told(wanted.person, now=LATER)
    assert told.organisation == world.demo.provider.name
    assert [fact.source.en for fact in told.facts] == ["State database of natural persons"] * 3


def test_who_entered_with_an_eds_consents_on_the_own_page_without_an_sms(
    wanted: Wanted, registers: State, bus: Bus
) -> None:
    actor = applicant(wanted.person)
    consent = followed(give_consent(wanted=wanted, level="eds", actor=actor, now=NOW))
    question = element(bus.asked[0].data.text)
    assert anywhere(question, "omit-sms") == "true"
    middle = anywhere(question, "ovt").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(f"{middle}=="))
    assert (claims["cbin"], claims["mcheck"]) == (wanted.provider.bin, "Ds")
    assert (consent.state, consent.basis, consent.check_kind) == ("given", "ovt", "Ds")


def test_a_code_to_the_phone_is_no_proof_for_that(wanted: Wanted, registers: State) -> None:
    actor = applicant(wanted.person)
    with pytest.raises(RuleViolation, match="consent_needs_eds"):
        give_consent(wanted=wanted, level="otp", actor=actor, now=NOW)


def test_without_a_channel_nobody_is_asked(world: World, person: Person) -> None:
    wanted = Wanted(person=person, provider=world.demo.provider)
    with pytest.raises(RuleViolation, match="gateway_off"):
        asked(world, wanted)
    assert not Consent.objects.exists()


def test_the_worker_follows_a_consent_by_itself(
    world: World, wanted: Wanted, registers: State
) -> None:
    consent = asked(world, wanted)
    jobs.run_waiting(handlers={FOLLOW_JOB: HANDLERS[FOLLOW_JOB]}, worker="w", clock=lambda: LATER)
    assert facts(consent)["name"] == "agrees"


def test_every_hour_the_worker_forgets_what_is_over(db: None) -> None:
    enqueue_daily(now=NOW)
    assert Job.objects.filter(name="gateway.forget_consents").count() == 1
    assert "gateway.forget_consents" in HANDLERS
