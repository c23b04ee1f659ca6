"""The citizen's pages after the sending: the cabinet, the result, the digital documents."""

import asyncio
import json
from datetime import datetime
from html import escape
from typing import Any

from aiohttp import web

from tools import pages
from tools.people import Person
from tools.portal import documents, filing, hearing, parts
from tools.portal.books import Row
from tools.portal.pushing import Pump
from tools.portal.services import Service, title
from tools.portal.state import Portal

Words = dict[str, str]
NAMES = {"kk": "nameKk", "ru": "nameRu", "en": "nameEn"}
RELOAD = 3


class Cabinet:
    """What became of the requests of a citizen."""

    def __init__(self, portal: Portal, pump: Pump) -> None:
        self.portal, self.pump = portal, pump

    async def all(self, request: web.Request, person: Person) -> web.StreamResponse:
        """All requests of the citizen."""
        language = parts.language_of(request)
        words = parts.words(language)
        rows = [
            f'<tr><th scope="row"><a href="/cabinet/{row["number"]}">{row["number"]}</a></th>'
            f"<td>{_state(row, language)}</td>"
            f"<td>{escape(self.portal.service(row['service']).name.get(language, ''))}</td>"
            f"<td>{parts.moment(row['filed_at'])}</td></tr>"
            for row in self.portal.books.requests(person.id)
        ]
        heads = "".join(
            f'<th scope="col">{words[name]}</th>'
            for name in ("number", "status", "provider", "filed")
        )
        body = f"<p>{words['none']}</p>"
        if rows:
            body = (
                f'<div class="wide" tabindex="0" role="region" aria-label="{words["cabinet"]}">'
                f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
            )
        heading = parts.texts()["page"]["cabinet"][language]
        return parts.page(request, title=heading, body=body, person=person, reload=RELOAD)

    async def one(self, request: web.Request, person: Person) -> web.StreamResponse:
        """One request: where it stands, what was said, the document and its signatures."""
        row = self._own(request, person)
        language = parts.language_of(request)
        words = parts.words(language)
        kind = {"APPROVED": "good", "DENIED": "bad", "NOT_DELIVERED": "bad"}.get(row["state"], "")
        said = escape(row["text_kk"] if language == "kk" else row["text_ru"])
        body = parts.told_box(f"<strong>{_state(row, language)}</strong><br>{said}", kind)
        body += parts.facts(
            {
                words["provider"]: self.portal.service(row["service"]).name.get(language, ""),
                words["filed"]: parts.moment(row["filed_at"]),
            }
        )
        is_open = not row["final_at"] and row["state"] != "NOT_DELIVERED"
        if is_open:
            body += self._ahead(row, language)
        if row["result"]:
            body += await self._result(row, language, words)
        body += self._history(row, language)
        if is_open:
            body += (
                f'<p>{words["waiting"]}</p><form method="post" '
                f'action="/cabinet/{row["number"]}/withdraw"><p><button type="submit" '
                f'class="quiet">{words["withdraw"]}</button></p></form>'
            )
            if self._takes_more(row):
                body += f'<p><a href="/cabinet/{row["number"]}/add">{words["add"]}</a></p>'
        service = self.portal.service(row["service"])
        body += (
            f'<p><a href="/services/{service.portal_code}/rest/request-states/{row["number"]}">'
            f"{words['state_json']}</a></p>"
        )
        heading = f"{parts.texts()['page']['number'][language]} {row['number']}"
        again = RELOAD if is_open else 0
        return parts.page(request, title=heading, body=body, person=person, reload=again)

    async def _result(self, row: Row, language: str, words: Words) -> str:
        told = json.loads(row["result"])
        found = await asyncio.to_thread(hearing.verdict, self.portal, row)
        verdicts = parts.texts()["verdict"]
        # The seal stands in the file and again in the signature beside it.
        lines = dict.fromkeys(
            f"<li><strong>{escape(one['who'] or '—')}</strong>, {escape(one['organisation'])}: "
            f"{escape(verdicts[one['status']][language])}</li>"
            for one in found
        )
        size = f"{told['name']}, {max(1, told['size'] // 1024)} kB"
        return (
            f"<h2>{words['result']}</h2><p>{escape(told['number'])}</p>"
            f'<p><a href="/download/{row["number"]}">{words["download"]}</a> ({escape(size)})</p>'
            f"<h3>{words['signatures']}</h3><ul>{''.join(lines)}</ul>"
        )

    def _ahead(self, row: Row, language: str) -> str:
        """When it is accepted and due, by the last message that said so, and who acts next."""
        said = [one for one in self.portal.books.events(row["number"]) if "due_at" in one]
        lines = []
        if said:
            at = {name: parts.minute(said[-1][f"{name}_at"]) for name in ("accepted", "due")}
            accepted = datetime.fromisoformat(said[-1]["accepted_at"])
            name = "will_accept" if accepted > self.portal.now() else "accepted"
            lines.append(parts.texts()["page"][name][language].format(**at))
        steps = parts.texts()["next"]
        if row["code"] in steps:
            lines.append(steps[row["code"]][language])
        return "".join(f"<p>{escape(line)}</p>" for line in lines)

    def _history(self, row: Row, language: str) -> str:
        told = parts.texts()["event"]
        rows = [(parts.moment(row["filed_at"]), told["filed"][language])]
        # A synchronous service takes each question; the first alone is news.
        seen = set()
        for event in self.portal.books.events(row["number"]):
            if event["kind"] == "status":
                text = event["kk"] if language == "kk" else event["ru"]
                rows.append((parts.moment(event["at"]), f"{event['code']} {text}"))
            elif event["kind"] == "update":
                text = parts.texts()["update"][event["action"]][language]
                rows.append((parts.moment(event["at"]), text))
            elif event["kind"] in told and (event["kind"] != "acked" or "acked" not in seen):
                seen.add(event["kind"])
                rows.append((parts.moment(event["at"]), told[event["kind"]][language]))
        heads = [parts.texts()["page"][name][language] for name in ("when", "what")]
        caption = parts.texts()["page"]["history"][language]
        return pages.table(caption=caption, heads=heads, rows=rows)

    def _takes_more(self, row: Row) -> bool:
        """The operations of the third family know no addition."""
        is_open = not row["final_at"] and row["state"] != "NOT_DELIVERED"
        return is_open and self.portal.service(row["service"]).family != "operations"

    async def more(self, request: web.Request, person: Person) -> web.StreamResponse:
        """The form by which the citizen adds data or a document."""
        return self._adding(request, person)

    async def add(self, request: web.Request, person: Person) -> web.StreamResponse:
        """What the citizen adds leaves; then the request again."""
        row, given = self._own(request, person), await request.post()
        comment = str(given.get("comment", "")).strip()
        try:
            files = await parts.scans_of(request)
        except ValueError:
            return self._adding(request, person, fault="too_much", comment=comment)
        if not comment and not files:
            return self._adding(request, person, fault="nothing_added")
        told = {"action": "ADD", "comment": comment, "files": files}
        await asyncio.to_thread(filing.update, self.portal, number=row["number"], given=told)
        raise web.HTTPSeeOther(f"/cabinet/{row['number']}")

    def _adding(
        self, request: web.Request, person: Person, *, fault: str = "", comment: str = ""
    ) -> web.StreamResponse:
        row = self._own(request, person)
        if not self._takes_more(row):
            raise web.HTTPSeeOther(f"/cabinet/{row['number']}")
        language = parts.language_of(request)
        words = parts.words(language)
        body = parts.told_box(words[fault], "bad") if fault else ""
        body += parts.facts({words["number"]: row["number"]})
        body += (
            f'<form method="post" enctype="multipart/form-data" action="/cabinet/{row["number"]}'
            f'/add"><p><label for="comment">{words["comment"]}</label><br><textarea id="comment" '
            f'name="comment" rows="4" maxlength="1000">{escape(comment)}</textarea></p>'
            f"{parts.scan_field(language)}"
            f'<p><button type="submit">{words["send_more"]}</button></p></form>'
            f'<p><a href="/cabinet/{row["number"]}">{words["number"]} {row["number"]}</a></p>'
        )
        heading = parts.texts()["page"]["add"][language]
        return parts.page(request, title=heading, body=body, person=person)

    async def withdraw(self, request: web.Request, person: Person) -> web.StreamResponse:
        """The citizen takes the request back."""
        row = self._own(request, person)
        given = {"action": "WITHDRAW", "comment": "Өтініш иесінің қалауы бойынша"}
        await asyncio.to_thread(filing.update, self.portal, number=row["number"], given=given)
        raise web.HTTPSeeOther(f"/cabinet/{row['number']}")

    async def download(self, request: web.Request, person: Person) -> web.StreamResponse:
        """The document as it came."""
        row = self._own(request, person)
        if not row["result"]:
            raise web.HTTPNotFound(text="document")
        name = f'attachment; filename="{row["number"]}.pdf"'
        return web.Response(
            body=self.portal.books.content("result", row["number"]),
            content_type="application/pdf",
            headers={"Content-Disposition": name},
        )

    async def state(self, request: web.Request) -> web.StreamResponse:
        """What the portal itself tells of a request, in the fields it is known by."""
        try:
            row = self.portal.books.request(request.match_info["number"])
        except KeyError as error:
            raise web.HTTPNotFound(text="request") from error
        service = self.portal.service(row["service"])
        if service.portal_code != request.match_info["code"]:
            raise web.HTTPNotFound(text="request")
        return web.json_response(state_of(self.portal, row, service))

    async def wallet(self, request: web.Request, person: Person) -> web.StreamResponse:
        """What the supplier of certificates tells of the citizen, as eGov Mobile shows it."""
        language = parts.language_of(request)
        words = parts.words(language)
        question = documents.question(person.iin, at=self.portal.now())
        heard = await self.pump.ask("sync", question)
        if heard.message is None:
            why = escape(f"{heard.code} {heard.why}".strip())
            body = parts.told_box(f"{words['no_answer']}: {why}", "bad")
        else:
            body = self._documents(heard.message.data, language, words)
        heading = parts.texts()["page"]["wallet"][language]
        return parts.page(request, title=heading, body=body, person=person)

    def _documents(self, answer: str, language: str, words: Words) -> str:
        found = documents.shown(answer)
        if not found:
            return parts.told_box(words["no_documents"])
        heads = [
            parts.texts()["page"][name][language] for name in ("paper", "paper_number", "issued")
        ]
        named = "titleKk" if language == "kk" else "titleRu"
        rows = [(one[named], one["number"], parts.day(one["issuedDate"])) for one in found]
        caption = parts.texts()["page"]["wallet"][language]
        return pages.table(caption=caption, heads=heads, rows=rows)

    def _own(self, request: web.Request, person: Person) -> Row:
        try:
            row = self.portal.books.request(request.match_info["number"])
        except KeyError as error:
            raise web.HTTPNotFound(text="request") from error
        if row["person"] != person.id:
            raise web.HTTPNotFound(text="request")
        return row


def state_of(portal: Portal, row: Row, service: Service) -> dict[str, Any]:
    """The record of ``/services/<code>/rest/request-states/<number>``."""
    form = portal.form(row)
    names = parts.texts()["state"][row["state"]]
    results = []
    if row["result"]:
        told = json.loads(row["result"])
        paper = parts.texts()["paper"][form.paper]
        results = [
            {
                "name": told["name"],
                **{NAMES[code]: paper[code] for code in ("ru", "kk", "en")},
                "language": form.language,
                "url": f"/download/{row['number']}",
            }
        ]
    return {
        "status": row["state"],
        "bpmProcessStatus": "",
        "completed": bool(row["final_at"]),
        "declarantIdentificationNumber": form.iin,
        "declarantName": form.full_name,
        "applicationCode": service.portal_code,
        "nameRu": title()["ru"],
        "nameKz": title()["kk"],
        "appCreationDate": _milliseconds(row["filed_at"]),
        "updatedDate": _milliseconds(row["updated_at"]),
        "resultsForDownload": results,
        "statusGo": {
            "code": row["code"],
            "name": dict(names),
        },
        "operatorIin": "",
        "operatorName": "",
        "recipientUin": form.iin,
        "recipientFullName": form.full_name,
    }


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def _state(row: Row, language: str) -> str:
    return escape(parts.texts()["state"][row["state"]][language])
