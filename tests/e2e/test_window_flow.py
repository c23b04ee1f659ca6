"""A clerk serves somebody by the keyboard alone; the person allows the document in the app."""

import json

import pytest
from playwright.sync_api import expect

from kualik.rules import standards

WIDTH = 1280
EACH = pytest.mark.parametrize(("language", "person"), [("kk", 57), ("ru", 59)])


@pytest.fixture
def app(visit, installation):
    """What the person holds in the hand: allows the question that stands."""
    page = visit("kk", 390).page

    def allow() -> None:
        page.goto(f"http://127.0.0.1:{installation.simulators + 7}/")
        page.click("button[value=allow]")

    return allow


@EACH
def test_from_the_question_to_the_filed_request_without_a_mouse(
    visit, installation, app, language: str, person: int
) -> None:
    """A303.8.1, A303.10.c, A303.10.d."""
    people = json.loads((installation.folder / "simulators" / "people.json").read_text())
    me = next(row for row in people if row["id"] == f"graduate-demo-{person}")
    clerk = visit(language, WIDTH)
    clerk.sign_in("clerk@demo.example")
    clerk.open("/office/work/")
    clerk.is_fine("window-identify", WIDTH)
    keys, page = clerk.page.keyboard, clerk.page
    keys.type(me["iin"])
    keys.press("Alt+e")
    page.wait_for_url("**/office/work/ask/*/")
    clerk.is_fine("window-asked", WIDTH)
    for spoken in ("kk", "ru", "en"):
        words = page.locator(f"main .k-guidance [lang={spoken}]")
        for step in standards.get("A303").items_of("digital_document"):
            expect(words).to_contain_text(step.name.get(spoken))
    app()
    page.wait_for_url(lambda address: "/ask/" not in address)
    clerk.is_fine("window-work", WIDTH)
    keys.press("Enter")
    page.wait_for_url("**/file/*/")
    clerk.is_fine("window-file", WIDTH)
    keys.press("Enter")
    page.wait_for_url("**/request/*/")
    clerk.is_fine("window-case", WIDTH)
    other = visit(language, WIDTH)
    other.sign_in("clerk@demo.example")
    other.page.goto(f"{page.url}withdraw/")
    other.page.keyboard.type("Өтініш № 7")
    other.send("main form:has(textarea)")
    before = page.locator("main [role=status] h2").inner_text()
    expect(page.locator("main [role=status] h2")).not_to_have_text(before, timeout=30_000)
