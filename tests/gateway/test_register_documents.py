"""Digital documents and phones over the bus: ours given by IIN, others' asked for at the window."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django import Settings

from kualik.accounts.adapters.phones import registered_phone
from kualik.accounts.models import Person
from kualik.accounts.queries import looks_of
from kualik.certificates.models import Certificate
from kualik.core.sealing import seal
from kualik.counter.models import DocumentAsk, Identification
from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.inner import anywhere, element, parts, words
from kualik.gateway.models import Call, Consent, Peer
from kualik.gateway.queries.registers import USUAL
from kualik.gateway.services.consents import PURPOSE
from kualik.gateway.services.receiving import receive
from kualik.rules.lifecycle import Role, State
from kualik.signatures.adapters.xml_signatures import check_signature, read_document
from tests.counter.desk import at_desk, iin_of
from tests.gateway.bus import Bus, fixed
from tests.gateway.conftest import NOW, BusKeys
from tests.gateway.state_registers import KEY, TOKEN, answering
from tests.world import World, build_world, iin
from tools.portal import wire

SERVICE = "EXAMPLE_CERTS_BY_IIN"
QUESTION = "http://digilocker.gov.kz/documentRequest/type/cert"


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def certificate(world: World) -> Certificate:
    found = world.by_state[State.ISSUED].certificate
    assert found is not None
    return found


@pytest.fixture
def app_peer(bus_peer: Peer) -> Peer:
    """The gateway, through which the service of digital documents speaks too."""
    bus_peer.sender_ids = ["pep", "digilocker", "another"]
    bus_peer.save()
    return bus_peer


def asked(keys: BusKeys, number: str, sender: str = "digilocker") -> envelope.Envelope:
    """What our synchronous channel answers to a question by IIN."""
    question = wire.sync_request(
        message_id=f"{sender}-{number}",
        service_id=SERVICE,
        sender_id=sender,
        now=NOW,
        data=f'<documentRequest xmlns="{QUESTION}"><iin>{number}</iin></documentRequest>',
        shape="element",
    )
    raw = wsse.sign(question, keys.portal)
    return envelope.read(receive(endpoint="sync", raw=raw, address="127.0.0.1", now=NOW).content)


def test_the_documents_of_a_person_are_given_by_iin_and_signed(
    app_peer: Peer, bus_keys: BusKeys, certificate: Certificate
) -> None:
    text = asked(bus_keys, iin_of(certificate.person)).data.text
    root = element(text)
    [row] = [
        one
        for one in parts(root, "documents", "document")
        if words(one, "number") == certificate.number
    ]
    common = ("serializableData", "common")
    told = {
        "found": words(root, "found"),
        "valid": words(row, "valid"),
        "titleRu": words(row, "titleRu"),
        "issuedDate": words(row, "issuedDate"),
        "iin": words(row, *common, "docOwner", "iin"),
        "lastName": words(row, *common, "docOwner", "lastName"),
        "type": words(row, *common, "docType", "code"),
        "uri": words(row, *common, "docUri"),
    }
    assert told == {
        "found": "true",
        "valid": "true",
        "titleRu": "Свидетельство о повышении квалификации",
        "issuedDate": certificate.issued_on.isoformat(),
        "iin": iin_of(certificate.person),
        "lastName": certificate.person.family_name,
        "type": "cert",
        "uri": f"cert:{certificate.number}",
    }
    read = read_document(text.encode())
    [signature] = read.signatures
    assert check_signature(read, signature).codes == ()


def test_every_field_of_the_list_is_there(
    app_peer: Peer, bus_keys: BusKeys, certificate: Certificate
) -> None:
    root = element(asked(bus_keys, iin_of(certificate.person)).data.text)
    row = parts(root, "documents", "document")[0]
    common = parts(row, "serializableData", "common")[0]
    assert names(root)[:3] == ["found", "active", "documents"]
    assert names(row) == [
        "valid",
        "number",
        "title",
        "titleRu",
        "titleKk",
        "issuedDate",
        "expirationDate",
        "storageId",
        "serializableData",
    ]
    assert names(common) == [
        "docOwner",
        "docType",
        "docNumber",
        "docIssuer",
        "docIssuedDate",
        "docExpirationDate",
        "docUri",
    ]


def names(root: object) -> list[str]:
    return [one.tag.partition("}")[2] for one in root]  # type: ignore[attr-defined]  # an element


def test_the_person_sees_that_the_service_looked(
    app_peer: Peer, bus_keys: BusKeys, certificate: Certificate
) -> None:
    asked(bus_keys, iin_of(certificate.person))
    [look] = [one for one in looks_of(certificate.person) if "Цифрлық" in one.what.kk]
    assert look.organisation.ru == "Сервис цифровых документов"


def test_of_somebody_unknown_nothing_is_told(app_peer: Peer, bus_keys: BusKeys) -> None:
    root = element(asked(bus_keys, iin(7777)).data.text)
    assert (words(root, "found"), words(root, "active")) == ("false", "false")


def test_another_sender_is_refused(
    app_peer: Peer, bus_keys: BusKeys, certificate: Certificate
) -> None:
    answer = asked(bus_keys, iin_of(certificate.person), sender="another")
    assert (answer.is_fault, answer.info.code) == (True, "2007")


@pytest.mark.parametrize("number", ["", "900101300018", "'; drop"])
def test_what_is_no_iin_is_refused(app_peer: Peer, bus_keys: BusKeys, number: str) -> None:
    assert asked(bus_keys, number).info.code == "2005"


def test_where_nobody_set_the_service_it_is_unknown(
    app_peer: Peer, bus_keys: BusKeys, certificate: Certificate, settings: Settings
) -> None:
    settings.REGISTERS = str(USUAL)
    assert asked(bus_keys, iin_of(certificate.person)).info.code == "2016"


# Asked for at the window


@pytest.fixture
def line(settings: Settings, bus_peer: Peer) -> None:
    settings.DIGITAL_DOCUMENTS_LINE = "kualik.gateway.services.documents.Line"
    settings.DIGITAL_DOCUMENTS_URL = ""


def card(person: Person, **changes: str) -> str:
    common = {
        "docOwner": {
            "iin": iin_of(person),
            "firstName": person.given_name,
            "lastName": person.family_name,
            "middleName": person.patronymic,
        },
        "docNumber": "047112233",
        "docIssuer": {"nameKk": "ҚР ІІМ", "nameRu": "МВД РК"},
        "docIssuedDate": "2020-01-01",
        "docExpirationDate": "2030-01-01",
        **changes,
    }
    record = {"valid": True, "serializableData": {"common": common}}
    return json.dumps({"found": True, "active": True, "documents": [record]})


def test_a_document_that_the_person_allows_identifies_them_at_the_window(
    world: World, bus: Bus, line: None
) -> None:
    """A303.8.1, A303.10.c."""
    person = world.demo.free[0].person
    service = answering(bus, words=["PENDING"], document=card(person))
    clerk = at_desk(world.demo.staff[Role.CLERK])
    sent = {"iin": iin_of(person), "visit": "no"}
    clerk.post(reverse("counter:ask_document"), sent)
    ask = DocumentAsk.objects.get()
    page = reverse("counter:asked", args=[ask.pk])
    assert clerk.get(page).status_code == 200
    service.words = ["ALLOWED"]
    clerk.get(page)
    record = Identification.objects.get()
    assert (record.person, record.number_end) == (person, "233")
    assert record.expires_at == NOW + timedelta(minutes=60)
    assert {row.service_id for row in Call.objects.all()} == {"DIGITAL_DOCUMENTS"}


@pytest.mark.parametrize(
    ("word", "state"), [("DENIED", "denied"), ("TIMEOUT", "expired"), ("SOMETHING", "asked")]
)
def test_without_leave_nobody_is_identified(
    world: World, bus: Bus, line: None, word: str, state: str
) -> None:
    person = world.demo.free[0].person
    service = answering(bus, words=["PENDING"])
    clerk = at_desk(world.demo.staff[Role.CLERK])
    clerk.post(reverse("counter:ask_document"), {"iin": iin_of(person), "visit": "no"})
    service.words = [word]
    ask = DocumentAsk.objects.get()
    clerk.get(reverse("counter:asked", args=[ask.pk]))
    ask.refresh_from_db()
    assert (ask.state, Identification.objects.count()) == (state, 0)


@pytest.mark.parametrize(
    ("word", "said"), [("NOT_FOUND", "has no document"), ("", "does not answer")]
)
def test_what_the_service_has_not_is_said_to_the_clerk(
    world: World, bus: Bus, line: None, word: str, said: str
) -> None:
    if word:
        answering(bus, words=[word])
    else:
        bus.plan.append(fixed(503, b"away"))
    clerk = at_desk(world.demo.staff[Role.CLERK])
    person = world.demo.free[0].person
    sent = {"iin": iin_of(person), "visit": "no"}
    assert said in clerk.post(reverse("counter:ask_document"), sent).content.decode()


# Phones


@pytest.fixture
def registry(settings: Settings, bus_peer: Peer) -> None:
    settings.PHONE_REGISTRY = "kualik.gateway.services.phones.Registry"


def consented(world: World) -> Consent:
    return Consent.objects.create(
        person=world.demo.free[0].person,
        provider=world.demo.provider,
        access_name="MCDB_SERVICE",
        basis="sms",
        purpose="identity",
        state=Consent.State.GIVEN,
        asked_by="system",
        asked_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        code_sealed=seal(TOKEN, purpose=PURPOSE),
        key_sealed=seal(KEY, purpose=PURPOSE),
    )


def test_the_registry_of_phones_is_asked_with_the_token_of_the_consent(
    world: World, bus: Bus, registry: None
) -> None:
    answering(bus, phone="8 701 000 00 01")
    number = iin_of(consented(world).person)
    assert registered_phone(number) == "+77010000001"
    question = element(bus.asked[0].data.text)
    assert (anywhere(question, "uin"), anywhere(question, "kdpToken")) == (number, TOKEN)


def test_without_consent_nobody_is_asked_about(
    world: World, bus: Bus, registry: None, monday: time_machine.Traveller
) -> None:
    number = iin_of(world.demo.free[0].person)
    assert registered_phone(number) == ""
    consented(world)
    monday.shift(timedelta(minutes=10))
    assert registered_phone(number) == ""
    assert not bus.asked


def test_a_registry_that_is_away_or_knows_nobody_names_no_phone(
    world: World, bus: Bus, registry: None
) -> None:
    number = iin_of(consented(world).person)
    bus.plan.append(fixed(503, b"away"))
    assert registered_phone(number) == ""
    answering(bus)
    assert registered_phone(number) == ""
    assert list(Call.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "unreachable",
        "none",
    ]


def test_where_its_wire_is_unset_the_registry_knows_nobody(
    world: World, bus: Bus, registry: None, settings: Settings
) -> None:
    settings.REGISTERS = str(USUAL)
    number = iin_of(consented(world).person)
    assert registered_phone(number) == ""
    assert not bus.asked
