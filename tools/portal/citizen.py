"""The citizen's pages up to the sending: entering, ordering the service, confirming."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from html import escape
from typing import Any

from aiohttp import web

from tools import pages
from tools.people import Person
from tools.portal import filing, parts
from tools.portal.services import Form, Service, form_of, of_person, title
from tools.portal.state import Portal

Words = dict[str, str]
Page = Callable[[web.Request, Person], Coroutine[Any, Any, web.StreamResponse]]
NAMES = {"kk": "nameKk", "ru": "nameRu", "en": "nameEn"}
FIELDS = ("kind", "programme", "started_on", "ended_on", "hours", "paper", "language", "delivery")
RELOAD = 3


class Citizen:
    """The pages over the portal; ``drafts`` wait for their confirmation with the code sent."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.drafts: dict[str, tuple[Service, Form, str, str]] = {}

    async def start(self, request: web.Request) -> web.StreamResponse:
        """Who enters, or the services."""
        language = parts.language_of(request)
        words, person = parts.words(language), parts.citizen_of(self.portal, request)
        body = f'<p class="plain">{words["about"]}</p>'
        people = self.portal.people()
        if person is not None:
            body += self._services(language, words)
        elif people:
            named = {key: (one.name, one.label(language)) for key, one in people.items()}
            body += (
                '<form method="post" action="/enter">'
                + pages.radios(
                    name="person",
                    legend=parts.texts()["page"]["who"][language],
                    choices=named,
                    chosen=next(iter(people)),
                )
                + f'<p><button type="submit">{words["enter"]}</button></p></form>'
            )
        else:
            body += parts.told_box(words["nobody"])
        heading = parts.texts()["page"]["portal"][language]
        return parts.page(request, title=heading, body=body, person=person)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Enter as one of the people, or leave."""
        given = await request.post()
        name = str(given.get("person", ""))
        answer = web.HTTPSeeOther("/")
        if name in self.portal.people():
            answer.set_cookie(parts.CITIZEN, name, samesite="Lax", httponly=True)
        else:
            answer.del_cookie(parts.CITIZEN)
        raise answer

    def _services(self, language: str, words: Words) -> str:
        rows = "".join(
            f'<li><a href="/services/{escape(one.code)}">{escape(one.called(language))}</a></li>'
            for one in self.portal.services().values()
        )
        return (
            f"<h2>{words['services']}</h2><p>{escape(title()[language])}</p>"
            f'<ul class="links">{rows}</ul><form method="post" action="/enter">'
            f'<p><button type="submit" class="quiet">{words["leave"]}</button></p></form>'
        )

    # Ordering

    async def order(self, request: web.Request, person: Person) -> web.StreamResponse:
        """The form of the service."""
        service = self._service(request)
        studied = [
            one
            for one in self.portal.studied().get(person.id, ())
            if one["service"] == service.code
        ]
        known = {**(studied[0] if studied else {}), **request.query}
        return self._ordering(request, person, known)

    def _ordering(
        self, request: web.Request, person: Person, known: dict[str, str], *, fault: str = ""
    ) -> web.StreamResponse:
        service = self._service(request)
        language = parts.language_of(request)
        words = parts.words(language)
        body = parts.told_box(words[fault], "bad") if fault else ""
        body += parts.facts({words["provider"]: service.called(language)})
        body += (
            '<form method="post" enctype="multipart/form-data" '
            f'action="/services/{escape(service.code)}/check">'
        )
        body += self._training(known, language)
        spoken = language if language in parts.texts()["language"] else "ru"
        usual = {"paper": "certificate", "language": spoken, "delivery": "electronic"}
        for name, value in usual.items():
            body += _radios(name, language, known.get(name, value))
        phone = known.get("phone", of_person(person)["phone"])
        body += parts.field(name="phone", label=words["phone"], value=phone)
        body += parts.scan_field(language)
        if len(service.ways) > 1:
            body += _radios("way", language, known.get("way", service.ways[0]))
        body += _radios("confirmation", language, known.get("confirmation", "OTP"))
        body += f'<p><button type="submit">{words["next"]}</button></p></form>'
        return parts.page(request, title=title()[language], body=body, person=person)

    def _training(self, known: dict[str, str], language: str) -> str:
        words = parts.words(language)
        programme = known.get(f"programme_{language}") or known.get("programme_ru", "")
        rows = _radios("kind", language, known.get("kind", "pd"))
        rows += parts.field(name="programme", label=words["programme"], value=programme)
        for name in ("started_on", "ended_on"):
            rows += parts.field(
                name=name, label=words[name], value=known.get(name, ""), kind="date"
            )
        return rows + parts.field(name="hours", label=words["hours"], value=known.get("hours", ""))

    async def check(self, request: web.Request, person: Person) -> web.StreamResponse:
        """What will be sent, and how it is confirmed."""
        service, given = self._service(request), await request.post()
        told = {name: str(given.get(name, "")) for name in (*FIELDS, "phone", "confirmation")}
        try:
            files = await parts.scans_of(request)
        except ValueError:
            return self._ordering(request, person, told, fault="too_much")
        form = form_of({**of_person(person), **told, "files": files})
        way = str(given.get("way") or service.ways[0])
        if form.confirmation not in parts.texts()["confirmation"] or way not in service.ways:
            raise web.HTTPBadRequest(text="confirmation or way")
        token, code = secrets.token_urlsafe(16), f"{secrets.randbelow(10**6):06d}"
        self.drafts[token] = (service, form, way, code)
        return self._confirming(request, person, token)

    def _confirming(
        self, request: web.Request, person: Person, token: str, *, is_wrong: bool = False
    ) -> web.StreamResponse:
        service, form, _, code = self.drafts[token]
        language = parts.language_of(request)
        words = parts.words(language)
        rows = {words["provider"]: service.called(language)}
        for name in FIELDS:
            value = getattr(form, name)
            if value:
                told = parts.texts().get(name, {}).get(value, {}).get(language, value)
                rows[words[name]] = parts.day(value) if name.endswith("_on") else told
        if form.files:
            rows[words["enclosed"]] = ", ".join(file["name"] for file in form.files)
        body = parts.facts(rows)
        if is_wrong:
            body += parts.told_box(words["wrong_code"], "bad")
        body += f'<form method="post" action="/requests/send">{parts.hidden({"draft": token})}'
        if form.confirmation == "OTP":
            body += parts.told_box(f"{words['sms_code']}: <strong>{code}</strong>")
            body += parts.field(name="code", label=words["code"], value="")
        else:
            body += parts.told_box(words["own_key" if form.confirmation == "EDS" else "sms_reply"])
        body += f'<p><button type="submit">{words["send"]}</button></p></form>'
        heading = parts.texts()["page"]["check"][language]
        return parts.page(request, title=heading, body=body, person=person)

    async def send(self, request: web.Request, person: Person) -> web.StreamResponse:
        """The confirmed request leaves; then the cabinet."""
        given = await request.post()
        token = str(given.get("draft", ""))
        if token not in self.drafts:
            raise web.HTTPSeeOther("/cabinet")
        service, form, way, code = self.drafts[token]
        if form.confirmation == "OTP" and str(given.get("code", "")).strip() != code:
            return self._confirming(request, person, token, is_wrong=True)
        del self.drafts[token]
        number = await asyncio.to_thread(
            filing.file_request,
            self.portal,
            service=service,
            form=form,
            way=way,
            person=person.id,
        )
        raise web.HTTPSeeOther(f"/cabinet/{number}")

    def _service(self, request: web.Request) -> Service:
        try:
            return self.portal.service(request.match_info["code"])
        except KeyError as error:
            raise web.HTTPNotFound(text="service") from error


def _radios(name: str, language: str, chosen: str) -> str:
    return pages.radios(
        name=name,
        legend=parts.texts()["page"][name][language],
        choices=parts.choices(name, language),
        chosen=chosen,
    )
