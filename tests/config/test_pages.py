"""The public pages: what they say in each language, and the pages that say no."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from kualik.rules import standards
from kualik.rules.language import LANGUAGES

pytestmark = [
    pytest.mark.urls("tests.stub_urls"),
    pytest.mark.django_db,
]

FREE = {"kk": "Тегін", "ru": "Бесплатно", "en": "Free of charge"}
ADDRESSES = (
    "/",
    "/standards/",
    "/standards/A57/",
    "/standards/A303/",
    "/standards/diff/",
    "/providers/",
)


def page(client: Client, address: str, language: str) -> str:
    """The page as a visitor of that language reads it, entities resolved."""
    response = client.get(address, {"lang": language})
    assert response.status_code == 200
    return response.content.decode().replace("&quot;", '"').replace("&#x27;", "'")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_answers_in_each_language_without_script(client, address, language):
    html = page(client, address, language)
    assert f'<html lang="{language}"' in html
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert re.findall(r"<script[^>]*>", html) == ['<script src="/static/core/page.js" defer>']


def test_the_first_language_is_kazakh(client):
    html = client.get("/").content.decode()
    assert '<html lang="kk"' in html
    assert standards.get("A303").title.kk in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_start_page_says_what_the_service_is_and_that_it_is_free(client, language):
    # A57.6, A303.6
    html = page(client, "/", language)
    assert standards.get("A303").title.get(language) in html
    assert FREE[language] in html
    assert "8-800-080-7777" in html
    assert "1414" in html


def test_the_start_page_leads_to_check_status_providers_and_sign_in(client):
    html = page(client, "/", "kk")
    assert f'action="{reverse("certificates:check")}"' in html
    assert 'name="code"' in html
    for name in ("cases:status", "providers:directory", "accounts:login", "standards_diff",
                 "signatures:inspect"):  # fmt: skip
        assert f'href="{reverse(name)}"' in html


def test_the_start_page_explains_when_a_request_made_now_is_due(client):
    html = page(client, "/", "ru")
    assert "A303.3.1" in html
    assert reverse("standard", args=["A303"]) + "#A303.3.1" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_names_both_editions_and_which_is_in_force(client, language):
    html = page(client, "/standards/", language)
    for edition in ("A57", "A303"):
        standard = standards.get(edition)
        assert standard.title.get(language) in html
        assert standard.act.number in html
        assert standard.act.registered_number in html
        assert standard.act.published_note.get(language) in html
        assert all(check.note.get(language) in html for check in standard.checks)
    assert html.index("A303") < html.index("A57")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("edition", ["A57", "A303"])
def test_a_standard_shows_every_row_under_its_anchor(client, edition, language):
    html = page(client, f"/standards/{edition}/", language)
    standard = standards.get(edition)
    for row in standard.rows:
        assert f'id="{row.id}"' in html
        assert row.text.get(language) in html
        assert row.text.get(row.original) in html
    assert FREE[language].casefold() in html.casefold()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("edition", ["A57", "A303"])
def test_a_standard_shows_every_reading(client, edition, language):
    html = page(client, f"/standards/{edition}/", language)
    for reading in standards.get(edition).readings:
        assert reading.question.get(language) in html
        assert reading.decision.get(language) in html


def test_the_contradiction_on_saturday_stands_under_its_clause(client):
    # A57.7.1: the text works and rests on the same Saturday.
    html = page(client, "/standards/A57/", "ru")
    article = html[html.index('id="A57.7.1"') : html.index('id="A57.7.2"')]
    assert "в субботу с 9.00 до 14.00" in article
    assert "кроме выходных (суббота, воскресенье)" in article
    assert "Суббота рабочая, воскресенье выходной" in article


def test_both_spellings_of_the_name_are_shown(client):
    # A57.name
    html = page(client, "/standards/A57/", "kk")
    assert all(name.text in html for name in standards.get("A57").names)


def test_the_original_is_marked_and_the_translation_leads_to_it(client):
    original = page(client, "/standards/A303/", "ru")
    translated = page(client, "/standards/A303/", "kk")
    row = standards.get("A303").clause("A303.9.2")
    assert f'lang="kk">{row.text.kk}' in original
    assert f'lang="ru">{row.text.ru}' in translated


def test_hours_and_forms_come_from_the_edition(client):
    # A303.7.1, A303.5.1
    html = page(client, "/standards/A303/", "kk")
    assert html.count("08:30–17:30") == 5
    assert "09:00–14:00" in html
    assert "A303-pd-reference@1" in html


def test_an_unknown_edition_is_not_found(client):
    assert client.get("/standards/A999/").status_code == 404


def test_the_difference_shows_what_was_added_and_what_changed(client):
    html = page(client, "/standards/diff/", "ru")
    added = html[html.index('id="ground_incomplete"') :]
    assert standards.get("A303").clause("A303.9.2").text.ru in added
    hours = html[html.index('id="hours_provider"') : html.index('id="hours_portal"')]
    assert "<del>20.00</del>" in hours
    assert "<ins>17.30</ins>" in hours


def test_a_missing_page_says_so_in_the_frame_of_the_site(client):
    response = client.get("/nowhere/", {"lang": "ru"})
    assert response.status_code == 404
    assert '<html lang="ru"' in response.content.decode()


def test_a_fault_answers_in_three_languages_without_the_frame(client):
    client.raise_request_exception = False
    response = client.get("/failing/")
    html = response.content.decode()
    assert response.status_code == 500
    for words in ("Жүйеде ақау", "В системе произошёл сбой", "Something went wrong"):
        assert words in html
    assert "/static/" not in html


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("kk", "Бет тым ұзақ ашық тұрды"),
        ("ru", "Страница была открыта слишком долго"),
        ("en", "The page was open for too long"),
    ],
)
@pytest.mark.urls("kualik.config.urls")
def test_a_form_that_stood_open_too_long_is_told_in_the_visitors_language(language, said):
    visitor = Client(enforce_csrf_checks=True)
    response = visitor.post(f"{reverse('cases:status')}?lang={language}", {})
    html = response.content.decode()
    assert response.status_code == 403
    assert said in html
    assert f'<html lang="{language}"' in html
