"""An offer by short message is answered on the simulated phone."""

import pytest
from playwright.sync_api import expect

BOTH = pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
OFFER = r"\b1\b"


@BOTH
def test_the_answer_of_a_confirmed_number_files_the_request(
    visit, catcher, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"answer-{language}"], visit(language, width)
    assert me.title[language][:20] in catcher.wait_for(me.phone, OFFER)
    catcher.answer(me.phone, "1")
    receipt = catcher.wait_for(me.phone, "SYR-")
    visitor.be(me)
    visitor.open("/cabinet/")
    link = visitor.page.locator("main a[href^='/cabinet/requests/SYR-']")
    number = link.get_attribute("href").strip("/").rpartition("/")[2]
    assert number in receipt
    visitor.open(f"/cabinet/requests/{number}/?reload=no")
    expect(visitor.page.locator("main .k-timeline")).to_be_visible()
    visitor.is_fine("applicant-answered", width)


@BOTH
def test_the_answer_of_another_number_files_nothing_and_leads_to_confirming_it(
    visit, catcher, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"unknown-{language}"], visit(language, width)
    catcher.wait_for(me.phone, OFFER)
    catcher.answer(me.phone, "1")
    catcher.wait_for(me.phone, "/cabinet/phones/")
    visitor.be(me)
    visitor.open("/cabinet/")
    expect(visitor.page.locator("main a[href^='/cabinet/requests/']")).to_have_count(0)
    visitor.open("/cabinet/phones/")
    visitor.page.fill("main input[name=phone]", me.phone)
    visitor.send("main form:has(input[name=phone])")
    visitor.page.fill("main input[name=code]", catcher.code(me.phone))
    visitor.send("main form:has(input[name=code])")
    expect(visitor.page.locator("main .k-message--success")).to_be_visible()
    visitor.is_fine("applicant-number-confirmed", width)
