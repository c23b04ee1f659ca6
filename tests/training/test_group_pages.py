"""Groups and the people in them."""

import re
from datetime import date
from decimal import Decimal

import pytest

from kualik.accounts.services import PersonFacts, register_persons
from kualik.rules.lifecycle import Role
from kualik.training.models import Completion, Group, Programme
from tests.training.lists import content, iin
from tests.training.office import NOW, bring, client_of, employ, open_provider

pytestmark = [pytest.mark.urls("tests.training.addresses"), pytest.mark.django_db]
TITLES = {"kk": "Кардиология негіздері", "ru": "Основы кардиологии"}


@pytest.fixture
def provider():
    return open_provider("DEMO", "990140000018")


def a_group(provider, name, *, people=1, month=10):
    programme, _ = Programme.objects.get_or_create(
        provider=provider,
        kind="pd",
        title_kk=TITLES["kk"],
        title_ru=TITLES["ru"],
        hours=120,
        credits=Decimal(4),
    )
    days = {"started_on": date(2026, month, 1), "mastered_on": date(2026, month, 20)}
    group = Group.objects.create(
        provider=provider,
        programme=programme,
        name=name,
        started_on=days["started_on"],
        ended_on=days["mastered_on"],
        created_at=NOW,
    )
    facts = [PersonFacts(iin(n), "Жүнісова", "Айгүл") for n in range(1, people + 1)]
    for person in register_persons(people=facts, now=NOW).values():
        Completion.objects.create(
            provider=provider,
            programme=programme,
            group=group,
            person=person,
            family_name="Жүнісова",
            holder_kk="Жүнісова Айгүл",
            holder_ru="Жунусова Айгуль",
            hours=120,
            credits=Decimal(4),
            created_at=NOW,
            **days,
        )
    return group


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_groups_are_listed_the_last_ended_first_in_the_language_of_the_page(provider, language):
    a_group(provider, "весна", month=4)
    a_group(provider, "осень", month=10, people=2)
    client = client_of(employ(provider, Role.REGISTRAR), language=language)
    response = client.get("/office/groups/")
    assert [group.name for group, *_ in response.context["groups"]] == ["осень", "весна"]
    html = response.content.decode()
    assert TITLES[language] in html
    assert f"/file/{Group.objects.get(name='осень').pk}/" in html


@pytest.mark.parametrize(
    ("role", "may_file"),
    [(Role.REGISTRAR, True), (Role.OFFICE_HEAD, True), (Role.PROVIDER_ADMIN, False)],
)
def test_filing_is_offered_to_those_alone_whom_its_page_lets_in(provider, role, may_file):
    found = a_group(provider, "осень")
    client, where = client_of(employ(provider, role)), f"/file/{found.pk}/"
    assert (client.get(where).status_code == 200) is may_file
    for page in ("/office/groups/", f"/office/groups/{found.pk}/"):
        assert (where in client.get(page).content.decode()) is may_file


def test_the_search_minds_no_case_and_every_word(provider):
    a_group(provider, "осень")
    client = client_of(employ(provider, Role.OFFICE_HEAD))
    found = client.get("/office/groups/", {"q": "КАРДИОЛОГИИ осе"}).context["groups"]
    assert len(found) == 1
    assert "хирургия" in client.get("/office/groups/", {"q": "хирургия"}).content.decode()
    assert client.get("/office/groups/", {"q": "хирургия"}).context["groups"] == []


@pytest.mark.parametrize("typed", [iin(1), f"осень {iin(1)[:6]} {iin(1)[6:]}"])
def test_an_iin_is_not_searched_for_and_leaves_the_address(provider, typed):
    client = client_of(employ(provider, Role.REGISTRAR))
    answer = client.get("/office/groups/", {"q": typed})
    assert (answer.status_code, answer.url) == (302, "/office/groups/")
    page = client.get(answer.url).content.decode()
    assert "Не ищите по ИИН" in page
    assert iin(1)[6:] not in page
    assert "pattern=" in page


def test_pages_of_a_search_keep_its_words(provider):
    for number in range(51):
        a_group(provider, f"поток {number}", people=0)
    client = client_of(employ(provider, Role.REGISTRAR))
    response = client.get("/office/groups/", {"q": "поток"})
    assert len(response.context["groups"]) == 50
    link = re.search(r'rel="next" href="([^"]+)"', response.content.decode())[1]
    second = client.get("/office/groups/" + link.replace("&amp;", "&"))
    assert len(second.context["groups"]) == 1
    assert len(client.get("/office/groups/?page=99").context["groups"]) == 1


def test_a_group_shows_its_people_with_masked_numbers(provider):
    group = a_group(provider, "осень", people=3)
    client = client_of(employ(provider, Role.REGISTRAR))
    html = client.get(f"/office/groups/{group.pk}/").content.decode()
    assert html.count("Жунусова Айгуль") == 3
    assert not re.search(r"\d{12}", html)
    assert iin(1)[:2] in html


def test_no_title_address_or_file_name_of_the_room_holds_an_iin(provider):
    client = client_of(employ(provider, Role.REGISTRAR))
    draft = bring(client, f"{iin(1)}.xlsx", content("cardiology-2026-11.xlsx"))
    draft.refresh_from_db()
    assert iin(1) not in draft.filename + draft.content.name
    client.post(f"/office/import/{draft.pk}/confirm/")
    group = Group.objects.get()
    for address in (
        "/office/groups/",
        f"/office/groups/{group.pk}/",
        "/office/import/",
        f"/office/import/{draft.pk}/result/",
    ):
        html = client.get(address).content.decode()
        told = re.findall(r"<title>.*?</title>|(?:href|action|src)=\"[^\"]*\"", html, re.DOTALL)
        assert told
        assert not re.search(r"\d{12}", " ".join(told)), address
