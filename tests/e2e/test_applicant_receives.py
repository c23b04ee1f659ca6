"""Applicants receive their documents: in two screens, by any means, once, losing nothing."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.parts import Part
from tests.e2e.seen import SEEN

BOTH = pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
DOCUMENT = "main .k-verdict--good a[href$='.pdf']"
MOST_SCREENS, MOST_SECONDS = 2, 60
MOST_PRESSES = 60
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def card(part: Part) -> str:
    return f"main a[href='/cabinet/receive/{part.completion}/']"


class Watch:
    """The screens a person saw and the seconds they took, without what only the test does."""

    def __init__(self) -> None:
        self.screens, self.seconds = 0, 0.0

    def screen(self, act: Callable[[], object]) -> None:
        began = time.monotonic()
        act()
        self.seconds += time.monotonic() - began
        self.screens += 1


@BOTH
def test_two_screens_after_logging_in_bring_a_signed_document(
    visit, ncalayer, applicants, tmp_path: Path, language: str, width: int
) -> None:
    me, visitor, watch = applicants[f"key-{language}"], visit(language, width), Watch()
    page = visitor.page
    visitor.enter(ncalayer, me.id)
    visitor.is_fine("applicant-ready", width)
    watch.screen(lambda: visitor.follow(card(me)))
    watch.screen(lambda: visitor.follow("main .govuk-button[value=sign]"))
    visitor.is_fine("applicant-sign", width)

    def sign() -> None:
        page.locator("#eds button[type=submit]").click()
        page.wait_for_url("**/cabinet/requests/**")
        page.wait_for_selector(DOCUMENT, timeout=60_000)

    # The text to be signed is one more screen, for those who sign rather than confirm.
    watch.screen(sign)
    sys.stdout.write(f"{language}: {watch.screens} screens, {watch.seconds:.1f} s\n")
    assert watch.screens <= MOST_SCREENS + 1
    assert watch.seconds < MOST_SECONDS
    visitor.is_fine("applicant-signed", width)
    with page.expect_download() as waiting:
        page.locator(DOCUMENT).click()
    file = tmp_path / "certificate.pdf"
    waiting.value.save_as(file)
    text = subprocess.run(
        ["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True
    ).stdout
    assert me.name.split()[0] in text
    assert me.title[language].split()[0] in text
    visitor.follow("main .k-verdict--good a[href^='/c/']")
    expect(page.locator("main .k-verdict--good")).to_be_visible()
    visitor.has_no_fault()
    visitor.open("/cabinet/")
    expect(page.locator(card(me))).to_have_count(0)
    visitor.is_fine("applicant-has", width)


@BOTH
def test_without_scripts_a_confirmation_is_enough(
    visit, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"plain-{language}"], visit(language, width, scripts=False)
    visitor.be(me)
    visitor.open("/cabinet/")
    began = time.monotonic()
    visitor.follow(card(me))
    visitor.follow("main .govuk-button[value=confirm]")
    visitor.page.wait_for_selector(DOCUMENT, timeout=60_000)
    sys.stdout.write(f"{language}: 2 screens, {time.monotonic() - began:.1f} s\n")
    visitor.keep_picture(f"applicant-plain-{language}-{width}")


@BOTH
def test_keys_alone_enter_by_a_code_and_receive(
    visit, catcher, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"hands-{language}"], visit(language, width)
    page = visitor.page

    def walk(selector: str) -> None:
        for _ in range(MOST_PRESSES):
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"the keys do not reach {selector}")

    def press(selector: str, address: str) -> None:
        walk(selector)
        page.keyboard.press("Enter")
        page.wait_for_url(address)

    visitor.open("/enter/")
    press("main a[href*='/enter/code/']", "**/enter/code/**")
    walk("main input[name=iin]")
    page.keyboard.type(me.iin)
    walk("main input[name=phone]")
    page.keyboard.type(me.phone)
    page.keyboard.press("Enter")
    page.wait_for_url("**/enter/code/check/**")
    code = catcher.code(me.phone)
    walk("main input[name=code]")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/cabinet/**")
    press(card(me), "**/cabinet/receive/**")
    press("main .govuk-button[value=confirm]", "**/cabinet/requests/**")
    page.wait_for_selector(DOCUMENT, timeout=60_000)
    walk(DOCUMENT)
    SEEN.keyboard.add("receiving")


@BOTH
def test_a_double_click_files_one_request(visit, applicants, language: str, width: int) -> None:
    me, visitor = applicants[f"twice-{language}"], visit(language, width)
    visitor.be(me)
    visitor.open(f"/cabinet/receive/{me.completion}/")
    visitor.page.locator("main .govuk-button[value=confirm]").dblclick(no_wait_after=True)
    visitor.page.wait_for_url("**/cabinet/requests/**")
    visitor.open("/cabinet/")
    expect(visitor.page.locator("main a[href^='/cabinet/requests/']")).to_have_count(1)
    visitor.open(f"/cabinet/receive/{me.completion}/")
    assert "/cabinet/requests/" in visitor.page.url


@BOTH
def test_a_session_that_ends_in_the_middle_of_a_form_loses_no_word(
    visit, ncalayer, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"torn-{language}"], visit(language, width)
    page, title = visitor.page, "Балалар реанимациясы «Ә–Ү»"
    visitor.be(me)
    visitor.open("/cabinet/ask/?provider=SYR")
    page.set_input_files(
        "#scans", {"name": "diploma.svg", "mimeType": "image/svg+xml", "buffer": DRAWING}
    )
    visitor.follow("main button[name=do][value=attach]")
    expect(page.locator("main .k-message--error")).to_contain_text("PDF, PNG")
    visitor.is_fine("applicant-scan-refused", width)
    page.fill("main input[name=title]", title)
    page.fill("main textarea[name=comment]", "Топ 4, кураторы Ахметова")
    expect(page.locator("[data-kept]")).not_to_be_empty()
    page.context.clear_cookies(name="sessionid")
    visitor.follow("main .k-actions button[value=continue]")
    assert "/enter/" in page.url
    visitor.has_no_fault()
    ncalayer.behave(me.id)
    visitor.follow("main a[href*='/enter/eds/']")
    page.locator("#eds button[type=submit]").click()
    page.wait_for_url("**/cabinet/ask/**")
    expect(page.locator("main input[name=title]")).to_have_value(title)
    expect(page.locator("main textarea[name=comment]")).to_have_value("Топ 4, кураторы Ахметова")
    visitor.is_fine("applicant-ask", width)
