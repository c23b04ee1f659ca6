"""The page of the demonstration's messages: what a phone and a mailbox would show."""

import asyncio
import os
import re
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from kualik.notifications.adapters.addresses import parse_address
from kualik.notifications.adapters.smpp import SmppLink
from tests.notifications.catching import LOOPBACK, Catching, MovedClock
from tests.notifications.lines import outgoing_of, turn_until
from tests.notifications.telling import PHONE, tell
from tests.ports import free_row
from tools.message_catcher import application

pytestmark = pytest.mark.django_db


class Page:
    """The page over HTTP, in the catcher's own loop."""

    def __init__(self, catching: Catching) -> None:
        self.catching = catching
        self.runner = web.AppRunner(application(catching.catcher), access_log=None)

    def get(self, path: str, host: str = LOOPBACK) -> tuple[int, str]:
        return self.catching.run(self._ask("GET", path, None, {"Host": host}))

    def post(self, path: str, **fields: object) -> tuple[int, str]:
        return self.catching.run(self._ask("POST", path, fields, {}))

    def post_from(self, origin: str, path: str, **fields: object) -> tuple[int, str]:
        return self.catching.run(self._ask("POST", path, fields, {"Origin": origin}))

    async def _ask(self, method, path, fields, headers):
        if not self.runner.addresses:
            await self.runner.setup()
            await web.TCPSite(self.runner, LOOPBACK, 0).start()
        url = f"http://{LOOPBACK}:{self.runner.addresses[0][1]}{path}"
        async with (
            ClientSession() as session,
            session.request(method, url, data=fields, headers=headers) as answer,
        ):
            return answer.status, await answer.text()

    def end(self) -> None:
        self.catching.run(self.runner.cleanup())
        # Connections of aiohttp close in the next turns of the loop.
        self.catching.run(asyncio.sleep(0.05))


@pytest.fixture
def page(catching: Catching):
    shown = Page(catching)
    yield shown
    shown.end()


@pytest.mark.parametrize(
    ("language", "title", "nothing"),
    [
        ("kk", "Көрсетілім хабарламалары", "Әзірге хабарлама жоқ."),
        ("ru", "Сообщения демонстрации", "Пока сообщений нет."),
        ("en", "Messages of the demonstration", "There are no messages yet."),
    ],
)
def test_the_page_speaks_three_languages(page: Page, language: str, title: str, nothing: str):
    status, shown = page.get(f"/?lang={language}")
    assert status == 200
    assert f'<html lang="{language}">' in shown
    assert shown.count("<h1>") == 1
    assert f"<h1>{title}</h1>" in shown
    assert shown.count(nothing) == 2
    labels = set(re.findall(r'<label for="([^"]+)"', shown))
    inputs = set(re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', shown))
    assert labels == inputs


def test_an_sms_is_shown_and_answered_on_the_page(
    page: Page, catching: Catching, clock: MovedClock
) -> None:
    (message,) = tell("completion_offer", now=clock())
    link = SmppLink(parse_address(catching.smpp_url))
    for _ in link.send(outgoing_of(message)):
        pass
    shown = page.get("/?lang=kk")[1]
    assert PHONE in shown
    assert "игерілді" in shown
    assert "3/3 бөлік" in shown
    status, shown = page.post("/answer", phone=PHONE, text="1", lang="kk")
    assert (status, "Жауап жіберілді." in shown) == (200, True)
    turn_until(link, clock, lambda: catching.centre.acknowledged)
    link.close()
    catching.until(lambda: not catching.centre.is_bound)
    assert "Жауап жетпеді" in page.post("/answer", phone=PHONE, text="1", lang="kk")[1]


def test_programs_read_what_was_caught(page: Page, catching: Catching) -> None:
    with smtplib.SMTP(LOOPBACK, catching.smtp_port) as mail:
        mail.sendmail(
            "a@demo.example", ["b@demo.example"],
            "Subject: One\r\nContent-Type: text/plain\r\n\r\n<b>..two</b>\r\n.three\r\n",
        )  # fmt: skip
    assert '"subject": "One"' in page.get("/messages")[1]
    assert "..two" in page.get("/messages")[1]
    assert ".three" in page.get("/messages")[1]
    shown = page.get("/")[1]
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_failures_are_chosen_and_nonsense_is_not(page: Page, catching: Catching) -> None:
    answer = page.post(
        "/behaviour", submit="throttle", receipt="none", mail="busy", times="3", delay="7"
    )
    assert answer[0] == 200
    chosen = catching.centre.behaviour
    assert (chosen.submit, chosen.receipt, chosen.times, chosen.delay) == ("throttle", "", 3, 7.0)
    assert catching.mail.behaviour == "busy"
    for wrong in ({"submit": "explode"}, {"receipt": "LOST"}, {"mail": "x"}, {"delay": "soon"}):
        assert page.post("/behaviour", **wrong)[0] == 400
    assert page.post("/answer", phone="<script>", text="1")[0] == 400
    assert page.post("/answer", phone=PHONE, text="")[0] == 400


def test_other_pages_and_other_names_do_not_reach_it(page: Page) -> None:
    assert page.get("/", host="evil.example")[0] == 403
    assert page.post_from("http://evil.example", "/answer", phone=PHONE, text="1")[0] == 403


def test_a_mail_server_that_is_busy_or_knows_nobody(catching: Catching) -> None:
    for behaviour, code in (("busy", 451), ("refuse", 550)):
        catching.mail.behaviour = behaviour
        with smtplib.SMTP(LOOPBACK, catching.smtp_port) as mail:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                mail.sendmail("a@demo.example", ["b@demo.example"], "x")
            assert refused.value.recipients["b@demo.example"][0] == code
            assert mail.docmd("DATA")[0] == 503
            assert mail.docmd("VRFY", "x")[0] == 502
    assert catching.mail.letters == []


def test_a_centre_that_is_told_nonsense_hangs_up(catching: Catching) -> None:
    for raw in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x10" + b"\xff" * 12, b"\0\0\0\x11\0\0\0\x04"):
        with socket.create_connection((LOOPBACK, catching.smpp_port), timeout=5) as line:
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            while line.recv(1024):
                pass


def test_the_program_serves_a_demonstration_and_nothing_else(tmp_path: Path) -> None:
    port = free_row(3)
    known = {"PATH": os.environ["PATH"], "KUALIK_VAR": str(tmp_path), "KUALIK_DEMO": "1"}
    command = [sys.executable, "tools/message_catcher.py", "--port", str(port)]
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == f"http://{LOOPBACK}:{port + 2}/\n"
        with smtplib.SMTP(LOOPBACK, port) as mail:
            assert mail.noop()[0] == 250
        SmppLink(parse_address(f"smpp://kualik:demo@{LOOPBACK}:{port + 1}/")).close()
        program.terminate()
    secrets = {f"KUALIK_{name}": "x" for name in ("SECRET_KEY", "IIN_KEY", "KEY_PASSPHRASE")}
    real = {**known, **secrets, "KUALIK_DEMO": "0"}
    done = subprocess.run(command, env=real, capture_output=True, text=True, check=False)
    assert "demonstrations only" in done.stderr
