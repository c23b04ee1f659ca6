"""The registers of the simulated portal, a program that knows nothing of our code for them: the
citizen answers 1414 there, and the facts stand here."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import time_machine
from pytest_django import Settings

from kualik.accounts.adapters.phones import registered_phone
from kualik.accounts.models import Person
from kualik.accounts.services import PersonFacts, applicant, register_persons
from kualik.core.jobs import Later
from kualik.core.journal import SYSTEM
from kualik.gateway.models import Consent, Fact, Peer
from kualik.gateway.services import files
from kualik.gateway.services.consents import (
    Wanted,
    ask_consent,
    give_consent,
    run_follow_job,
)
from kualik.gateway.services.documents import Line
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.storage import save_leaf
from tests.accounts.identity import PEOPLE
from tests.gateway.conftest import NOW, BusKeys
from tests.gateway.portal_running import WAIT_SECONDS, Running, running

IIN = str(PEOPLE[0]["iin"])


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def portal(tmp_path: Path, bus_keys: BusKeys) -> Iterator[Running]:
    with running(tmp_path, bus_keys) as found:
        yield found


@pytest.fixture
def peer(
    db: None, portal: Running, bus_keys: BusKeys, kualik_files: Path, settings: Settings
) -> Peer:
    """The portal as the installation knows it."""
    save_leaf(Path(settings.KEYS_ROOT) / "gateway", Scheme.RSA, bus_keys.ours.leaf)
    return Peer.objects.create(
        code="EGOV",
        name="Портал",
        sync_url=f"{portal.url}/shep/sync",
        sender_id="kualik",
        certificates=[base64.b64encode(bus_keys.portal.certificate_der).decode()],
        algorithm=Peer.Algorithm.RSA,
        created_at=NOW,
    )


@pytest.fixture
def wanted(peer: Peer) -> Wanted:
    provider = Provider.objects.create(
        code="DEMO",
        bin="990240001237",
        kind=Provider.Kind.EDUCATION,
        **{f"name_{language}": f"DEMO {language}" for language in ("kk", "ru", "en")},
        **dict.fromkeys(("city_kk", "city_ru", "city_en"), "Алматы"),
    )
    return Wanted(person=citizen(), provider=provider)


def citizen(family_name: str = "Әбдірахманова") -> Person:
    facts = PersonFacts(IIN, family_name, "Айгерім", "Нұрланқызы")
    return register_persons(people=[facts], now=NOW)[IIN]


def followed(consent: Consent) -> Consent:
    run_follow_job({"consent": consent.pk, "about": ""}, NOW)
    consent.refresh_from_db()
    return consent


def said(portal: Running, answer: str, access: str = "GBDFLUniversal_token") -> None:
    """What the citizen presses on the page of 1414."""
    form = {"room": "consent", "key": f"{IIN} 990240001237 {access}", "answer": answer}
    requests.post(f"{portal.url}/1414", data=form, timeout=WAIT_SECONDS)


def facts() -> dict[str, str]:
    return dict(Fact.objects.values_list("name", "value"))


def test_the_citizen_answers_the_sms_and_the_register_tells(
    portal: Running, wanted: Wanted
) -> None:
    consent = ask_consent(wanted=wanted, actor=SYSTEM, now=NOW)
    with pytest.raises(Later):
        followed(consent)
    assert "DEMO ru" in portal.get("/1414?lang=kk").text
    said(portal, "allow")
    assert followed(consent).state == Consent.State.GIVEN
    assert facts() == {"name": "agrees", "alive": "yes", "paper": "valid"}


def test_the_citizen_denies(portal: Running, wanted: Wanted) -> None:
    consent = ask_consent(wanted=wanted, actor=SYSTEM, now=NOW)
    with pytest.raises(Later):
        followed(consent)
    said(portal, "deny")
    assert (followed(consent).state, facts()) == (Consent.State.DENIED, {})


def test_the_proof_of_an_eds_is_believed_there(portal: Running, wanted: Wanted) -> None:
    actor = applicant(wanted.person)
    consent = give_consent(wanted=wanted, level="eds", actor=actor, now=NOW)
    assert followed(consent).state == Consent.State.GIVEN
    assert facts()["name"] == "agrees"


@pytest.mark.parametrize(
    ("register", "told"),
    [
        ("another_name", {"name": "differs:family_name", "alive": "yes", "paper": "valid"}),
        ("dead", {"name": "agrees", "alive": "no", "paper": "none"}),
        ("not_found", {"known": "no"}),
    ],
)
def test_what_the_register_knows_otherwise(
    portal: Running, wanted: Wanted, register: str, told: dict[str, str]
) -> None:
    portal.post("/behaviour", {"consent": "answer", "register": register})
    followed(ask_consent(wanted=wanted, actor=SYSTEM, now=NOW))
    assert facts() == told


def test_a_file_is_left_for_the_portal(portal: Running, peer: Peer) -> None:
    name, mime = "certificate.pdf", "application/pdf"
    file_id = files.upload(content=b"%PDF", name=name, mime=mime, now=NOW)
    assert files.download(file_id=file_id, now=NOW) == b"%PDF"
    files.confirm(file_ids=[file_id], now=NOW)
    with pytest.raises(RuleViolation, match="file_store_gone"):
        files.download(file_id="none", now=NOW)


def test_the_phone_is_told_to_whom_the_citizen_allowed_it(
    portal: Running, wanted: Wanted, settings: Settings
) -> None:
    settings.PHONE_REGISTRY = "kualik.gateway.services.phones.Registry"
    portal.post("/behaviour", {"consent": "answer"})
    assert registered_phone(IIN) == ""
    of_phone = Wanted(person=wanted.person, provider=wanted.provider, access="MCDB_SERVICE")
    followed(ask_consent(wanted=of_phone, actor=SYSTEM, now=NOW))
    assert registered_phone(IIN) == "+77011234567"
    assert not facts()


def test_a_document_comes_when_the_citizen_allows_it(portal: Running, wanted: Wanted) -> None:
    asked = Line().ask(
        iin=IIN, kind="IdentityCard", asker=wanted.provider.name, bin=wanted.provider.bin
    )
    assert asked is not None
    reference = str(asked["id"])
    assert Line().look(reference=reference, iin=IIN)["state"] == "waiting"
    form = {"room": "access", "key": reference, "answer": "allow"}
    requests.post(f"{portal.url}/1414", data=form, timeout=WAIT_SECONDS)
    found = Line().look(reference=reference, iin=IIN)
    assert found["document"]["common"]["docOwner"]["iin"] == IIN
    assert found["dataExpiresAt"] == (NOW + timedelta(minutes=60)).isoformat()
