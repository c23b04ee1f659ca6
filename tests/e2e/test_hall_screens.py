"""The screens of a hall in a real browser: kiosk, board with live events, ticket on a phone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.counter.hall import NOW
from tests.e2e.conftest import GUNICORN, KUALIK, ROOT, THREADS, Installation, Visitor
from tests.e2e.conftest import wait_for as wait_for_server
from tests.ports import free_row

PLAY = "import django; django.setup(); from tests.e2e import halls; halls.main('{}')"
KIOSK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 800}
# Longer than a ticket stays, the question whether somebody is still there included.
IDLE_MS = 33_000
STEP_MS = 1_800


@dataclass(frozen=True, slots=True)
class Premises:
    """A hall on a Monday at ten, with its web server and its live events."""

    running: Installation
    office: int

    def play(self, act: str) -> str:
        return play(self.running, act)


def play(running: Installation, act: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PLAY.format(act)],
        env=running.environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    folder, port, live = tmp_path_factory.mktemp("hall"), free_row(), free_row()
    (folder / "clock").write_text(NOW.isoformat(), encoding="ascii")
    address = f"http://localhost:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "KUALIK_VAR": str(folder),
        "KUALIK_DEMO": "1",
        "KUALIK_CLOCK": str(folder / "clock"),
        "KUALIK_PUBLIC_URL": address,
        "KUALIK_LIVE_PORT": str(live),
        "DJANGO_SETTINGS_MODULE": "kualik.config.settings",
    }
    running = Installation(address=address, folder=folder, environment=environment, simulators=0)
    subprocess.run([KUALIK, "migrate", "-v0"], env=environment, cwd=ROOT, check=True)
    office = int(play(running, "open"))
    bind = ("kualik.config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", *THREADS)
    try:
        running.start("web", GUNICORN, *bind)
        running.start("live", KUALIK, "live")
        wait_for_server(port, "/healthz")
        wait_for_server(live, f"/live/{office}/")
        yield Premises(running, office)
    finally:
        running.stop(*running.processes)
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=KIOSK)
    yield made
    made.close()


@pytest.fixture
def kiosk(context: BrowserContext, premises: Premises) -> None:
    """On a demonstration anybody makes the browser the kiosk of the hall."""
    page = context.new_page()
    page.goto(f"{premises.running.address}/kiosk/{premises.office}/")
    with page.expect_navigation():
        page.click("form[action$='/pair/'] button")
    assert page.locator("a.s-choice").count() == 3
    page.close()


def visitor(context: BrowserContext, premises: Premises, language: str) -> Visitor:
    return Visitor(context.new_page(), premises.running.address, language, {})


@pytest.mark.parametrize(
    ("language", "name"), [("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")]
)
@pytest.mark.usefixtures("kiosk")
def test_three_taps_give_a_ticket_and_the_kiosk_forgets_it(
    context: BrowserContext, premises: Premises, language: str, name: str
) -> None:
    at_kiosk = visitor(context, premises, "kk")
    page = at_kiosk.page
    page.clock.install()
    # The browser prints here; a page that waits for the dialogue would stop the test.
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(f"{premises.running.address}/kiosk/{premises.office}/")
    at_kiosk.is_fine("kiosk-start", 1280)
    at_kiosk.follow(f"a.s-choice:has-text('{name}')")
    at_kiosk.language = language
    at_kiosk.is_fine("kiosk-lines", 390, 1280)
    at_kiosk.follow("button[name=line][value=receive]")
    at_kiosk.is_fine("kiosk-ticket", 390, 1280)
    number = page.inner_text(".s-ticket__number")
    assert number.startswith("A")
    assert page.evaluate("window.printed")
    shown = page.url
    with page.expect_navigation():
        page.clock.run_for(IDLE_MS)
    assert page.url.rstrip("#left").endswith(f"/kiosk/{premises.office}/")
    page.go_back()
    assert page.url != shown
    assert number not in page.inner_text("main")


@pytest.mark.usefixtures("kiosk")
def test_who_says_that_they_are_there_keeps_the_page(
    context: BrowserContext, premises: Premises
) -> None:
    at_kiosk = visitor(context, premises, "kk")
    page = at_kiosk.page
    page.clock.install()
    page.goto(f"{premises.running.address}/kiosk/{premises.office}/kk/")
    page.clock.run_for(47_000)
    expect(page.locator("[data-stay]")).to_be_focused()
    at_kiosk.has_no_fault()
    page.keyboard.press("Enter")
    expect(page.locator(".s-still")).to_be_hidden()
    page.clock.run_for(30_000)
    assert page.url.endswith("/kk/")


@pytest.mark.usefixtures("kiosk")
def test_one_button_is_enough(context: BrowserContext, premises: Premises) -> None:
    page = visitor(context, premises, "kk").page
    page.clock.install()
    page.add_init_script("window.print = () => {}")
    page.goto(f"{premises.running.address}/kiosk/{premises.office}/")
    page.keyboard.press("Space")
    expect(page.locator("a.s-choice").nth(0)).to_be_focused()
    page.clock.run_for(STEP_MS)
    expect(page.locator("a.s-choice").nth(1)).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Space")
    assert page.url.endswith("/ru/")
    expect(page.locator("button.s-choice").nth(0)).to_be_focused()
    for _ in range(3):
        page.clock.run_for(STEP_MS)
    with page.expect_navigation():
        page.keyboard.press("Space")
    assert page.inner_text(".s-ticket__number").startswith("D")


@pytest.mark.usefixtures("kiosk")
def test_the_arrows_walk_over_the_choices(context: BrowserContext, premises: Premises) -> None:
    page = visitor(context, premises, "kk").page
    page.goto(f"{premises.running.address}/kiosk/{premises.office}/kk/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("button.s-choice").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("button.s-choice").nth(0)).to_be_focused()


@pytest.mark.usefixtures("kiosk")
def test_a_number_is_typed_at_the_kiosk_without_a_keyboard(
    context: BrowserContext, premises: Premises
) -> None:
    at_kiosk = visitor(context, premises, "kk")
    page = at_kiosk.page
    page.goto(f"{premises.running.address}/kiosk/{premises.office}/kk/here/")
    at_kiosk.is_fine("kiosk-here", 390, 1280)
    for key in ("A", "9", "8", ""):
        page.click(f"[data-key='{key}']")
    expect(page.locator("[name=number]")).to_have_value("A9")
    with page.expect_navigation():
        page.click("main button[type=submit]")
    expect(page.locator("[role=alert]")).to_be_visible()


def test_a_strange_device_is_led_to_the_queue_by_phone(
    context: BrowserContext, premises: Premises
) -> None:
    stranger = visitor(context, premises, "kk")
    stranger.page.goto(f"{premises.running.address}/kiosk/{premises.office}/")
    stranger.is_fine("kiosk-strange", 390, 1280)
    stranger.follow("a[href*='/queue/']")


def test_a_call_is_on_the_board_and_on_the_phone_by_live_events(
    context: BrowserContext, premises: Premises
) -> None:
    board = visitor(context, premises, "kk")
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url))
    board.page.goto(f"{premises.running.address}/board/{premises.office}/")
    phone = visitor(context, premises, "ru")
    phone.page.set_viewport_size(PHONE)
    phone.open(f"/queue/{premises.office}/")
    phone.has_no_fault()
    phone.page.select_option("select[name=first]", "disability")
    phone.follow("button[name=line][value=pick_up]")
    phone.has_no_fault()
    mine = phone.page.inner_text("h1 strong")
    called = [premises.play("call")]
    while called[-1] != mine:
        called.append(finish_and_call(premises))
    row = board.page.locator("tr.s-call", has_text=mine)
    expect(row).to_be_visible()
    expect(row.locator("td").nth(1)).to_have_text("2")
    expect(board.page.locator("[data-said]")).to_contain_text(mine)
    board.is_fine("board", 1280)
    assert not [url for url in asked if url.endswith("/now/")], "told, not asked"
    expect(phone.page.locator(".s-stand--called")).to_contain_text("2")
    phone.is_fine("ticket-called", 390)


def finish_and_call(premises: Premises) -> str:
    premises.play("finish")
    return premises.play("call")


def test_the_board_without_live_events_asks(context: BrowserContext, premises: Premises) -> None:
    page = visitor(context, premises, "kk").page
    page.route("**/live/**", lambda route: route.abort())
    with page.expect_request("**/now/"):
        page.goto(f"{premises.running.address}/board/{premises.office}/")


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_times_are_booked_on_a_phone(
    context: BrowserContext, premises: Premises, language: str
) -> None:
    phone = visitor(context, premises, language)
    phone.page.set_viewport_size(PHONE)
    phone.open(f"/queue/{premises.office}/book/")
    phone.is_fine("queue-book", 320, 1280)
    phone.follow("details[open] button[name=at] >> nth=2")
    phone.is_fine("ticket-booked", 320)
    phone.send("main form[action$='/cancel/']")
    phone.has_no_fault()
