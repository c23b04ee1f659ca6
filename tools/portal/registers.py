"""The registers behind the synchronous channel: КДП with SMS from 1414, ГБД ФЛ, the registry of
phones; the temporary file store and the digital documents stand in modules of their own."""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from kualik.gateway.adapters.faults import GatewayFault
from tools.people import Person
from tools.portal import documents, store
from tools.portal.envelopes import SOAP, Message, stamp, sync_answer
from tools.portal.state import Portal

KDP = "http://service.2fa-chain.kz/ns/kdp"
GBDFL = "http://message.persistence.interactive.nat"
MCDB = "urn:example:mcdb"
PERSON_ACCESS, PHONE_ACCESS = "GBDFLUniversal_token", "MCDB_SERVICE"
SMS_LIVES = timedelta(minutes=5)
USUAL_LIFE = 600_000
NOT_FOUND, NO_CONSENT = "00404", "00403"
Handler = Callable[[Portal, Message], str]


def answer(portal: Portal, message: Message) -> bytes:
    """What a register answers. Raises GatewayFault."""
    if message.operation != "SendMessage":
        raise GatewayFault("2013")
    if portal.behaviour["register"] == "broken":
        raise GatewayFault("9000", "Регистр недоступен.")
    message_id, at = message.get("messageId"), portal.now()
    if message.get("serviceId") == "KDP_SERVICE":
        return _consent_answer(message_id, consent(portal, fields_of(message.data)), at)
    handler = HANDLERS.get(message.get("serviceId"))
    if handler is None:
        raise GatewayFault("2016")
    data = handler(portal, message)
    return sync_answer(message_id=message_id, data=data, at=at)


def fields_of(document: str) -> dict[str, str]:
    """The leaves of a document by their local names."""
    try:
        root = etree.fromstring(document.encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise GatewayFault("2013") from error
    return {
        etree.QName(one).localname: (one.text or "").strip() for one in root.iter() if not len(one)
    }


# КДП


def consent(portal: Portal, asked: Mapping[str, str]) -> dict[str, str]:
    """Where a question for consent stands: status, and the token when it was given."""
    now = portal.now()
    key = f"{asked.get('uin')} {asked.get('company_bin')} {asked.get('access_name')}"
    found = portal.books.kept("consent", key)
    if found is None or _is_over(found, now):
        found = {**asked, "state": "PENDING", "asked_at": now.isoformat()}
        life = timedelta(milliseconds=int(asked.get("expiresIn") or USUAL_LIFE))
        found["token_ends_at"] = (now + life).isoformat()
        if asked.get("omit-sms") == "true":
            found["state"] = "VALID" if _is_proven(portal, asked, now) else "DENIED"
        elif portal.by_iin(asked.get("uin", "")) is None:
            found["state"] = "DENIED"
        else:
            usual = {"answer": "VALID", "deny": "DENIED", "timeout": "TIMEOUT"}
            found["state"] = usual.get(portal.behaviour["consent"], "PENDING")
    settle(portal, key, found, now)
    if found["state"] in ("DENIED", "TIMEOUT"):
        found.setdefault("told_at", now.isoformat())
        portal.books.keep("consent", key, found)
    told = {"status": str(found["state"])}
    if found["state"] == "VALID":
        told |= {"code": found["code"], "public-key": found["public_key"]}
    return told


def settle(portal: Portal, key: str, found: dict[str, str], now: datetime) -> None:
    """Write where a question stands; a token is made when it is given."""
    if found["state"] == "PENDING" and now - _moment(found["asked_at"]) >= SMS_LIVES:
        found["state"] = "TIMEOUT"
    if found["state"] == "VALID" and "code" not in found:
        found["code"] = f"KDP.{secrets.token_urlsafe(24)}"
        found["public_key"] = base64.b64encode(secrets.token_bytes(48)).decode()
    portal.books.keep("consent", key, found)


def _is_over(found: Mapping[str, str], now: datetime) -> bool:
    """A settled question was told once; the next one is a new question."""
    if found["state"] == "VALID":
        return now >= _moment(found["token_ends_at"])
    return "told_at" in found


def _is_proven(portal: Portal, asked: Mapping[str, str], now: datetime) -> bool:
    """Whether the organisation's JWT says that it checked the person itself."""
    try:
        head, body, signature = asked["ovt"].split(".")
        claims = json.loads(_decoded(body))
        is_whole = json.loads(_decoded(head))["alg"] == "RS256"
        is_timely = claims["iat"] - 60 <= now.timestamp() < claims["exp"]
        is_whole &= claims["cbin"] == asked["company_bin"] and claims["mcheck"] in ("Bio", "Ds")
    except (KeyError, ValueError, TypeError):
        return False
    pins = (portal.root / "kualik").glob("*.cer")
    keys = [x509.load_der_x509_certificate(file.read_bytes()) for file in pins]
    return (
        is_whole
        and is_timely
        and any(_signed(one, f"{head}.{body}".encode(), _decoded(signature)) for one in keys)
    )


def _signed(certificate: x509.Certificate, content: bytes, signature: bytes) -> bool:
    try:
        key = certificate.public_key()
    except ValueError:
        return False
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, content, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _consent_answer(message_id: str, told: Mapping[str, str], at: datetime) -> bytes:
    """The wrapper stands in the namespace of КДП, as it was seen."""
    data = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
    return (
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header/><soap:Body>'
        f'<sendMessageResponse xmlns="{KDP}"><response><responseInfo>'
        f"<messageId>{escape(message_id)}</messageId><responseDate>{stamp(at)}</responseDate>"
        f"<status/></responseInfo><responseData><data>{data}</data></responseData></response>"
        "</sendMessageResponse></soap:Body></soap:Envelope>"
    ).encode()


def is_allowed(portal: Portal, *, iin: str, access: str, told: Mapping[str, str]) -> bool:
    """Whether a token of КДП opens that register for that person now."""
    token, key = told.get("kdpToken", ""), told.get("publicKey", "")
    return any(
        found.get("code") == token
        and found.get("public_key") == key
        and found["uin"] == iin
        and found["access_name"] == access
        and found["state"] == "VALID"
        and portal.now() < _moment(found["token_ends_at"])
        for found in portal.books.all_kept("consent").values()
    )


# ГБД ФЛ and the registry of phones


def _person(portal: Portal, message: Message) -> str:
    asked, at = fields_of(message.data), portal.now()
    iin = asked.get("iin", "")
    result, person = ("00000", "Сообщение успешно обработано", "Хабарлама сәтті өңделді"), ""
    found = portal.by_iin(iin)
    if not is_allowed(portal, iin=iin, access=PERSON_ACCESS, told=asked):
        result = (NO_CONSENT, "Нет согласия на доступ", "Қолжетімділікке келісім жоқ")
    elif found is None or portal.behaviour["register"] == "not_found":
        result = (NOT_FOUND, "Сведения не найдены", "Мәліметтер табылмады")
    else:
        person = f"<persons>{_person_xml(portal, found, at)}</persons>"
    sender = ("GBDFL", "ГБД Физические лица", "«Жеке тұлғалар» МДҚ")
    receiver = (asked.get("senderCode") or "-", "Организация", "Ұйым")
    return (
        f'<data xmlns:cs="{GBDFL}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:type="cs:Response">'
        f"<messageId>{secrets.token_hex(8)}</messageId><messageDate>{stamp(at)}</messageDate>"
        f"<requestId>{escape(asked.get('messageId', ''))}</requestId>"
        f"{_item('sender', sender)}{_item('receiver', receiver)}{_item('messageResult', result)}"
        f"{person}</data>"
    )


def _person_xml(portal: Portal, person: Person, at: datetime) -> str:
    """The register keeps names in capital letters, and says more than anybody needs."""
    is_dead = portal.behaviour["register"] == "dead"
    surname = "БАСҚАША" if portal.behaviour["register"] == "another_name" else person.surname
    names = {"surname": surname, "name": person.given_name, "patronymic": person.patronymic}
    told = "".join(
        f"<{name}>{escape(value.upper())}</{name}>" for name, value in names.items() if value
    )
    born = born_on(person.iin)
    died = f"<deathDate>{at:%Y-%m-%d}</deathDate>" if is_dead else ""
    life = ("1", "Умерший", "Қайтыс болған") if is_dead else ("0", "Нормальный", "Қалыпты")
    is_man = int(person.iin[6]) % 2
    gender = ("1", "Мужской", "Ер") if is_man else ("2", "Женский", "Әйел")
    country = ("398", "КАЗАХСТАН", "ҚАЗАҚСТАН")
    return (
        f"<person><iin>{person.iin}</iin>{told}<birthDate>{born}</birthDate>{died}"
        f"{_item('gender', gender)}{_item('nationality', ('005', 'КАЗАХ', 'ҚАЗАҚ'))}"
        f"{_item('citizenship', country)}{_item('lifeStatus', life)}"
        f"<birthPlace>{_item('country', country)}</birthPlace>"
        f"<documents>{_paper_xml(person, born, is_dead, at)}</documents></person>"
    )


def _paper_xml(person: Person, born: str, is_dead: bool, at: datetime) -> str:
    number, began, ends = documents.card_of(person, at.date())
    status = ("07", "НЕПРИГОДЕН", "ЖАРАМСЫЗ") if is_dead else ("00", "ДЕЙСТВИТЕЛЕН", "ЖАРАМДЫ")
    return (
        f"<document>{_item('type', ('002', 'УДОСТОВЕРЕНИЕ РК', 'ҚР ЖЕКЕ КУӘЛІГІ'))}"
        f"<number>{number}</number><beginDate>{began}</beginDate><endDate>{ends}</endDate>"
        f"{_item('issueOrganization', ('002', 'МВД РК', 'ҚР ІІМ'))}{_item('status', status)}"
        f"<birthDate>{born}</birthDate></document>"
    )


def born_on(iin: str) -> str:
    """The day of birth that an IIN tells (its seventh digit names the century and the sex)."""
    century = 18 + (int(iin[6]) - 1) // 2
    return f"{century}{iin[:2]}-{iin[2:4]}-{iin[4:6]}"


def _phones(portal: Portal, message: Message) -> str:
    asked = fields_of(message.data)
    iin = asked.get("uin", "")
    found = portal.by_iin(iin)
    if not is_allowed(portal, iin=iin, access=PHONE_ACCESS, told=asked):
        raise GatewayFault("2007", "Нет согласия на доступ.")
    digits = "".join(sign for sign in (found.phone if found else "") if sign.isdigit())
    phone = f"<phone>{digits}</phone>" if digits else ""
    return (
        f'<data><getPhonesResponse xmlns="{MCDB}"><uin>{escape(iin)}</uin>{phone}'
        "</getPhonesResponse></data>"
    )


def _item(name: str, value: tuple[str, str, str]) -> str:
    code, ru, kk = map(escape, value)
    return f"<{name}><code>{code}</code><nameRu>{ru}</nameRu><nameKz>{kk}</nameKz></{name}>"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


HANDLERS: Mapping[str, Handler] = {
    PERSON_ACCESS: _person,
    PHONE_ACCESS: _phones,
    "EDS_TEMP_FILES": store.answer,
    "DIGITAL_DOCUMENTS": documents.answer,
}
