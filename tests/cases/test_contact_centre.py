"""The desk of the contact centre (A57.10.a, A57.10.b, A303.10.f): how it stands, no documents."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.adapters.iin import open_iin
from kualik.accounts.models import User
from kualik.accounts.queries.looks import looks_of
from kualik.cases.models import Request
from kualik.core.models import JournalEntry
from kualik.rules.lifecycle import State
from tests.world import World

SignIn = Callable[[User], Client]
ADDRESS = "/office/contact/"


@pytest.fixture
def desk(world: World, signed_in: SignIn) -> Client:
    return signed_in(world.contact_centre)


@pytest.fixture
def issued(world: World) -> Request:
    return world.by_state[State.ISSUED]


def test_a_number_is_found_however_it_is_typed(desk: Client, issued: Request) -> None:
    for typed in (issued.number, issued.number.lower(), f" {issued.number} "):
        page = desk.post(ADDRESS, {"sought": typed}, follow=True).content.decode()
        assert reverse("cases:contact_request", args=[issued.number]) in page


def test_an_iin_finds_the_requests_of_its_person_alone(
    world: World, desk: Client, issued: Request
) -> None:
    iin = open_iin(bytes(issued.person.iin_sealed))
    page = desk.post(ADDRESS, {"sought": iin}, follow=True).content.decode()
    assert issued.number in page
    others = [row.number for row in Request.objects.exclude(person=issued.person)]
    assert not any(number in page for number in others)


def test_a_phone_of_a_list_finds_its_request(desk: Client, issued: Request) -> None:
    issued.completion.phone = "+77015550001"
    issued.completion.save(update_fields=["phone"])
    page = desk.post(ADDRESS, {"sought": "8 701 555 00 01"}, follow=True).content.decode()
    assert issued.number in page


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Айгерім", "This is no number of a request, no IIN and no phone."),
        ("123", "This is no number of a request, no IIN and no phone."),
        ("000000000000", "IIN"),
        ("850101300128", "IIN"),
    ],
)
def test_what_is_none_of_the_three_is_said_at_the_field(
    desk: Client, typed: str, told: str
) -> None:
    answer = desk.post(ADDRESS, {"sought": typed})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert told in text
    assert "govuk-error-summary" in text


def test_the_page_has_words_to_say_and_neither_document_nor_full_name(
    desk: Client, issued: Request
) -> None:
    page = desk.get(reverse("cases:contact_request", args=[issued.number])).content.decode()
    assert "I cannot see the document itself." in page
    assert "The service is free of charge." in page
    assert issued.certificate.number not in page
    assert issued.certificate.code not in page
    assert issued.holder.kk not in page
    assert issued.holder.ru not in page


@pytest.mark.parametrize(("language", "other"), [("kk", "ru"), ("ru", "kk"), ("en", "kk")])
def test_the_words_stand_in_the_other_language_too(
    desk: Client, issued: Request, language: str, other: str
) -> None:
    address = reverse("cases:contact_request", args=[issued.number])
    page = desk.get(address, {"lang": language}).content.decode()
    assert f'<div class="govuk-details__text"><div lang="{other}">' in page


def test_an_overdue_request_gets_the_words_for_it(world: World, desk: Client) -> None:
    number = world.by_state[State.IN_REVIEW].number
    page = desk.get(reverse("cases:contact_request", args=[number])).content.decode()
    assert "Being late counts as a refusal" in page


def test_every_look_is_kept_for_the_person_and_no_typed_value_in_the_journal(
    desk: Client, issued: Request
) -> None:
    iin = open_iin(bytes(issued.person.iin_sealed))
    desk.post(ADDRESS, {"sought": iin})
    desk.get(reverse("cases:contact_request", args=[issued.number]))
    looks = [(look.what.en, look.about) for look in looks_of(issued.person)]
    assert looks == [("The contact centre looked at how a request stands", issued.number)]
    (sought,) = JournalEntry.objects.filter(action="cases.contact_sought")
    assert sought.data == {"by": "iin", "found": 1}
    assert iin not in str(list(JournalEntry.objects.values_list("data", "subject")))


def test_an_unknown_number_is_not_found(desk: Client, issued: Request) -> None:
    assert desk.get(reverse("cases:contact_request", args=["DEMO-1"])).status_code == 404
    page = desk.post(ADDRESS, {"sought": "+7 705 000 00 00"}, follow=True).content.decode()
    assert "0 requests found" in page
