"""The contact centre, the inspector and the head of an office at their pages."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

PROGRAM = Path(sys.executable).parent / "kualik"
PUBLIC = ("/law/", "/figures/", "/incidents/", "/samples/")


def first_number(staff) -> str:
    """The number of a document that was issued."""
    staff.open("/office/requests/?state=issued")
    return staff.page.locator("main a[href^='/office/requests/DEMO-']").first.get_attribute("href")


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_the_contact_centre_says_how_a_request_stands(visit, language: str, width: int) -> None:
    registrar = visit(language)
    registrar.sign_in("registrar@demo.example")
    number = first_number(registrar).strip("/").rpartition("/")[2]
    desk = visit(language, width)
    desk.sign_in("contact-centre@platform.example")
    desk.open("/office/contact/")
    desk.is_fine(f"contact-{language}", width)
    desk.page.fill("input[name=sought]", number.lower())
    desk.send("main form")
    desk.is_fine(f"contact-found-{language}", width)
    desk.follow(f"a[href$='/{number}/']")
    desk.is_fine(f"contact-request-{language}", width)
    expect(desk.page.locator("#say-title")).to_be_visible()
    assert desk.page.locator("a[href*='/register/'], a[href*='/c/']").count() == 0
    desk.page.go_back()
    expect(desk.page.locator(f"a[href$='/{number}/']")).to_be_visible()


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_an_inspector_counts_compares_and_takes_the_evidence(
    visit, tmp_path: Path, language: str, width: int
) -> None:
    inspector = visit(language, width)
    inspector.sign_in("inspector@platform.example")
    for path in ("/office/figures/", "/office/books/DEMO/", "/office/clauses/"):
        inspector.open(path)
        inspector.is_fine(f"{path.strip('/').replace('/', '-')}-{language}", width)
    inspector.open(first_number(inspector))
    with inspector.page.expect_download() as coming:
        inspector.page.locator("form[action^='/office/evidence/'] button").click()
    pack = tmp_path / "evidence.zip"
    coming.value.save_as(pack)
    told = subprocess.run(
        [str(PROGRAM), "journal", "verify", str(pack), "--json"],
        env={}, capture_output=True, encoding="utf-8", check=True, timeout=30,
    )  # fmt: skip
    assert json.loads(told.stdout)["is_whole"] is True
    with ZipFile(pack) as archive:
        assert "index.html" in archive.namelist()


def test_the_head_takes_the_figures_along(visit, tmp_path: Path) -> None:
    head = visit("ru", 1280)
    head.sign_in("office-head@demo.example")
    head.open("/office/figures/")
    with head.page.expect_download() as coming:
        head.page.locator("a[href*='figures.xlsx']").first.click()
    file = tmp_path / "figures.xlsx"
    coming.value.save_as(file)
    assert file.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(("language", "width"), [("kk", 320), ("ru", 1280)])
def test_everybody_reads_how_well_and_by_what_law_the_service_is_given(
    visit, language: str, width: int
) -> None:
    visitor = visit(language, width)
    for path in PUBLIC:
        visitor.open(path)
        visitor.is_fine(f"{path.strip('/')}-{language}", width)
