"""A simulated NCALayer: the real protocol on loopback, with keys of the test authority.

    python tools/ncalayer.py [--port N]

The first line printed is the address. A WebSocket at ``/`` greets and answers the method ``sign``
of the module ``kz.gov.pki.knca.basics``; a browser that opens the same address finds a page where
the person and the behaviour are chosen. Programs choose by POST /behaviour with the same fields as
JSON and read them, with the last requests, by GET. The page keeps no content of what was signed.

As with the real one, whoever can reach the port of this computer may ask; it is bound to loopback.
"""

import asyncio
import sys
import tomllib
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiohttp import WSMsgType, web

from kualik.core import clock
from kualik.core.clock import ZONE
from kualik.signatures.adapters.test_authority import Scheme
from tools import pages
from tools.loopback import only_here, run
from tools.nca_basics import MODULE_NOT_FOUND, Answer, Asked, Malformed, Signing, fault, read
from tools.people import SCHEMES, KeyRing, Person, read_people

GREETING = {"result": {"version": "1.4"}}
HEARTBEAT = "--heartbeat--"
LARGEST_MESSAGE = 256 * 1024 * 1024
KEPT = 20
TEXTS = tomllib.loads(Path(__file__).with_name("ncalayer_texts.toml").read_text("utf-8"))
ACTS = tuple(TEXTS["act"])
SHAPES = ("array", "string", "object")
ARMOURS = ("pem", "base64")
SCHEME_WORDS = {Scheme.RSA: "RSA-2048", Scheme.GOST512: "ГОСТ 34.10-2015 (512)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the next requests are answered; ``delay`` in seconds."""

    person: str = ""
    scheme: str = Scheme.RSA.value
    act: str = "sign"
    shape: str = "array"
    armour: str = "pem"
    delay: float = 0.0

    def changed(self, given: dict[str, object], people: dict[str, Person]) -> "Behaviour":
        """With other values; ValueError for one that is none of the choices."""
        allowed: dict[str, tuple[str, ...]] = {
            "person": tuple(people),
            "scheme": tuple(scheme.value for scheme in SCHEMES),
            "act": ACTS,
            "shape": SHAPES,
            "armour": ARMOURS,
        }
        wanted = {name: str(value) for name, value in given.items() if name in allowed}
        for name, value in wanted.items():
            if value not in allowed[name]:
                raise ValueError(f"{name}: {value}")
        delay = min(max(float(str(given.get("delay", self.delay) or 0)), 0.0), 600.0)
        return replace(self, **wanted, delay=delay)


@dataclass(frozen=True, slots=True)
class Noted:
    """One request as the page lists it."""

    at: str
    site: str
    person: str
    scheme: str
    count: int
    seconds: float
    outcome: str


class NCALayer:
    """The people, their keys, the chosen behaviour and what was asked last."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.ring = KeyRing()
        self.behaviour = Behaviour()
        self.noted: deque[Noted] = deque(maxlen=KEPT)

    def people(self) -> dict[str, Person]:
        """The people of the demonstration; none when it has not been loaded."""
        try:
            return read_people()
        except OSError:
            return {}

    def answer(self, message: str, site: str) -> dict[str, object]:
        """The answer to a request; slow where GOST signs, so it is called in a thread."""
        behaviour, started = self.behaviour, perf_counter()
        try:
            asked = read(message)
        except Malformed as malformed:
            return fault(malformed.code, str(malformed))
        if asked is None or behaviour.act == "no_module":
            return MODULE_NOT_FOUND
        signing = self._signing(behaviour, asked)
        told, outcome = self._told(signing, asked, behaviour)
        person = signing.person.name if signing else ""
        self.noted.appendleft(
            Noted(
                at=f"{self.now().astimezone(ZONE):%H:%M:%S}",
                site=site,
                person=person,
                scheme=behaviour.scheme,
                count=len(asked.contents),
                seconds=round(perf_counter() - started, 2),
                outcome=outcome,
            )
        )
        return told

    def _signing(self, behaviour: Behaviour, asked: Asked) -> Signing | None:
        """The chosen key, when the site's filter lets it be chosen."""
        people = self.people()
        person = people.get(behaviour.person) or next(iter(people.values()), None)
        if person is None:
            return None
        if behaviour.act == "other":
            person = next(one for one in people.values() if one.iin != person.iin)
        elif not asked.fits(person):
            return None
        scheme, now = Scheme(behaviour.scheme), self.now()
        is_revoked = behaviour.act == "revoked"
        leaf = self.ring.key(person, scheme=scheme, now=now, is_revoked=is_revoked)
        authority = self.ring.authority(scheme, now=now)
        return Signing(person=person, leaf=leaf, authority=authority, now=now)

    def _told(
        self, signing: Signing | None, asked: Asked, behaviour: Behaviour
    ) -> tuple[dict[str, object], str]:
        if signing is None:
            return {"status": True, "body": {}}, "no_key"
        if behaviour.act == "cancel":
            return {"status": True, "body": {}}, "cancelled"
        if behaviour.act == "refuse":
            return fault("SIGNING_FAILURE", "the key could not sign"), "refused"
        every = {"wrong_content": 1, "some_wrong": 3}.get(behaviour.act, 0)
        signed = signing.all(asked, wrong_every=every)
        answer = Answer(shape=behaviour.shape, armour=behaviour.armour, leaf=signing.leaf)
        return {"status": True, "body": answer.body(signed, asked)}, "signed"

    # The web side

    async def socket_or_page(self, request: web.Request) -> web.StreamResponse:
        """The protocol for programs, the page for people."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._converse(request)
        language = pages.language_of(request.query.get("lang"))
        return web.Response(text=self._page(language, request), content_type="text/html")

    async def behave(self, request: web.Request) -> web.StreamResponse:
        """Take a behaviour, of a form or of a program."""
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="only this page chooses")
        is_json = request.content_type == "application/json"
        given = await request.json() if is_json else dict(await request.post())
        try:
            self.behaviour = self.behaviour.changed(given, self.people())
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        if is_json:
            return self._state()
        language = pages.language_of(str(given.get("lang")))
        raise web.HTTPSeeOther(f"/?lang={language}&saved=1")

    async def state(self, _request: web.Request) -> web.StreamResponse:
        """What is chosen and what was asked, for programs."""
        return self._state()

    def _state(self) -> web.Response:
        noted = [asdict(one) for one in self.noted]
        return web.json_response({**asdict(self.behaviour), "noted": noted})

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE, compress=False)
        await socket.prepare(request)
        if self.behaviour.act != "silent":
            await socket.send_json(GREETING)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            if message.data == HEARTBEAT:
                await socket.send_json(GREETING)
                continue
            site = request.headers.get("Origin", "")
            answer = asyncio.create_task(asyncio.to_thread(self.answer, message.data, site))
            await asyncio.sleep(self.behaviour.delay)
            if self.behaviour.act == "drop":
                await socket.close()
                break
            told = await answer
            if not socket.closed:
                await socket.send_json(told)
        return socket

    def _page(self, language: str, request: web.Request) -> str:
        words = {name: text[language] for name, text in TEXTS["page"].items()}
        people = self.people()
        body = f'<p class="plain">{words["about"]}</p>'
        if not people:
            body += f'<p class="told" role="status">{words["nobody"]}</p>'
        elif request.query.get("saved"):
            body += f'<p class="told" role="status">{words["saved"]}</p>'
        body += self._form(language, words, people) + self._last(language, words)
        return pages.frame(language=language, title=words["title"], name=request.host, body=body)

    def _form(self, language: str, words: dict[str, str], people: dict[str, Person]) -> str:
        chosen = self.behaviour
        about = {name: text[language] for name, text in TEXTS["about"].items()}
        named = {one.id: f"{one.name} – {one.label(language)}" for one in people.values()}
        schemes = {one.value: (SCHEME_WORDS[one], about.get(one.value, "")) for one in SCHEMES}
        acts = {act: (TEXTS["act"][act][language], about.get(act, "")) for act in ACTS}
        shapes = {shape: (shape, about.get(shape, "")) for shape in SHAPES}
        armours = {"pem": ("PEM", ""), "base64": ("base64", "")}
        person = chosen.person or next(iter(people), "")
        parts = [
            pages.select(name="person", label=words["person"], choices=named, chosen=person),
            pages.radios(
                name="scheme", legend=words["scheme"], choices=schemes, chosen=chosen.scheme
            ),
            pages.radios(name="act", legend=words["act"], choices=acts, chosen=chosen.act),
            pages.number(name="delay", label=words["delay"], value=chosen.delay),
            pages.radios(name="shape", legend=words["shape"], choices=shapes, chosen=chosen.shape),
            pages.radios(
                name="armour", legend=words["armour"], choices=armours, chosen=chosen.armour
            ),
        ]
        return (
            '<form method="post" action="/behaviour">'
            f'<input type="hidden" name="lang" value="{language}">{"".join(parts)}'
            f'<p><button type="submit">{words["save"]}</button></p></form>'
        )

    def _last(self, language: str, words: dict[str, str]) -> str:
        if not self.noted:
            return ""
        rows = [
            (
                one.at,
                one.person,
                SCHEME_WORDS[Scheme(one.scheme)],
                str(one.count),
                f"{one.seconds:g}",
                one.site,
                TEXTS["outcome"][one.outcome][language],
            )
            for one in self.noted
        ]
        names = ("at", "who", "scheme", "count", "seconds", "site", "outcome")
        return pages.table(caption=words["last"], heads=[words[name] for name in names], rows=rows)


def application(layer: NCALayer) -> web.Application:
    """The routes."""
    app = web.Application(middlewares=[only_here])
    app.router.add_get("/", layer.socket_or_page)
    app.router.add_get("/behaviour", layer.state)
    app.router.add_post("/behaviour", layer.behave)
    return app


def main() -> None:
    """Serve until stopped."""
    run(application(NCALayer(clock.now)), name="The simulated NCALayer", place=0)


if __name__ == "__main__":
    main()
