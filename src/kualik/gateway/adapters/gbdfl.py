"""ГБД ФЛ: what the state database of natural persons says of an IIN (``GBDFLUniversal_token``)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lxml import etree

from kualik.gateway.adapters.inner import (
    Unreadable,
    add,
    check,
    element,
    parts,
    text_of,
    typed,
    words,
)

NAMESPACE: Final = "http://message.persistence.interactive.nat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """By whom, about whom, and the token that shows the consent."""

    message_id: str
    asked_at: datetime
    sender_code: str
    iin: str
    token: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An identity document: codes of its kind and of its status, and its last day."""

    kind: str
    status: str
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Of a person only what our facts need; names may be missing there."""

    iin: str
    family_name: str
    given_name: str
    patronymic: str
    life_status: str
    has_died: bool
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The code of the answer and the persons in it."""

    code: str
    persons: tuple[Registered, ...]


def question_xml(question: Question) -> str:
    """``cs:Request``, sent as typed ``data``. Raises ValueError where it breaks the schema."""
    root = typed(NAMESPACE, "cs", "Request")
    values = {
        "messageId": question.message_id,
        "messageDate": question.asked_at.isoformat(timespec="milliseconds"),
        "senderCode": question.sender_code,
        "iin": question.iin,
        "kdpToken": question.token,
        "publicKey": question.key,
    }
    for name, value in values.items():
        add(root, name, value)
    # The schema calls the same thing "request".
    named = etree.fromstring(text_of(root))
    named.tag = "request"
    check(named, "gbdfl-root.xsd")
    return text_of(root)


def read_answer(text: str) -> Said:
    """The answer of the register. Raises ``Unreadable``."""
    root = element(text)
    code = words(root, "messageResult", "code")
    if not code:
        raise Unreadable("messageResult")
    return Said(code=code, persons=tuple(map(_person, parts(root, "persons", "person"))))


def _person(found: etree._Element) -> Registered:
    return Registered(
        iin=words(found, "iin"),
        family_name=words(found, "surname"),
        given_name=words(found, "name"),
        patronymic=words(found, "patronymic"),
        life_status=words(found, "lifeStatus", "code"),
        has_died=bool(words(found, "deathDate")),
        papers=tuple(map(_paper, parts(found, "documents", "document"))),
    )


def _paper(found: etree._Element) -> Paper:
    return Paper(
        kind=words(found, "type", "code"),
        status=words(found, "status", "code"),
        ends_on=_day(words(found, "endDate")),
    )


def _day(text: str) -> date | None:
    """A day as XML Schema writes it, a zone behind it left out."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError as error:
        raise Unreadable("endDate") from error
