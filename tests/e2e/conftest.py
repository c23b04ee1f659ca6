"""The whole system as `make run` starts it, with the demonstration, and a real browser.

All tests share one installation, so what waits for a signature belongs to one file each:
DEMO's to the office's journey, which leaves none, ISHIM's to the phone, TURAN's to NCALayer. The
applicants' journeys have an organisation of their own, SYR (``staging``).
"""

import base64
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.e2e.parts import Part
from tests.e2e.portals import EgovPortal
from tests.e2e.seen import AXE_FOLDER, CHROMIUM_PATH, SEEN
from tests.e2e.telephones import Catcher, come_back
from tests.migrated import lay_tables
from tests.ports import free_row

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "var" / "e2e"
AXE = (AXE_FOLDER / "axe.min.js").read_text(encoding="utf-8")
# The words for a fault are its own HTML, so the slow search for CSS selectors is left out.
AUDIT = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"], selectors: false });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}"""
FRAME = """() => {
  if (document.readyState !== "complete") throw new Error("the page is not whole");
  const root = document.documentElement;
  return { language: root.lang, beyond: root.scrollWidth - innerWidth, address: location.href };
}"""
SKELETON = """() => Array.from(document.querySelectorAll("*"), (one) =>
  one.localName + one.className + (one.getAttribute("aria-invalid") || "")).join()"""
# In the gate a page built alike is judged once; `make e2e` judges it in each language and width.
BRIEF = os.environ.get("TEST_BRIEF") == "yes"
PASSWORD = "kualik-demo"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A process for each address and one for each blank page cost more than the pages themselves.
    "--disable-site-isolation-trials",
    "--renderer-process-limit=1",
]
PROGRAM = Path(sys.executable).parent
KUALIK, GUNICORN = str(PROGRAM / "kualik"), str(PROGRAM / "gunicorn")
STAGING = "import django; django.setup(); from tests.e2e import staging; staging.main()"
# As bin/run starts it: idle connections hold no worker.
THREADS = ("--worker-class", "gthread", "--threads", "4")
WAIT_SECONDS = 60
HEIGHT = 900
# What the browser says when another page came while it was reading this one.
LEFT = (
    "the page is not whole",
    "Execution context was destroyed",
    "Cannot find context",
    "axe is not defined",
)
MOST_PAGES = 10
PLAIN = {"scheme": "rsa", "act": "sign", "shape": "array", "armour": "pem", "delay": 0}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test that was skipped proved nothing."""
    SEEN.left_out += report.skipped


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes what was seen; ``is_whole`` when every browser test ran, to its end, and none
    failed."""
    if not SEEN.visits:
        return
    files = {item.path for item in session.items}
    chosen = [*session.config.args, session.config.option.keyword]
    is_whole = set(Path(__file__).parent.glob("test_*.py")) <= files
    is_whole = is_whole and not session.testsfailed and not any("::" in one for one in chosen)
    is_whole = is_whole and not BRIEF and not SEEN.left_out
    told = {**SEEN.record(), "is_whole": is_whole and not session.config.option.keyword}
    GALLERY.mkdir(parents=True, exist_ok=True)
    (GALLERY / "audit.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM_PATH, "the package chromium-headless-shell is missing"
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM_PATH, args=CHROMIUM) as browser,
    ):
        SEEN.browser = f"Chromium {browser.version.partition('.')[0]}"
        yield browser


@pytest.fixture(scope="session")
def simulators_port() -> int:
    """The first of ten free ports in a row: NCALayer, the phone, the test authority, three of
    the message catcher, eGov IDP, the digital documents service, the portal, a Moodle."""
    return free_row(10)


@dataclass(kw_only=True)
class Installation:
    """Everything that `make run` starts, with the demonstration, in processes of its own."""

    address: str
    folder: Path
    environment: dict[str, str]
    simulators: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        with (self.folder / "log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, cwd=ROOT
            )

    def start_simulator(self, name: str, *options: str) -> None:
        self.start(name, sys.executable, f"tools/{name}.py", *options)

    def load(self, *, is_staged: bool) -> None:
        """The demonstration, with the parts of the applicants' journeys if they are played."""
        loading = [sys.executable, "-c", STAGING] if is_staged else [KUALIK, "demo"]
        done = subprocess.run(
            loading, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True
        )
        if is_staged:
            told = json.loads(done.stdout)
            self.parts = {name: Part(**about) for name, about in told.items()}

    def stop(self, *names: str) -> None:
        """All of them are told first, since each takes its time."""
        stopped = [self.processes.pop(name) for name in names]
        for process in stopped:
            process.terminate()
        for process in stopped:
            process.wait()


@pytest.fixture(scope="session")
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, simulators_port: int
) -> Iterator[Installation]:
    """A running installation: web server, worker, demonstration, simulators."""
    folder, port = tmp_path_factory.mktemp("system"), free_row()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "KUALIK_VAR": str(folder),
        "KUALIK_DEMO": "1",
        "KUALIK_PUBLIC_URL": f"http://localhost:{port}",
        "KUALIK_SIMULATORS_PORT": str(simulators_port),
        "DJANGO_SETTINGS_MODULE": "kualik.config.settings",
    }
    running = Installation(
        address=environment["KUALIK_PUBLIC_URL"],
        folder=folder,
        environment=environment,
        simulators=simulators_port,
    )
    # Migrating is proved elsewhere.
    lay_tables(folder / "kualik.sqlite3")
    is_staged = any("applicants" in item.fixturenames for item in request.session.items)
    running.load(is_staged=is_staged)
    web = ("kualik.config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", *THREADS)
    keys = ("--directory", str(folder / "keys" / "test-authority"))
    try:
        running.start("worker", KUALIK, "worker")
        running.start("web", GUNICORN, *web)
        running.start_simulator("ncalayer")
        running.start_simulator("phone")
        running.start_simulator("authority_server", *keys, f"--port={simulators_port + 2}")
        running.start_simulator("digital_documents")
        running.start_simulator("portal/__main__")
        wait_for(port, "/healthz")
        places = {0: "/", 1: "/", 2: "/rsa/ca", 7: "/", 8: "/"}
        if is_staged:
            running.start_simulator("message_catcher")
            running.start_simulator("idp")
            running.start("smpp", KUALIK, "smpp")
            places |= {5: "/", 6: "/idp/oauth/authorize"}
        for place, path in places.items():
            wait_for(simulators_port + place, path)
        yield running
    finally:
        running.stop(*running.processes)
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture
def applicants(installation: Installation) -> dict[str, Part]:
    """The people of the applicants' journeys by part and language, see ``parts``."""
    return installation.parts


@pytest.fixture(scope="session")
def system(installation: Installation) -> str:
    """The address of the running installation."""
    return installation.address


class NCALayer:
    """The simulated NCALayer of the running installation."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    def behave(self, person: str, **behaviour: object) -> None:
        """Sign with that person's key; the rest as usual, unless told otherwise."""
        self._ask("POST", {**PLAIN, "person": person, **behaviour})

    def last(self) -> dict[str, Any]:
        """What was asked last, without its content."""
        return self._ask("GET", None)["noted"][0]

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens."""
        self.installation.stop("ncalayer")
        try:
            yield
        finally:
            self.installation.start_simulator("ncalayer")
            wait_for(self.installation.simulators, "/")

    def _ask(self, method: str, told: dict[str, object] | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.installation.simulators, timeout=10
        )
        body = None if told is None else json.dumps(told)
        connection.request(method, "/behaviour", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found = answer.read()
        connection.close()
        assert answer.status == 200, found
        return json.loads(found)


@pytest.fixture
def ncalayer(installation: Installation) -> Iterator[NCALayer]:
    """The simulated NCALayer, as usual again after the test."""
    layer = NCALayer(installation)
    yield layer
    layer.behave("stranger")


def wait_for(port: int, path: str) -> None:
    """Until the server answers."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            assert connection.getresponse().status < 500
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()


Cookies = list[Any]
Found = TypeVar("Found")


class Visitor:
    """Somebody at a browser, in one language.

    ``entered`` keeps the cookies of every account that has signed in, for all visitors.
    """

    def __init__(self, page: Page, system: str, language: str, entered: dict[str, Cookies]) -> None:
        self.page, self.system, self.language, self.entered = page, system, language, entered
        page.set_default_timeout(20_000)

    def open(self, path: str) -> None:
        sign = "&" if "?" in path else "?"
        address = f"{self.system}{path}{sign}lang={self.language}"
        # Without an answer the page that was open renewed itself at that very moment.
        answer = self.page.goto(address) or self.page.goto(address)
        assert answer
        assert answer.status < 400, path

    def sign_in(self, email: str) -> None:
        """Password, then the code that the demonstration shows; the session is used again."""
        if email in self.entered:
            self.page.context.add_cookies(self.entered[email])
            return
        self.open("/login/")
        self.page.fill("input[type=email], input[name=email], input[name=username]", email)
        self.page.fill("input[type=password]", PASSWORD)
        self.send("main form:has(input[type=password])")
        self.give_code()
        self.entered[email] = self.page.context.cookies()

    def enter(self, ncalayer: "NCALayer", person: str) -> None:
        """The own cabinet by an electronic signature; the consent is given where it is asked."""
        ncalayer.behave(person)
        self.open("/enter/eds/")
        self.page.locator("#eds button[type=submit]").click()
        self.page.wait_for_url("**/cabinet/**")
        self.agree()

    def agree(self) -> None:
        """Give the consent that the first entry asks for."""
        if "/consent/" in self.page.url:
            self.page.check("main input[name=agrees]")
            self.send("main form:has(input[name=agrees])")

    def be(self, part: Part) -> None:
        """Somebody whose cabinet is open already."""
        cookie = {"name": "sessionid", "value": part.session, "url": self.system}
        self.page.context.clear_cookies(name="sessionid")
        self.page.context.add_cookies([cookie])

    def give_code(self) -> None:
        """The second factor, which the demonstration shows."""
        shown = re.search(r"\b(\d{3})\s?(\d{3})\b", self.page.inner_text("main"))
        assert shown, "the demonstration shows the present code"
        self.page.fill("main input[inputmode=numeric]", shown[1] + shown[2])
        self.send("main form:has(input[inputmode=numeric])")
        assert "/login/" not in self.page.url

    def send(self, form: str) -> None:
        """Press the main button of a form and wait for the page that answers."""
        self.follow(f"{form} button[type=submit]:not([aria-hidden])")

    def follow(self, selector: str) -> None:
        """Press a link or a button and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def read(self, reading: Callable[[], Found]) -> Found:
        """``reading()`` of a whole page; anew where another page came meanwhile."""
        for _ in range(MOST_PAGES):
            self.page.wait_for_load_state()
            try:
                return reading()
            except Error as error:
                if not any(words in error.message for words in LEFT):
                    raise
        pytest.fail(f"the pages do not come to rest: {self.page.url}")

    def has_no_fault(self) -> None:
        """axe finds nothing, the page is in its language and does not scroll sideways."""
        self.read(self._judge)

    def _judge(self) -> None:
        found = self.page.evaluate(FRAME)
        address, beyond = found["address"], found["beyond"]
        assert found["language"] == self.language, address
        assert beyond <= 0, f"{address} scrolls sideways by {beyond} px"
        skeleton = self.page.evaluate(SKELETON) if BRIEF else ""
        if skeleton in SEEN.skeletons:
            return
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        faults = self.page.evaluate(AUDIT)
        SEEN.skeletons |= {skeleton} if skeleton else set()
        width = (self.page.viewport_size or {})["width"]
        SEEN.visits.append((kind_of(address), self.language, width))
        SEEN.faults += len(faults)
        assert [fault[:200] for fault in faults] == [], address

    def kind_of_page(self) -> str:
        """``kind_of`` the page that is open."""
        return kind_of(self.read(lambda: self.page.evaluate(FRAME))["address"])

    def keep_picture(self, name: str) -> None:
        """The whole page, for `make e2e`; the browser is asked itself: it then packs quickly."""
        if BRIEF:
            return
        GALLERY.mkdir(parents=True, exist_ok=True)
        (GALLERY / f"{name}.png").write_bytes(self.read(self._picture))

    def _picture(self) -> bytes:
        self.page.evaluate("document.fonts.ready.then(() => null)")
        browser = self.page.context.new_cdp_session(self.page)
        size = browser.send("Page.getLayoutMetrics")["cssContentSize"]
        wanted = {"captureBeyondViewport": True, "optimizeForSpeed": True}
        picture = browser.send("Page.captureScreenshot", {**wanted, "clip": {**size, "scale": 1}})
        browser.detach()
        return base64.b64decode(picture["data"])

    def is_fine(self, name: str, *widths: int) -> None:
        """No fault and a picture of the page at each width, without loading it anew."""
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            self.has_no_fault()
            self.keep_picture(f"{name}-{self.language}-{width}")


def kind_of(address: str) -> str:
    """The address without what names one thing out of many."""
    return re.sub(r"[^/]*\d[^/]*", "*", urlsplit(address).path)


@pytest.fixture(scope="session")
def entered() -> dict[str, Cookies]:
    """Cookies of who has signed in by password and code, by address."""
    return {}


@pytest.fixture(scope="session")
def idle() -> dict[bool, list[Page]]:
    """Pages that nobody is at, with scripts and without: a new one costs more than most tests."""
    return {True: [], False: []}


@pytest.fixture
def visit(
    browser: Browser, system: str, idle: dict[bool, list[Page]], entered: dict[str, Cookies]
) -> Iterator[type[Visitor]]:
    """``visit(language, width)`` gives a visitor with cookies of its own."""
    taken: list[tuple[bool, Page]] = []

    def make(language: str, width: int = 1280, *, scripts: bool = True) -> Visitor:
        waiting = idle[scripts]
        page = waiting.pop() if waiting else browser.new_page(java_script_enabled=scripts)
        taken.append((scripts, page))
        page.set_viewport_size({"width": width, "height": HEIGHT})
        return Visitor(page, system, language, entered)

    yield make  # type: ignore[misc]
    for scripts, page in taken:
        page.unroute_all()
        page.goto("about:blank")
        page.context.clear_cookies()
        idle[scripts].append(page)


@pytest.fixture
def phone(visit: type[Visitor], installation: Installation) -> Callable[..., Page]:
    """``phone(visitor, person)`` opens the code of a page on a simulated phone and answers.

    ``look`` is what makes the page of the code see how it stands.
    """
    page = visit("kk", 390).page

    def answer(
        visitor: Visitor,
        person: str,
        *,
        press: str = "sign",
        look: Callable[[Page], None] = come_back,
        **choice: str,
    ) -> Page:
        link = visitor.page.locator(
            f"main a[href^='http://127.0.0.1:{installation.simulators + 1}/']"
        )
        page.goto(str(link.get_attribute("href")))
        page.check(f"#person-{person}")
        for name, value in choice.items():
            page.check(f"#{name}-{value}")
        look(visitor.page)
        visitor.page.wait_for_selector("[data-stage=fetched]")
        page.click(f"button[value={press}]")
        page.wait_for_selector(".told")
        look(visitor.page)
        return page

    return answer


@pytest.fixture
def catcher(visit: type[Visitor], installation: Installation) -> Catcher:
    """The messages of the demonstration, in a browser of their own."""
    return Catcher(visit("kk", 390).page, installation.simulators + 5)


@pytest.fixture
def egov(installation: Installation, applicants: dict[str, Part]) -> EgovPortal:
    """The simulated portal of e-government; it knows the organisation of the stage."""
    portal = EgovPortal(installation.simulators + 8)
    portal.file()
    return portal
