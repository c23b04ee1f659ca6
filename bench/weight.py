"""What a page costs over a slow line: bytes, first words, the whole; the browser's own figures.

The line is that of slow 3G: 400 kbit/s each way, 400 ms there and back. Nothing is kept from an
earlier page, so each figure is that of a first visit.
"""

from dataclasses import asdict, dataclass
from importlib import import_module
from shutil import which
from typing import Any

import django
from django.core.management import call_command
from playwright.sync_api import Page, sync_playwright

from bench.check import server

KILOBIT = 1000 / 8
SLOW = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400 * KILOBIT,
    "uploadThroughput": 400 * KILOBIT,
}
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PUBLIC = ("/", "/check/", "/status/", "/enter/", "/providers/", "/standards/A303/")
OWN = ("/cabinet/", "/cabinet/ask/")
PHONE = {"width": 390, "height": 800}
TIMES = """() => new Promise((tell) => {
  const [page] = performance.getEntriesByType("navigation");
  const [words] = performance.getEntriesByName("first-contentful-paint");
  tell({ words: words ? words.startTime : 0, whole: page.loadEventEnd, read: page.domInteractive });
})"""


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes over the wire with their heads, how many files, and milliseconds since the press.

    ``words_ms`` is the first contentful paint, ``whole_ms`` the end of loading.
    """

    bytes: int
    files: int
    words_ms: int
    whole_ms: int


def run() -> dict[str, Any]:
    """Each page in Kazakh on a phone over the slow line; the cabinet is a person's own."""
    django.setup()
    call_command("migrate", verbosity=0)
    session = _cabinet()
    found: dict[str, Any] = {}
    with server() as port, sync_playwright() as playwright:
        path = which("chromium-headless-shell") or which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        for path in (*PUBLIC, *OWN):
            address = f"http://localhost:{port}{path}"
            page = browser.new_page(viewport=PHONE)
            if path in OWN:
                page.context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
            # A server that has just started compiles its templates at the first visits.
            for _ in range(4):
                page.goto(address)
            found[path] = asdict(weigh(page, address, is_slow=True))
            if page.url != address:
                raise RuntimeError(page.url)
            page.close()
        browser.close()
    return found


def _cabinet() -> str:
    """The session of somebody with a certificate, entered and agreed."""
    office = import_module("bench.ways").Office()
    (request,) = office.issue(office.bring(9500, 1))
    entering = import_module("tests.entering")
    client = entering.open_cabinet(import_module("django.test").Client(), request.person)
    return str(client.session.session_key)


def weigh(page: Page, address: str, *, is_slow: bool = False) -> Weight:
    """Open an address with an empty store; over the slow line where that is asked for."""
    line = page.context.new_cdp_session(page)
    sizes: list[float] = []
    line.on("Network.loadingFinished", lambda told: sizes.append(_size(told)))
    line.send("Network.enable")
    line.send("Network.clearBrowserCache")
    if is_slow:
        line.send("Network.emulateNetworkConditions", SLOW)
    try:
        page.goto(address, wait_until="load")
        page.evaluate("document.fonts.ready.then(() => null)")
        page.wait_for_load_state("networkidle")
        times = page.evaluate(TIMES)
    finally:
        line.send("Network.disable")
        line.detach()
    return Weight(int(sum(sizes)), len(sizes), round(times["words"]), round(times["whole"]))


def _size(told: dict[str, Any]) -> float:
    return float(told["encodedDataLength"])
