"""Digital documents, both sides: a system asks for somebody's card and the person allows it; and
the application asks a supplier for the certificates of a citizen."""

import hashlib
import json
import secrets
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from lxml import etree

from kualik.gateway.adapters.faults import GatewayFault
from tools.people import Person
from tools.portal import envelopes
from tools.portal.envelopes import Message, stamp
from tools.portal.state import DOCUMENTS_SENDER, Portal

SPACE = "urn:example:digital-documents"
ASKED = "http://digilocker.gov.kz/documentRequest/type/cert"
ANSWERED = "http://digilocker.gov.kz/documentResponse/type/cert"
SUPPLIER = "EXAMPLE_CERTS_BY_IIN"
KINDS = ("IdentityCard",)
ASK_LIVES = timedelta(minutes=5)
YEARS = 10
Record = dict[str, Any]


def answer(portal: Portal, message: Message) -> str:
    """``documentAccessResponse`` or ``documentResponse`` inside ``data``. Raises GatewayFault."""
    try:
        root = etree.fromstring(message.data.encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise GatewayFault("2013") from error
    asked = {etree.QName(one).localname: (one.text or "").strip() for one in root}
    if root.tag == f"{{{SPACE}}}documentAccessRequest":
        return _access(portal, asked)
    if root.tag == f"{{{SPACE}}}documentRequest":
        return _document(portal, asked)
    raise GatewayFault("2005")


def _access(portal: Portal, asked: dict[str, str]) -> str:
    now, reference = portal.now(), secrets.token_hex(16)
    if asked.get("documentType") not in KINDS:
        raise GatewayFault("2005", "documentType")
    ends_at = now + ASK_LIVES
    is_known = portal.by_iin(asked.get("iin", "")) is not None
    usual = {"allow": "ALLOWED", "deny": "DENIED", "timeout": "TIMEOUT"}
    state = usual.get(portal.behaviour["documents"], "PENDING") if is_known else "NOT_FOUND"
    portal.books.keep(
        "access", reference, {**asked, "state": state, "ends_at": ends_at.isoformat()}
    )
    return _data(
        "documentAccessResponse",
        {
            "requestId": reference,
            "status": "PENDING" if is_known else state,
            "expiresAt": stamp(ends_at),
        },
    )


def _document(portal: Portal, asked: dict[str, str]) -> str:
    reference = asked.get("requestId", "")
    found = portal.books.kept("access", reference)
    if found is None or found["iin"] != asked.get("iin"):
        raise GatewayFault("2019", "Запрос документа не найден.")
    if found["state"] == "PENDING" and portal.now() >= datetime.fromisoformat(found["ends_at"]):
        found["state"] = "TIMEOUT"
        portal.books.keep("access", reference, found)
    told = {"status": str(found["state"])}
    person = portal.by_iin(found["iin"])
    if found["state"] == "ALLOWED" and person is not None:
        record = _record(person, str(found["documentType"]), portal.now().date())
        told["document"] = json.dumps(record, ensure_ascii=False)
    return _data("documentResponse", told)


def card_of(person: Person, today: date) -> tuple[str, str, str]:
    """Number, first and last day of a citizen's card; the same number at every start."""
    number = int(hashlib.sha256(f"card {person.iin}".encode()).hexdigest(), 16) % 10**8
    day = min(today.day, 28)
    began = today.replace(year=today.year - YEARS // 2, day=day)
    return f"0{number:08d}", began.isoformat(), began.replace(year=began.year + YEARS).isoformat()


def _record(person: Person, kind: str, today: date) -> Record:
    number, began, ends = card_of(person, today)
    owner = {
        "iin": person.iin,
        "firstName": person.given_name.upper(),
        "lastName": person.surname.upper(),
        "middleName": person.patronymic.upper(),
    }
    names = {"nameRu": "Удостоверение личности", "nameKk": "Жеке куәлік", "nameEn": "Identity card"}
    common = {
        "docOwner": owner,
        "docType": {"code": kind, **names},
        "docNumber": number,
        "docIssuer": {"nameKk": "ҚР Ішкі істер министрлігі", "nameRu": "МВД РК"},
        "docIssuedDate": began,
        "docExpirationDate": ends,
        "docUri": f"{kind}:{number}",
    }
    document = {
        "valid": True,
        "number": number,
        "title": names["nameRu"],
        "titleRu": names["nameRu"],
        "titleKk": names["nameKk"],
        "issuedDate": began,
        "expirationDate": ends,
        "storageId": str(uuid4()),
        "serializableData": {"common": common, "domain": {}},
    }
    return {"found": True, "active": True, "documents": [document]}


# The application asks a supplier


def question(iin: str, *, at: datetime) -> bytes:
    """An unsigned question for the certificates of a citizen."""
    info = {"messageId": str(uuid4()), "serviceId": SUPPLIER}
    data = (
        f'<data><documentRequest xmlns="{ASKED}"><iin>{escape(iin)}</iin></documentRequest></data>'
    )
    return envelopes.sync_question(info=info, data=data, sender=DOCUMENTS_SENDER, at=at)


def shown(document: str) -> list[Record]:
    """The certificates as the application shows them. Raises ValueError for another answer."""
    try:
        root = etree.fromstring(document.encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    if root.tag != f"{{{ANSWERED}}}documentResponse":
        raise ValueError(f"root {root.tag}")
    wanted = ("valid", "number", "titleRu", "titleKk", "issuedDate", "expirationDate")
    return [
        {name: (one.findtext(f"{{{ANSWERED}}}{name}") or "").strip() for name in wanted}
        for one in root.iter(f"{{{ANSWERED}}}document")
    ]


def _data(name: str, told: dict[str, str]) -> str:
    inner = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in told.items())
    return f'<data><{name} xmlns="{SPACE}">{inner}</{name}></data>'
