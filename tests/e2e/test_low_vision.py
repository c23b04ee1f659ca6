"""Pages for those who see badly, who use keys alone, who need time: the chief pages in the browser.

A zoom of 200 and 400 % of a desk 1280 px wide leaves 640 and 320 px (WCAG 2.2, 1.4.10).
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.seen import SEEN

CHIEF = (
    "/",
    "/check/",
    "/status/",
    "/enter/",
    "/login/",
    "/providers/",
    "/view/",
    "/accessibility/",
)
OFFICE = ("/office/", "/office/requests/", "/office/tasks/", "/office/groups/", "/office/register/")
LOOKS = {
    "white": "150.white.wide.plain.on",
    "black": "200.black.usual.serif.on",
    "yellow": "200.yellow.widest.plain.off",
    "blue": "100.blue.usual.plain.on",
}
ZOOMS = {2: {"width": 640, "height": 512}, 4: {"width": 320, "height": 256}}
SHOWN = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const drawn = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return { drawn, words: (one.innerText || one.value || one.id || "").trim(),
           seen: box.bottom > 0 && box.top < innerHeight && box.width > 0 };
}"""


def look(visitor, value: str) -> None:
    cookie = {"name": "kualik_view", "value": value, "url": visitor.system}
    visitor.page.context.add_cookies([cookie])


def walk_to(page: Page, selector: str, *, most: int = 80) -> None:
    """Press Tab until the focus is there; wherever it stops on the way it is seen."""
    for _ in range(most):
        if page.locator(selector).first.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
        found = page.evaluate(SHOWN)
        assert found["drawn"], f"the focus is not seen: {found['words']}"
        assert found["seen"], f"the focus is out of sight: {found['words']}"
    raise AssertionError(f"{selector} is not reached by keys on {page.url}")


def press(page: Page, selector: str) -> None:
    """Walk there, press Enter and wait for the page that it leads to."""
    walk_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def is_narrow_enough(visitor, times: int, path: str) -> None:
    visitor.page.set_viewport_size(ZOOMS[times])
    beyond = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert beyond <= 0, f"{path} at {times}00 % is {beyond} px too wide"
    SEEN.zoom.add(f"{visitor.kind_of_page()} {times}")


@pytest.fixture
def forced(visit) -> Iterator[object]:
    """A visitor whose system forces its own colours; usual again afterwards."""
    visitor = visit("kk", 390)
    visitor.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    yield visitor
    visitor.page.emulate_media(forced_colors="none", reduced_motion="no-preference")


def test_the_version_is_chosen_without_a_script_and_stays(visit) -> None:
    visitor = visit("kk", 390, scripts=False)
    visitor.open("/check/")
    visitor.follow("header a")
    visitor.page.locator("input[name=size][value='200']").check()
    visitor.page.locator("input[name=colours][value=yellow]").check()
    visitor.send("main form")
    assert "/check/" in visitor.page.url
    visitor.follow("header a[hreflang=ru]")
    for path in ("/", "/login/", "/providers/"):
        visitor.open(path)
        html = visitor.page.locator("html").get_attribute("class")
        assert "k-size-200 k-colours-yellow" in html
    paint = "getComputedStyle(document.querySelector('main p')).color"
    assert visitor.page.evaluate(paint) == "rgb(255, 255, 0)"


@pytest.mark.parametrize("colours", LOOKS)
def test_the_chief_pages_are_whole_in_each_version(visit, colours: str) -> None:
    visitor = visit("ru" if colours in ("black", "blue") else "kk")
    look(visitor, LOOKS[colours])
    for path in CHIEF:
        visitor.open(path)
        visitor.is_fine(f"look-{colours}{path.replace('/', '-')}".rstrip("-"), 320, 1280)
        SEEN.looks.add(f"{visitor.kind_of_page()} {colours}")


def test_the_pages_of_staff_are_whole_in_the_largest_letters(visit) -> None:
    visitor = visit("kk", 390)
    visitor.sign_in("registrar@turan.example")
    look(visitor, LOOKS["yellow"])
    for path in OFFICE:
        visitor.open(path)
        visitor.has_no_fault()
        SEEN.looks.add(f"{visitor.kind_of_page()} yellow")


def test_forced_colours_leave_everything_to_be_seen(forced) -> None:
    for path in CHIEF:
        forced.open(path)
        forced.is_fine(f"forced{path.replace('/', '-')}".rstrip("-"), 390)
        SEEN.looks.add(f"{forced.kind_of_page()} forced")


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_zoom_of_200_and_400_per_cent_needs_no_scrolling_sideways(visit, language: str) -> None:
    visitor = visit(language)
    for path in CHIEF:
        visitor.open(path)
        for times in ZOOMS:
            is_narrow_enough(visitor, times, path)
    visitor.sign_in("registrar@turan.example")
    for path in OFFICE:
        visitor.open(path)
        for times in ZOOMS:
            is_narrow_enough(visitor, times, path)


def test_a_document_is_checked_by_keys_alone(visit) -> None:
    visitor = visit("kk")
    page = visitor.page
    visitor.open("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main", "the first link skips the menu"
    walk_to(page, "#check-code")
    page.keyboard.type("0000-0000-0000-0000")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/c/" in page.url
    walk_to(page, "header a[hreflang=ru]")
    SEEN.keyboard.add("check")


def test_the_cabinet_is_entered_and_left_by_keys_alone(visit, ncalayer) -> None:
    ncalayer.behave("graduate-demo-1")
    visitor = visit("ru")
    page = visitor.page
    visitor.open("/")
    press(page, ".k-nav__wide a[href='/enter/']")
    press(page, "main a[href*='/enter/eds/']")
    walk_to(page, "#eds button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cabinet/**")
    if "/consent/" in page.url:
        walk_to(page, "main input[name=agrees]")
        page.keyboard.press("Space")
        press(page, "main form:has(input[name=agrees]) button")
    expect(page.locator("main h1")).to_be_visible()
    press(page, ".k-nav__wide form[action='/leave/'] button")
    expect(page.locator(".k-nav__wide a[href='/enter/']")).to_be_visible()
    SEEN.keyboard.add("cabinet")


def test_mistakes_are_read_first(visit) -> None:
    visitor = visit("ru", 390)
    visitor.open("/status/")
    visitor.send("main form")
    focused = visitor.page.evaluate("document.activeElement.className")
    assert "govuk-error-summary" in focused
    visitor.has_no_fault()


def test_what_is_typed_survives_a_change_of_the_language(visit) -> None:
    visitor = visit("kk")
    visitor.open("/status/")
    field = visitor.page.locator("main form input[type=text]").first
    field.fill("DEMO-2026-000123-0")
    visitor.follow("header a[hreflang=ru]")
    assert visitor.page.locator("html").get_attribute("lang") == "ru"
    expect(field).to_have_value("DEMO-2026-000123-0")
    visitor.page.reload()
    expect(field).to_have_value("")


def test_what_is_typed_survives_the_choice_of_the_low_vision_version(visit) -> None:
    visitor = visit("kk", 390)
    visitor.open("/status/")
    field = visitor.page.locator("main form input[type=text]").first
    field.fill("DEMO-2026-000123-0")
    visitor.follow("header a")
    visitor.page.locator("input[name=size][value='150']").check()
    visitor.send("main form")
    expect(field).to_have_value("DEMO-2026-000123-0")


def test_a_form_that_was_not_accepted_is_opened_again_with_what_was_typed(visit) -> None:
    visitor = visit("kk", 390)
    visitor.open("/complaints/new/")
    field = visitor.page.locator("main textarea").first
    field.fill("Құжатым бес күн бойы дайын болмады.")
    visitor.page.context.clear_cookies(name="csrftoken")
    visitor.send("main form:has(textarea)")
    visitor.is_fine("form-not-accepted", 390)
    visitor.page.locator("a[data-again]").click()
    expect(field).to_have_value("Құжатым бес күн бойы дайын болмады.")
    visitor.page.reload()
    expect(field).to_have_value("")


def test_an_iin_and_a_password_are_never_kept(visit) -> None:
    visitor = visit("kk")
    for path, field, typed in (
        ("/enter/code/", "main input[name=iin]", "850315300123"),
        ("/login/", "main input[type=password]", "kualik-demo"),
        ("/status/", "main form input[type=text] >> nth=0", "850315 300123"),
    ):
        visitor.open(path)
        visitor.page.fill(field, typed)
        visitor.follow("header a[hreflang=ru]")
        expect(visitor.page.locator(field).first).to_have_value("")
        assert typed not in visitor.page.evaluate("JSON.stringify(sessionStorage)")


def test_the_end_of_a_session_is_told_and_put_off_without_losing_a_word(visit) -> None:
    visitor = visit("ru", 390)
    visitor.sign_in("registrar@turan.example")

    def nearly_over(route) -> None:
        answer = route.fetch()
        body = re.sub(r'data-seconds="\d+"', 'data-seconds="600"', answer.text())
        route.fulfill(response=answer, body=body)

    visitor.page.route("**/office/requests/*", nearly_over)
    visitor.open("/office/requests/")
    part = visitor.page.locator(".k-stay--soon")
    expect(part).to_be_visible()
    expect(part.locator("[role=alert]")).not_to_be_empty()
    visitor.has_no_fault()
    visitor.keep_picture("session-ends-ru-390")
    visitor.page.locator("main details:has(input[type=text]) summary").click()
    field = visitor.page.locator("main form input[type=text]").first
    field.fill("Нұрлан")
    part.locator("button").click()
    expect(part).to_have_count(0)
    expect(field).to_have_value("Нұрлан")
