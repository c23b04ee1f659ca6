"""Messages of the bus as values: read by name, in any order, whatever real senders leave out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from lxml import etree

from kualik.gateway.adapters.envelope.names import (
    COUNTRY,
    FAULT,
    MESSAGE_TYPES,
    MESSAGES,
    NAMESPACES,
    SYNC_SEND,
)
from kualik.gateway.adapters.envelope.parsing import child, local, parse, parts, strip, text_of
from kualik.gateway.adapters.envelope.payload import Data, read_data
from kualik.gateway.adapters.faults import PARSE, SCHEMA, GatewayFault

RESPONSE: Final = "Response"
GUID: Final = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,12}))?(Z|[+-]\d{2}:\d{2})?"
)
PROPERTY_LIMIT: Final = 100
# Of the columns that keep them.
LENGTHS: Final = {
    "messageId": 100,
    "correlationId": 100,
    "serviceId": 120,
    "routeId": 60,
    "senderId": 60,
}
FIELDS: Final = (
    "messageId",
    "correlationId",
    "serviceId",
    "messageType",
    "messageDate",
    "requestDate",
    "responseDate",
    "routeId",
    "sessionId",
    "amount",
)
REQUIRED: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "SendMessage": ("messageId", "serviceId", "messageDate", "senderId"),
        "SendMessageResponse": ("messageId", "responseDate", "code"),
        "sendMessage": ("serviceId", "messageType", "messageDate", "senderId"),
        "sendMessageResponse": ("messageId", "responseDate"),
        "sendDeliveryNotification": ("messageId", "serviceId", "requestDate"),
        "getMessageStatus": ("messageId", "requestDate", "senderId"),
        "getMessages": ("serviceId",),
        "changeMassageStatusNotification": ("messageId", "requestDate"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What stands around the inner document; "" and None where a message does not say it.

    ``message_date`` is the moment of whatever kind the message has. ``code`` and ``message`` are
    the status of an answer or the error of a fault. ``session_id`` has its braces, or is empty
    where it is no GUID. ``service_id`` and ``amount`` of a question for messages stand here too.
    """

    message_id: str = ""
    correlation_id: str = ""
    service_id: str = ""
    message_type: str = ""
    message_date: datetime | None = None
    route_id: str = ""
    sender_id: str = ""
    password: str = field(default="", repr=False)
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)
    session_id: str = ""
    code: str = ""
    message: str = ""
    amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a notification tells of one message: ``state`` is the gateway's word for where it is
    (``messageState``) or the receiver's (``receiveStatus``); ``error_code`` is "" without error."""

    notification_id: str = ""
    message_id: str = ""
    service_id: str = ""
    state: str = ""
    is_resend_wanted: bool = False
    code: str = ""
    message: str = ""
    error_code: str = ""
    error_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message. ``operation`` is the local name of the root element (``Fault`` for a fault),
    ``namespace`` its namespace, ``root`` that element, ``body`` the soap:Body around it."""

    operation: str
    namespace: str
    root: etree._Element = field(repr=False)
    body: etree._Element = field(repr=False)
    info: Info
    data: Data = field(repr=False)

    @property
    def is_fault(self) -> bool:
        """Whether the other side refused: ``info.code`` and ``info.message`` say why."""
        return self.operation == FAULT


def read(raw: bytes) -> Envelope:
    """The message in these bytes; no signature is looked at. Raises GatewayFault."""
    return read_body(open_body(raw))


def open_body(raw: bytes) -> etree._Element:
    """The Body of the envelope in these bytes. Raises GatewayFault for what is no envelope."""
    return parts(parse(raw))[1]


def named_in(body: etree._Element) -> str:
    """The local name of what a Body holds, whatever is wrong with it; "" where it is empty."""
    found = next(body.iterchildren("*"), None)
    return "" if found is None else local(found)


def read_body(body: etree._Element) -> Envelope:
    """The message in a Body, which comments and instructions are taken out of. Raises
    GatewayFault."""
    strip(body)
    found = list(body)
    if len(found) != 1:
        raise GatewayFault(PARSE, "one_element")
    root = found[0]
    operation, namespace = local(root), etree.QName(root).namespace or ""
    info = _fault(root) if operation == FAULT else _info(root, operation)
    return Envelope(
        operation=operation,
        namespace=namespace,
        root=root,
        body=body,
        info=info,
        data=Data("", "text") if operation == FAULT else read_data(_content(root)),
    )


def read_notice(envelope: Envelope) -> Notice:
    """What a delivery notification, a notification of a changed status or an answer about a
    status tells. Raises GatewayFault."""
    holder = _content(envelope.root)
    notice = child(holder, "notification")
    notice = holder if notice is None else notice
    delivery, status = child(notice, "deliveryStatus"), child(notice, "status")
    error = child(notice if delivery is None else delivery, "error")
    return Notice(
        notification_id=text_of(notice, "notificationId"),
        message_id=_limited("messageId", text_of(notice, "messageId")),
        service_id=_limited("serviceId", text_of(notice, "serviceId")),
        state=text_of(notice, "messageState") or text_of(delivery, "receiveStatus"),
        is_resend_wanted=text_of(delivery, "resendMessage") == "RESEND",
        code=text_of(status, "statusCode"),
        message=text_of(status, "statusMessage"),
        error_code=text_of(error, "errorCode"),
        error_message=text_of(error, "errorMessage"),
    )


def read_messages(envelope: Envelope) -> tuple[tuple[Info, Data], ...]:
    """The messages of an answer to ``getMessages``. Raises GatewayFault."""
    if envelope.operation != f"{MESSAGES}{RESPONSE}":
        raise GatewayFault(SCHEMA)
    found = [one for one in _content(envelope.root) if local(one) == "messages"]
    return tuple((_message_info(one, "sendMessage"), read_data(one)) for one in found)


def read_moment(text: str) -> datetime:
    """A moment of xs:dateTime; one without an offset is of the country's time.

    Raises GatewayFault.
    """
    match = MOMENT.fullmatch(text)
    if match is None:
        raise GatewayFault(SCHEMA, "bad_date")
    whole, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{whole}{(offset or '').replace('Z', '+00:00')}")
        # Arithmetic at the ends of the calendar fails; nobody writes from there.
        if not 1900 <= moment.year <= 2200:
            raise ValueError("not of our time")
    except ValueError as error:
        raise GatewayFault(SCHEMA, "bad_date") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=COUNTRY)
    return moment + timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))


def session_of(text: str) -> str:
    """A session id with its braces; "" for what is none."""
    match = GUID.fullmatch(text)
    return f"{{{match[1]}}}" if match else ""


def _content(root: etree._Element) -> etree._Element:
    """The only child of an operation's element: ``request`` or ``response``."""
    found = list(root)
    if len(found) != 1 or local(found[0]) not in ("request", "response"):
        raise GatewayFault(SCHEMA, "request_or_response")
    return found[0]


def _info(root: etree._Element, operation: str) -> Info:
    if operation.removesuffix(RESPONSE) not in NAMESPACES:
        raise GatewayFault(SCHEMA, "unknown_operation")
    return _message_info(_content(root), operation)


def _message_info(holder: etree._Element, operation: str) -> Info:
    """Requests, answers and messages alike: what says who and when stands in an element of its
    own or beside the rest."""
    places = [holder]
    for name in ("requestInfo", "responseInfo", "messageInfo", "notification"):
        found = child(holder, name)
        if found is not None:
            places.insert(0, found)
    told = _told(places)
    missing = [name for name in REQUIRED.get(operation, ()) if not told.get(name)]
    # The answer of the consent service is in a namespace of its own, with an empty status.
    if missing and not (missing == ["code"] and operation != f"{SYNC_SEND}{RESPONSE}"):
        raise GatewayFault(SCHEMA, "missing", name=missing[0])
    if told.get("messageType") and told["messageType"] not in MESSAGE_TYPES:
        raise GatewayFault(SCHEMA, "message_type")
    date = told["messageDate"] or told["requestDate"] or told["responseDate"]
    return Info(
        message_id=told["messageId"],
        correlation_id=told["correlationId"],
        service_id=told["serviceId"],
        message_type=told["messageType"],
        message_date=read_moment(date) if date else None,
        route_id=told["routeId"],
        sender_id=told["senderId"],
        password=told["password"],
        properties=_properties(places),
        session_id=session_of(told["sessionId"]),
        code=told["code"],
        message=told["message"],
        amount=int(told["amount"]) if told["amount"].isdecimal() else 0,
    )


def _told(places: Sequence[etree._Element]) -> dict[str, str]:
    told = {name: _first(places, name) for name in FIELDS}
    senders = (child(place, "sender") for place in places)
    sender = next((one for one in senders if one is not None), None)
    status = child(places[0], "status")
    told |= {name: text_of(sender, name) for name in ("senderId", "password")}
    told |= {name: text_of(status, name) for name in ("code", "message")}
    return {name: _limited(name, value) for name, value in told.items()}


def _first(places: Sequence[etree._Element], name: str) -> str:
    return next((found for found in (text_of(place, name) for place in places) if found), "")


def _limited(name: str, value: str) -> str:
    if len(value) > LENGTHS.get(name, 2000):
        raise GatewayFault(SCHEMA, "too_long", name=name)
    return value


def _properties(places: Sequence[etree._Element]) -> Mapping[str, str]:
    """Empty ones are what some senders write for none."""
    found = [one for place in places for one in place if local(one) == "properties"]
    if len(found) > PROPERTY_LIMIT:
        raise GatewayFault(SCHEMA, "many_properties")
    pairs = ((text_of(one, "key"), text_of(one, "value")) for one in found)
    return MappingProxyType({key: value for key, value in pairs if key})


def _fault(root: etree._Element) -> Info:
    detail = child(root, "detail")
    listed = [] if detail is None else [one for one in detail if isinstance(one.tag, str)]
    error = listed[0] if listed else None
    date = text_of(error, "errorDate")
    return Info(
        code=text_of(error, "errorCode") or text_of(root, "faultcode"),
        message=text_of(error, "errorMessage") or text_of(root, "faultstring"),
        message_date=read_moment(date) if MOMENT.fullmatch(date) else None,
        session_id=session_of(text_of(error, "sessionId")),
    )
