"""The whole system as `make run` starts it, with the demonstration, and a real browser."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
PLAIN = {"scheme": "rsa", "act": "sign", "shape": "array", "armour": "pem", "delay": 0}


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
def simulators_port() -> int:
    """The first of three free ports in a row: NCALayer, the phone, the test authority."""
    while True:
        first = free_port()
        try:
            taken = [socket.create_server(("127.0.0.1", first + place)) for place in range(3)]
        except OSError:
            continue
        for server in taken:
            server.close()
        return first


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Installation:
    """Everything that `make run` starts, with the demonstration, in processes of its own."""

    address: str
    folder: Path
    environment: dict[str, str]
    simulators: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        with (self.folder / "log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, cwd=ROOT
            )

    def start_simulator(self, name: str, *options: str) -> None:
        self.start(name, sys.executable, f"tools/{name}.py", *options)

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def installation(
    tmp_path_factory: pytest.TempPathFactory, simulators_port: int
) -> Iterator[Installation]:
    """A running installation: web server, worker, demonstration, simulators."""
    folder, port = tmp_path_factory.mktemp("system"), free_port()
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
    kualik, gunicorn = str(PROGRAM / "kualik"), str(PROGRAM / "gunicorn")
    subprocess.run([kualik, "demo"], env=environment, check=True, stdout=subprocess.DEVNULL)
    web = ("kualik.config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2")
    keys = ("--directory", str(folder / "keys" / "test-authority"))
    try:
        running.start("worker", kualik, "worker")
        running.start("web", gunicorn, *web)
        running.start_simulator("ncalayer")
        running.start_simulator("phone")
        running.start_simulator("authority_server", *keys, f"--port={simulators_port + 2}")
        wait_for(port, "/healthz")
        for place, path in enumerate(("/", "/", "/rsa/ca")):
            wait_for(simulators_port + place, path)
        yield running
    finally:
        for name in list(running.processes):
            running.stop(name)
    assert "Traceback" not in (folder / "log").read_text()


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
        self.give_code()

    def give_code(self) -> None:
        """The second factor, which the demonstration shows."""
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
