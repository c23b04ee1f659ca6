"""Entering and signing by a code for eGov Mobile, with the simulated phone in a browser."""

import sqlite3
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.telephones import come_back

SAID = "[data-phone-text=said]"
SIGNER = "authorised-person-ishim"


def wait(page: Page) -> None:
    """Nothing is done: the page looks by itself, every few seconds."""


def end_now(installation) -> None:
    """The time of every code is over."""
    with sqlite3.connect(installation.folder / "kualik.sqlite3", timeout=10) as database:
        database.execute("UPDATE signatures_phonesigning SET expires_at = created_at")
    database.close()


def code_of(visitor) -> str:
    return visitor.page.locator(".k-phone__text").text_content()


@pytest.mark.parametrize(
    ("language", "width", "scheme", "look"),
    [("kk", 390, "rsa", come_back), ("ru", 1280, "gost512", wait)],
)
def test_an_applicant_enters_by_phone(
    visit, phone, language: str, width: int, scheme: str, look: Callable[[Page], None]
) -> None:
    visitor = visit(language, width)
    visitor.open("/enter/")
    visitor.follow("main a[href*='/enter/phone/']")
    visitor.has_no_fault()
    visitor.keep_picture(f"phone-{language}-{width}")
    is_narrow = width < 640
    expect(visitor.page.locator("a[href^='https://m.egov.kz/mobileSign/']")).to_be_visible(
        visible=is_narrow
    )
    page = phone(visitor, "graduate-demo-1", scheme=scheme, look=look)
    visitor.page.wait_for_url("**/cabinet/**")
    visitor.agree()
    visitor.has_no_fault()
    assert "DEMO-" in visitor.page.inner_text("main")
    assert "bad" not in page.locator(".told").get_attribute("class")


@pytest.mark.parametrize(("language", "width"), [("kk", 1280), ("ru", 390)])
def test_the_authorised_person_signs_in_by_phone_and_gives_the_second_factor(
    visit, phone, language: str, width: int
) -> None:
    visitor = visit(language, width)
    visitor.open("/login/")
    visitor.follow("main a[href*='/enter/phone/?as=staff']")
    visitor.has_no_fault()
    visitor.keep_picture(f"phone-staff-{language}-{width}")
    phone(visitor, SIGNER)
    visitor.page.wait_for_url("**/login/**")
    visitor.page.wait_for_selector("main input[inputmode=numeric]")
    visitor.give_code()
    visitor.open("/office/seal/")
    visitor.has_no_fault()


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_a_refusal_on_the_phone_is_said_and_a_new_code_works(
    visit, phone, language: str, width: int
) -> None:
    visitor = visit(language, width)
    visitor.open("/enter/phone/")
    first = code_of(visitor)
    phone(visitor, "graduate-demo-1", press="refuse")
    visitor.page.wait_for_selector("[data-stage=cancelled]")
    visitor.has_no_fault()
    visitor.keep_picture(f"phone-refused-{language}-{width}")
    visitor.send("[data-phone] form")
    assert code_of(visitor) != first
    phone(visitor, "graduate-demo-1")
    visitor.page.wait_for_url("**/cabinet/**")


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_an_expired_code_says_so_and_gives_way_to_a_new_one(
    visit, installation, language: str, width: int
) -> None:
    visitor = visit(language, width)
    visitor.open("/enter/phone/")
    first = code_of(visitor)
    end_now(installation)
    come_back(visitor.page)
    visitor.page.wait_for_selector("[data-stage=expired]")
    visitor.has_no_fault()
    visitor.keep_picture(f"phone-expired-{language}-{width}")
    visitor.send("[data-phone] form")
    assert code_of(visitor) != first


def test_what_is_wrong_with_a_signature_is_told_on_both_sides(visit, phone) -> None:
    visitor = visit("kk", 390)
    visitor.open("/enter/phone/")
    fault = visitor.page.locator("[data-phone-fault]")
    expect(fault).to_be_hidden()
    told = phone(visitor, "graduate-demo-1", act="revoked")
    expect(fault).to_be_visible()
    visitor.has_no_fault()
    visitor.keep_picture("phone-revoked-kk-390")
    assert fault.inner_text() in told.locator(".told").inner_text()
    phone(visitor, "graduate-demo-1")
    visitor.page.wait_for_url("**/cabinet/**")


def test_a_key_of_an_organisation_opens_no_cabinet(visit, phone) -> None:
    visitor = visit("ru", 390)
    visitor.open("/enter/phone/")
    phone(visitor, SIGNER)
    expect(visitor.page.locator("main .k-message--error").first).to_be_visible()
    visitor.page.wait_for_selector("[data-stage=offered]")
    visitor.has_no_fault()
    visitor.open("/cabinet/")
    assert "/enter/" in visitor.page.url


def test_without_scripts_the_page_reloads_by_itself(visit, phone) -> None:
    visitor = visit("kk", 390, scripts=False)
    visitor.open("/enter/phone/")
    visitor.keep_picture("phone-plain-kk-390")
    phone(visitor, "graduate-demo-1", look=wait)
    visitor.page.reload()
    visitor.page.wait_for_selector("[data-stage=signed]")
    visitor.keep_picture("phone-plain-signed-kk-390")
    visitor.send("[data-phone] form")
    assert "/cabinet/" in visitor.page.url


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_simulated_phone_has_no_fault(visit, language: str, installation) -> None:
    visitor = visit(language, 390)
    visitor.open("/enter/phone/")
    link = visitor.page.locator("main a[href^='http://127.0.0.1:']").get_attribute("href")
    for address in (f"http://127.0.0.1:{installation.simulators + 1}/?lang={language}", link):
        visitor.page.goto(address)
        visitor.has_no_fault()
    visitor.keep_picture(f"phone-simulated-{language}-390")


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_the_authorised_person_signs_documents_by_phone(
    visit, phone, language: str, width: int
) -> None:
    visitor = visit(language, width)
    visitor.sign_in("authorised-person@ishim.example")
    visitor.open("/office/seal/")
    if visitor.page.locator("input[name=number]").count():
        visitor.send("form:has(input[name=number])")
        assert "/office/seal/progress/" in visitor.page.url
        ready = visitor.page.locator("main a.govuk-button[href='/office/seal/sign/']")
        expect(ready).to_have_count(1, timeout=60_000)
    visitor.open("/office/seal/phone/")
    visitor.has_no_fault()
    visitor.keep_picture(f"seal-phone-choice-{language}-{width}")
    boxes = visitor.page.locator("input[name=number]")
    assert boxes.count() >= 2, "documents wait for this person in the demonstration"
    for place in range(2, boxes.count()):
        boxes.nth(place).uncheck()
    visitor.page.check("input[name=confirm]")
    visitor.page.locator("main form .k-phone__show button").click()
    visitor.page.wait_for_selector("[data-stage=offered]")
    visitor.has_no_fault()
    visitor.keep_picture(f"seal-phone-{language}-{width}")
    phone(visitor, SIGNER)
    visitor.page.wait_for_url("**/office/seal/signed/**")
    visitor.has_no_fault()
    expect(visitor.page.locator("main .k-message--success")).to_be_visible()
