"""The public directory of providers (A57.10.a, A303.10.f)."""

from datetime import UTC, date, datetime

import pytest

from kualik.core.journal import Actor
from kualik.providers.queries import directory, listing_of
from kualik.providers.services import (
    OfficeFacts,
    ProviderFacts,
    announce_closure,
    open_office,
    register_provider,
)
from kualik.rules.language import LANGUAGES, Text

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.stub_urls"),
]

FRIDAY_NOON = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
ACTOR = Actor("system", "system")
SIX_DAYS = dict.fromkeys(range(5), (510, 1050)) | {5: (540, 840)}
PLACES = {
    "SHYM": ("970440000331", "Шымкент", "Шымкент", "Shymkent"),
    "QAR": ("960340000227", "Қарағанды", "Караганда", "Karaganda"),
    "ULGI": ("950240000112", "Алматы", "Алматы", "Almaty"),
}


def office(code: str, **changes) -> OfficeFacts:
    facts = {
        "name": Text(f"{code} бөлімі", f"Отдел {code}", f"Office {code}"),
        "address": Text(f"{code} көшесі", f"улица {code}", f"{code} street"),
        "phones": ("+7 (727) 300-00-01",),
        "hours": SIX_DAYS,
        "accessible": frozenset({"ramp"}),
    }
    return OfficeFacts(**(facts | changes))


@pytest.fixture
def providers():
    """Three providers in three cities, by code."""
    return {
        code: register_provider(
            facts=ProviderFacts(
                code=code,
                bin=number,
                kind="education",
                name=Text(f"{code} университеті", f"Университет {code}", f"{code} University"),
                city=Text(*city),
                accreditation=f"ACC-{code}",
            ),
            main_office=office(code),
            now=FRIDAY_NOON,
            actor=ACTOR,
        )
        for code, (number, *city) in PLACES.items()
    }


def reception(code: str, now: datetime):
    """The main office of a provider at a moment."""
    listing = listing_of(code, now=now)
    assert listing is not None
    return listing.offices[0]


@pytest.mark.parametrize(
    ("language", "order"),
    [
        ("kk", ["ULGI", "QAR", "SHYM"]),
        ("ru", ["ULGI", "QAR", "SHYM"]),
        ("en", ["ULGI", "QAR", "SHYM"]),
    ],
)
def test_providers_stand_by_city_in_the_order_of_the_alphabet(providers, language, order):
    listed = directory(now=FRIDAY_NOON, language=language)
    assert [listing.provider.code for listing in listed] == order


def test_an_office_is_open_within_its_hours_and_closed_at_the_closing_minute(providers):
    assert reception("ULGI", datetime(2026, 11, 20, 3, 30, tzinfo=UTC)).is_open
    assert reception("ULGI", datetime(2026, 11, 20, 12, 29, tzinfo=UTC)).is_open
    closed = reception("ULGI", datetime(2026, 11, 20, 12, 30, tzinfo=UTC))
    assert not closed.is_open
    assert closed.opens_at is not None
    assert closed.opens_at.isoformat() == "2026-11-21T09:00:00+05:00"


def test_before_opening_the_office_opens_today(providers):
    early = reception("ULGI", datetime(2026, 11, 20, 2, 0, tzinfo=UTC))
    assert early.opens_at is not None
    assert early.opens_at.isoformat() == "2026-11-20T08:30:00+05:00"


def test_an_announced_closure_moves_the_next_opening(providers):
    announce_closure(
        provider=providers["ULGI"],
        day=date(2026, 11, 23),
        reason=Text("Түгендеу", "Инвентаризация"),
        now=FRIDAY_NOON,
        actor=ACTOR,
    )
    sunday = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    moved, usual = reception("ULGI", sunday), reception("QAR", sunday)
    assert moved.opens_at is not None
    assert usual.opens_at is not None
    assert moved.opens_at.date() == date(2026, 11, 24)
    assert usual.opens_at.date() == date(2026, 11, 23)


def test_an_office_without_own_hours_keeps_those_of_the_standard(providers):
    # A303.7.1
    provider = providers["ULGI"]
    open_office(provider=provider, facts=office("EXTRA", hours={}), now=FRIDAY_NOON, actor=ACTOR)
    listing = listing_of("ULGI", now=FRIDAY_NOON)
    assert listing is not None
    assert listing.offices[1].week[5][1] == "09:00–14:00"


def test_past_closures_are_not_announced(providers):
    announce_closure(
        provider=providers["ULGI"],
        day=date(2026, 11, 23),
        reason=Text("Түгендеу", "Инвентаризация"),
        now=FRIDAY_NOON,
        actor=ACTOR,
    )
    before = listing_of("ULGI", now=FRIDAY_NOON)
    after = listing_of("ULGI", now=datetime(2026, 11, 24, 7, 0, tzinfo=UTC))
    assert before is not None
    assert after is not None
    assert [day for day, _ in before.closures] == [date(2026, 11, 23)]
    assert after.closures == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_lists_everyone_with_address_phone_and_accreditation(client, providers, language):
    html = client.get("/providers/", {"lang": language}).content.decode()
    place = {"kk": "көшесі", "ru": "улица", "en": "street"}[language]
    assert html.count(place) == 3
    assert html.count('href="tel:+77273000001"') == 3
    for code in PLACES:
        assert f"ACC-{code}" in html
        assert f'href="/providers/{code}/"' in html


def test_a_provider_page_shows_nothing_of_another(client, providers):
    announce_closure(
        provider=providers["QAR"],
        day=date(2099, 6, 1),
        reason=Text("Жөндеу", "Ремонт"),
        now=FRIDAY_NOON,
        actor=ACTOR,
    )
    html = client.get("/providers/ULGI/", {"lang": "ru"}).content.decode()
    assert "Отдел ULGI" in html
    assert "QAR" not in html
    assert "Ремонт" not in html
    assert "Ремонт" in client.get("/providers/QAR/", {"lang": "ru"}).content.decode()


def test_the_five_facts_say_yes_and_no_in_words(client, providers):
    # A303.10.e
    html = client.get("/providers/ULGI/", {"lang": "ru"}).content.decode()
    assert html.count("k-access__yes") == 1
    assert html.count("k-access__no") == 4


def test_an_unknown_provider_is_not_found(client, providers):
    assert client.get("/providers/NOBODY/").status_code == 404


def test_open_data_hold_all_languages_and_no_moment(client, providers):
    response = client.get("/providers/data.json")
    records = response.json()["providers"]
    assert [record["code"] for record in records] == ["ULGI", "QAR", "SHYM"]
    assert records[1]["name"]["kk"] == "QAR университеті"
    assert records[0]["offices"][0]["hours"] == "Mon-Fri 08:30-17:30; Sat 09:00-14:00"


def test_an_empty_directory_says_so(client):
    assert "k-provider" not in client.get("/providers/").content.decode()
