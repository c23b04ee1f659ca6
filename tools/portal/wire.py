"""Messages that nobody writes in the system itself: those of the other side, and of ours those that
its client writes by the description of the channel."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from lxml import etree

from kualik.gateway.adapters.envelope import Data, Info
from kualik.gateway.adapters.envelope.names import (
    ACCEPTED,
    ASYNC_SEND,
    CHANGE_STATUS,
    DELIVERY,
    MESSAGE_STATUS,
    MESSAGES,
    NOT_ACCEPTED,
    NOT_RESEND,
    RESEND,
    SYNC_SEND,
    Shape,
    stamped,
)
from kualik.gateway.adapters.envelope.parsing import read_inner
from kualik.gateway.adapters.envelope.payload import put_data
from kualik.gateway.adapters.envelope.writing import (
    add_child,
    begun,
    put,
    put_all,
    put_error,
    written,
)
from kualik.signatures.adapters.xml_shape import DS

NO_PROPERTIES: Mapping[str, str] = {}


def has_signature(xml: str) -> bool:
    """Whether the root of the document holds a signature, good or bad. Raises GatewayFault."""
    return read_inner(xml).find(f"{{{DS}}}Signature") is not None


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
    content = begun(SYNC_SEND, "request")
    info = add_child(content, "requestInfo")
    put(info, ("messageId", message_id), ("correlationId", correlation_id))
    put(info, ("serviceId", service_id), ("messageDate", stamped(now)), ("routeId", route_id))
    _put_sender(info, sender_id, password)
    _put_properties(info, properties)
    put(info, ("sessionId", session_id))
    put_data(add_child(content, "requestData"), data, shape)
    return written(content)


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
    content = begun(ASYNC_SEND, "request")
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
    return written(content)


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
    content = begun(DELIVERY, "request")
    notice = add_child(content, "notification")
    put(notice, ("messageId", message_id), ("serviceId", service_id))
    put(notice, ("notificationDate", stamped(now)))
    status = add_child(notice, "deliveryStatus")
    put(status, ("receiveStatus", NOT_ACCEPTED if error_code else ACCEPTED))
    put(status, ("statusDate", stamped(now)))
    put(status, ("resendMessage", RESEND if is_resend_wanted else NOT_RESEND))
    if error_code:
        put_error(add_child(status, "error"), error_code, error_message, now)
    put(content, ("requestDate", stamped(now)))
    _put_sender(content, sender_id, password)
    return written(content)


def delivery_notification_response(
    *, notification_id: str, now: datetime, session_id: str
) -> bytes:
    """The gateway's answer to a delivery notification."""
    content = begun(f"{DELIVERY}Response", "response")
    put(content, ("notificationId", notification_id), ("responseDate", stamped(now)))
    put(content, ("sessionId", session_id))
    return written(content)


def message_status_request(
    *, message_id: str, sender_id: str, now: datetime, password: str = ""
) -> bytes:
    """Where a message of ours is."""
    content = begun(MESSAGE_STATUS, "request")
    put(content, ("messageId", message_id), ("requestDate", stamped(now)))
    _put_sender(content, sender_id, password)
    return written(content)


def message_status_response(
    *, state: str, code: str, message: str, now: datetime, session_id: str = ""
) -> bytes:
    """The gateway's word for where a message is."""
    content = begun(f"{MESSAGE_STATUS}Response", "response")
    put(content, ("messageState", state))
    _put_status(content, code, message, now)
    put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    return written(content)


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
    content = begun(MESSAGES, "request")
    put(content, ("messageId", message_id), ("correlationId", correlation_id))
    put(content, ("requestDate", stamped(now)), ("serviceId", service_id))
    _put_sender(content, sender_id, password)
    put(content, ("amount", str(amount or "")))
    return written(content)


def messages_response(
    *, messages: Sequence[tuple[Info, Data]], now: datetime, session_id: str
) -> bytes:
    """The gateway's answer to ``getMessages``; a message without a date is of ``now``."""
    content = begun(f"{MESSAGES}Response", "response")
    put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    for info, data in messages:
        _put_message(add_child(content, "messages"), info, data, now)
    return written(content)


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
    content = begun(CHANGE_STATUS, "request")
    notice = add_child(content, "notification")
    put(notice, ("notificationId", notification_id), ("messageId", message_id))
    put(notice, ("notificationDate", stamped(now)), ("messageState", state))
    _put_status(notice, code, message, now)
    if error_code:
        put_error(add_child(notice, "error"), error_code, error_message, now)
    put(content, ("requestDate", stamped(now)), ("sessionId", session_id))
    return written(content)


def _put_message(
    content: etree._Element, told: Info, data: Data, now: datetime | None = None
) -> None:
    moment = told.message_date or now
    info = add_child(content, "messageInfo")
    put(info, ("messageId", told.message_id), ("correlationId", told.correlation_id))
    put(info, ("serviceId", told.service_id), ("messageType", told.message_type))
    put(info, ("routeId", told.route_id), ("messageDate", stamped(moment) if moment else ""))
    _put_sender(info, told.sender_id, told.password)
    _put_properties(info, told.properties)
    put(info, ("sessionId", told.session_id))
    put_data(add_child(content, "messageData"), data.text, data.shape)


def _put_sender(parent: etree._Element, sender_id: str, password: str) -> None:
    if sender_id:
        put(add_child(parent, "sender"), ("senderId", sender_id), ("password", password))


def _put_properties(parent: etree._Element, properties: Mapping[str, str]) -> None:
    for key, value in properties.items():
        put_all(add_child(parent, "properties"), ("key", key), ("value", value))


def _put_status(parent: etree._Element, code: str, message: str, now: datetime) -> None:
    status = add_child(parent, "status")
    put_all(status, ("statusCode", code), ("statusMessage", message))
    put(status, ("statusDate", stamped(now)))
