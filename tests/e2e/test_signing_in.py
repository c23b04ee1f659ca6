"""Entering by an electronic signature in the browser, with the simulated NCALayer."""

import pytest
from playwright.sync_api import expect

ROW = "#eds [role=status] .k-message"


def sign(visitor) -> None:
    visitor.page.locator("#eds button[type=submit]").click()


def is_refused(visitor, name: str) -> None:
    """Back at the page of the key with the reason, and nobody has entered."""
    expect(visitor.page.locator("main .k-message--error").first).to_be_visible()
    assert "/enter/eds/" in visitor.page.url
    visitor.has_no_fault()
    visitor.keep_picture(f"eds-{name}-{visitor.language}")
    visitor.open("/cabinet/")
    assert "/enter/" in visitor.page.url


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("kk", 390, "rsa"), ("ru", 1280, "gost512")]
)
def test_an_applicant_enters_the_cabinet(
    visit, ncalayer, language: str, width: int, scheme: str
) -> None:
    ncalayer.behave("graduate-demo-1", scheme=scheme)
    visitor = visit(language, width)
    visitor.open("/enter/")
    visitor.has_no_fault()
    visitor.keep_picture(f"enter-{language}-{width}")
    visitor.follow("main a[href*='/enter/eds/']")
    visitor.has_no_fault()
    visitor.keep_picture(f"eds-{language}-{width}")
    sign(visitor)
    visitor.page.wait_for_url("**/cabinet/**")
    visitor.agree()
    visitor.has_no_fault()
    assert "DEMO-" in visitor.page.inner_text("main")
    visitor.keep_picture(f"cabinet-{language}-{width}")
    assert ncalayer.last()["count"] == 1


@pytest.mark.parametrize("scheme", ["rsa", "gost512"])
def test_the_authorised_person_enters_and_gives_the_second_factor(
    visit, ncalayer, scheme: str
) -> None:
    ncalayer.behave("authorised-person-demo", scheme=scheme)
    visitor = visit("kk")
    visitor.open("/login/")
    visitor.has_no_fault()
    visitor.follow("main a[href*='/enter/eds/?as=staff']")
    visitor.has_no_fault()
    sign(visitor)
    visitor.page.wait_for_url("**/login/**")
    visitor.page.wait_for_selector("main input[inputmode=numeric]")
    visitor.page.goto(f"{visitor.system}/office/seal/")
    assert "/login/" in visitor.page.url
    visitor.page.wait_for_selector("main input[inputmode=numeric]")
    visitor.give_code()
    visitor.open("/office/seal/")
    visitor.has_no_fault()


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_what_goes_wrong_at_this_computer_is_told_and_may_be_tried_again(
    visit, ncalayer, language: str, width: int
) -> None:
    visitor = visit(language, width)
    visitor.open("/enter/eds/")
    for act in ("cancel", "refuse", "no_module", "drop"):
        ncalayer.behave("graduate-demo-1", act=act)
        sign(visitor)
        button = visitor.page.locator("#eds button[type=submit]")
        expect(button).not_to_have_attribute("aria-disabled", "true")
        expect(visitor.page.locator(ROW)).to_be_visible()
        visitor.has_no_fault()
        visitor.keep_picture(f"eds-{act}-{language}-{width}")
    with ncalayer.away():
        sign(visitor)
        expect(visitor.page.locator(f"{ROW} a[href*='pki.gov.kz']")).to_be_visible()
        visitor.has_no_fault()
        visitor.keep_picture(f"eds-absent-{language}-{width}")
    ncalayer.behave("graduate-demo-1")
    sign(visitor)
    visitor.page.wait_for_url("**/cabinet/**")


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("act", ["revoked", "wrong_content"])
def test_a_bad_signature_opens_nothing(visit, ncalayer, act: str, language: str) -> None:
    ncalayer.behave("graduate-demo-1", act=act)
    visitor = visit(language, 390)
    visitor.open("/enter/eds/")
    sign(visitor)
    is_refused(visitor, act)


def test_the_cabinet_takes_no_key_of_an_organisation(visit, ncalayer) -> None:
    ncalayer.behave("authorised-person-demo")
    visitor = visit("kk", 390)
    visitor.open("/enter/eds/")
    sign(visitor)
    is_refused(visitor, "organisation")


def test_a_stranger_is_no_member_of_staff(visit, ncalayer) -> None:
    ncalayer.behave("stranger")
    visitor = visit("kk")
    visitor.open("/enter/eds/?as=staff")
    sign(visitor)
    expect(visitor.page.locator("main .k-message--error").first).to_be_visible()
    visitor.page.goto(f"{visitor.system}/office/")
    assert "/login/" in visitor.page.url


def test_without_javascript_the_page_says_so(visit) -> None:
    visitor = visit("kk", 390, scripts=False)
    visitor.open("/enter/eds/")
    assert "JavaScript" in visitor.page.inner_text("main noscript, main .k-message--error")
