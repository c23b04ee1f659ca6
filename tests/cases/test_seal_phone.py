"""The authorised person signs prepared documents with eGov Mobile (A57.10-2)."""

import json
import re
from base64 import b64decode

import pytest
from django.contrib.messages import get_messages
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.sealing import prepare_requests
from kualik.cases.services.trial_signing import trial_leaf
from kualik.certificates.models import Certificate, PersonSignature
from kualik.core import clock
from kualik.rules.lifecycle import Role, State
from kualik.signatures.adapters.test_authority import Leaf, Scheme
from kualik.signatures.models import PhoneSigning
from kualik.signatures.services.phone import LIFE, MOST_DOCUMENTS
from tests.signatures.phones import body, signed
from tests.world import House, build_house, file_for, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/office/seal/phone/"
PEOPLE = (("Әбдірахманова", "Айгерім", "Нұрланқызы"), ("Ким", "Виктор", ""), ("Ли", "Анна", ""))


def prepared_house(
    code: str, bin_body: str, *, people: tuple[tuple[str, str, str], ...], number: int
) -> House:
    """A provider whose documents all wait for the signature of its authorised person."""
    now = clock.now()
    made = build_house(code, bin_body, people=people, number=number, now=now)
    made.requests = file_for(made, made.completions, now=now)
    registrar, signer = made.staff[Role.REGISTRAR], made.staff[Role.AUTHORISED_PERSON]
    approve_requests(requests=made.requests, user=registrar, role=Role.REGISTRAR, now=now)
    prepare_requests(
        requests=list(Request.objects.filter(provider=made.provider).order_by("pk")),
        key=made.key,
        user=signer,
        actor=signer.acting_as(Role.AUTHORISED_PERSON),
        now=now,
    )
    return made


@pytest.fixture
def house(kualik_files: object, served_installation: None) -> House:
    return prepared_house("DEMO", "97044000033", people=PEOPLE, number=1)


@pytest.fixture
def dana(client: Client, house: House) -> Client:
    return sign_in(client, house.staff[Role.AUTHORISED_PERSON])


def own_leaf(house: House, scheme: Scheme = Scheme.RSA) -> Leaf:
    signer = house.staff[Role.AUTHORISED_PERSON]
    return trial_leaf(
        signer, house.provider, iins=list(house.iins.values()), now=clock.now(), scheme=scheme
    )


def numbers() -> list[str]:
    return list(Certificate.objects.order_by("pk").values_list("number", flat=True))


def choose(client: Client, *chosen: str, confirm: str = "yes"):
    return client.post(PAGE, {"number": chosen, "confirm": confirm})


def asked(client: Client) -> tuple[str, dict[str, str], dict]:
    """What a phone fetches by the code of the page: where to, with which header, the documents."""
    link = re.search(r">mobileSign:http://[^/]+(/egov/[^<]+)<", client.get(PAGE).content.decode())
    assert link
    card = Client().get(link[1]).json()
    header = {"Authorization": f"Bearer {card['document']['auth_token']}"}
    where = f"{link[1]}documents/"
    return where, header, Client().get(where, headers=header).json()


def put(client: Client, leaf: Leaf, **change):
    where, header, documents = asked(client)
    answer = signed(documents, leaf, now=clock.now(), **change)
    return Client().put(where, body(answer), content_type="application/json", headers=header)


def finish(client: Client):
    return client.post(f"{PAGE}answer/")


def told(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_the_chosen_documents_are_signed_on_the_phone_and_issued(
    dana: Client, house: House, scheme: Scheme
) -> None:
    first, second, third = numbers()
    assert choose(dana, first, second).url == PAGE
    where, _, documents = asked(dana)
    listed = documents["documentsToSign"]
    assert documents["signMethod"] == "CMS_SIGN_ONLY"
    assert [
        one["nameKz"].endswith(f"№ {number}")
        for one, number in zip(listed, [first, second], strict=True)
    ]
    assert listed[0]["meta"][0]["value"] == "Әбдірахманова Айгерім Нұрланқызы"
    row = Certificate.objects.get(number=first)
    with default_storage.open(row.file, "rb") as stored:
        assert b64decode(listed[0]["document"]["file"]["data"]) == stored.read()
    assert put(dana, own_leaf(house, scheme)).status_code == 200
    assert dana.get(f"{PAGE}state/").json()["stage"] == "signed"
    answer = finish(dana)
    assert answer.url == "/office/seal/signed/"
    issued = {row.number for row in Certificate.objects.filter(status=Certificate.Status.VALID)}
    assert issued == {first, second}
    assert PersonSignature.objects.count() == 2
    assert third in dana.get(PAGE).content.decode()


def test_the_page_shows_what_is_signed_and_wants_a_choice_and_a_confirmation(
    dana: Client,
) -> None:
    first, *_ = numbers()
    page = dana.get(PAGE).content.decode()
    assert f"/office/seal/sign/{first}.pdf" in page
    assert "mobileSign:" not in page
    dana.cookies["kualik_language"] = "en"
    assert "Select at least one document." in told(choose(dana))
    assert "Confirm first" in told(choose(dana, first, confirm=""))
    assert not PhoneSigning.objects.exists()
    assert "mobileSign:" not in dana.get(PAGE).content.decode()


def test_the_organisation_and_the_description_stand_on_the_card(dana: Client, house: House) -> None:
    choose(dana, *numbers())
    row = PhoneSigning.objects.get()
    assert row.card["organisation"]["bin"] == house.provider.bin
    assert row.card["description"] == "Құжаттарға қол қою: 3 / Подписание документов: 3"
    held = json.dumps([row.card, row.about, row.token])
    assert not any(number in held for number in house.iins.values())


def test_a_key_that_is_not_the_signers_own_is_refused_at_the_phone(
    dana: Client, house: House
) -> None:
    choose(dana, *numbers())
    stranger = trial_leaf(
        house.staff[Role.REGISTRAR], house.provider, iins=list(house.iins.values()), now=clock.now()
    )
    other = build_house("OTHER", "96034000022", people=PEOPLE[:1], number=2, now=clock.now())
    signer, iins = house.staff[Role.AUTHORISED_PERSON], list(house.iins.values())
    elsewhere = trial_leaf(signer, other.provider, iins=iins, now=clock.now())
    for leaf, code in (
        (stranger, "phone_person_other"),
        (elsewhere, "phone_organisation_other"),
    ):
        answer = put(dana, leaf)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert dana.get(f"{PAGE}state/").json()["fault"]
    assert not PersonSignature.objects.exists()
    assert set(Request.objects.values_list("state", flat=True)) == {State.APPROVED}


def test_what_was_issued_stays_when_another_document_is_refused(dana: Client, house: House) -> None:
    first, second, third = numbers()
    choose(dana, first, second, third)
    where, header, documents = asked(dana)
    answer = signed(documents, own_leaf(house), now=clock.now())
    Certificate.objects.filter(number=second).update(file_sha256="0" * 64)
    sent = Client().put(where, body(answer), content_type="application/json", headers=header)
    assert sent.status_code == 200
    finished = finish(dana)
    assert f"№ {second}:" in told(finished)
    valid = Certificate.objects.filter(status=Certificate.Status.VALID)
    assert {row.number for row in valid} == {first, third}


def test_another_content_is_refused_at_the_phone(dana: Client, house: House) -> None:
    choose(dana, *numbers())
    answer = put(dana, own_leaf(house), change=lambda content: content + b"\n")
    assert (answer.status_code, answer.json()["code"]) == (403, "phone_signature_invalid")
    assert "әлі қол қойылған жоқ" in told(finish(dana))


def test_a_refusal_and_an_end_are_said_and_lead_back_to_the_choice(dana: Client) -> None:
    choose(dana, *numbers())
    where, header, documents = asked(dana)
    Client().put(
        where, body({"status": "CANCELED"}), content_type="application/json", headers=header
    )
    assert (
        "The request was refused on the phone." in dana.get(PAGE, {"lang": "en"}).content.decode()
    )
    assert dana.post(PAGE, {"again": "yes"}).url == PAGE
    assert "New code" not in dana.get(PAGE).content.decode()
    choose(dana, *numbers())
    PhoneSigning.objects.update(expires_at=clock.now() - LIFE / 2)
    assert dana.get(f"{PAGE}state/").json()["stage"] == "expired"


def test_the_result_is_of_the_browser_that_asked(dana: Client, house: House) -> None:
    choose(dana, *numbers())
    put(dana, own_leaf(house))
    elsewhere = sign_in(Client(), house.staff[Role.AUTHORISED_PERSON])
    assert elsewhere.get(f"{PAGE}state/").status_code == 404
    finish(elsewhere)
    assert not PersonSignature.objects.exists()
    finish(dana)
    assert PersonSignature.objects.count() == 3


def test_documents_of_others_are_not_offered(dana: Client, house: House) -> None:
    other = build_house("OTHER", "96034000022", people=PEOPLE[:1], number=2, now=clock.now())
    stranger = sign_in(Client(), other.staff[Role.AUTHORISED_PERSON])
    choose(stranger, *numbers())
    assert not PhoneSigning.objects.exists()


def test_a_lost_file_is_said_before_a_code_is_made(dana: Client) -> None:
    first, *_ = numbers()
    default_storage.delete(Certificate.objects.get(number=first).file)
    answer = choose(dana, first)
    assert first in told(answer)
    assert not PhoneSigning.objects.exists()


def test_more_than_a_phone_takes_are_left_for_the_next_code(client: Client, house: House) -> None:
    made = prepared_house("MANY", "95054000011", people=PEOPLE * 7, number=3)
    signer = sign_in(client, made.staff[Role.AUTHORISED_PERSON])
    shown = signer.get(PAGE).context
    assert (len(shown["prepared"]), shown["portion"].later) == (MOST_DOCUMENTS, 1)
    waiting = [row.number for row in Certificate.objects.filter(provider=made.provider)]
    assert f"{MOST_DOCUMENTS}" in told(choose(signer, *waiting))


def test_only_who_may_be_named_by_a_document_opens_the_page(
    house: House, settings: Settings
) -> None:
    clerk = sign_in(Client(), house.staff[Role.CLERK])
    assert clerk.get(PAGE).status_code == 403
    handler = sign_in(Client(), house.staff[Role.REGISTRAR])
    assert handler.get(PAGE).status_code == 200
    signer = sign_in(Client(), house.staff[Role.AUTHORISED_PERSON])
    settings.EGOV_MOBILE = False
    assert signer.get(PAGE).status_code == 404
