"""Envelopes of the channels v10 as the gateway writes and reads them; unsigned.

Written from the contract (``gateway/data/schema`` and the samples), apart from the envelopes of
the system under test, so that neither forgives the other's mistakes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4
from xml.sax.saxutils import escape

from lxml import etree

from kualik.core.clock import ZONE
from kualik.gateway.adapters.schemas import schema_of

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
ASYNC = "http://bip.bee.kz/AsyncChannel/v10/Types"
CLIENT = f"{ASYNC}/Client"
SYNC = "http://bip.bee.kz/SyncChannel/v10/Types"
SCHEMAS = {ASYNC: "async-types.xsd", CLIENT: "async-client-types.xsd", SYNC: "sync-types.xsd"}
ENVELOPE = (
    '<soap:Envelope xmlns:soap="{soap}"><soap:Header/><soap:Body>{body}</soap:Body></soap:Envelope>'
)
SUCCESS = ("SCSS001", "Message has been processed successfully")
DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
DATA_HOLDERS = ("messageData", "requestData", "responseData")


class Unreadable(Exception):
    """What came is no message of the channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What came: ``data`` is the inner document as XML, ``shape`` how it was put in."""

    operation: str
    fields: Mapping[str, str]
    properties: Mapping[str, str] = field(default_factory=dict)
    data: str = ""
    shape: str = ""

    def get(self, name: str) -> str:
        """A field of the info by its name; "" where it is absent."""
        return self.fields.get(name, "")


def stamp(moment: datetime) -> str:
    """A moment as the channels write it."""
    return moment.astimezone(ZONE).isoformat(timespec="milliseconds")


def session() -> str:
    """The id that the gateway gives to an exchange."""
    return f"{{{uuid4()}}}"


# Writing


def envelope(body: str) -> bytes:
    """An envelope with an empty header."""
    return ENVELOPE.format(soap=SOAP, body=body).encode()


def data_of(document: str, shape: str) -> str:
    """``data`` in one of its three shapes; a typed document is the element ``data`` itself."""
    if shape == "typed":
        return document
    if shape == "element":
        return f"<data>{DECLARATION.sub('', document, count=1)}</data>"
    return f'<data xmlns:xs="{XS}" xmlns:xsi="{XSI}" xsi:type="xs:string">{escape(document)}</data>'


def async_message(
    *, info: Mapping[str, str], data: str, sender: str, at: datetime, password: str = ""
) -> bytes:
    """``sendMessage`` as the gateway pushes it."""
    return envelope(
        f'<ns2:sendMessage xmlns:ns2="{ASYNC}"><request>'
        f"{message(info=info, data=data, sender=sender, at=at, password=password)}"
        "</request></ns2:sendMessage>"
    )


def message(
    *, info: Mapping[str, str], data: str, sender: str, at: datetime, password: str = ""
) -> str:
    """``messageInfo`` and ``messageData``."""
    route = _tag("routeId", info["routeId"]) if info.get("routeId") else ""
    first = "".join(
        _tag(name, info[name])
        for name in ("messageId", "correlationId", "serviceId", "messageType")
    )
    return (
        f"<messageInfo>{first}{route}{_tag('messageDate', stamp(at))}{_sender(sender, password)}"
        f"{_tag('sessionId', session())}</messageInfo><messageData>{data}</messageData>"
    )


def pulled(messages: list[str], *, at: datetime) -> bytes:
    """The answer to ``getMessages``."""
    inner = "".join(f"<messages>{one}</messages>" for one in messages)
    return _answer("getMessages", _tag("responseDate", stamp(at)) + _session() + inner)


def acknowledgement(*, message_id: str, correlation_id: str, at: datetime) -> bytes:
    """The answer to ``sendMessage``."""
    inner = _tag("messageId", message_id) + _tag("correlationId", correlation_id)
    return _answer("sendMessage", inner + _tag("responseDate", stamp(at)) + _session())


def notified(*, notification_id: str, at: datetime) -> bytes:
    """The answer to ``sendDeliveryNotification``."""
    inner = _tag("notificationId", notification_id) + _tag("responseDate", stamp(at))
    return _answer("sendDeliveryNotification", inner + _session())


def state_told(*, state: str, code: str, text: str, at: datetime) -> bytes:
    """The answer to ``getMessageStatus``."""
    inner = _tag("messageState", state) + _status(code, text, at)
    return _answer("getMessageStatus", inner + _tag("responseDate", stamp(at)) + _session())


def state_changed(*, notification_id: str, message_id: str, state: str, at: datetime) -> bytes:
    """``changeMassageStatusNotification`` (the spelling is the contract's)."""
    inner = (
        _tag("notificationId", notification_id)
        + _tag("messageId", message_id)
        + _tag("notificationDate", stamp(at))
        + _tag("messageState", state)
        + _status("0", "Доставлено", at)
    )
    return envelope(
        f'<cli:changeMassageStatusNotification xmlns:cli="{CLIENT}"><request>'
        f"<notification>{inner}</notification>{_tag('requestDate', stamp(at))}{_session()}"
        "</request></cli:changeMassageStatusNotification>"
    )


def sync_question(
    *, info: Mapping[str, str], data: str, sender: str, at: datetime, password: str = ""
) -> bytes:
    """``SendMessage`` as the gateway asks a system."""
    route = _tag("routeId", info["routeId"]) if info.get("routeId") else ""
    return envelope(
        f'<ns2:SendMessage xmlns:ns2="{SYNC}"><request><requestInfo>'
        f"{_tag('messageId', info['messageId'])}{_tag('serviceId', info['serviceId'])}"
        f"{_tag('messageDate', stamp(at))}{route}{_sender(sender, password)}{_session()}"
        f"</requestInfo><requestData>{data}</requestData></request></ns2:SendMessage>"
    )


def sync_answer(*, message_id: str, data: str, at: datetime) -> bytes:
    """``SendMessageResponse`` of a register."""
    code, text = SUCCESS
    return envelope(
        f'<ns2:SendMessageResponse xmlns:ns2="{SYNC}"><response><responseInfo>'
        f"{_tag('messageId', message_id)}{_tag('responseDate', stamp(at))}"
        f"<status>{_tag('code', code)}{_tag('message', text)}</status>{_session()}"
        f"</responseInfo><responseData>{data}</responseData></response></ns2:SendMessageResponse>"
    )


def fault(operation: str, *, code: str, text: str, at: datetime) -> bytes:
    """A fault in the words of the contract."""
    space = SYNC if operation == "SendMessage" else ASYNC
    name = f"{operation}Fault1_{operation}Fault"
    inner = _tag("errorCode", code) + _tag("errorMessage", text) + _tag("errorDate", stamp(at))
    return envelope(
        f"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{escape(text)}</faultstring>"
        f'<detail><ns2:{name} xmlns:ns2="{space}">{inner}</ns2:{name}></detail></soap:Fault>'
    )


# Reading


def read(raw: bytes) -> Message:
    """Any message or answer of the channels. Raises Unreadable."""
    body = _body(raw)
    root = next(iter(body), None)
    if root is None:
        raise Unreadable("an empty body")
    fields = {
        name: (element.text or "").strip()
        for element in root.iter()
        if isinstance(element.tag, str) and not len(element) and not _is_inside_data(element)
        for name in (etree.QName(element).localname,)
    }
    data, shape = _data(root)
    return Message(
        operation=etree.QName(root).localname,
        fields=fields,
        properties={
            one.findtext("key", ""): one.findtext("value", "") for one in root.iter("properties")
        },
        data=data,
        shape=shape,
    )


def breaches(raw: bytes) -> list[str]:
    """What in a message of the system is against the contract's schema."""
    root = next(iter(_body(raw)))
    name = SCHEMAS.get(etree.QName(root).namespace or "")
    if name is None:
        return [f"no element of the contract: {root.tag}"]
    # What stands inside is anybody's; its types are no part of the channel's schema.
    for data in root.iter("data"):
        if etree.QName(data.getparent()).localname in DATA_HOLDERS:
            data.clear()
    schema = schema_of(name)
    schema.validate(root)
    return [error.message for error in schema.error_log]


def _body(raw: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(str(error)) from error
    body = root.find(f"{{{SOAP}}}Body")
    if body is None or root.getroottree().docinfo.doctype:
        raise Unreadable("no envelope")
    return body


def _is_inside_data(element: etree._Element) -> bool:
    return any(etree.QName(above).localname in DATA_HOLDERS for above in element.iterancestors())


def _data(root: etree._Element) -> tuple[str, str]:
    for holder in DATA_HOLDERS:
        element = root.find(f".//{holder}/data")
        if element is not None:
            break
    else:
        return "", ""
    if not len(element):
        return (element.text or ""), "text"
    kind = element.get(f"{{{XSI}}}type")
    if kind is None and len(element) == 1:
        return etree.tostring(element[0], encoding="unicode", with_tail=False), "element"
    return etree.tostring(element, encoding="unicode", with_tail=False), "typed"


def _answer(operation: str, inner: str) -> bytes:
    name = f"{operation}Response"
    return envelope(f'<ns2:{name} xmlns:ns2="{ASYNC}"><response>{inner}</response></ns2:{name}>')


def _status(code: str, text: str, at: datetime) -> str:
    inner = _tag("statusCode", code) + _tag("statusMessage", text)
    return f"<status>{inner}{_tag('statusDate', stamp(at))}</status>"


def _sender(name: str, password: str) -> str:
    told = _tag("password", password) if password else ""
    return f"<sender>{_tag('senderId', name)}{told}</sender>"


def _session() -> str:
    return _tag("sessionId", session())


def _tag(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"
