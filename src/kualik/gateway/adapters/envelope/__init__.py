"""Messages of the bus: reading what comes, writing what leaves, checking it by the schemas."""

from kualik.gateway.adapters.envelope.checking import check
from kualik.gateway.adapters.envelope.names import (
    ACCEPTED,
    ASYNC,
    ASYNC_SEND,
    CHANGE_STATUS,
    CLIENT,
    DELIVERY,
    FAULT,
    MESSAGE_STATUS,
    MESSAGES,
    NOT_ACCEPTED,
    SUCCESS,
    SYNC,
    SYNC_SEND,
    Shape,
)
from kualik.gateway.adapters.envelope.parsing import read_inner
from kualik.gateway.adapters.envelope.payload import Data
from kualik.gateway.adapters.envelope.reading import (
    Envelope,
    Info,
    Notice,
    named_in,
    open_body,
    read,
    read_body,
    read_messages,
    read_moment,
    read_notice,
)
from kualik.gateway.adapters.envelope.writing import (
    async_ack,
    fault,
    status_notification_response,
    sync_response,
)
from kualik.gateway.adapters.faults import GatewayFault

__all__ = [
    "ACCEPTED",
    "ASYNC",
    "ASYNC_SEND",
    "CHANGE_STATUS",
    "CLIENT",
    "DELIVERY",
    "FAULT",
    "MESSAGES",
    "MESSAGE_STATUS",
    "NOT_ACCEPTED",
    "SUCCESS",
    "SYNC",
    "SYNC_SEND",
    "Data",
    "Envelope",
    "GatewayFault",
    "Info",
    "Notice",
    "Shape",
    "async_ack",
    "check",
    "fault",
    "named_in",
    "open_body",
    "read",
    "read_body",
    "read_inner",
    "read_messages",
    "read_moment",
    "read_notice",
    "status_notification_response",
    "sync_response",
]
