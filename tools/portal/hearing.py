"""What the portal takes from the answers of the system: statuses, the one result, its signature."""

import hashlib
import json
from typing import Any

from kualik.core import clock
from kualik.rules.errors import RuleViolation
from kualik.signatures.services.inspecting import inspect_file
from kualik.signatures.services.test_keys import test_fetcher
from kualik.signatures.services.trusting import installation_trust
from tools.portal.books import Row
from tools.portal.forms import File, Said
from tools.portal.state import Portal

RESULT, WITHDRAWN = "010", "030"
FINAL = (RESULT, "020", "021", "022", WITHDRAWN)
STATES = {RESULT: "APPROVED", WITHDRAWN: "WITHDRAWN"}
OPEN = ("IN_PROCESSING", "NOT_DELIVERED")


def take(portal: Portal, request: Row, said: Said, *, kind: str, message_id: str) -> None:
    """Write a status or the result into the books; a second result is only counted."""
    now, number = portal.now(), str(request["number"])
    told = {"code": said.code, "kk": said.kk, "ru": said.ru, "reason": said.reason}
    if said.accepted_at and said.due_at:
        told |= {"accepted_at": said.accepted_at, "due_at": said.due_at}
    portal.books.note(number, "status", at=now, of=kind, message_id=message_id, **told)
    breaches = list(said.breaches)
    if said.number != number:
        breaches.append(f"speaks of {said.number}")
    if kind == "RESPONSE":
        if not said.is_signed:
            breaches.append("a result without a signature")
        portal.books.add(number, "responses")
    for breach in breaches:
        portal.books.note(number, "breach", at=now, what=breach)
    if request["final_at"]:
        portal.books.note(number, "after_the_end", at=now, of=kind, code=said.code)
        return
    changed: dict[str, object] = {
        "code": said.code, "text_kk": said.kk, "text_ru": said.ru, "updated_at": now.isoformat(),
    }  # fmt: skip
    if kind == "RESPONSE":
        changed |= {"state": STATES.get(said.code, "DENIED"), "final_at": now.isoformat()}
        changed |= _result(portal, number, said)
    portal.books.change(number, **changed)


def _result(portal: Portal, number: str, said: Said) -> dict[str, object]:
    if not said.files:
        if said.code == RESULT:
            portal.books.note(number, "breach", at=portal.now(), what="no file of the result")
        return {}
    file = said.files[0]
    content = file.content or _fetched(portal, number, file)
    told = {
        "name": file.name,
        "mime": file.mime,
        "number": file.number,
        "date": file.date,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "by": "file_store" if file.file_id else "inline",
    }
    if file.signature:
        portal.books.keep("signature", number, {}, file.signature)
    portal.books.keep("result", number, {}, content)
    return {"result": json.dumps(told, ensure_ascii=False)}


def _fetched(portal: Portal, number: str, file: File) -> bytes:
    """From the temporary store."""
    try:
        return portal.books.content("file", file.file_id)
    except KeyError:
        portal.books.note(number, "breach", at=portal.now(), what="no such file in the store")
        return b""


def verdict(portal: Portal, request: Row) -> list[dict[str, Any]]:
    """Who signed the result and whether it holds, checked once; slow, so not on the event loop."""
    if request["verdict"]:
        found: list[dict[str, Any]] = json.loads(request["verdict"])
        return found
    number = str(request["number"])
    content = portal.books.content("result", number)
    # The services of the authorities answer by the clock that is played.
    now = clock.now()
    files: list[tuple[bytes, bytes | None]] = [(content, None)]
    if portal.books.kept("signature", number) is not None:
        files.append((portal.books.content("signature", number), content))
    made: list[dict[str, Any]] = []
    for file, document in files:
        try:
            told = inspect_file(
                content=file,
                document=document,
                trust=installation_trust(),
                fetcher=test_fetcher(now=now),
                now=now,
            )
        except RuleViolation as error:
            made.append({"who": "", "organisation": "", "status": "invalid", "why": error.code})
            continue
        made += [
            {
                "who": one.person,
                "organisation": one.organisation,
                "status": one.verdict.status,
                "why": " ".join(reason.code for reason in one.verdict.reasons),
            }
            for one in told.signatures
            if not one.is_timestamp
        ]
    portal.books.change(number, verdict=json.dumps(made, ensure_ascii=False))
    return made
