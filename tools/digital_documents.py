"""A simulated digital documents service: a system asks for an identity card, the person allows.

    python tools/digital_documents.py [--port N]

POST /access-requests (Bearer) asks, GET /access-requests/<id> tells where the question stands and,
once it is allowed, the document as its suppliers fill it in. The page at / is the phone of the
person: it shows who asks, allows or denies, and offers faults. Nothing is kept afterwards.
"""

import hashlib
import os
import secrets
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")

from aiohttp import web
from django.conf import settings

from kualik.core import clock
from tools import pages
from tools.loopback import only_here, run
from tools.people import Person, read_people

TEXTS = tomllib.loads(Path(__file__).with_name("digital_documents_texts.toml").read_text("utf-8"))
FAULTS = tuple(TEXTS["fault"])
KINDS = ("IdentityCard",)
ASK_LIVES = timedelta(minutes=5)
USUAL_KEEP, LONGEST_KEEP = 600.0, 86_400.0
YEARS = 10
RELOAD = '<meta http-equiv="refresh" content="5">'


@dataclass(slots=True)
class Ask:
    """A question to a person: what the phone shows, and what came of it."""

    person: Person
    kind: str
    asker: dict[str, str]
    ends_at: datetime
    state: str = "waiting"
    fault: str = "none"
    keep_until: datetime | None = None


@dataclass(slots=True)
class Service:
    """Whose token it takes, the clock, and the questions by reference."""

    token: str
    clock: Callable[[], datetime] = clock.now
    asks: dict[str, Ask] = field(default_factory=dict)

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """A system asks for somebody's document."""
        self._check_token(request)
        told = await request.json()
        person = _by_iin(str(told.get("iin", "")))
        if told.get("documentType") not in KINDS:
            return web.json_response({"error": "unknown_document_type"}, status=400)
        if person is None:
            return web.json_response({"error": "not_found"}, status=404)
        reference = secrets.token_hex(16)
        found = Ask(person, told["documentType"], told["requester"], self.clock() + ASK_LIVES)
        self.asks[reference] = found
        answer = {"id": reference, "expiresAt": found.ends_at.isoformat()}
        return web.json_response(answer, status=201)

    async def look(self, request: web.Request) -> web.StreamResponse:
        """Where a question stands."""
        self._check_token(request)
        found = self.asks.get(request.match_info["reference"])
        if found is None:
            return web.json_response({"error": "not_found"}, status=404)
        if found.fault == "broken":
            raise web.HTTPInternalServerError(text="a fault of the service")
        if found.fault == "nonsense":
            return web.Response(text="<html>no document</html>", content_type="text/html")
        if found.state == "waiting" and (self.clock() >= found.ends_at or found.fault == "late"):
            found.state = "expired"
        if found.state != "allowed" or found.keep_until is None:
            return web.json_response({"state": found.state})
        told = {
            "state": found.state,
            "dataExpiresAt": found.keep_until.isoformat(),
            "document": _document(found, self.clock().date()),
        }
        return web.json_response(told)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The person's phone."""
        language = pages.language_of(request.query.get("lang"))
        words = {name: text[language] for name, text in TEXTS["page"].items()}
        waiting = {
            reference: one
            for reference, one in self.asks.items()
            if one.state == "waiting" and self.clock() < one.ends_at
        }
        body = f'<p class="plain">{escape(words["about"])}</p>'
        # One question at a time, as a phone shows them.
        for reference, one in list(waiting.items())[:1]:
            body += _form(reference, one, language, words)
        if not waiting:
            body += f'<p class="told" role="status">{escape(words["nobody"])}</p>'
        title = words["title"]
        text = pages.frame(language=language, title=title, name=request.host, body=body)
        if not waiting:
            text = text.replace("<title>", f"{RELOAD}<title>", 1)
        return web.Response(text=text, content_type="text/html")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The person allows or denies."""
        given = await request.post()
        found = self.asks.get(str(given.get("id", "")))
        fault = str(given.get("fault") or "none")
        if found is None or found.state != "waiting" or fault not in FAULTS:
            raise web.HTTPBadRequest(text="question or fault")
        found.fault = fault
        if given.get("answer") == "deny":
            found.state = "denied"
        elif fault != "late":
            seconds = min(max(float(str(given.get("keep") or USUAL_KEEP)), 0.0), LONGEST_KEEP)
            found.state = "allowed"
            found.keep_until = self.clock() + timedelta(seconds=seconds)
        raise web.HTTPSeeOther("/")

    def _check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPUnauthorized(text="no token")


def _document(found: Ask, today: date) -> dict[str, object]:
    """The card as its supplier fills it in; the same number for a person at every start."""
    person = found.person
    if found.fault == "another":
        person = next((one for one in _people() if one.iin != person.iin), person)
    years = -1 if found.fault == "expired" else YEARS // 2
    names = {
        "iin": person.iin,
        "lastName": person.surname,
        "firstName": person.given_name,
        "middleName": person.patronymic,
    }
    if found.fault == "no_names":
        names |= {"lastName": "", "firstName": ""}
    number = int(hashlib.sha256(f"card {person.iin}".encode()).hexdigest(), 16) % 10**8
    return {
        "active": found.fault != "not_active",
        "common": {
            "docOwner": names,
            "docType": {
                "code": found.kind,
                "nameKk": TEXTS["page"]["card"]["kk"],
                "nameRu": TEXTS["page"]["card"]["ru"],
            },
            "docNumber": f"0{number:08d}",
            "docIssuer": {"nameKk": "ҚР Ішкі істер министрлігі", "nameRu": "МВД РК"},
            "docIssuedDate": _in_years(today, years - YEARS).isoformat(),
            "docExpirationDate": _in_years(today, years).isoformat(),
        },
    }


def _in_years(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28))


def _people() -> list[Person]:
    """The people of the demonstration; none before it is loaded."""
    try:
        return list(read_people().values())
    except OSError:
        return []


def _by_iin(iin: str) -> Person | None:
    return next((one for one in _people() if one.iin == iin), None)


def _form(reference: str, one: Ask, language: str, words: dict[str, str]) -> str:
    asker = one.asker.get("nameKk" if language == "kk" else "nameRu", "")
    faults = {name: (text[language], "") for name, text in TEXTS["fault"].items()}
    return (
        f"<h2>{escape(one.person.name)}: {escape(words['card'])}</h2>"
        f'<p class="plain">{escape(words["asks"])}: {escape(asker)}</p>'
        f'<form method="post" action="/answer">'
        f'<input type="hidden" name="id" value="{reference}">'
        + pages.radios(name="fault", legend=words["fault"], choices=faults, chosen="none")
        + pages.number(name="keep", label=words["keep"], value=USUAL_KEEP)
        + f'<p><button type="submit" name="answer" value="allow">{escape(words["allow"])}</button> '
        f'<button type="submit" name="answer" value="deny" class="quiet">'
        f"{escape(words['deny'])}</button></p></form>"
    )


def application(service: Service) -> web.Application:
    """The routes."""
    app = web.Application(middlewares=[only_here])
    app.router.add_get("/", service.page)
    app.router.add_post("/answer", service.answer)
    app.router.add_post("/access-requests", service.ask)
    app.router.add_get("/access-requests/{reference}", service.look)
    return app


def main() -> None:
    """Serve until stopped."""
    service = Service(settings.DIGITAL_DOCUMENTS_TOKEN)
    run(application(service), name="The simulated digital documents service", place=7)


if __name__ == "__main__":
    main()
