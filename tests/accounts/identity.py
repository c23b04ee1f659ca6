"""The simulated eGov IDP in a thread, and a browser that goes there and comes back."""

import asyncio
import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web
from django.test import Client
from pytest_django import Settings

from tools.idp import Provider, application

SITE = "http://testserver"
CLIENT, SECRET = "kualik-demo", "demo"
PEOPLE = [
    {
        "id": "graduate", "surname": "Әбдірахманова", "given_name": "Айгерім",
        "patronymic": "Нұрланқызы", "iin": "840805414770", "phone": "+7 701 123 4567",
        "organisation": "", "bin": "", "roles": ["individual"],
        "label": {"kk": "бар", "ru": "есть", "en": "has"},
    },
    {
        "id": "stranger", "surname": "Ким", "given_name": "Виктор", "patronymic": "",
        "iin": "620101499003", "organisation": "", "bin": "", "roles": ["individual"],
        "label": {"kk": "жоқ", "ru": "нет", "en": "none"},
    },
]  # fmt: skip
WAIT_SECONDS = 30
Answer = tuple[int, str, str]


@dataclass(frozen=True)
class Running:
    """A provider that listens."""

    address: str
    provider: Provider

    def ask(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """Status, Location and text."""
        with closing(http.client.HTTPConnection(self.address, timeout=WAIT_SECONDS)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.ask("POST", path, urlencode(fields), kind)

    def log_in(self, address: str, **choice: str) -> str:
        """What the visitor does on the page at ``address``; where it leads back to."""
        where = urlsplit(address)
        assert where.netloc == self.address
        status, _, page = self.ask("GET", f"{where.path}?{where.query}")
        assert status == 200
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields = {name: unescape(value) for name, value in hidden.items()}
        chosen = {"person": "graduate", "fault": "none", "answer": "enter", **choice}
        status, back, _ = self.post("/idp/login", {**fields, **chosen})
        assert status == 303
        return back


@contextmanager
def running(settings: Settings, folder: Path) -> Iterator[Running]:
    """The provider on a free port; the installation is one of its clients."""
    settings.VAR, settings.PUBLIC_URL = folder, SITE
    file = folder / "simulators" / "people.json"
    file.parent.mkdir()
    file.write_text(json.dumps(PEOPLE), encoding="utf-8")
    loop, started, found = asyncio.new_event_loop(), threading.Event(), {}
    provider = Provider(CLIENT, SECRET, SITE)

    async def serve() -> None:
        runner = web.AppRunner(application(provider), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.update(port=runner.addresses[0][1], stop=asyncio.Event())
        started.set()
        await found["stop"].wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    settings.IDP_URL = f"http://127.0.0.1:{found['port']}"
    settings.IDP_CLIENT_ID, settings.IDP_CLIENT_SECRET = CLIENT, SECRET
    try:
        yield Running(f"127.0.0.1:{found['port']}", provider)
    finally:
        loop.call_soon_threadsafe(found["stop"].set)
        thread.join()
        loop.close()


def way_there(client: Client, **query: str) -> str:
    """Where the site sends the browser."""
    answer = client.get("/enter/idp/", query)
    assert answer.status_code == 302
    return answer.headers["Location"]


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def own_path(address: str) -> str:
    """The address without the name of the site, for the test client."""
    where = urlsplit(address)
    assert f"{where.scheme}://{where.netloc}" == SITE
    return f"{where.path}?{where.query}"
