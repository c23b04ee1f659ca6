"""No typed word is lost: when the session has ended, when the language is changed, on reloading."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.accounts.services import PersonFacts, register_persons
from kualik.cases.models import Attachment, Correction, Draft, Mandate, Request
from kualik.cases.services.drafting import begin, finish
from kualik.training.models import Completion
from tests.cases.asking import at_home, hidden
from tests.cases.papers import scan
from tests.entering import open_cabinet
from tests.world import World, iin

MANDATE, ENTER = reverse("cases:mandate_new"), reverse("signatures:enter")
BY_SCRIPT = {"accept": "application/json"}
TOLD = "Your session has ended. What you typed is kept; enter again to go on."


@pytest.fixture
def completion(world: World) -> Completion:
    return world.demo.free[-1]


@pytest.fixture
def person(completion: Completion) -> Person:
    return completion.person


@pytest.fixture
def bekzat(world: World) -> Person:
    facts = PersonFacts(iin(990), "Сейітов", "Бекзат", "Маратұлы")
    return register_persons(people=[facts], now=world.now)[facts.iin]


def over(client: Client) -> Client:
    """The same browser when its session has ended."""
    client.session.flush()
    client.cookies["kualik_language"] = "en"
    return client


def text_of(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def led_to_entry(client: Client, where: str, sent: dict[str, object]) -> None:
    """What is sent is not acted on; the way to entering says that it is kept."""
    answer = client.post(where, sent)
    assert answer["Location"] == f"{ENTER}?next={where}"
    assert TOLD in text_of(client.get(answer["Location"]))


def paper(world: World, key: str, **given: object) -> dict[str, object]:
    """What stands in a power of attorney, the IIN and the scan aside."""
    return {
        "principal_iin": "",
        "principal_name": "Досжанов Асхат",
        "provider": world.demo.provider.pk,
        "document_number": "1-2345",
        "issued_by": "Нотариус Б. Оразова",
        "issued_on": "01.09.2026",
        "valid_until": "",
        "key": key,
    } | given


def mandate_key(client: Client) -> str:
    return hidden(client.get(MANDATE))["key"]


def test_the_choices_of_a_document_outlive_the_session(
    completion: Completion, person: Person
) -> None:
    where = reverse("cases:receive", args=[completion.pk])
    client = at_home(person)
    fields = hidden(client.get(where))
    chosen = {"paper": "certificate", "language": "ru", "delivery": "both", "do": "confirm"}
    led_to_entry(over(client), where, {**fields, **chosen})
    assert not Request.objects.filter(completion=completion).exists()
    page = text_of(at_home(person).get(where))
    for choice in ("ru", "both"):
        assert re.search(rf'value="{choice}"[^>]*checked', page), choice


def test_a_choice_that_nobody_offered_is_not_signed(completion: Completion, person: Person) -> None:
    where = reverse("cases:receive", args=[completion.pk])
    client = at_home(person, level="eds", way="ncalayer")
    fields = hidden(client.get(where))
    chosen = {"paper": "diploma", "language": "ru", "delivery": "both", "do": "keep"}
    client.post(where, {**fields, **chosen})
    assert client.get(reverse("cases:receive_sign", args=[completion.pk]))["Location"] == where


def test_a_correction_outlives_the_session_and_is_checked_before_it_is_filed(
    completion: Completion, person: Person
) -> None:
    where = reverse("cases:correction_new", args=[completion.pk])
    check = reverse("cases:correction_check", args=[completion.pk])
    client = at_home(person)
    names = ("holder_kk", "holder_ru", "family_name", "given_name", "patronymic")
    sent = {name: getattr(completion, name) for name in names} | hidden(client.get(where))
    led_to_entry(over(client), where, {**sent, "holder_kk": "Асқат 2", "note": "Күні қате"})
    back = at_home(person)
    page = text_of(back.get(where))
    assert 'value="Асқат 2"' in page
    assert "Күні қате" in page
    assert back.get(check)["Location"] == where
    assert back.post(check, {"key": sent["key"]})["Location"] == where
    assert not Correction.objects.exists()


def test_a_power_of_attorney_outlives_the_session_and_its_iin_is_kept_as_a_hash(
    world: World, bekzat: Person
) -> None:
    client = at_home(bekzat)
    sent = paper(world, mandate_key(client), principal_iin=iin(101))
    led_to_entry(over(client), MANDATE, sent)
    assert not Mandate.objects.exists()
    page = text_of(at_home(bekzat).get(MANDATE))
    assert "Досжанов Асхат" in page
    assert "The IIN is entered." in page
    assert iin(101) not in page + str(Draft.objects.get().data)


def test_files_that_came_too_late_are_asked_for_again(world: World, bekzat: Person) -> None:
    client = at_home(bekzat)
    sent = paper(world, mandate_key(client), scans=scan())
    answer = over(client).post(MANDATE, sent)
    assert "Attach the files once more." in text_of(client.get(answer["Location"]))
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("key", ["", "x"])
def test_who_has_no_key_keeps_nothing(world: World, bekzat: Person, key: str) -> None:
    draft = begin(person=bekzat, kind="mandate", now=world.now)
    answer = Client().post(MANDATE, paper(world, key))
    assert answer["Location"].startswith(ENTER)
    draft.refresh_from_db()
    assert draft.data == {}


def test_a_form_that_was_sent_already_stays_as_it_is(world: World, bekzat: Person) -> None:
    draft = begin(person=bekzat, kind="mandate", now=world.now)
    finish(draft=draft, result="1", now=world.now)
    Client().post(MANDATE, paper(world, draft.key))
    draft.refresh_from_db()
    assert draft.data == {}


def test_without_its_token_a_late_form_keeps_nothing(world: World, bekzat: Person) -> None:
    draft = begin(person=bekzat, kind="mandate", now=world.now)
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post(MANDATE, paper(world, draft.key)).status_code == 403
    draft.refresh_from_db()
    assert draft.data == {}


def test_the_entry_says_that_a_session_has_ended(world: World, person: Person) -> None:
    client = open_cabinet(Client(), person, since=world.now - timedelta(hours=9))
    client.cookies["kualik_language"] = "en"
    told = "Your session has ended. Enter again to go on."
    assert told in text_of(client.get(reverse("cases:cabinet"), follow=True))
    assert told not in text_of(Client().get(reverse("cases:cabinet"), follow=True))


def test_the_language_is_changed_without_a_script_and_no_word_is_lost(
    world: World, bekzat: Person
) -> None:
    client = at_home(bekzat)
    key = mandate_key(client)
    assert 'formaction="?lang=ru"' in text_of(client.get(MANDATE))
    sent = paper(world, key, principal_iin=iin(101), do="keep")
    page = client.post(f"{MANDATE}?lang=ru", sent, follow=True)
    assert page.headers["Content-Language"] == "ru"
    assert "Досжанов Асхат" in text_of(page)
    assert client.post(MANDATE, sent, headers=BY_SCRIPT).status_code == 204
    assert not Mandate.objects.exists()


def test_a_wrong_scan_is_taken_back_and_the_same_one_is_kept_once(
    world: World, bekzat: Person
) -> None:
    client = at_home(bekzat)
    key = mandate_key(client)
    for _ in range(7):
        client.post(MANDATE, paper(world, key, scans=scan()))
    kept = Attachment.objects.get()
    page = text_of(client.get(MANDATE))
    assert f'name="drop" value="{kept.pk}"' in page
    answer = client.post(MANDATE, paper(world, key, principal_iin=iin(101), drop=kept.pk))
    assert answer["Location"] == MANDATE
    assert not Attachment.objects.exists()
    assert "Досжанов Асхат" in text_of(client.get(MANDATE))
    client.post(MANDATE, paper(world, key, scans=scan()))
    assert Mandate.objects.get().attachments.count() == 1


def test_what_was_begun_tells_whose_it_is_and_is_begun_anew(world: World, bekzat: Person) -> None:
    client = at_home(bekzat)
    key = mandate_key(client)
    assert "Begin anew" not in text_of(client.get(MANDATE))
    client.post(MANDATE, paper(world, key, principal_iin=iin(101), issued_by="", scans=scan()))
    page = text_of(client.get(MANDATE))
    assert "it is of Досжанов Асхат" in page
    assert client.post(MANDATE, {"key": key, "do": "anew"})["Location"] == MANDATE
    page = text_of(client.get(MANDATE))
    assert "Досжанов" not in page
    assert "The IIN is entered." not in page
    assert not Attachment.objects.exists()


def test_a_mistyped_iin_is_not_taken_for_the_one_before(world: World, bekzat: Person) -> None:
    client = at_home(bekzat)
    key = mandate_key(client)
    client.post(MANDATE, paper(world, key, principal_iin=iin(101), issued_by=""))
    client.post(MANDATE, paper(world, key, principal_iin="123456789012", scans=scan()))
    client.post(MANDATE, paper(world, key))
    assert not Mandate.objects.exists()
