"""The directory as a visitor uses it: narrowed, on the map, and as open data (A303.10.f)."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kualik.core import clock
from kualik.providers.queries import LICENCE, directory, frame, marks, open_table
from kualik.providers.services import (
    announce_closure,
    change_hours,
    open_office,
    register_provider,
)
from kualik.rules.language import LANGUAGES, Text
from tests.providers.houses import ACTOR, FIVE_DAYS, NOW, OFFICE, PROVIDER, SIX_DAYS

pytestmark = pytest.mark.django_db

ALWAYS = dict.fromkeys(range(7), (0, 1439))
ASTANA = Text("Астана", "Астана", "Astana")
SHYMKENT = Text("Шымкент", "Шымкент", "Shymkent")


@pytest.fixture
def providers():
    """Two in Almaty and Astana, and one in a town that the map does not know."""
    rows = (
        ("ULGI", "950240000112", PROVIDER.city, {"ramp", "waiting_hall"}, ALWAYS),
        ("ASTA", "960340000227", ASTANA, {"ramp"}, {0: (0, 1)}),
        ("AUYL", "970440000331", Text("Ауыл", "Аул", "Village"), set(), {0: (0, 1)}),
    )
    return {
        code: register_provider(
            facts=replace(
                PROVIDER,
                code=code,
                bin=number,
                city=city,
                name=Text(f"{code} ұйымы", f"Организация {code}", f"Organisation {code}"),
            ),
            main_office=replace(OFFICE, hours=hours, accessible=frozenset(access)),
            now=NOW,
            actor=ACTOR,
        )
        for code, number, city, access, hours in rows
    }


def listed(client, **query) -> set[str]:
    html = client.get("/providers/", {"lang": "ru"} | query).content.decode()
    return {code for code in ("ULGI", "ASTA", "AUYL") if f"Организация {code}<" in html}


def test_the_directory_is_narrowed_by_city_and_accessibility(client, providers):
    assert listed(client) == {"ULGI", "ASTA", "AUYL"}
    assert listed(client, city="Астана") == {"ASTA"}
    assert listed(client, fact=["ramp"]) == {"ULGI", "ASTA"}
    assert listed(client, fact=["ramp", "waiting_hall"]) == {"ULGI"}
    assert listed(client, city="Астана", fact=["waiting_hall"]) == set()


def test_open_now_is_asked_of_each_office(client, providers):
    # At every minute but the last of a holiday's eve the first is open, unless today is a holiday.
    is_open = directory(now=clock.now(), language="ru")[0].offices[0].is_open
    assert listed(client, open="on") == ({"ULGI"} if is_open else set())


def test_which_offices_have_a_queue_is_read_once_a_page(client, providers):
    with CaptureQueriesContext(connection) as queries:
        client.get("/providers/")
    assert sum("counter_hall" in query["sql"] for query in queries) == 1


def test_what_the_directory_does_not_know_narrows_nothing(client, providers):
    assert listed(client, city="Париж", fact=["lift"]) == {"ULGI", "ASTA", "AUYL"}


def test_only_the_offices_that_fit_are_shown(client, providers):
    open_office(
        provider=providers["ULGI"],
        facts=replace(
            OFFICE, name=Text("Филиал", "Филиал", "Branch"), accessible=frozenset({"sample_stand"})
        ),
        now=NOW,
        actor=ACTOR,
    )
    html = client.get("/providers/", {"lang": "ru", "fact": "sample_stand"}).content.decode()
    assert "Филиал" in html
    assert OFFICE.name.ru not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_changes_of_hours_and_closed_periods_are_told(client, providers, language):
    provider = providers["ULGI"]
    office = provider.offices.get()
    far = date(2099, 12, 1)
    change_hours(office=office, hours=FIVE_DAYS, valid_from=far, now=NOW, actor=ACTOR)
    announce_closure(
        provider=provider,
        day=date(2099, 12, 29),
        until=date(2099, 12, 31),
        reason=Text("Түгендеу", "Инвентаризация", "Stock-taking"),
        now=NOW,
        actor=ACTOR,
    )
    for page in ("/providers/", "/providers/ULGI/"):
        html = client.get(page, {"lang": language}).content.decode()
        assert "01.12.2099" in html
        assert {"kk": "Дс–Жм", "ru": "Пн–Пт", "en": "Mon–Fri"}[language] in html
        assert "29.12.2099 – 31.12.2099" in html


def test_phones_are_links_and_facts_are_words_beside_pictures(client, providers):
    html = client.get("/providers/ULGI/", {"lang": "ru"}).content.decode()
    assert 'href="tel:+77273000001"' in html
    assert html.count('<svg class="k-icon"') == 5
    assert html.count('aria-hidden="true" focusable="false"') == 5


def test_cities_stand_on_the_map_where_they_are(client, providers):
    # Astana lies north-west of Almaty; the village is not known and has no mark.
    html = client.get("/providers/", {"lang": "en"}).content.decode()
    assert html.count("k-map__dot") == 2
    found = {
        mark.name.en: mark
        for mark in marks(
            [
                (PROVIDER.city, [(43.24, 76.95)], True),
                (ASTANA, [(51.13, 71.43)], False),
                (SHYMKENT, [(42.32, 69.59)], False),
            ],
            chosen="Астана",
        )
    }
    almaty, astana, shymkent = (found[name] for name in ("Almaty", "Astana", "Shymkent"))
    assert astana.y < almaty.y < shymkent.y
    assert shymkent.x < astana.x < almaty.x
    assert all(0 < mark.x < 1000 and 0 < mark.y < frame().height for mark in found.values())
    assert [mark.is_chosen for mark in (almaty, astana)] == [False, True]


def test_the_map_is_small_and_asks_nobody(client, providers):
    html = client.get("/providers/").content.decode()
    assert len(frame().path) < 6000
    assert 500 < frame().height < 700
    assert "<iframe" not in html
    assert "openstreetmap" not in html


def test_an_office_with_its_own_position_moves_the_mark(client, providers):
    open_office(
        provider=providers["AUYL"],
        facts=replace(
            OFFICE,
            name=Text("Жаңа", "Новое", "New"),
            position=(Decimal("47.10"), Decimal("51.90")),
        ),
        now=NOW,
        actor=ACTOR,
    )
    html = client.get("/providers/", {"lang": "en"}).content.decode()
    assert html.count("k-map__dot") == 3
    assert ">Village</text>" in html


def test_open_data_say_their_licence_and_answer_not_changed(client, providers):
    for address, media_type in (
        ("/providers/data.json", "application/json"),
        ("/providers/data.csv", "text/csv"),
    ):
        response = client.get(address)
        assert response.headers["Content-Type"].startswith(media_type)
        assert 'rel="license"' in response.headers["Link"]
        assert LICENCE in response.content.decode()
        tag = response.headers["ETag"]
        again = client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        change_hours(
            office=providers["ULGI"].offices.get(),
            hours=SIX_DAYS if address.endswith("json") else FIVE_DAYS,
            valid_from=date(2099, 1, 1),
            now=NOW,
            actor=ACTOR,
        )
        changed = client.get(address, headers={"If-None-Match": tag})
        assert changed.status_code == 200


def test_the_table_has_a_row_for_each_office_in_three_languages(client, providers):
    text = client.get("/providers/data.csv").content.decode("utf-8-sig")
    rows = {row["code"]: row for row in csv.DictReader(StringIO(text))}
    assert set(rows) == {"ULGI", "ASTA", "AUYL"}
    first = rows["ULGI"]
    assert (first["city_kk"], first["city_en"]) == ("Алматы", "Almaty")
    assert first["phones"] == "+7 (727) 300-00-01"
    assert (first["ramp"], first["call_button"]) == ("1", "0")
    assert (first["latitude"], rows["AUYL"]["latitude"]) == ("43.24", "")
    assert rows["ASTA"]["hours"] == "Mon 00:00-00:01"


def test_no_cell_of_the_table_runs_as_a_formula():
    name = Text("=1+1", "@SUM(A1)", "-2")
    register_provider(facts=replace(PROVIDER, name=name), main_office=OFFICE, now=NOW, actor=ACTOR)
    text = open_table(directory(now=NOW, language="kk"))
    row = next(csv.DictReader(StringIO(text)))
    assert (row["name_kk"], row["name_ru"], row["name_en"]) == ("'=1+1", "'@SUM(A1)", "'-2")


def test_open_data_of_a_day_hold_the_hours_of_that_day(providers):
    office = providers["ULGI"].offices.get()
    change_hours(office=office, hours=FIVE_DAYS, valid_from=date(2026, 12, 1), now=NOW, actor=ACTOR)

    def hours(moment: datetime) -> tuple[str, str]:
        rows = csv.DictReader(StringIO(open_table(directory(now=moment, language="kk"))))
        row = next(row for row in rows if row["code"] == "ULGI")
        return row["hours"], row["hours_ahead"]

    assert hours(NOW) == ("Mon-Sun 00:00-23:59", "2026-12-01: Mon-Fri 09:00-18:00")
    assert hours(datetime(2026, 12, 1, 5, tzinfo=UTC)) == ("Mon-Fri 09:00-18:00", "")
