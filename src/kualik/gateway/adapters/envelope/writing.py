"""Messages of ours, not yet signed; every one is of the contract (``check``)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from lxml import etree

from kualik.gateway.adapters.envelope.names import (
    ACCEPTED,
    ASYNC_SEND,
    CHANGE_STATUS,
    DELIVERY,
    MESSAGE_STATUS,
    MESSAGES,
    NAMESPACES,
    NOT_ACCEPTED,
    NOT_RESEND,
    RESEND,
    SOAP,
    SUCCESS,
    SUCCESS_MESSAGE,
    SYNC_SEND,
    Shape,
    stamped,
)
from kualik.gateway.adapters.envelope.payload import Data, put_data, put_text
from kualik.gateway.adapters.envelope.reading import Info

Fields = Sequence[tuple[str, str]]
NO_PROPERTIES: Mapping[str, str] = {}


def sync_request(
    *,
    message_id: str,
    service_id: str,
    sender_id: str,
    now: datetime,
    data: str,
    shape: Shape = "text",
    password: str = "",
    correlation_id: str = "",
    route_id: str = "",
    properties: Mapping[str, str] = NO_PROPERTIES,
    session_id: str = "",
) -> bytes:
    """A question on the synchronous channel."""
    content = _operation(SYNC_SEND, "request")
    info = _child(content, "requestInfo")
    _put(info, ("messageId", message_id), ("correlationId", correlation_id))
    _put(info, ("serviceId", service_id), ("messageDate", stamped(now)), ("routeId", route_id))
    _put_sender(info, sender_id, password)
    _put_properties(info, properties)
    _put(info, ("sessionId", session_id))
    put_data(_child(content, "requestData"), data, shape)
    return _written(content)


def sync_response(
    *,
    message_id: str,
    now: datetime,
    data: str,
    shape: Shape = "text",
    code: str = SUCCESS,
    message: str = SUCCESS_MESSAGE,
    correlation_id: str = "",
    session_id: str = "",
) -> bytes:
    """The answer on the synchronous channel."""
    content = _operation(f"{SYNC_SEND}Response", "response")
    info = _child(content, "responseInfo")
    _put(info, ("messageId", message_id), ("correlationId", correlation_id))
    _put(info, ("responseDate", stamped(now)))
    _put_all(_child(info, "status"), ("code", code), ("message", message[:250]))
    _put(info, ("sessionId", session_id))
    put_data(_child(content, "responseData"), data, shape)
    return _written(content)


def async_message(
    *,
    service_id: str,
    message_type: str,
    sender_id: str,
    now: datetime,
    data: str,
    shape: Shape = "text",
    message_id: str = "",
    correlation_id: str = "",
    password: str = "",
    route_id: str = "",
    properties: Mapping[str, str] = NO_PROPERTIES,
    session_id: str = "",
) -> bytes:
    """A message of the asynchronous channel; the gateway gives it its id, and a REQUEST its
    correlation id."""
    content = _operation(ASYNC_SEND, "request")
    told = Info(
        message_id=message_id,
        correlation_id=correlation_id,
        service_id=service_id,
        message_type=message_type,
        message_date=now,
        route_id=route_id,
        sender_id=sender_id,
        password=password,
        properties=properties,
        session_id=session_id,
    )
    _put_message(content, told, Data(data, shape))
    return _written(content)


def async_ack(
    *, message_id: str, correlation_id: str, now: datetime, session_id: str = ""
) -> bytes:
    """That a message of the asynchronous channel was taken."""
    content = _operation(f"{ASYNC_SEND}Response", "response")
    _put_all(content, ("messageId", message_id), ("correlationId", correlation_id))
    _put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    return _written(content)


def delivery_notification(
    *,
    message_id: str,
    service_id: str,
    sender_id: str,
    now: datetime,
    password: str = "",
    error_code: str = "",
    error_message: str = "",
    is_resend_wanted: bool = False,
) -> bytes:
    """Whether a message that was pulled is taken: it is unless there is an ``error_code``."""
    content = _operation(DELIVERY, "request")
    notice = _child(content, "notification")
    _put(notice, ("messageId", message_id), ("serviceId", service_id))
    _put(notice, ("notificationDate", stamped(now)))
    status = _child(notice, "deliveryStatus")
    _put(status, ("receiveStatus", NOT_ACCEPTED if error_code else ACCEPTED))
    _put(status, ("statusDate", stamped(now)))
    _put(status, ("resendMessage", RESEND if is_resend_wanted else NOT_RESEND))
    if error_code:
        _put_error(_child(status, "error"), error_code, error_message, now)
    _put(content, ("requestDate", stamped(now)))
    _put_sender(content, sender_id, password)
    return _written(content)


def delivery_notification_response(
    *, notification_id: str, now: datetime, session_id: str
) -> bytes:
    """The gateway's answer to a delivery notification."""
    content = _operation(f"{DELIVERY}Response", "response")
    _put(content, ("notificationId", notification_id), ("responseDate", stamped(now)))
    _put(content, ("sessionId", session_id))
    return _written(content)


def message_status_request(
    *, message_id: str, sender_id: str, now: datetime, password: str = ""
) -> bytes:
    """Where a message of ours is."""
    content = _operation(MESSAGE_STATUS, "request")
    _put(content, ("messageId", message_id), ("requestDate", stamped(now)))
    _put_sender(content, sender_id, password)
    return _written(content)


def message_status_response(
    *, state: str, code: str, message: str, now: datetime, session_id: str = ""
) -> bytes:
    """The gateway's word for where a message is."""
    content = _operation(f"{MESSAGE_STATUS}Response", "response")
    _put(content, ("messageState", state))
    _put_status(content, code, message, now)
    _put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    return _written(content)


def messages_request(
    *,
    service_id: str,
    sender_id: str,
    now: datetime,
    password: str = "",
    message_id: str = "",
    correlation_id: str = "",
    amount: int = 0,
) -> bytes:
    """What waits for us: ``getMessages`` by service, message or correlation id."""
    content = _operation(MESSAGES, "request")
    _put(content, ("messageId", message_id), ("correlationId", correlation_id))
    _put(content, ("requestDate", stamped(now)), ("serviceId", service_id))
    _put_sender(content, sender_id, password)
    _put(content, ("amount", str(amount or "")))
    return _written(content)


def messages_response(
    *, messages: Sequence[tuple[Info, Data]], now: datetime, session_id: str
) -> bytes:
    """The gateway's answer to ``getMessages``; a message without a date is of ``now``."""
    content = _operation(f"{MESSAGES}Response", "response")
    _put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    for info, data in messages:
        _put_message(_child(content, "messages"), info, data, now)
    return _written(content)


def status_notification(
    *,
    notification_id: str,
    message_id: str,
    state: str,
    code: str,
    message: str,
    now: datetime,
    session_id: str = "",
    error_code: str = "",
    error_message: str = "",
) -> bytes:
    """What became of a message of ours, as the gateway calls it on us."""
    content = _operation(CHANGE_STATUS, "request")
    notice = _child(content, "notification")
    _put(notice, ("notificationId", notification_id), ("messageId", message_id))
    _put(notice, ("notificationDate", stamped(now)), ("messageState", state))
    _put_status(notice, code, message, now)
    if error_code:
        _put_error(_child(notice, "error"), error_code, error_message, now)
    _put(content, ("requestDate", stamped(now)), ("sessionId", session_id))
    return _written(content)


def status_notification_response(*, now: datetime, session_id: str) -> bytes:
    """That we know what became of it."""
    content = _operation(f"{CHANGE_STATUS}Response", "response")
    _put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    return _written(content)


def fault(operation: str, code: str, message: str, *, now: datetime, session_id: str = "") -> bytes:
    """A refusal of ``operation`` (the local name of its element) with the detail of the contract;
    an operation that nobody knows is answered as the channel's ``SendMessage``."""
    name = operation if operation in NAMESPACES else SYNC_SEND
    root, body = _envelope()
    held = etree.SubElement(body, f"{{{SOAP}}}Fault")
    _put(held, ("faultcode", "soap:Server"))
    _put_all(held, ("faultstring", message))
    detail = _child(held, "detail")
    namespace = NAMESPACES[name]
    error = etree.SubElement(
        detail, f"{{{namespace}}}{name}Fault1_{name}Fault", nsmap={"ns2": namespace}
    )
    _put_error(error, code, message, now)
    _put(error, ("sessionId", session_id))
    made: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return made


def _put_message(
    content: etree._Element, told: Info, data: Data, now: datetime | None = None
) -> None:
    moment = told.message_date or now
    info = _child(content, "messageInfo")
    _put(info, ("messageId", told.message_id), ("correlationId", told.correlation_id))
    _put(info, ("serviceId", told.service_id), ("messageType", told.message_type))
    _put(info, ("routeId", told.route_id), ("messageDate", stamped(moment) if moment else ""))
    _put_sender(info, told.sender_id, told.password)
    _put_properties(info, told.properties)
    _put(info, ("sessionId", told.session_id))
    put_data(_child(content, "messageData"), data.text, data.shape)


def _put_sender(parent: etree._Element, sender_id: str, password: str) -> None:
    if sender_id:
        _put(_child(parent, "sender"), ("senderId", sender_id), ("password", password))


def _put_properties(parent: etree._Element, properties: Mapping[str, str]) -> None:
    for key, value in properties.items():
        _put_all(_child(parent, "properties"), ("key", key), ("value", value))


def _put_status(parent: etree._Element, code: str, message: str, now: datetime) -> None:
    status = _child(parent, "status")
    _put_all(status, ("statusCode", code), ("statusMessage", message))
    _put(status, ("statusDate", stamped(now)))


def _put_error(error: etree._Element, code: str, message: str, now: datetime) -> None:
    _put_all(error, ("errorCode", code), ("errorMessage", message))
    _put(error, ("errorDate", stamped(now)))


def _envelope() -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Header")
    return root, etree.SubElement(root, f"{{{SOAP}}}Body")


def _operation(name: str, content: str) -> etree._Element:
    """The element that holds the fields of an operation, in an envelope of its own."""
    namespace = NAMESPACES[name.removesuffix("Response")]
    _, body = _envelope()
    operation = etree.SubElement(body, f"{{{namespace}}}{name}", nsmap={"ns2": namespace})
    return _child(operation, content)


def _child(parent: etree._Element, name: str) -> etree._Element:
    """A child of no namespace: only the element of the operation has one."""
    return etree.SubElement(parent, name)


def _put(parent: etree._Element, *fields: tuple[str, str]) -> None:
    """Children with texts; an empty one is left out."""
    _put_all(parent, *(field for field in fields if field[1]))


def _put_all(parent: etree._Element, *fields: tuple[str, str]) -> None:
    for name, text in fields:
        put_text(_child(parent, name), text)


def _written(content: etree._Element) -> bytes:
    made: bytes = etree.tostring(content.getroottree(), encoding="UTF-8", xml_declaration=True)
    return made
