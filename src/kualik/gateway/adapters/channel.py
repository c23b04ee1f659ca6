"""The two channels of the bus from our side: what may be asked, and what is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import uuid4

from lxml import etree

from kualik.gateway.adapters.envelope import payload, reading
from kualik.gateway.adapters.envelope.names import (
    ACCEPTED,
    ASYNC_SEND,
    COUNTRY,
    DELIVERY,
    MESSAGE_STATUS,
    MESSAGES,
    NOT_ACCEPTED,
    NOT_RESEND,
    RESEND,
    SYNC_SEND,
    Shape,
)
from kualik.gateway.adapters.exchange import (
    ASYNC_WSDL,
    FINAL,
    SYNC_WSDL,
    Exchange,
    Line,
    Refused,
    Unproven,
    exchange,
    written,
)
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.adapters.posting import Unreachable

KEY_PROPERTY: Final = "kualik-key"
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The gateway's acknowledgement: the ids that it gave, and the bytes of both sides."""

    message_id: str
    correlation_id: str
    raw: bytes = field(repr=False)
    answer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pulled:
    """Messages that waited for us, and the signed answer that brought them.

    ``unread`` are the ids of those that cannot be read, and why.
    """

    messages: tuple[tuple[reading.Info, payload.Data], ...] = field(repr=False)
    unread: tuple[tuple[str, GatewayFault], ...]
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a synchronous service answered; ``code`` is empty where it gave no status."""

    data: payload.Data = field(repr=False)
    code: str
    message: str
    message_id: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AsyncChannel:
    """The gateway's asynchronous channel.

    Every call raises Unreachable (Unproven: somebody answered, but it counts for nothing) and
    Refused; see ``exchange``.
    """

    line: Line

    def send_message(
        self,
        *,
        service_id: str,
        kind: str,
        data: str,
        shape: Shape = "text",
        correlation_id: str = "",
        route_id: str = "",
        key: str = "",
    ) -> Sent:
        """Hand over a message of ``kind``; ``key`` lets the other side know a second copy."""
        info = {
            "correlationId": correlation_id or None,
            "serviceId": service_id,
            "messageType": kind,
            "routeId": route_id or None,
            "messageDate": moment(self.line.now),
            "sender": _sender(self.line),
            "properties": _properties({KEY_PROPERTY: key} if key else {}),
        }
        request = {"messageInfo": info, "messageData": {"data": ""}}
        made = written(ASYNC_WSDL, ASYNC_SEND, request)
        _fill(made, "messageData", data, shape)
        done = exchange(self.line, made)
        told = done.envelope.info
        if correlation_id and told.correlation_id not in ("", correlation_id):
            raise Unproven("the acknowledgement is of another conversation")
        return Sent(
            message_id=told.message_id,
            correlation_id=told.correlation_id,
            raw=done.raw,
            answer=done.answer,
        )

    def send_delivery_notification(
        self, *, message_id: str, service_id: str, fault: GatewayFault | None = None
    ) -> Exchange:
        """Tell that a message was taken, or why not; what failed here may be sent again."""
        at = moment(self.line.now)
        status: dict[str, object] = {
            "receiveStatus": NOT_ACCEPTED if fault else ACCEPTED,
            "statusDate": at,
            "resendMessage": RESEND if fault and fault.code not in FINAL else NOT_RESEND,
        }
        if fault:
            told = {"errorCode": fault.code, "errorMessage": fault.message, "errorDate": at}
            status["error"] = told
        notification = {
            "messageId": message_id,
            "serviceId": service_id,
            "notificationDate": at,
            "deliveryStatus": status,
        }
        request = {
            "notification": notification,
            "requestDate": at,
            "sender": _sender(self.line),
        }
        return exchange(self.line, written(ASYNC_WSDL, DELIVERY, request))

    def message_status(self, message_id: str) -> reading.Notice:
        """Where a message of ours is."""
        request = {
            "messageId": message_id,
            "requestDate": moment(self.line.now),
            "sender": _sender(self.line),
        }
        done = exchange(self.line, written(ASYNC_WSDL, MESSAGE_STATUS, request))
        return replace(_told(done, reading.read_notice), message_id=message_id)

    def messages(self, *, service_id: str, correlation_id: str = "", amount: int = 0) -> Pulled:
        """What waits for us under a service; ``amount`` 0 leaves the number to the gateway."""
        request = {
            "correlationId": correlation_id or None,
            "requestDate": moment(self.line.now),
            "serviceId": service_id,
            "sender": _sender(self.line),
            "amount": amount or None,
        }
        done = exchange(self.line, written(ASYNC_WSDL, MESSAGES, request))
        return _pulled(done)


@dataclass(frozen=True, slots=True)
class SyncChannel:
    """A synchronous channel: one question, its answer at once."""

    line: Line

    def ask(
        self,
        service_id: str,
        data: str,
        *,
        shape: Shape = "text",
        route_id: str = "",
        message_id: str = "",
        properties: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask a service. An answer whose status is no success is an answer all the same.

        Raises Unreachable and Refused; see ``exchange``.
        """
        asked = message_id or str(uuid4())
        info = {
            "messageId": asked,
            "serviceId": service_id,
            "messageDate": moment(self.line.now),
            "routeId": route_id or None,
            "sender": _sender(self.line),
            "properties": _properties(properties or {}),
        }
        made = written(SYNC_WSDL, SYNC_SEND, {"requestInfo": info, "requestData": {"data": ""}})
        _fill(made, "requestData", data, shape)
        done = exchange(self.line, made)
        told = done.envelope.info
        return Answer(
            data=done.envelope.data,
            code=told.code,
            message=told.message,
            message_id=asked,
            raw=done.answer,
        )


def moment(now: datetime) -> datetime:
    """A moment as messages carry it: the country's time, to the millisecond."""
    local = now.astimezone(COUNTRY)
    return local - timedelta(microseconds=local.microsecond % 1000)


def _sender(line: Line) -> dict[str, object]:
    return {"senderId": line.sender_id, "password": line.password or None}


def _properties(named: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in named.items()]


def _fill(made: etree._Element, holder: str, data: str, shape: Shape) -> None:
    """Put the inner document where zeep wrote an empty one.

    Raises Refused for what no message can carry.
    """
    place = next(made.iter(holder))
    place.clear()
    try:
        payload.put_data(place, data, shape)
    except GatewayFault as fault:
        raise Refused(fault.code, fault.message, is_final=True) from fault


def _pulled(done: Exchange) -> Pulled:
    """Each message for itself: one that cannot be read keeps no other from being taken."""
    read: list[tuple[reading.Info, payload.Data]] = []
    unread: list[tuple[str, GatewayFault]] = []
    for message in list(done.envelope.root.iterfind("{*}response/{*}messages")):
        found = message.find("{*}messageInfo/{*}messageId")
        root = etree.Element(done.envelope.root.tag)
        etree.SubElement(root, "response").append(message)
        try:
            read += reading.read_messages(replace(done.envelope, root=root))
        except GatewayFault as fault:
            unread.append(("" if found is None else (found.text or "").strip(), fault))
    return Pulled(tuple(read), tuple(unread), done.answer)


def _told(done: Exchange, reader: Callable[[reading.Envelope], Told]) -> Told:
    """What an answer says beyond who and when; one that cannot be read is none."""
    try:
        return reader(done.envelope)
    except GatewayFault as fault:
        raise Unreachable(f"the answer cannot be read ({fault.code})") from fault


__all__ = [
    "Answer",
    "AsyncChannel",
    "Line",
    "Pulled",
    "Refused",
    "Sent",
    "SyncChannel",
    "Unproven",
    "Unreachable",
]
