"""The consent stands before the cabinet, is kept as it was read, and can be withdrawn."""

import hashlib
import html
import re

import pytest
from django.test import Client
from pytest_django import Settings

from kualik.accounts.models import Consent, Person
from kualik.accounts.queries import consent_text, has_consent
from kualik.accounts.queries.consents import consent_texts
from kualik.accounts.services import (
    PersonFacts,
    applicant,
    give_consent,
    register_persons,
    withdraw_consent,
)
from kualik.core import clock, journal
from kualik.core.access import APPLICANT_KEY
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from tests.entering import consent, open_cabinet

pytestmark = pytest.mark.django_db
IIN = "850315300123"
PAGE = "/cabinet/consent/"
CLOSED = ("/cabinet/", "/cabinet/looks/", "/cabinet/phones/")


@pytest.fixture
def person() -> Person:
    return register_persons(people=[PersonFacts(IIN, "Ким", "Виктор")], now=clock.now())[IIN]


def newcomer(person: Person, client: Client | None = None) -> Client:
    """Who entered and has not agreed to anything yet."""
    client = client or Client()
    session = client.session
    session[APPLICANT_KEY] = {
        "person": person.pk,
        "level": "otp",
        "way": "code",
        "since": clock.now().isoformat(),
    }
    session.save()
    return client


def agree(client: Client, address: str = PAGE, **fields: str) -> tuple[int, str]:
    given = {"agrees": "on", "sha256": consent_text().sha256("kk"), **fields}
    answer = client.post(address, given)
    return answer.status_code, answer.headers.get("Location", "")


# The text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_says_what_the_law_asks_for(language: str, settings: Settings) -> None:
    text = consent_text()
    said = " ".join(
        line.get(language) for part in text.parts for line in (part.heading, *part.paragraphs)
    )
    assert settings.OPERATOR[language] in said
    assert settings.OPERATOR["bin"] in said
    assert "{" not in said
    asked = {
        "kk": ("ЖСН", "үшінші тұлғаларға", "шетелге берілмейді", "мерзімі", "кері қайтарып"),
        "ru": ("ИИН", "третьим лицам", "Трансграничной", "срок", "отзыв"),
        "en": ("IIN", "third parties", "across borders", "term", "withdraw"),
    }
    for word in asked[language]:
        assert word.lower() in said.lower(), word
    assert "ӛ" not in said


def test_an_installation_without_a_named_operator_has_a_text_too() -> None:
    text = consent_texts(())[-1]
    assert "осы ақпараттық жүйенің иесі" in text.parts[0].paragraphs[0].kk


def test_the_digest_is_that_of_the_lines_as_they_are_shown(person: Person) -> None:
    page = newcomer(person).get(PAGE, {"lang": "ru"}).content.decode()
    block = re.search(r'<div class="k-measure" id="consent-text">(.*?)</div>', page, re.DOTALL)
    title = re.search(r"<h1[^>]*>(.*?)</h1>", page)
    assert block
    assert title
    found = re.findall(r"<(?:h3|p)[^>]*>(.*?)</(?:h3|p)>", block[1], re.DOTALL)
    lines = [html.unescape(line) for line in (title[1], *found[:-1])]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert digest == consent_text().sha256("ru")
    assert f'name="sha256" value="{digest}"' in page


# The gate


@pytest.mark.parametrize("page", CLOSED)
def test_before_the_consent_every_page_leads_to_its_text(person: Person, page: str) -> None:
    client = newcomer(person)
    for answer in (client.get(page), client.post(page)):
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{PAGE}?next={page}")
    assert client.get(PAGE).status_code == 200


def test_after_the_consent_the_way_leads_on_to_what_was_wanted(person: Person) -> None:
    client = newcomer(person)
    led = client.get("/cabinet/looks/").headers["Location"]
    page = client.get(led).content.decode()
    where = re.search(r'<form method="post" action="(/cabinet/consent/\?next=[^"]*)"', page)
    assert where
    assert agree(client, html.unescape(where[1])) == (302, "/cabinet/looks/")
    assert client.get("/cabinet/looks/").status_code == 200


def test_an_address_of_another_site_is_not_gone_to(person: Person) -> None:
    assert agree(newcomer(person), f"{PAGE}?next=https://evil.example/") == (302, "/cabinet/")


def test_who_does_not_tick_the_box_stays_outside(person: Person) -> None:
    client = newcomer(person)
    answer = client.post(PAGE, {"sha256": consent_text().sha256("kk")})
    assert answer.status_code == 200
    assert "govuk-error-summary" in answer.content.decode()
    assert not has_consent(person)


def test_who_does_not_agree_leaves(person: Person) -> None:
    client = newcomer(person)
    assert "/leave/" in client.get(PAGE).content.decode()
    client.post("/leave/")
    assert APPLICANT_KEY not in client.session


def test_a_stranger_and_staff_are_led_to_the_ways_of_entering() -> None:
    for page in (PAGE, f"{PAGE}withdraw/"):
        assert Client().get(page).headers["Location"].startswith("/enter/?next=")
        assert Client().post(page).headers["Location"].startswith("/enter/?next=")


# What is kept


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_its_language_the_moment_and_the_way_are_kept(
    person: Person, language: str
) -> None:
    text, begun = consent_text(), clock.now()
    agree(newcomer(person), sha256=text.sha256(language))
    row = Consent.objects.get(person=person)
    assert (row.version, row.language, row.sha256) == (
        text.version,
        language,
        text.sha256(language),
    )
    assert (row.way, row.level, row.withdrawn_at) == ("code", "otp", None)
    assert begun <= row.given_at <= clock.now()
    [entry] = journal.history(f"person:{person.pk}")
    assert entry.action == "accounts.consented"
    assert entry.data["sha256"] == row.sha256


def test_a_text_that_changed_meanwhile_is_shown_anew(person: Person) -> None:
    client = newcomer(person)
    answer = client.post(
        PAGE, {"agrees": "on", "sha256": "0" * 64}, headers={"accept": "text/html"}
    )
    assert answer.status_code == 200
    assert "Келісімнің мәтіні өзгерді" in answer.content.decode()
    assert not has_consent(person)


def test_agreeing_twice_is_one_consent(person: Person) -> None:
    client = newcomer(person)
    agree(client)
    agree(client)
    assert Consent.objects.count() == 1


def test_the_consent_of_another_person_opens_nothing(person: Person) -> None:
    other = register_persons(
        people=[PersonFacts("620101499003", "Ахметова", "Аида")], now=clock.now()
    )
    consent(other["620101499003"])
    assert newcomer(person).get("/cabinet/").headers["Location"].startswith(PAGE)


# Withdrawing


def test_a_withdrawal_closes_the_cabinet_in_every_browser(person: Person) -> None:
    here, elsewhere = open_cabinet(Client(), person), open_cabinet(Client(), person)
    assert elsewhere.get("/cabinet/").status_code == 200
    answer = here.post(f"{PAGE}withdraw/", {"understands": "on"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert APPLICANT_KEY not in here.session
    assert elsewhere.get("/cabinet/").headers["Location"].startswith(PAGE)
    row = Consent.objects.get()
    assert row.withdrawn_at is not None
    assert [entry.action for entry in journal.history(f"person:{person.pk}")] == [
        "accounts.consented",
        "accounts.consent_withdrawn",
    ]


def test_entering_again_asks_again_and_both_consents_stay(person: Person) -> None:
    open_cabinet(Client(), person).post(f"{PAGE}withdraw/", {"understands": "on"})
    again = newcomer(person)
    assert again.get("/cabinet/").headers["Location"].startswith(PAGE)
    agree(again)
    assert again.get("/cabinet/").status_code == 200
    assert Consent.objects.filter(person=person).count() == 2


def test_without_the_tick_nothing_is_withdrawn(person: Person) -> None:
    client = open_cabinet(Client(), person)
    assert client.post(f"{PAGE}withdraw/").status_code == 200
    assert has_consent(person)
    assert client.get(f"{PAGE}withdraw/").headers["Location"] == PAGE


def test_there_is_nothing_to_withdraw_before_a_consent(person: Person) -> None:
    with pytest.raises(RuleViolation, match="consent_not_given"):
        withdraw_consent(person=person, actor=applicant(person), now=clock.now())


def test_the_page_says_when_and_how_one_agreed(person: Person) -> None:
    page = open_cabinet(Client(), person).get(PAGE, {"lang": "ru"}).content.decode()
    assert "ЭЦП, NCALayer" in page
    assert f"{PAGE}withdraw/" in page
    assert 'name="agrees"' not in page


def test_a_service_takes_no_digest_of_another_text(person: Person) -> None:
    with pytest.raises(RuleViolation, match="consent_text_changed"):
        give_consent(
            person=person,
            sha256="",
            way="code",
            level="otp",
            actor=applicant(person),
            now=clock.now(),
        )
