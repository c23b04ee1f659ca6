"""A simulated eGov IDP: OAuth 2.0 code flow with its own page where one picks who enters.

    python tools/idp.py [--port N]

GET /idp/oauth/authorize shows the page, POST /idp/login leads back to the site with a code, POST
/idp/oauth/token (HTTP Basic) exchanges it, GET /idp/resource/user/basic and /user/phone (Bearer)
tell who entered. The page offers faults. Nothing is kept when the program ends.
"""

import asyncio
import os
import secrets
import sys
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")

from aiohttp import web
from django.conf import settings

from tools import pages
from tools.loopback import only_here, run
from tools.people import Person, read_people

SCOPE = "user:basic:read"
TOKEN_SECONDS = 600
LONGEST_DELAY = 600.0
TEXTS = tomllib.loads(Path(__file__).with_name("idp_texts.toml").read_text("utf-8"))
FAULTS = tuple(TEXTS["fault"])
KEPT = ("client_id", "redirect_uri", "state", "scope", "response_type", "lang")


@dataclass(frozen=True, slots=True)
class Choice:
    """Who entered, with which fault; ``redirect_uri`` has to be named again for the token."""

    person: Person
    fault: str
    delay: float
    redirect_uri: str


@dataclass(slots=True)
class Provider:
    """The clients it knows, and the codes and tokens it has given; each code serves once."""

    client_id: str
    client_secret: str
    site: str
    codes: dict[str, Choice] = field(default_factory=dict)
    tokens: dict[str, Choice] = field(default_factory=dict)

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """The page of the log-in."""
        language = pages.language_of(request.query.get("lang"))
        words = {name: text[language] for name, text in TEXTS["page"].items()}
        asked = {name: request.query.get(name, "") for name in KEPT}
        if not self._is_known(asked):
            body = f'<p class="told" role="alert">{escape(words["wrong"])}</p>'
            return _page(request, language, words["title"], body, status=400)
        return _page(request, language, words["title"], _form(asked, language, words))

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """Lead back to the site with a code, or with the refusal."""
        given = dict(await request.post())
        asked = {name: str(given.get(name, "")) for name in KEPT}
        fault = str(given.get("fault") or "none")
        person = _people().get(str(given.get("person", "")))
        if not self._is_known(asked) or fault not in FAULTS:
            raise web.HTTPBadRequest(text="client, redirect_uri or fault")
        state = "another-state" if fault == "wrong_state" else asked["state"]
        if given.get("answer") == "refuse":
            told = {"error": "access_denied", "state": state}
        elif person is None:
            raise web.HTTPBadRequest(text="person")
        else:
            code = secrets.token_urlsafe(24)
            delay = min(max(float(str(given.get("delay") or 0)), 0.0), LONGEST_DELAY)
            self.codes[code] = Choice(person, fault, delay, asked["redirect_uri"])
            told = {"code": code, "state": state}
        raise web.HTTPSeeOther(f"{asked['redirect_uri']}?{urlencode(told)}")

    async def token(self, request: web.Request) -> web.StreamResponse:
        """An access token for a code."""
        given = dict(await request.post())
        secret = b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {secret}":
            return web.json_response({"error": "invalid_client"}, status=401)
        choice = self.codes.pop(str(given.get("code", "")), None)
        is_good = (
            choice is not None
            and choice.fault != "wrong_code"
            and given.get("grant_type") == "authorization_code"
            and given.get("client_id") == self.client_id
            and given.get("redirect_uri") == choice.redirect_uri
        )
        if choice is None or not is_good:
            return web.json_response({"error": "invalid_grant"}, status=400)
        if choice.fault == "slow":
            await asyncio.sleep(choice.delay)
        if choice.fault == "broken":
            raise web.HTTPInternalServerError(text="a fault of the system")
        if choice.fault == "nonsense":
            return web.Response(text="<html>no token</html>", content_type="text/html")
        token = secrets.token_urlsafe(32)
        self.tokens[token] = choice
        told = {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS}
        return web.json_response({**told, "scope": SCOPE})

    async def basic(self, request: web.Request) -> web.StreamResponse:
        """Who entered."""
        choice = self._bearer(request)
        person = choice.person
        told = {"iin": person.iin, "surname": person.surname, "name": person.given_name}
        if choice.fault == "no_iin":
            del told["iin"]
        if choice.fault != "no_patronymic" and person.patronymic:
            told["patronymic"] = person.patronymic
        return web.json_response({"type": "PERSON", "person": told, "organization": None})

    async def phone(self, request: web.Request) -> web.StreamResponse:
        """The number that the person registered there, digits alone."""
        choice = self._bearer(request)
        digits = "".join(sign for sign in choice.person.phone if sign.isdigit())
        if choice.fault == "no_phone" or not digits:
            return web.json_response({"error": "not_found"}, status=404)
        return web.json_response({"phone": digits})

    def _is_known(self, asked: Mapping[str, str]) -> bool:
        back = urlsplit(asked["redirect_uri"])
        return (
            asked["client_id"] == self.client_id
            and asked["response_type"] == "code"
            and bool(asked["state"])
            and f"{back.scheme}://{back.netloc}" == self.site
        )

    def _bearer(self, request: web.Request) -> Choice:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        choice = self.tokens.get(token)
        if kind.lower() != "bearer" or choice is None:
            raise web.HTTPUnauthorized(text="no token")
        return choice


def _people() -> dict[str, Person]:
    """The private persons of the demonstration, then its staff; none before it is loaded."""
    try:
        found = read_people()
    except OSError:
        return {}
    return dict(sorted(found.items(), key=lambda row: bool(row[1].bin)))


def _form(asked: Mapping[str, str], language: str, words: Mapping[str, str]) -> str:
    people = _people()
    if not people:
        return f'<p class="told" role="status">{escape(words["nobody"])}</p>'
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    named = {one.id: (one.name, one.label(language)) for one in people.values()}
    faults = {name: (text[language], "") for name, text in TEXTS["fault"].items()}
    chosen = next(iter(people))
    return (
        f'<p class="plain">{escape(words["about"])}</p>'
        f'<p class="plain">{escape(words["asks"])}: {escape(asked["client_id"])}, '
        f"{escape(urlsplit(asked['redirect_uri']).netloc)}</p>"
        f'<form method="post" action="/idp/login">{hidden}'
        + pages.radios(name="person", legend=words["person"], choices=named, chosen=chosen)
        + pages.radios(name="fault", legend=words["fault"], choices=faults, chosen="none")
        + pages.number(name="delay", label=words["delay"], value=30)
        + f'<p><button type="submit" name="answer" value="enter">{escape(words["enter"])}</button> '
        f'<button type="submit" name="answer" value="refuse" class="quiet">'
        f"{escape(words['refuse'])}</button></p></form>"
    )


def _page(
    request: web.Request, language: str, title: str, body: str, *, status: int = 200
) -> web.Response:
    kept = {name: request.query.get(name, "") for name in KEPT if name != "lang"}
    query = escape(f"{urlencode(kept)}&")
    page = pages.frame(language=language, title=title, name=request.host, body=body, query=query)
    return web.Response(text=page, content_type="text/html", status=status)


async def _home(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/idp/oauth/authorize")


def application(provider: Provider) -> web.Application:
    """The routes."""
    app = web.Application(middlewares=[only_here])
    app.router.add_get("/", _home)
    app.router.add_get("/idp/oauth/authorize", provider.authorize)
    app.router.add_post("/idp/login", provider.log_in)
    app.router.add_post("/idp/oauth/token", provider.token)
    app.router.add_get("/idp/resource/user/basic", provider.basic)
    app.router.add_get("/idp/resource/user/phone", provider.phone)
    return app


def main() -> None:
    """Serve until stopped."""
    provider = Provider(settings.IDP_CLIENT_ID, settings.IDP_CLIENT_SECRET, settings.PUBLIC_URL)
    run(application(provider), name="The simulated eGov IDP", place=6)


if __name__ == "__main__":
    main()
