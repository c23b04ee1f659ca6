"""Words, frame and small pieces of the portal's pages."""

import base64
import tomllib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web

from kualik.core.clock import ZONE
from tools import pages
from tools.people import Person
from tools.portal.state import Portal

Page = Callable[[web.Request, Person], Coroutine[Any, Any, web.StreamResponse]]
WORDS = Path(__file__).with_name("words.toml")
MOST_SCANS, MOST_BYTES = 5, 8 * 1024 * 1024
CITIZEN, LANGUAGE = "portal_citizen", "portal_lang"
RELOAD = '<meta http-equiv="refresh" content="{seconds}">'
STYLE = """<style>
dl{margin:0 0 1rem} dt{color:#4a5b62;font-size:.95rem} dd{margin:0 0 .6rem;overflow-wrap:anywhere}
input[type=text],input[type=date],input[type=file],textarea{font:inherit;padding:.45rem;width:100%;max-width:26rem;
 box-sizing:border-box;border:2px solid #3c4d54;border-radius:4px;background:#fff;color:inherit}
.bad{border-color:#a3211b;background:#fbeceb} .good{border-color:#1c6b3a;background:#e9f5ee}
ul.links{padding:0;list-style:none} ul.links li{margin:.5rem 0} a{color:#0b4f5f}
header a{color:#fff} nav.own{margin:0 0 1.2rem;display:flex;flex-wrap:wrap;gap:.4rem 1.2rem}
main{max-width:58rem} header>div{max-width:58rem} caption{text-align:left;font-weight:700;
 padding:.4rem 0} td,th{overflow-wrap:break-word;min-width:5.5rem} form.line{display:inline}
</style>"""


@cache
def texts() -> dict[str, dict[str, dict[str, str]]]:
    """All words by part and name."""
    return tomllib.loads(WORDS.read_text("utf-8"))


def language_of(request: web.Request) -> str:
    """The one asked for, else the one chosen before, else Kazakh."""
    return pages.language_of(request.query.get("lang") or request.cookies.get(LANGUAGE))


def words(language: str, part: str = "page") -> dict[str, str]:
    """The words of a part in a language, ready for HTML."""
    return {name: escape(text[language]) for name, text in texts()[part].items()}


def citizen_of(portal: Portal, request: web.Request) -> Person | None:
    """Who entered."""
    return portal.people().get(request.cookies.get(CITIZEN, ""))


def entered(portal: Portal, handler: Page) -> Callable[[web.Request], Any]:
    """A page for somebody who entered; others are led to the start."""

    async def led(request: web.Request) -> web.StreamResponse:
        person = citizen_of(portal, request)
        if person is None:
            raise web.HTTPSeeOther("/")
        return await handler(request, person)

    return led


def page(
    request: web.Request,
    *,
    title: str,
    body: str,
    person: Person | None = None,
    reload: int = 0,
    status: int = 200,
) -> web.Response:
    """A whole page; ``title`` is plain text, ``body`` HTML."""
    language = language_of(request)
    text = pages.frame(
        language=language,
        title=title,
        name=texts()["page"]["portal"][language],
        body=STYLE + _own_links(language, person) + body,
    )
    if reload:
        text = text.replace("<title>", f"{RELOAD.format(seconds=reload)}<title>", 1)
    answer = web.Response(text=text, content_type="text/html", status=status)
    if request.query.get("lang"):
        answer.set_cookie(LANGUAGE, language, samesite="Lax")
    return answer


def _own_links(language: str, person: Person | None) -> str:
    told = words(language)
    links = {"/": told["back"]}
    if person is not None:
        links |= {"/cabinet": told["cabinet"], "/my-documents": told["wallet"]}
    links |= {"/1414": told["telephone"], "/workings": told["workings"]}
    inner = "".join(f'<a href="{path}">{word}</a>' for path, word in links.items())
    who = ""
    if person is not None:
        who = f'<p class="plain">{told["entered"]}: <strong>{escape(person.name)}</strong></p>'
    return f'<nav class="own" aria-label="{told["pages"]}">{inner}</nav>{who}'


def told_box(text: str, kind: str = "") -> str:
    """A message in a box; ``text`` is HTML."""
    role = "alert" if kind == "bad" else "status"
    return f'<p class="told {kind}" role="{role}">{text}</p>'


def field(*, name: str, label: str, value: str, kind: str = "text") -> str:
    """A field of one line."""
    return (
        f'<p><label for="{name}">{label}</label><br><input type="{kind}" id="{name}" '
        f'name="{name}" value="{escape(value)}"></p>'
    )


def scan_field(language: str) -> str:
    """A field for the scans that go with a request."""
    return (
        f'<p><label for="scans">{words(language)["scans"]}</label><br><input type="file" '
        'id="scans" name="scans" accept=".pdf,.jpg,.jpeg,.png" multiple></p>'
    )


async def scans_of(request: web.Request) -> list[dict[str, str]]:
    """The scans of a form as ``Form.files`` has them. Raises ValueError for too many, or too much
    for one message."""
    given = (await request.post()).getall("scans", [])
    sent = [one for one in given if isinstance(one, web.FileField)]
    held = [(one, one.file.read()) for one in sent if one.filename]
    if len(held) > MOST_SCANS or sum(len(content) for _, content in held) > MOST_BYTES:
        raise ValueError("scans")
    return [
        {
            "name": one.filename,
            "mime": one.content_type,
            "content": base64.b64encode(content).decode(),
        }
        for one, content in held
    ]


def hidden(values: Mapping[str, str]) -> str:
    """Values that a form carries along."""
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in values.items()
    )


def choices(part: str, language: str, names: Iterable[str] = ()) -> dict[str, tuple[str, str]]:
    """Choices of a group of radio buttons (``pages.radios`` escapes them)."""
    rows = texts()[part]
    return {name: (rows[name][language], "") for name in (names or rows)}


def facts(rows: Mapping[str, str]) -> str:
    """A list of names (HTML) and values (plain text)."""
    lines = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())
    return f"<dl>{lines}</dl>"


def day(text: str) -> str:
    """A day of a form as people read it."""
    try:
        return f"{date.fromisoformat(text):%d.%m.%Y}"
    except ValueError:
        return text


def minute(text: str) -> str:
    """A moment that somebody named, in the country's time."""
    return f"{datetime.fromisoformat(text).astimezone(ZONE):%d.%m.%Y %H:%M}"


def moment(text: str) -> str:
    """A moment of the books as people read it."""
    return f"{datetime.fromisoformat(text).astimezone(ZONE):%d.%m.%Y %H:%M:%S}"
