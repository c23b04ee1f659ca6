"""The digital documents service: asking for a document that the person then allows in the app
(A303.8.1, A303.10.c).

The service's own wire is not public, so this is the adapter's: ``POST /access-requests`` with the
IIN in the body (never in an address), the kind of document and who asks; ``GET
/access-requests/<reference>`` tells where it stands, and the document once it is allowed, with the
fields that suppliers fill in ("common": docOwner, docNumber, docIssuer …) and until when its data
may be kept. Who stands between adapts one side to the other: at an address, or as a class of
another room that settings.DIGITAL_DOCUMENTS_LINE names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

import requests
from django.conf import settings
from django.utils.module_loading import import_string

from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

# The kinds that show who somebody is; the service has others, which say less.
IDENTITY: Final = "IdentityCard"
STATES: Final = frozenset({"waiting", "allowed", "denied", "expired"})
CREATED, OK, NOT_FOUND, SERVER_FAULT = 201, 200, 404, 500
SHORTEST_REFERENCE, LONGEST_REFERENCE = 8, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that the person sees in the app until ``ends_at``."""

    reference: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the service tells of a document; its data may be kept until ``keep_until``."""

    iin: str
    family_name: str
    given_name: str
    patronymic: str
    number: str
    issuer: Text
    issued_on: date | None
    valid_until: date | None
    is_active: bool
    keep_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where the question stands: one of ``STATES``; ``document`` when it was allowed."""

    state: str
    document: Document | None


class Line(Protocol):
    """Another way to the service. Raises OSError where nobody answers."""

    def ask(self, *, iin: str, kind: str, asker: Text, bin: str) -> Mapping[str, Any] | None:
        """What ``POST /access-requests`` answers; None where nobody there has the document."""

    def look(self, *, reference: str, iin: str) -> Mapping[str, Any]:
        """What ``GET /access-requests/<reference>`` answers."""


def is_connected() -> bool:
    """Whether this installation may ask at all."""
    return bool(settings.DIGITAL_DOCUMENTS_URL or settings.DIGITAL_DOCUMENTS_LINE)


def ask(*, iin: str, kind: str, asker: Text, bin: str) -> Asked:
    """Ask for a document of ``iin``; the person learns in the app that ``asker`` does.

    Raises ``digital_documents_unreachable``, ``digital_document_absent`` (nobody there has it, or
    the person uses no app), ``digital_documents_answer_wrong``.
    """
    found = _asked(iin=iin, kind=kind, asker=asker, bin=bin)
    if found is None:
        raise RuleViolation("digital_document_absent")
    reference = found.get("id")
    if not isinstance(reference, str) or not _is_reference(reference):
        raise RuleViolation("digital_documents_answer_wrong")
    return Asked(reference=reference, ends_at=_moment(found.get("expiresAt")))


def look(*, reference: str, iin: str) -> Answer:
    """Where a question about ``iin`` stands. Raises ``digital_documents_unreachable``,
    ``digital_documents_answer_wrong``."""
    found = _looked(reference=reference, iin=iin)
    state = found.get("state")
    if state not in STATES:
        raise RuleViolation("digital_documents_answer_wrong")
    document = _document(found) if state == "allowed" else None
    return Answer(state=str(state), document=document)


def _asked(*, iin: str, kind: str, asker: Text, bin: str) -> Mapping[str, Any] | None:
    line = _line()
    if line is not None:
        try:
            return line.ask(iin=iin, kind=kind, asker=asker, bin=bin)
        except OSError as error:
            raise RuleViolation("digital_documents_unreachable") from error
    told = {
        "iin": iin,
        "documentType": kind,
        "requester": {"bin": bin, "nameKk": asker.kk, "nameRu": asker.ru},
    }
    answer = _called("POST", "/access-requests", told)
    return None if answer.status_code == NOT_FOUND else _object(answer, CREATED)


def _looked(*, reference: str, iin: str) -> Mapping[str, Any]:
    line = _line()
    if line is None:
        return _object(_called("GET", f"/access-requests/{reference}", None), OK)
    try:
        return line.look(reference=reference, iin=iin)
    except OSError as error:
        raise RuleViolation("digital_documents_unreachable") from error


def _line() -> Line | None:
    if not settings.DIGITAL_DOCUMENTS_LINE:
        return None
    found: Line = import_string(settings.DIGITAL_DOCUMENTS_LINE)()
    return found


def _called(method: str, path: str, told: Any) -> requests.Response:
    headers = {"Accept": "application/json"}
    if settings.DIGITAL_DOCUMENTS_TOKEN:
        headers["Authorization"] = f"Bearer {settings.DIGITAL_DOCUMENTS_TOKEN}"
    with requests.Session() as session:
        # Neither a proxy nor a password of the machine's own files.
        session.trust_env = False
        try:
            answer = session.request(
                method,
                f"{settings.DIGITAL_DOCUMENTS_URL}{path}",
                json=told,
                headers=headers,
                timeout=settings.DIGITAL_DOCUMENTS_PATIENCE,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise RuleViolation("digital_documents_unreachable") from error
    if answer.status_code >= SERVER_FAULT:
        raise RuleViolation("digital_documents_unreachable")
    return answer


def _object(answer: requests.Response, status: int) -> Mapping[str, Any]:
    try:
        found = answer.json() if answer.status_code == status else None
    except requests.JSONDecodeError as error:
        raise RuleViolation("digital_documents_answer_wrong") from error
    if not isinstance(found, dict):
        raise RuleViolation("digital_documents_answer_wrong")
    return found


def _document(found: Mapping[str, Any]) -> Document:
    outer = _part(found, "document")
    common = _part(outer, "common")
    owner = _part(common, "docOwner")
    return Document(
        iin=_words(owner, "iin"),
        family_name=_words(owner, "lastName"),
        given_name=_words(owner, "firstName"),
        patronymic=_words(owner, "middleName"),
        number=_words(common, "docNumber"),
        issuer=_issuer(common),
        issued_on=_day(common.get("docIssuedDate")),
        valid_until=_day(common.get("docExpirationDate")),
        is_active=outer.get("active") is True,
        keep_until=_moment(found.get("dataExpiresAt")),
    )


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    if not isinstance(part, dict):
        raise RuleViolation("digital_documents_answer_wrong")
    return part


def _issuer(common: Mapping[str, Any]) -> Text:
    """Whoever gave the document out, in two languages or in words of one."""
    if isinstance(common.get("docIssuer"), str):
        words = _words(common, "docIssuer")
        return Text(words, words)
    issuer = _part(common, "docIssuer")
    return Text(_words(issuer, "nameKk"), _words(issuer, "nameRu"))


def _words(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _day(value: object) -> date | None:
    """A day that may be absent, but not unreadable."""
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise RuleViolation("digital_documents_answer_wrong") from error


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise RuleViolation("digital_documents_answer_wrong") from error
    if moment.tzinfo is None:
        raise RuleViolation("digital_documents_answer_wrong")
    return moment


def _is_reference(text: str) -> bool:
    """Letters, digits and hyphens alone: it becomes a part of an address."""
    is_plain = all(sign.isascii() and (sign.isalnum() or sign == "-") for sign in text)
    return is_plain and SHORTEST_REFERENCE <= len(text) <= LONGEST_REFERENCE
