"""The queue opened by the administrator, a ticket of the reception, a clerk who needs no mouse and
goes on when the server is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

WIDTHS = (390, 1280)
MARKS = "localStorage.getItem('kualik-marks')"
# The page looks every five seconds and brings kept marks every ten.
PATIENCE = 40_000


def open_queue(visit) -> None:
    admin = visit("ru")
    admin.sign_in("provider-admin@demo.example")
    admin.open("/office/hall/settings/")
    admin.send("main form:has([name=recalls])")
    expect(admin.page.locator(".k-message--success")).to_be_visible()
    admin.is_fine("hall-settings", *WIDTHS)


def give_ticket(visit) -> None:
    """The head stands at the reception."""
    head = visit("kk")
    head.sign_in("office-head@demo.example")
    head.open("/office/hall/")
    head.page.locator("details:has([name=priority]) > summary").click()
    head.is_fine("hall-reception", *WIDTHS)
    head.send("main form:has([name=priority])")
    head.open("/office/hall/")
    expect(head.page.locator(".w-guest .w-number").first).to_be_visible()
    head.is_fine("hall", *WIDTHS)


def sit_down(clerk) -> Page:
    clerk.sign_in("registrar@demo.example")
    clerk.open("/office/window/")
    clerk.is_fine("window-choice", *WIDTHS)
    clerk.follow("main form[action$='/open/'] button")
    clerk.is_fine("window-free", *WIDTHS)
    return clerk.page


@contextmanager
def away(page: Page) -> Iterator[None]:
    """The server cannot be reached, until the end."""
    page.context.set_offline(True)
    try:
        yield
    finally:
        page.context.set_offline(False)


def test_a_visit_is_served_by_single_keys_though_the_server_goes_away(visit) -> None:
    """A57.3.2, A57.3.3: the marks made meanwhile keep their own moments."""
    open_queue(visit)
    give_ticket(visit)
    clerk = visit("ru")
    page = sit_down(clerk)
    page.keyboard.press("n")
    expect(page.locator(".w-now")).to_be_visible()
    clerk.is_fine("window-called", *WIDTHS)
    number = page.inner_text(".w-now")
    with away(page):
        page.keyboard.press("d")
        expect(page.locator("[data-kept]")).to_contain_text(number)
        clerk.is_fine("window-away", *WIDTHS)
        expect(page.locator("#outcome")).to_be_focused()
        page.select_option("#outcome", "filed")
        page.locator("#finish button[type=submit]").click()
        expect(page.locator("#finish")).to_be_hidden()
        assert page.evaluate(MARKS).count(number) == 2
    expect(page.locator(".w-now")).to_have_count(0, timeout=PATIENCE)
    assert page.evaluate(MARKS) == "[]"
    clerk.follow("main form[action$='/close/'] button")


def test_the_head_frees_a_window_whose_clerk_went_away(visit) -> None:
    give_ticket(visit)
    clerk, head = visit("kk"), visit("ru")
    page = sit_down(clerk)
    page.keyboard.press("n")
    expect(page.locator(".w-now")).to_be_visible()
    head.sign_in("office-head@demo.example")
    head.open("/office/hall/")
    freeing = head.page.locator("details:has(form[action$='/take_over/'])")
    freeing.locator("summary").click()
    head.is_fine("hall-take-over", *WIDTHS)
    head.send("form[action$='/take_over/']")
    expect(head.page.locator(".k-message--success")).to_be_visible()
    clerk.open("/office/window/")
    expect(page.locator(".w-now")).to_have_count(0)
    page.keyboard.press("n")
    page.locator("#finish > summary").click()
    page.select_option("#outcome", "left")
    clerk.send("#finish form")
    clerk.follow("main form[action$='/close/'] button")


def test_a_kept_mark_that_cannot_be_read_is_told_and_not_kept(visit) -> None:
    clerk = visit("en")
    page = sit_down(clerk)
    user = page.get_attribute("#offline", "data-user")
    broken = {"user": user, "key": "broken-1", "act": "finish", "number": "A999", "visit": "?"}
    marks = [{**broken, "at": "2026-11-23T05:00:00Z"}, {"user": user}, None]
    page.evaluate("marks => localStorage.setItem('kualik-marks', JSON.stringify(marks))", marks)
    clerk.open("/office/window/")
    expect(page.locator("[data-refused]")).to_contain_text("A999", timeout=PATIENCE)
    clerk.is_fine("window-refused", *WIDTHS)
    assert page.evaluate(MARKS) == "[]"
    clerk.follow("main form[action$='/close/'] button")


def test_keys_alone_and_sound_can_be_turned_off(visit) -> None:
    """WCAG 2.1.4: with Alt every key still works."""
    clerk = visit("kk")
    page = sit_down(clerk)
    page.locator("details:has([data-keys]) > summary").click()
    clerk.is_fine("window-keys", *WIDTHS)
    sound = page.locator("[data-sound]")
    expect(sound).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    expect(sound).to_have_attribute("aria-pressed", "false")
    page.locator("[data-keys]").click()
    page.keyboard.press("s")
    expect(sound).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Alt+s")
    expect(sound).to_have_attribute("aria-pressed", "true")
    page.evaluate("localStorage.clear()")
    clerk.follow("main form[action$='/close/'] button")
