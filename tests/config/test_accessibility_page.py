"""The accessibility statement: its words, our own figures, and that nobody writes them by hand."""

import json
from collections.abc import Iterator
from datetime import date
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from kualik.config import accessibility
from kualik.config.accessibility import AUDIT, Audit, last_audit, statement
from kualik.config.management.commands import write_audit
from kualik.rules.language import LANGUAGES

SEEN = {
    "on": "2026-11-22",
    "axe": "4.14.1",
    "browser": "Chromium 142",
    "visits": 812,
    "pages": 97,
    "widths": [320, 390, 1280],
    "languages": ["en", "kk", "ru"],
    "faults": 0,
    "keyboard": 2,
    "zoom": 24,
    "looks": 30,
}


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What the browser tests saw and where the figures are kept, in the test's own folder."""
    monkeypatch.setattr(write_audit, "SEEN", tmp_path / "audit.json")
    monkeypatch.setattr(write_audit, "AUDIT", tmp_path / "audit.toml")
    monkeypatch.setattr(accessibility, "AUDIT", tmp_path / "audit.toml")
    last_audit.cache_clear()
    yield tmp_path
    last_audit.cache_clear()


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_statement_stands_in_three_languages_with_its_clause(language: str) -> None:
    page = unescape(Client().get("/accessibility/", {"lang": language}).content.decode())
    for part in statement():
        assert part.heading.get(language) in page
        for paragraph in part.paragraphs:
            assert paragraph.get(language)[:60] in page
    assert "#A303.10.e" in page
    assert 'href="tel:1414"' in page
    assert "/complaints/new/" in page


@pytest.mark.django_db
def test_every_page_leads_to_the_statement() -> None:
    for address in ("/", "/check/", "/login/", "/nowhere/"):
        footer = Client().get(address).content.decode().partition("<footer")[2]
        assert 'href="/accessibility/"' in footer


def test_the_figures_of_a_whole_run_are_written_and_read(own_files: Path) -> None:
    (own_files / "audit.json").write_text(json.dumps({**SEEN, "is_whole": True}))
    call_command("write_audit", stdout=StringIO())
    assert last_audit() == Audit(
        on=date(2026, 11, 22), axe="4.14.1", browser="Chromium 142", visits=812, pages=97,
        widths=(320, 390, 1280), languages=("en", "kk", "ru"), faults=0, keyboard=2, zoom=24,
        looks=30,
    )  # fmt: skip


def test_figures_of_a_part_of_the_tests_are_refused(own_files: Path) -> None:
    with pytest.raises(CommandError):
        call_command("write_audit")
    (own_files / "audit.json").write_text(json.dumps({**SEEN, "is_whole": False}))
    with pytest.raises(CommandError):
        call_command("write_audit")
    assert last_audit() is None


def test_the_figures_on_file_are_those_of_a_whole_run_without_faults() -> None:
    last_audit.cache_clear()
    audit = last_audit()
    assert audit is not None, f"{AUDIT.name}: run `make e2e` and `kualik write_audit`"
    assert audit.faults == 0
    assert audit.pages > 30
    assert audit.visits >= audit.pages
    assert {320, 1280} <= set(audit.widths)
    assert set(audit.languages) == set(LANGUAGES)
    assert audit.keyboard >= 2
    assert min(audit.zoom, audit.looks) >= 8
