"""The simulated digital documents service in a thread, and the person who answers on its page."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from aiohttp import web
from pytest_django import Settings

from tools.digital_documents import Service, application

TOKEN = "demo"
WAIT_SECONDS = 30


@dataclass(frozen=True)
class Running:
    """A service that listens; ``people`` may be asked for documents."""

    address: str
    service: Service

    def answer(self, reference: str, answer: str = "allow", **choice: str) -> None:
        """What the person presses."""
        sent = {"id": reference, "answer": answer, "fault": "none", "keep": "600", **choice}
        found = requests.post(
            f"{self.address}/answer", data=sent, timeout=WAIT_SECONDS, allow_redirects=False
        )
        assert found.status_code == 303

    def page(self, language: str = "en") -> str:
        """What the phone shows."""
        answer = requests.get(f"{self.address}/", {"lang": language}, timeout=WAIT_SECONDS)
        return answer.text


def row(iin: str, surname: str, given_name: str, patronymic: str = "") -> dict[str, object]:
    """Somebody of the demonstration."""
    return {
        "id": surname,
        "surname": surname,
        "given_name": given_name,
        "patronymic": patronymic,
        "iin": iin,
        "organisation": "",
        "bin": "",
        "roles": ["individual"],
        "label": {"kk": "", "ru": "", "en": ""},
    }


@contextmanager
def running(
    settings: Settings, folder: Path, people: list[Mapping[str, object]]
) -> Iterator[Running]:
    """The service on a free port; the installation may ask it."""
    settings.VAR = folder
    file = folder / "simulators" / "people.json"
    file.parent.mkdir()
    file.write_text(json.dumps(people), encoding="utf-8")
    loop, started, found = asyncio.new_event_loop(), threading.Event(), {}
    service = Service(TOKEN)

    async def serve() -> None:
        runner = web.AppRunner(application(service), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.update(port=runner.addresses[0][1], stop=asyncio.Event())
        started.set()
        await found["stop"].wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    address = f"http://127.0.0.1:{found['port']}"
    settings.DIGITAL_DOCUMENTS_URL, settings.DIGITAL_DOCUMENTS_TOKEN = address, TOKEN
    try:
        yield Running(address, service)
    finally:
        loop.call_soon_threadsafe(found["stop"].set)
        thread.join()
        loop.close()
