"""The telephone of the citizens (1414, access to documents), the faults, the books; by page and
by JSON."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from aiohttp import web

from tools import pages
from tools.portal import filing, parts, registers
from tools.portal.books import Row
from tools.portal.faults import NAMES
from tools.portal.state import BEHAVIOUR, Portal

SHOWN = 200
SMS_RELOAD = 5


class Console:
    """The pages of the telephone and of the workings, and what programs ask for."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    # The telephone

    async def telephone(self, request: web.Request) -> web.StreamResponse:
        """What 1414 and the application ask now; one question at a time."""
        language = parts.language_of(request)
        words = parts.words(language)
        questions = [*self._consents(words, language), *self._accesses(words, language)]
        body = questions[0] if questions else parts.told_box(words["quiet"])
        heading = parts.texts()["page"]["telephone"][language]
        again = 0 if questions else SMS_RELOAD
        return parts.page(request, title=heading, body=body, reload=again)

    def _consents(self, words: Mapping[str, str], language: str) -> list[str]:
        made = []
        for key, found in self.portal.books.all_kept("consent").items():
            registers.settle(self.portal, key, found, self.portal.now())
            if found["state"] != "PENDING":
                continue
            person = self.portal.by_iin(found["uin"])
            text = (
                f"{escape(self._called(found, language))} {words['asks_data']}: "
                f"{escape(_data_of(found, language))}"
            )
            who = escape(person.name if person else "")
            made.append(
                f"<h2>{who}</h2>"
                + parts.told_box(f"<strong>{words['sms_1414']}</strong><br>{text}")
                + _answer("consent", key, words)
            )
        return made

    def _called(self, found: Mapping[str, str], language: str) -> str:
        """The organisation in the language of the SMS where the portal knows it."""
        sent = found.get("company", "")
        known = (one for one in self.portal.services().values() if sent in one.name.values())
        return next((one.called(language) for one in known), sent)

    def _accesses(self, words: Mapping[str, str], language: str) -> list[str]:
        made = []
        for key, found in self.portal.books.all_kept("access").items():
            if found["state"] != "PENDING" or self.portal.now().isoformat() >= found["ends_at"]:
                continue
            person = self.portal.by_iin(found["iin"])
            asker = found.get("requesterNameKz" if language == "kk" else "requesterNameRu", "")
            who = escape(person.name if person else "")
            box = parts.told_box(f"{escape(asker)} {words['asks_card']}")
            made.append(f"<h2>{who}</h2>{box}{_answer('access', key, words)}")
        return made

    async def reply(self, request: web.Request) -> web.StreamResponse:
        """The citizen allows or denies."""
        given = await request.post()
        room, key = str(given.get("room", "")), str(given.get("key", ""))
        found = self.portal.books.kept(room, key) if room in ("consent", "access") else None
        if found is None or found["state"] != "PENDING":
            raise web.HTTPSeeOther("/1414")
        allows = given.get("answer") == "allow"
        if room == "consent":
            found["state"] = "VALID" if allows else "DENIED"
            registers.settle(self.portal, key, found, self.portal.now())
        else:
            found["state"] = "ALLOWED" if allows else "DENIED"
            self.portal.books.keep(room, key, found)
        raise web.HTTPSeeOther("/1414")

    # The workings

    async def workings(self, request: web.Request) -> web.StreamResponse:
        """Faults, behaviour and the last requests."""
        language = parts.language_of(request)
        words = parts.words(language)
        body = f'<form method="post" action="/workings"><h2>{words["behaviour"]}</h2>'
        labels, options = parts.texts()["behaviour"], parts.texts()["choice"]
        for name, values in BEHAVIOUR.items():
            body += pages.select(
                name=name,
                label=labels[name][language],
                choices={value: options[value][language] for value in values},
                chosen=self.portal.behaviour[name],
            )
        body += f"<h2>{words['rates']}</h2>"
        told, faults = self.portal.faults.told(), parts.texts()["fault"]
        for name in NAMES:
            label = escape(faults[name][language])
            body += parts.field(name=name, label=label, value=f"{told[name]:g}")
        body += parts.field(name="seed", label=words["seed"], value=f"{told['seed']:g}")
        body += f'<p><button type="submit">{words["keep"]}</button></p></form>'
        body += self._table(language)
        heading = parts.texts()["page"]["workings"][language]
        return parts.page(request, title=heading, body=body + '<p><a href="/books">JSON</a></p>')

    def _table(self, language: str) -> str:
        events = self.portal.books.all_events()
        rows = []
        for row in self.portal.books.requests()[:SHOWN]:
            told = record_of(self.portal, row, events.get(row["number"], []))
            rows.append(
                (
                    told["number"],
                    parts.texts()["state"][told["state"]][language],
                    " ".join(one["code"] for one in told["statuses"]),
                    str(told["responses"]),
                    str(told["copies"]),
                    " ".join(told["faults"]),
                )
            )
        page = parts.texts()["page"]
        names = ("number", "status", "history", "responses", "copies", "met")
        heads = [page[name][language] for name in names]
        return pages.table(caption=page["books"][language], heads=heads, rows=rows)

    async def keep(self, request: web.Request) -> web.StreamResponse:
        """Other faults and behaviour by the page."""
        given = dict(await request.post())
        try:
            rates = {name: given[name] for name in (*NAMES, "seed") if given.get(name)}
            self.portal.faults.change(rates)
            self.portal.change({name: given[name] for name in BEHAVIOUR if name in given})
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        self._remember()
        raise web.HTTPSeeOther("/workings")

    # For programs

    async def faults(self, request: web.Request) -> web.StreamResponse:
        """Rates of the faults: told, or changed by a JSON object."""
        if request.method == "POST":
            try:
                self.portal.faults.change(await request.json())
            except ValueError as error:
                raise web.HTTPBadRequest(text=str(error)) from error
            self._remember()
        return web.json_response(self.portal.faults.told())

    async def behaviour(self, request: web.Request) -> web.StreamResponse:
        """How the other systems behave: told, or changed by a JSON object."""
        if request.method == "POST":
            try:
                self.portal.change(await request.json())
            except ValueError as error:
                raise web.HTTPBadRequest(text=str(error)) from error
            self._remember()
        told = {"poll_seconds": self.portal.poll_seconds, "late_seconds": self.portal.late_seconds}
        return web.json_response({**self.portal.behaviour, **told})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Requests of many people at once."""
        try:
            numbers = filing.file_many(self.portal, await request.json())
        except (KeyError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"{type(error).__name__}: {error}") from error
        return web.json_response({"numbers": numbers}, status=201)

    async def update(self, request: web.Request) -> web.StreamResponse:
        """A withdrawal, or added data."""
        number = request.match_info["number"]
        try:
            filing.update(self.portal, number=number, given=await request.json())
        except (KeyError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"{type(error).__name__}: {error}") from error
        return web.json_response({"number": number}, status=201)

    async def books(self, _request: web.Request) -> web.StreamResponse:
        """Everything that was sent, heard and injected."""
        return web.json_response(record(self.portal))

    def _remember(self) -> None:
        kept = {"faults": self.portal.faults.told(), "behaviour": self.portal.behaviour}
        self.portal.books.keep("setting", "all", kept)


def remembered(portal: Portal) -> None:
    """Faults and behaviour as they were when the portal stopped."""
    kept = portal.books.kept("setting", "all")
    if kept:
        portal.faults.change(kept["faults"])
        portal.change(kept["behaviour"])


def record(portal: Portal) -> dict[str, Any]:
    """The books: each request, what belongs to none, and how many messages still wait."""
    events = portal.books.all_events()
    rows = portal.books.requests()
    requests = [record_of(portal, row, events.get(row["number"], [])) for row in reversed(rows)]
    return {
        "requests": requests,
        "others": events.get("", []),
        "waiting": portal.books.undelivered(),
        "faults": portal.faults.told(),
    }


def record_of(portal: Portal, row: Row, events: list[dict[str, Any]]) -> dict[str, Any]:
    """A request: statuses in the order they came, answers, faults that met it, its end."""
    service = portal.service(row["service"])
    form = json.loads(row["form"])

    def of(kind: str) -> list[dict[str, Any]]:
        return [event for event in events if event["kind"] == kind]

    return {
        "number": row["number"],
        "person": row["person"],
        "service": row["service"],
        "family": service.family,
        "way": row["way"],
        "correlation_id": row["correlation_id"],
        "asked": {name: form[name] for name in ("kind", "paper", "language", "confirmation")},
        "filed_at": row["filed_at"],
        "acked_at": row["acked_at"],
        "state": row["state"],
        "code": row["code"],
        "final_at": row["final_at"],
        "responses": row["responses"],
        "copies": row["copies"],
        "statuses": of("status"),
        "deliveries": of("delivery"),
        "faults": [event["name"] for event in of("fault")],
        "refused": of("refused"),
        "wrongly_taken": [event["name"] for event in of("wrongly_taken")],
        "breaches": [event["what"] for event in of("breach")],
        "after_the_end": of("after_the_end"),
        "result": json.loads(row["result"]) if row["result"] else None,
    }


def _data_of(found: Mapping[str, str], language: str) -> str:
    """Which data are asked for, in the language of the SMS where the service is known."""
    known = parts.texts()["access"].get(found["access_name"])
    return known[language] if known else found.get("personal_data_name", "")


def _answer(room: str, key: str, words: Mapping[str, str]) -> str:
    return (
        f'<form method="post" action="/1414">{parts.hidden({"room": room, "key": key})}'
        f'<p><button type="submit" name="answer" value="allow">{words["allow"]}</button> '
        f'<button type="submit" name="answer" value="deny" class="quiet">{words["deny"]}</button>'
        "</p></form>"
    )
