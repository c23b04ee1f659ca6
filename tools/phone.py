"""A simulated phone with eGov Mobile: speaks to the site as the application does.

    python tools/phone.py [--port N]

The first line printed is the address. Its page takes the text of a QR code, or comes with it by
``/?link=<API №1>``; it shows who asks and what for, and the owner of the phone signs or refuses
with a key of the test authority. Programs send the same choices as JSON to POST /answer.

As the real one it speaks to listed hosts only: this computer, and the host of the site's settings.
"""

import asyncio
import base64
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiohttp import ClientSession, web
from django.conf import settings

from kualik.core import clock
from kualik.core.clock import ZONE
from kualik.signatures.adapters.test_authority import Leaf, Scheme
from tools import pages
from tools.egov_qr import Asked, Client, Fault, link_of, refusal, signed
from tools.loopback import LOOPBACK, only_here, run
from tools.ncalayer import SCHEME_WORDS
from tools.people import SCHEMES, KeyRing, Person, read_people

LARGEST_FORM = 1024 * 1024
LONGEST_DELAY = 600.0
TEXTS = tomllib.loads(Path(__file__).with_name("phone_texts.toml").read_text("utf-8"))
ACTS = tuple(TEXTS["act"])
NAMES = {"kk": "nameKz", "ru": "nameRu", "en": "nameEn"}
KILOBYTE = 1024
STYLE = (
    "<style>dt{color:#4a5b62;font-size:.95rem}dd{margin:0 0 .6rem;overflow-wrap:anywhere}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#eef2f1;padding:.7rem 1rem}"
    "textarea{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}"
    "button.quiet{margin-left:.6rem}.bad{border-color:#a3211b;background:#fbeceb}</style>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How the owner of the phone answers; ``delay`` in seconds."""

    person: str
    scheme: str
    act: str
    signs: bool
    delay: float


def choice_of(given: Mapping[str, Any]) -> Choice:
    """The choice of a form or a program. Raises ValueError for none of the choices."""
    choice = Choice(
        person=str(given.get("person", "")),
        scheme=Scheme(str(given.get("scheme", Scheme.RSA))).value,
        act=str(given.get("act", "sign")),
        signs=str(given.get("answer", "sign")) == "sign",
        delay=min(max(float(given.get("delay") or 0), 0.0), LONGEST_DELAY),
    )
    if choice.act not in ACTS:
        raise ValueError(f"act: {choice.act}")
    return choice


class Phone:
    """The people, their keys and the hosts that are listed."""

    def __init__(self, now: Callable[[], datetime], hosts: frozenset[str]) -> None:
        self.now, self.hosts = now, hosts
        self.ring = KeyRing()

    def people(self) -> dict[str, Person]:
        """The people of the demonstration; none when it has not been loaded."""
        try:
            return read_people()
        except OSError:
            return {}

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page: a field for the code, or what the code asks for."""
        language = pages.language_of(request.query.get("lang"))
        text = request.query.get("link", "")
        words = _words("page", language)
        if not text:
            body = f'<p class="plain">{words["about"]}</p>{_field(language, words)}'
            return self._page(request, language, body)
        try:
            link = link_of(text)
            async with ClientSession() as session:
                client = Client(session, self.hosts, language)
                asked = await client.read(link, now=self.now())
        except Fault as fault:
            return self._page(request, language, _fault(fault, language), link=text)
        return self._page(request, language, self._request(asked, language, words), link=link)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Sign or refuse what a code asks for."""
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="only this page answers")
        is_json = request.content_type == "application/json"
        given = await request.json() if is_json else dict(await request.post())
        language = pages.language_of(str(given.get("lang")))
        try:
            choice = choice_of(given)
            outcome = await self._answered(str(given.get("link", "")), choice, language)
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        except Fault as fault:
            if is_json:
                return web.json_response({"outcome": fault.code, "told": fault.told})
            body = _fault(fault, language)
            return self._page(request, language, body, link=str(given.get("link", "")))
        if is_json:
            return web.json_response({"outcome": outcome, "told": ""})
        said = escape(TEXTS["outcome"][outcome][language])
        return self._page(request, language, f'<p class="told" role="status">{said}</p>')

    async def _answered(self, text: str, choice: Choice, language: str) -> str:
        link = link_of(text)
        async with ClientSession() as session:
            client = Client(session, self.hosts, language)
            asked = await client.read(link, now=self.now())
            await asyncio.sleep(choice.delay)
            if not choice.signs:
                await client.put(asked, refusal(asked))
                return "refused"
            body = await asyncio.to_thread(self._signed, asked, choice)
            await client.put(asked, body)
            return "signed"

    def _signed(self, asked: Asked, choice: Choice) -> dict[str, Any]:
        """Slow where GOST signs, so it is called in a thread."""
        is_other = choice.act == "wrong_content"
        return signed(asked, self._key(choice), now=self.now(), with_other_content=is_other)

    def _key(self, choice: Choice) -> Leaf:
        people = self.people()
        if choice.person not in people:
            raise ValueError(f"person: {choice.person}")
        person = people[choice.person]
        if choice.act == "other":
            person = next(one for one in people.values() if one.iin != person.iin)
        return self.ring.key(
            person,
            scheme=Scheme(choice.scheme),
            now=self.now(),
            is_revoked=choice.act == "revoked",
        )

    # The page

    def _page(
        self, request: web.Request, language: str, body: str, *, link: str = ""
    ) -> web.StreamResponse:
        words = _words("page", language)
        query = f"link={quote(link, safe='')}&amp;" if link else ""
        again = f'<p><a href="/?lang={language}">{words["again"]}</a></p>' if request.query else ""
        page = pages.frame(
            language=language,
            title=words["title"],
            name=request.host,
            body=STYLE + body + again,
            query=query,
        )
        return web.Response(text=page, content_type="text/html")

    def _request(self, asked: Asked, language: str, words: Mapping[str, str]) -> str:
        """What the application shows before anything is signed, and the choices of its owner."""
        organisation = asked.card["organisation"]
        until = asked.expires_at.astimezone(ZONE)
        facts = {
            "who": f"{organisation[NAMES[language]]} ({organisation['bin']})",
            "what": str(asked.card["description"]),
            "until": f"{until:%d.%m.%Y %H:%M:%S}",
            "method": str(asked.documents["signMethod"]),
        }
        lines = "".join(
            f"<dt>{words[name]}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()
        )
        return f"<dl>{lines}</dl>{_documents(asked, language, words)}" + self._form(
            asked, language, words
        )

    def _form(self, asked: Asked, language: str, words: Mapping[str, str]) -> str:
        people = self.people()
        if not people:
            return f'<p class="told" role="status">{words["nobody"]}</p>'
        named = {one.id: (one.name, one.label(language)) for one in people.values()}
        schemes = {one.value: (SCHEME_WORDS[one], "") for one in SCHEMES}
        acts = {act: (TEXTS["act"][act][language], "") for act in ACTS}
        first = next(iter(people))
        parts = [
            pages.radios(name="person", legend=words["person"], choices=named, chosen=first),
            pages.radios(
                name="scheme", legend=words["scheme"], choices=schemes, chosen=Scheme.RSA.value
            ),
            pages.radios(name="act", legend=words["act"], choices=acts, chosen="sign"),
            pages.number(name="delay", label=words["delay"], value=0),
        ]
        return (
            '<form method="post" action="/answer">'
            f'<input type="hidden" name="lang" value="{language}">'
            f'<input type="hidden" name="link" value="{escape(asked.link)}">{"".join(parts)}'
            f'<p><button type="submit" name="answer" value="sign">{words["sign"]}</button>'
            f'<button type="submit" name="answer" value="refuse" class="quiet">{words["refuse"]}'
            "</button></p></form>"
        )


def _words(part: str, language: str) -> dict[str, str]:
    return {name: escape(text[language]) for name, text in TEXTS[part].items()}


def _field(language: str, words: Mapping[str, str]) -> str:
    return (
        f'<form method="get" action="/"><input type="hidden" name="lang" value="{language}">'
        f'<p><label for="link">{words["code"]}</label><br>'
        '<textarea id="link" name="link" rows="3" required></textarea></p>'
        f'<p><button type="submit">{words["scan"]}</button></p></form>'
    )


def _fault(fault: Fault, language: str) -> str:
    said = f"{TEXTS['fault'][fault.code][language]} {fault.told}".strip()
    return f'<p class="told bad" role="alert">{escape(said)}</p>'


def _documents(asked: Asked, language: str, words: Mapping[str, str]) -> str:
    rows, texts = [], []
    for document in asked.documents["documentsToSign"]:
        mime, content = _content(document)
        details = "; ".join(f"{one['name']}: {one['value']}" for one in document.get("meta", ()))
        size = f"{mime}, {max(1, len(content) // KILOBYTE)} kB"
        rows.append((str(document[NAMES[language]]), details, size))
        if mime.startswith("text/") or "documentXml" in document:
            shown = escape(content.decode(errors="replace"))
            texts.append(f"<h2>{words['content']}</h2><pre>{shown}</pre>")
    heads = (words["document"], words["details"], words["kind"])
    return pages.table(caption=words["documents"], heads=heads, rows=rows) + "".join(texts)


def _content(document: Mapping[str, Any]) -> tuple[str, bytes]:
    if "documentXml" in document:
        return "application/xml", str(document["documentXml"]).encode()
    file = document["document"]["file"]
    return str(file["mime"]), base64.b64decode(file["data"])


def listed_hosts() -> frozenset[str]:
    """This computer, and the site of the settings."""
    site = urlsplit(settings.PUBLIC_URL).hostname or ""
    return frozenset({LOOPBACK, "localhost", "::1", site})


def application(phone: Phone) -> web.Application:
    """The routes."""
    app = web.Application(middlewares=[only_here], client_max_size=LARGEST_FORM)
    app.router.add_get("/", phone.show)
    app.router.add_post("/answer", phone.answer)
    return app


def main() -> None:
    """Serve until stopped."""
    run(application(Phone(clock.now, listed_hosts())), name="The simulated phone", place=1)


if __name__ == "__main__":
    main()
