"""The simulated phone speaks to a running site over HTTP, as eGov Mobile does."""

import asyncio
import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from kualik.accounts.models import Person
from kualik.core import clock
from kualik.signatures.models import PhoneSigning
from tools.egov_qr import Fault, link_of
from tools.phone import Phone, application, listed_hosts

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = [
    {
        "id": "graduate", "surname": "Әбдірахманова", "given_name": "Айгерім",
        "patronymic": "Нұрланқызы", "iin": "840805414770", "organisation": "", "bin": "",
        "roles": ["individual"], "label": {"kk": "бар", "ru": "есть", "en": "has"},
    },
    {
        "id": "stranger", "surname": "Ким", "given_name": "Виктор", "patronymic": "",
        "iin": "850315300123", "organisation": "", "bin": "", "roles": ["individual"],
        "label": {"kk": "жоқ", "ru": "нет", "en": "none"},
    },
]  # fmt: skip
PAGE = "/enter/phone/"
WAIT_SECONDS = 30
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Running:
    """A phone that listens."""

    address: str

    def show(self, text: str = "", language: str = "ru") -> str:
        _, page = self.ask("GET", f"/?lang={language}&link={quote(text, safe='')}")
        return page

    def answer(self, text: str, **choice: object) -> dict[str, str]:
        given = {"link": text, "person": "graduate", **choice}
        status, told = self.ask("POST", "/answer", json.dumps(given), JSON)
        assert status == 200, told
        return json.loads(told)

    def ask(self, method: str, path: str, *sent: object) -> tuple[int, str]:
        with closing(http.client.HTTPConnection(self.address, timeout=WAIT_SECONDS)) as connection:
            connection.request(method, path, *sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


@pytest.fixture
def site(
    served_installation: None, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> str:
    settings.PUBLIC_URL, settings.VAR = live_server.url, tmp_path
    file = tmp_path / "simulators" / "people.json"
    file.parent.mkdir()
    file.write_text(json.dumps(PEOPLE), encoding="utf-8")
    return live_server.url


@pytest.fixture
def phone(site: str) -> Iterator[Running]:
    """The program's own routes on a free port, in a thread."""
    loop, started, found = asyncio.new_event_loop(), threading.Event(), {}

    async def serve() -> None:
        runner = web.AppRunner(application(Phone(clock.now, listed_hosts())), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.update(port=runner.addresses[0][1], stop=asyncio.Event())
        started.set()
        await found["stop"].wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    yield Running(f"127.0.0.1:{found['port']}")
    loop.call_soon_threadsafe(found["stop"].set)
    thread.join()
    loop.close()


def code(client: Client) -> str:
    found = re.search(r">(mobileSign:[^<]+)<", client.get(PAGE).content.decode())
    assert found
    return found[1]


def stage(client: Client) -> str:
    return client.get(f"{PAGE}state/").json()["stage"]


def test_it_shows_who_asks_and_what_for_before_anything_is_signed(
    client: Client, phone: Running
) -> None:
    shown = phone.show(code(client))
    for text in (
        "Демонстрация «Куәлік» (250140000013)",
        "Вход в кабинет системы «Куәлік»",
        "CMS_WITH_DATA",
        "Бұл – кіруді растау",
        "Айгерім",
    ):
        assert text in shown
    assert "840805414770" not in shown
    assert stage(client) == "fetched"


@pytest.mark.parametrize("scheme", ["rsa", "gost512"])
def test_it_signs_and_the_browser_that_asked_is_let_in(
    client: Client, phone: Running, scheme: str
) -> None:
    assert phone.answer(code(client), scheme=scheme) == {"outcome": "signed", "told": ""}
    assert stage(client) == "signed"
    assert client.post(f"{PAGE}answer/").url == "/cabinet/"
    assert Person.objects.get().given_name == "Айгерім"


def test_it_refuses(client: Client, phone: Running) -> None:
    assert phone.answer(code(client), answer="refuse")["outcome"] == "refused"
    assert stage(client) == "cancelled"


def test_another_person_signs_and_enters(client: Client, phone: Running) -> None:
    assert phone.answer(code(client), act="other")["outcome"] == "signed"
    assert client.post(f"{PAGE}answer/").url == "/cabinet/"
    assert Person.objects.get().given_name == "Виктор"


@pytest.mark.parametrize(
    ("act", "told"), [("revoked", "кері қайтарып алынған"), ("wrong_content", "басқа мазмұнға")]
)
def test_what_the_site_refuses_is_told_on_the_phone(
    client: Client, phone: Running, act: str, told: str
) -> None:
    answer = phone.answer(code(client), act=act)
    assert answer["outcome"] == "refused_by_site"
    assert told in answer["told"]
    assert stage(client) == "fetched"


def test_it_reads_the_text_of_the_code_a_bare_link_and_one_that_opens_the_application(
    client: Client, phone: Running
) -> None:
    text = code(client)
    link = text.removeprefix("mobileSign:")
    launch = f"https://m.egov.kz/mobileSign/?link={quote(link, safe='')}&isi=1476128386"
    for given in (text, link, launch, f" {text[:20]}\n{text[20:]} "):
        assert "CMS_WITH_DATA" in phone.show(given)


def test_it_speaks_to_listed_hosts_alone(phone: Running) -> None:
    shown = phone.show("mobileSign:https://evil.example/egov/x/")
    assert "нет в списке" in shown
    assert "Это не код eGov Mobile" in phone.show("https://")


def test_a_document_at_a_host_that_is_not_listed_is_not_fetched(
    client: Client, phone: Running, settings: Settings
) -> None:
    text = code(client)
    settings.PUBLIC_URL = "https://evil.example"
    assert "нет в списке" in phone.show(text)


def test_a_code_that_ended_or_was_used_is_told_as_such(client: Client, phone: Running) -> None:
    text = code(client)
    phone.answer(text)
    assert "уже использован" in phone.show(text)
    PhoneSigning.objects.update(state="offered", expires_at=clock.now())
    assert "Срок кода истёк" in phone.show(text)


def test_pages_of_others_choose_nothing(client: Client, phone: Running) -> None:
    text = code(client)
    given = json.dumps({"link": text, "person": "graduate"})
    status, _ = phone.ask("POST", "/answer", given, JSON | {"Origin": "https://evil.example"})
    assert status == 403
    assert stage(client) == "offered"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_its_own_page_speaks_three_languages(phone: Running, language: str) -> None:
    titles = {"kk": "Сынақ телефоны", "ru": "Имитация телефона", "en": "Simulated phone"}
    assert f"<h1>{titles[language]}</h1>" in phone.show(language=language)


@pytest.mark.parametrize("text", ["", "mobileSign:", "ftp://127.0.0.1/", "just words"])
def test_what_is_no_code_is_none(text: str) -> None:
    with pytest.raises(Fault):
        link_of(text)
