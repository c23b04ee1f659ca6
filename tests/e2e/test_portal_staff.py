"""The pages about other systems: the portal's service, registers, tokens, web hooks, Moodle."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.e2e.parts import Part
from tests.e2e.portals import EgovPortal
from tests.serving import served
from tools.moodle import MoodleServer

EACH = pytest.mark.parametrize(("language", "widths"), [("kk", (320,)), ("ru", (390, 1280))])
ADMIN, PLATFORM = "provider-admin@syr.example", "platform-admin@platform.example"
GATEWAY = "/office/gateway/"
# No organisation issues documents of it under A303.
RETRAINING = {
    "kind": "rt",
    "programme": "Мейіргер ісі",
    "started_on": "2026-02-02",
    "ended_on": "2026-06-30",
}
WAIT_SECONDS = 60
PLATFORM_PAGES = ("registers/", "queue/", "arrivals/", "peers/", "peers/new/", "services/new/")
COURSE, FIRST_DAY = "12", "2026-11-02"


class Receiver(BaseHTTPRequestHandler):
    """Takes every event."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_about: object) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[str]:
    with served(ThreadingHTTPServer(("127.0.0.1", 0), Receiver)) as server:
        yield f"http://127.0.0.1:{server.server_port}/events"


@pytest.fixture
def moodle() -> Iterator[MoodleServer]:
    with served(MoodleServer()) as server:
        yield server


def wait_for(is_there: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not is_there():
        assert time.monotonic() < end
        time.sleep(0.2)


def unfold(visitor) -> None:
    """What is folded is looked at too."""
    visitor.page.evaluate("document.querySelectorAll('main details').forEach(o => o.open = true)")


def ask_in_vain(egov: EgovPortal, person: Part) -> str:
    """A request that is refused before it is filed; its number on the portal."""
    surname, name, *rest = person.name.split()
    named = {"iin": person.iin, "surname": surname, "name": name, "patronymic": " ".join(rest)}
    [number] = egov.file({**named, **RETRAINING})
    wait_for(lambda: egov.request(number)["state"] == "DENIED")
    return number


@EACH
def test_the_service_of_the_portal_is_set_tried_out_and_looked_into(
    visit, egov, applicants, language: str, widths: tuple[int, ...]
) -> None:
    friend = applicants[f"friend-{language}"]
    number = ask_in_vain(egov, friend)
    admin = visit(language)
    admin.sign_in(ADMIN)
    admin.open(GATEWAY)
    admin.is_fine("gateway", *widths)
    admin.follow("main table a")
    unfold(admin)
    admin.is_fine("gateway-service", *widths)
    admin.page.fill("main input[name=form__iin]", "//iin[")
    admin.follow("main button[value=save]")
    expect(admin.page.locator(".govuk-error-summary")).to_be_visible()
    admin.is_fine("gateway-service-wrong", *widths)
    admin.open(GATEWAY)
    admin.follow("main table a")
    admin.follow("main a[href$='/try/']")
    admin.send("main form.k-form")
    expect(admin.page.locator("main .govuk-summary-list")).to_be_visible()
    unfold(admin)
    admin.is_fine("gateway-try-good", *widths)
    admin.page.fill("main textarea", "<request><requestNumber>101</requestNumber></request>")
    admin.send("main form.k-form")
    expect(admin.page.locator("main .k-message--error")).to_be_visible()
    admin.is_fine("gateway-try-bad", *widths)
    admin.open(f"{GATEWAY}talks/")
    admin.is_fine("gateway-talks", *widths)
    admin.follow(f"main table a:text('{number}')")
    admin.is_fine("gateway-talk", *widths)
    expect(admin.page.locator("main")).not_to_contain_text(friend.iin)


@EACH
def test_the_platform_sees_channels_queue_and_registers(
    visit, egov, applicants, language: str, widths: tuple[int, ...]
) -> None:
    ask_in_vain(egov, applicants[f"friend-{language}"])
    platform = visit(language)
    platform.sign_in(PLATFORM)
    for path in PLATFORM_PAGES:
        platform.open(f"{GATEWAY}{path}")
        platform.is_fine(f"gateway-{path.strip('/').replace('/', '-')}", *widths)
    platform.open(f"{GATEWAY}peers/")
    platform.follow("main a[href*='/peers/']:not([href$='/new/'])")
    platform.is_fine("gateway-peer", *widths)
    platform.open(f"{GATEWAY}talks/")
    platform.follow("main table a")
    unfold(platform)
    platform.is_fine("gateway-talk-whole", *widths)


@EACH
def test_a_token_is_shown_once(visit, applicants, language: str, widths: tuple[int, ...]) -> None:
    admin = visit(language)
    admin.sign_in(ADMIN)
    admin.open("/office/tokens/new/")
    admin.is_fine("token-new", *widths)
    admin.page.fill("main input[name=name]", f"Moodle {language}")
    admin.page.locator("main input[name=scopes]").first.check()
    admin.send("main form.k-form")
    secret = admin.page.locator("main section .k-number").inner_text()
    admin.is_fine("token-shown", *widths)
    admin.page.reload()
    expect(admin.page.locator("main")).not_to_contain_text(secret)
    admin.is_fine("token-one", *widths)
    admin.open("/office/tokens/")
    admin.is_fine("tokens", *widths)


@EACH
def test_a_hook_is_made_tried_and_removed(
    visit, applicants, receiver: str, language: str, widths: tuple[int, ...]
) -> None:
    admin = visit(language)
    admin.sign_in(ADMIN)
    admin.open("/office/hooks/new/")
    admin.is_fine("hook-new", *widths)
    admin.page.fill("main input[name=name]", "Moodle")
    admin.page.fill("main input[name=url]", receiver)
    admin.page.locator("main input[name=events]").first.check()
    admin.send("main form.k-form")
    admin.send("main form[action$='/secret/']")
    admin.is_fine("hook-secret", *widths)
    admin.follow("main button[value=test]")
    page = admin.page

    def is_taken() -> bool:
        page.reload()
        return page.locator("main table .k-tag--good").count() == 1

    wait_for(is_taken)
    unfold(admin)
    admin.is_fine("hook", *widths)
    admin.follow("main table a")
    admin.is_fine("hook-delivery", *widths)
    admin.open("/office/hooks/")
    admin.is_fine("hooks", *widths)
    admin.follow("main table a")
    unfold(admin)
    admin.follow("main button[value=remove]")


@EACH
def test_moodle_is_named_and_asked(
    visit, applicants, moodle: MoodleServer, language: str, widths: tuple[int, ...]
) -> None:
    admin = visit(language)
    admin.sign_in(ADMIN)
    page = admin.page
    admin.open("/office/import/moodle/")
    admin.is_fine("moodle-none", *widths)
    admin.follow("main a[href$='/source/']")
    admin.is_fine("moodle-source", *widths)
    page.fill("main input[name=url]", moodle.address)
    page.fill("main input[name=token]", "demo")
    admin.send("main form.k-form")
    admin.follow("main a[href$='/courses/']")
    page.fill("main input[name=course_id]", COURSE)
    page.select_option("main select[name=programme]", index=1)
    page.fill("main input[name=started_on]", FIRST_DAY)
    admin.is_fine("moodle-course", *widths)
    admin.send("main form.k-form")
    admin.send("main form[action$='/ask/']")
    page.wait_for_selector("main .k-card a.govuk-button", timeout=60_000)
    admin.is_fine("moodle", *widths)
    admin.open("/office/import/moodle/source/")
    admin.send("main form[action$='/forget/']")


@EACH
def test_the_person_lets_a_register_be_asked_and_reads_what_it_told(
    visit, applicants, egov, language: str, widths: tuple[int, ...]
) -> None:
    own = visit(language)
    own.be(applicants[f"portal-{language}"])
    own.open("/cabinet/registers/")
    own.is_fine("registers-none", *widths)
    own.send("main form.k-form")
    page = own.page

    def is_told() -> bool:
        page.reload()
        return page.locator("main .k-card .k-tag").count() > 0

    wait_for(is_told)
    own.is_fine("registers", *widths)
