"""Catches what a demonstration sends: a mail server, an SMS centre, and a page that shows both.

    python tools/message_catcher.py [--port N]

SMTP is at port N, SMPP 3.4 at N + 1, the page at N + 2, all on loopback. On the page a short
message can be answered and failures can be chosen. Programs read GET /messages, answer by
POST /answer with {"phone", "text"} and choose by POST /behaviour, in JSON. Nothing is kept when
the program ends.
"""

import argparse
import asyncio
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")

from aiohttp import web
from django.conf import settings

from kualik.core import clock
from kualik.core.clock import ZONE
from kualik.notifications.adapters.addresses import parse_address
from tools import pages
from tools.loopback import LOOPBACK, only_here
from tools.mailbox import BEHAVIOURS, MailServer
from tools.smsc import STATE_CODES, SUBMITS, Behaviour, Centre, Sms

ANSWERED_BY = "1414"
LONGEST_ANSWER = 500
LARGEST_FORM = 65_536
NONE = "none"
LINK = re.compile(r"https?://[^\s<>&\"]+")
TEXTS = tomllib.loads(Path(__file__).with_name("message_catcher_texts.toml").read_text("utf-8"))
STYLE = (
    "<style>.phone{border:1px solid #cfd6d4;border-radius:14px;padding:.4rem 1rem 1rem;"
    "margin:0 0 1.2rem}.phone h3{margin:.5rem 0}.said{background:#eef2f1;border-radius:12px;"
    "padding:.6rem .9rem;margin:0 0 .6rem;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".said small{display:block;color:#4a5b62}textarea,input[type=text]{font:inherit;width:100%;"
    "box-sizing:border-box;padding:.5rem;border:2px solid #3c4d54;border-radius:4px}</style>"
)


class Catcher:
    """The two servers, and the page over them."""

    def __init__(self, now: Callable[[], datetime], *, user: str, password: str) -> None:
        self.mail = MailServer(now)
        self.centre = Centre(now, user=user, password=password)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        language = pages.language_of(request.query.get("lang"))
        words = _words("page", language)
        told = request.query.get("told", "")
        said = f'<p class="told" role="status">{words[told]}</p>' if told in words else ""
        body = (
            f'{STYLE}{said}<p class="plain">{words["about"]}</p>'
            f'<p><a href="/?lang={language}">{words["refresh"]}</a></p>'
            f"<h2>{words['phones']}</h2>{self._phones(language, words)}"
            f"<h2>{words['letters']}</h2>{self._letters(words)}{self._failures(language, words)}"
        )
        page = pages.frame(language=language, title=words["title"], name=request.host, body=body)
        return web.Response(text=page, content_type="text/html")

    async def messages(self, _request: web.Request) -> web.StreamResponse:
        """What was caught, for programs; newest last."""
        sms = [
            {"phone": one.phone, "text": one.text, "parts": one.total, "copies": one.copies}
            for one in self.centre.messages
            if one.is_whole
        ]
        mail = [
            {"to": one.to, "subject": one.subject, "text": one.text} for one in self.mail.letters
        ]
        return web.json_response({"sms": sms, "mail": mail, "bound": self.centre.is_bound})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A person writes back."""
        given = await _given(request)
        phone, text = str(given.get("phone", "")), str(given.get("text", ""))[:LONGEST_ANSWER]
        if not text or not phone.removeprefix("+").isdecimal():
            raise web.HTTPBadRequest(text="phone and text")
        is_sent = self.centre.send(phone=phone, to=ANSWERED_BY, text=text)
        if request.content_type == "application/json":
            return web.json_response({"sent": is_sent})
        language = pages.language_of(str(given.get("lang")))
        raise web.HTTPSeeOther(f"/?lang={language}&told={'sent' if is_sent else 'alone'}")

    async def behave(self, request: web.Request) -> web.StreamResponse:
        """Choose failures."""
        given = await _given(request)
        try:
            self.centre.behaviour = changed(self.centre.behaviour, given)
            mail = str(given.get("mail", self.mail.behaviour))
            self.mail.behaviour = BEHAVIOURS[BEHAVIOURS.index(mail)]
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        if request.content_type == "application/json":
            return web.json_response({"saved": True})
        language = pages.language_of(str(given.get("lang")))
        raise web.HTTPSeeOther(f"/?lang={language}&told=saved")

    def _phones(self, language: str, words: Mapping[str, str]) -> str:
        phones: dict[str, list[Sms]] = {}
        for sms in reversed(self.centre.messages):
            phones.setdefault(sms.phone, []).append(sms)
        boxes = [_phone(phone, all_of, language, words) for phone, all_of in phones.items()]
        return "".join(boxes) or f"<p>{words['nothing']}</p>"

    def _letters(self, words: Mapping[str, str]) -> str:
        boxes = [
            f'<div class="phone"><h3>{escape(one.subject)}</h3><div class="said"><small>'
            f"{escape(one.to)} · {_moment(one.at)}</small>{_said(one.text)}</div></div>"
            for one in reversed(self.mail.letters)
        ]
        return "".join(boxes) or f"<p>{words['nothing']}</p>"

    def _failures(self, language: str, words: Mapping[str, str]) -> str:
        behaviour = self.centre.behaviour
        groups = {
            "submit": behaviour.submit,
            "receipt": behaviour.receipt or NONE,
            "mail": self.mail.behaviour,
        }
        fields = "".join(
            pages.radios(
                name=name,
                legend=words[name],
                choices={value: (text[language], "") for value, text in TEXTS[name].items()},
                chosen=chosen,
            )
            for name, chosen in groups.items()
        )
        fields += pages.number(name="times", label=words["times"], value=behaviour.times)
        fields += pages.number(name="delay", label=words["delay"], value=behaviour.delay)
        return (
            f"<h2>{words['failures']}</h2>"
            '<form method="post" action="/behaviour">'
            f'<input type="hidden" name="lang" value="{language}">{fields}'
            f'<p><button type="submit" class="quiet">{words["save"]}</button></p></form>'
        )


def changed(behaviour: Behaviour, given: Mapping[str, Any]) -> Behaviour:
    """The centre's behaviour with other values. Raises ValueError for none of the choices."""
    submit = str(given.get("submit", behaviour.submit))
    receipt = str(given.get("receipt", behaviour.receipt or NONE))
    if submit not in SUBMITS or receipt not in (*STATE_CODES, NONE):
        raise ValueError(f"submit or receipt: {submit}, {receipt}")
    return Behaviour(
        submit=submit,
        times=max(0, int(float(given.get("times") or 0))),
        receipt="" if receipt == NONE else receipt,
        delay=min(max(float(given.get("delay", behaviour.delay) or 0), 0.0), 600.0),
    )


def _phone(phone: str, messages: list[Sms], language: str, words: Mapping[str, str]) -> str:
    said = "".join(
        f'<div class="said"><small>{words["from"]}: {escape(one.sender)} · {_moment(one.at)} · '
        f"{len(one.parts)}/{one.total} {words['parts']}"
        f"{'' if one.is_whole else ' · ' + words['coming']}</small>{_said(one.text)}</div>"
        for one in messages
    )
    name = f"text-{phone.removeprefix('+')}"
    return (
        f'<div class="phone"><h3>{escape(phone)}</h3>{said}'
        '<form method="post" action="/answer">'
        f'<input type="hidden" name="lang" value="{language}">'
        f'<input type="hidden" name="phone" value="{escape(phone)}">'
        f'<p><label for="{name}">{words["answer"]}</label><br>'
        f'<input type="text" id="{name}" name="text" maxlength="{LONGEST_ANSWER}" required></p>'
        f'<p><button type="submit">{words["send"]}</button></p></form></div>'
    )


async def _given(request: web.Request) -> Mapping[str, Any]:
    """The fields of a form or of a program; other pages may not choose for a visitor."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="only this page")
    is_json = request.content_type == "application/json"
    given: Mapping[str, Any] = await request.json() if is_json else dict(await request.post())
    return given


def _said(text: str) -> str:
    """The text of a message, with its links as a phone shows them."""
    return LINK.sub(r'<a href="\g<0>" rel="noopener">\g<0></a>', escape(text))


def _words(part: str, language: str) -> dict[str, str]:
    return {name: escape(text[language]) for name, text in TEXTS[part].items()}


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d.%m.%Y %H:%M:%S}"


def application(catcher: Catcher) -> web.Application:
    """The routes of the page."""
    app = web.Application(middlewares=[only_here], client_max_size=LARGEST_FORM)
    app.router.add_get("/", catcher.show)
    app.router.add_get("/messages", catcher.messages)
    app.router.add_post("/answer", catcher.answer)
    app.router.add_post("/behaviour", catcher.behave)
    return app


async def serve(catcher: Catcher, ports: tuple[int, int, int]) -> None:
    """Serve until stopped; the first line printed is the address of the page."""
    mail = await asyncio.start_server(catcher.mail.serve, LOOPBACK, ports[0])
    centre = await asyncio.start_server(catcher.centre.serve, LOOPBACK, ports[1])
    runner = web.AppRunner(application(catcher), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, ports[2]).start()
    print(f"http://{LOOPBACK}:{runner.addresses[0][1]}/", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        mail.close()
        centre.close()
        await runner.cleanup()


def main() -> None:
    """Serve on the ports of the settings, or others."""
    parser = argparse.ArgumentParser(description="Catches the messages of a demonstration.")
    usual = int(settings.SIMULATORS[3].partition(":")[2])
    parser.add_argument("--port", type=int, default=usual, help="of SMTP; SMPP and page follow")
    port = parser.parse_args().port
    if not settings.DEMO:
        sys.exit("The message catcher serves demonstrations only (KUALIK_DEMO=1).")
    account = parse_address(settings.SMS_URL or "smpp://kualik:demo@localhost")
    catcher = Catcher(clock.now, user=account.user, password=account.secret)
    try:
        asyncio.run(serve(catcher, (port, port + 1, port + 2)))
    except KeyboardInterrupt:
        return
    except OSError as error:
        sys.exit(f"The message catcher cannot listen on {LOOPBACK}:{port}: {error.strerror}")


if __name__ == "__main__":
    main()
