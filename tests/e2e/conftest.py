"""The whole system as `make run` starts it, with the demonstration, and a real browser."""

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "var" / "e2e"
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PASSWORD = "kualik-demo"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROGRAM = Path(sys.executable).parent
WAIT_SECONDS = 60


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "the package chromium is missing"
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=CHROMIUM) as browser,
    ):
        yield browser


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running installation: web server, worker, demonstration."""
    folder = tmp_path_factory.mktemp("system")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = f"http://localhost:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "KUALIK_VAR": str(folder),
        "KUALIK_DEMO": "1",
        "KUALIK_PUBLIC_URL": address,
        "DJANGO_SETTINGS_MODULE": "kualik.config.settings",
    }
    kualik = str(PROGRAM / "kualik")
    subprocess.run([kualik, "demo"], env=environment, check=True, stdout=subprocess.DEVNULL)
    web = [str(PROGRAM / "gunicorn"), "kualik.config.wsgi", "--bind", f"127.0.0.1:{port}"]
    with (folder / "log").open("w") as log:
        processes = [
            subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            for command in ([kualik, "worker"], [*web, "--workers", "2"])
        ]
        try:
            wait_for(port)
            yield address
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
    assert "Traceback" not in (folder / "log").read_text()


def wait_for(port: int) -> None:
    """Until the server answers."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()


class Visitor:
    """Somebody at a browser, in one language."""

    def __init__(self, page: Page, system: str, language: str) -> None:
        self.page, self.system, self.language = page, system, language
        page.set_default_timeout(20_000)

    def open(self, path: str) -> None:
        sign = "&" if "?" in path else "?"
        answer = self.page.goto(f"{self.system}{path}{sign}lang={self.language}")
        assert answer
        assert answer.status < 400, path

    def sign_in(self, email: str) -> None:
        """Password, then the code that the demonstration shows."""
        self.open("/login/")
        self.page.fill("input[type=email], input[name=email], input[name=username]", email)
        self.page.fill("input[type=password]", PASSWORD)
        self.send("main form:has(input[type=password])")
        shown = re.search(r"\b(\d{3})\s?(\d{3})\b", self.page.inner_text("main"))
        assert shown, "the demonstration shows the present code"
        self.page.fill("main input[inputmode=numeric]", shown[1] + shown[2])
        self.send("main form:has(input[inputmode=numeric])")
        assert "/login/" not in self.page.url

    def send(self, form: str) -> None:
        """Press the main button of a form."""
        self.page.locator(f"{form} button[type=submit]").first.click()
        self.page.wait_for_load_state()

    def has_no_fault(self) -> None:
        """axe finds nothing, the page is in its language and does not scroll sideways."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run().then(result => result.violations)")
        faults = [
            f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]
        ]
        assert faults == [], self.page.url
        assert self.page.get_attribute("html", "lang") == self.language
        width = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{self.page.url} scrolls sideways by {width} px"

    def keep_picture(self, name: str) -> None:
        GALLERY.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=GALLERY / f"{name}.png", full_page=True)


@pytest.fixture
def visit(browser: Browser, system: str) -> Iterator[type[Visitor]]:
    """``visit(language, width)`` gives a visitor with cookies of its own."""
    contexts = []

    def make(language: str, width: int = 1280, *, scripts: bool = True) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts
        )
        contexts.append(context)
        return Visitor(context.new_page(), system, language)

    yield make  # type: ignore[misc]
    for context in contexts:
        context.close()
