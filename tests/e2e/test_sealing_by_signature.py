"""The authorised person signs prepared documents in the browser, with the simulated NCALayer."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

SIGNER = "authorised-person-turan"
TOLD = "[data-told] .k-message"
BAD = ".k-signing__outcome--bad"
GOOD = ".k-signing__outcome--good"


@pytest.fixture
def signer(visit):
    """The authorised person of a college before the prepared documents."""

    def come(language: str, width: int):
        visitor = visit(language, width)
        visitor.sign_in("authorised-person@turan.example")
        visitor.open("/office/seal/")
        if visitor.page.locator("input[name=number]").count():
            visitor.send("form:has(input[name=number])")
            assert "/office/seal/progress/" in visitor.page.url
            onward = visitor.page.locator("main a.govuk-button[href='/office/seal/sign/']")
            expect(onward).to_have_count(1, timeout=60_000)
            visitor.has_no_fault()
            visitor.keep_picture(f"seal-prepared-{language}-{width}")
        visitor.open("/office/seal/sign/")
        return visitor

    return come


def press(visitor) -> None:
    """Ask NCALayer and wait until the page is at rest again."""
    button = visitor.page.locator("#signing button[type=submit]")
    button.click()
    expect(button).not_to_have_attribute("aria-disabled", "true", timeout=60_000)


def keep_only(visitor, count: int) -> None:
    boxes = visitor.page.locator("#signing input[name=number]")
    for place in range(count, boxes.count()):
        boxes.nth(place).uncheck()


def test_nobody_else_reads_prepared_documents(visit, signer) -> None:
    path = signer("kk", 1280).page.locator("[data-file]").first.get_attribute("data-file")
    other = visit("kk")
    other.sign_in("authorised-person@ishim.example")
    assert other.page.request.get(f"{other.system}{path}").status == 404
    registrar = visit("kk")
    registrar.sign_in("registrar@turan.example")
    assert registrar.page.request.get(f"{registrar.system}{path}").status == 404
    registrar.open("/office/seal/sign/")
    expect(registrar.page.locator("[data-file]")).to_have_count(0)


def test_every_fault_is_told_and_nothing_is_lost(signer, ncalayer) -> None:
    visitor = signer("kk", 390)
    visitor.has_no_fault()
    visitor.keep_picture("sign-kk-390")
    keep_only(visitor, 3)
    assert visitor.page.inner_text("[data-selected]") == "3"
    file = visitor.page.locator("[data-file] a").first.get_attribute("href")
    shown = visitor.page.request.get(f"{visitor.system}{file}")
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["cache-control"] == "private, no-store"
    assert shown.headers["content-disposition"].startswith("inline")
    press(visitor)
    expect(visitor.page.locator(TOLD)).to_be_visible()
    visitor.has_no_fault()
    visitor.page.check("#confirm")
    for act in ("cancel", "refuse", "drop"):
        ncalayer.behave(SIGNER, act=act)
        press(visitor)
        expect(visitor.page.locator(TOLD)).to_be_visible()
        assert visitor.page.locator(f"{BAD}, {GOOD}").count() == 0
        visitor.keep_picture(f"sign-{act}-kk-390")
    ncalayer.behave(SIGNER, delay=20)
    visitor.page.locator("#signing button[type=submit]").click()
    stopper = visitor.page.locator("[data-stop]")
    stopper.click()
    expect(stopper).to_be_hidden()
    expect(visitor.page.locator(TOLD)).to_be_visible()
    visitor.has_no_fault()
    visitor.keep_picture("sign-stopped-kk-390")
    with ncalayer.away():
        press(visitor)
        expect(visitor.page.locator(f"{TOLD} a[href*='pki.gov.kz']")).to_be_visible()
        visitor.has_no_fault()
    for act in ("other", "revoked", "wrong_content"):
        ncalayer.behave(SIGNER, act=act)
        press(visitor)
        expect(visitor.page.locator(BAD)).to_have_count(3)
        expect(visitor.page.locator("[data-reasons] li")).to_have_count(1)
        assert visitor.page.locator(GOOD).count() == 0
        visitor.has_no_fault()
        visitor.keep_picture(f"sign-{act}-kk-390")
    ncalayer.behave(SIGNER, act="some_wrong")
    press(visitor)
    expect(visitor.page.locator(GOOD)).to_have_count(2)
    expect(visitor.page.locator(BAD)).to_have_count(1)
    assert visitor.page.inner_text("[data-selected]") == "1"
    visitor.has_no_fault()
    visitor.keep_picture("sign-some-kk-390")
    ncalayer.behave(SIGNER)
    press(visitor)
    assert ncalayer.last()["count"] == 1
    expect(visitor.page.locator(GOOD)).to_have_count(3)
    expect(visitor.page.locator(".k-message--success")).to_be_visible()
    visitor.has_no_fault()
    visitor.keep_picture("sign-done-kk-390")


def test_signatures_that_the_site_did_not_take_are_sent_again(signer, ncalayer) -> None:
    visitor = signer("ru", 1280)
    visitor.has_no_fault()
    visitor.keep_picture("sign-ru-1280")
    keep_only(visitor, 1)
    visitor.page.check("#confirm")
    ncalayer.behave(SIGNER, scheme="gost512")
    visitor.page.route("**/office/seal/signatures/", lambda route: route.abort())
    press(visitor)
    expect(visitor.page.locator(".k-message--error")).to_be_visible()
    visitor.keep_picture("sign-unsent-ru-1280")
    visitor.page.unroute("**/office/seal/signatures/")
    with ncalayer.away():
        press(visitor)
    expect(visitor.page.locator(GOOD)).to_have_count(1)
    visitor.has_no_fault()


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_what_was_signed_is_shown_and_taken_along(
    signer, visit, ncalayer, tmp_path: Path, language: str, width: int
) -> None:
    visitor = signer(language, width)
    if visitor.page.locator("#signing").count():
        ncalayer.behave(SIGNER)
        visitor.page.check("#confirm")
        press(visitor)
        expect(visitor.page.locator(".k-message--success")).to_be_visible()
    visitor.open("/office/seal/signed/")
    visitor.has_no_fault()
    visitor.keep_picture(f"signed-{language}-{width}")
    rows = visitor.page.locator("main tbody tr").count()
    with visitor.page.expect_download() as waiting:
        visitor.page.locator("main a[href*='files.zip']").first.click()
    kept = tmp_path / "signed.zip"
    waiting.value.save_as(kept)
    with zipfile.ZipFile(kept) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names.pop() == "README.txt"
        assert len(names) == 2 * rows
        for name in names[::2]:
            assert name.startswith("TURAN-")
            assert archive.read(name).startswith(b"%PDF")
            assert archive.read(f"{name}.p7s")[0] == 0x30
