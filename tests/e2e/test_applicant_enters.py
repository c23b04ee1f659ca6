"""Applicants enter by each way and receive their documents, in the browser."""

import pytest
from playwright.sync_api import expect

from tests.e2e.parts import Part

BOTH = pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])


def ask_for_code(visitor, part: Part) -> None:
    visitor.open("/enter/code/")
    visitor.page.fill("main input[name=iin]", part.iin)
    visitor.page.fill("main input[name=phone]", part.phone)
    visitor.send("main form:has(input[name=iin])")
    assert "/enter/code/check/" in visitor.page.url


def give(visitor, code: str) -> None:
    visitor.page.fill("main input[name=code]", code)
    visitor.send("main form:has(input[name=code])")


def receive(visitor, part: Part) -> None:
    """From the cabinet: one screen and one button, then the document is there."""
    visitor.follow(f"main a[href='/cabinet/receive/{part.completion}/']")
    visitor.follow("main .govuk-button[value=confirm]")
    assert "/cabinet/requests/" in visitor.page.url
    expect(visitor.page.locator("main .k-verdict--good")).to_be_visible(timeout=60_000)


@BOTH
def test_the_phone_s_code_opens_the_cabinet_and_a_confirmation_brings_the_document(
    visit, phone, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"phone-{language}"], visit(language, width)
    visitor.open("/enter/phone/")
    phone(visitor, me.id)
    visitor.page.wait_for_url("**/cabinet/**")
    visitor.agree()
    visitor.follow(f"main a[href='/cabinet/receive/{me.completion}/']")
    visitor.is_fine("applicant-receive", width)
    visitor.open("/cabinet/")
    receive(visitor, me)
    visitor.is_fine("applicant-received", width)


@BOTH
def test_a_code_by_short_message_opens_the_cabinet_and_confirms_the_request(
    visit, catcher, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"code-{language}"], visit(language, width)
    visitor.open("/enter/code/")
    visitor.is_fine("applicant-code", width)
    ask_for_code(visitor, me)
    visitor.is_fine("applicant-code-sent", width)
    give(visitor, catcher.code(me.phone))
    assert visitor.page.url.startswith(f"{visitor.system}/cabinet/")
    visitor.follow(f"main a[href='/cabinet/receive/{me.completion}/']")
    expect(visitor.page.locator("main .govuk-button[value=sign]")).to_have_count(0)
    visitor.open("/cabinet/")
    receive(visitor, me)


@BOTH
def test_five_wrong_codes_burn_the_right_one(
    visit, catcher, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"guess-{language}"], visit(language, width)
    ask_for_code(visitor, me)
    right = catcher.code(me.phone)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        give(visitor, wrong)
        expect(visitor.page.locator(".govuk-error-summary")).to_be_visible()
    visitor.is_fine("applicant-code-burnt", width)
    give(visitor, right)
    expect(visitor.page.locator(".govuk-error-summary")).to_be_visible()
    visitor.open("/cabinet/")
    assert "/enter/" in visitor.page.url


@BOTH
def test_the_single_identification_system_opens_the_cabinet(
    visit, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"identity-{language}"], visit(language, width)
    visitor.open("/enter/")
    visitor.is_fine("applicant-enter", width)
    visitor.follow("main a[href*='/enter/idp/']")
    assert "/idp/oauth/authorize" in visitor.page.url
    visitor.page.check(f"#person-{me.id}")
    visitor.follow("button[value=enter]")
    assert "/cabinet/" in visitor.page.url
    visitor.is_fine("applicant-consent", width)
    visitor.agree()
    expect(visitor.page.locator("main h1")).to_contain_text(me.name.split()[1])
    visitor.is_fine("applicant-cabinet", width)
    visitor.open("/cabinet/phones/")
    expect(visitor.page.locator("main h2").first).to_contain_text(
        f"{me.phone[-4:-2]} {me.phone[-2:]}"
    )
    visitor.is_fine("applicant-phones", width)


@BOTH
def test_who_gives_up_at_the_identification_system_is_told_and_not_entered(
    visit, applicants, language: str, width: int
) -> None:
    visitor = visit(language, width)
    visitor.open("/enter/")
    visitor.follow("main a[href*='/enter/idp/']")
    visitor.follow("button[value=refuse]")
    assert visitor.page.url.startswith(f"{visitor.system}/")
    expect(visitor.page.locator("main .k-message--error").first).to_be_visible()
    visitor.is_fine("applicant-identity-refused", width)
    visitor.open("/cabinet/")
    assert "/enter/" in visitor.page.url
