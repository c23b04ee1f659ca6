"""Answers of ours, not yet signed; every one is of the contract (``check``)."""

from datetime import datetime

from lxml import etree

from kualik.gateway.adapters.envelope.names import (
    ASYNC_SEND,
    CHANGE_STATUS,
    NAMESPACES,
    SOAP,
    SUCCESS,
    SUCCESS_MESSAGE,
    SYNC_SEND,
    Shape,
    stamped,
)
from kualik.gateway.adapters.envelope.payload import put_data, put_text


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
    content = begun(f"{SYNC_SEND}Response", "response")
    info = add_child(content, "responseInfo")
    put(info, ("messageId", message_id), ("correlationId", correlation_id))
    put(info, ("responseDate", stamped(now)))
    put_all(add_child(info, "status"), ("code", code), ("message", message[:250]))
    put(info, ("sessionId", session_id))
    put_data(add_child(content, "responseData"), data, shape)
    return written(content)


def async_ack(
    *, message_id: str, correlation_id: str, now: datetime, session_id: str = ""
) -> bytes:
    """That a message of the asynchronous channel was taken."""
    content = begun(f"{ASYNC_SEND}Response", "response")
    put_all(content, ("messageId", message_id), ("correlationId", correlation_id))
    put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    return written(content)


def status_notification_response(*, now: datetime, session_id: str) -> bytes:
    """That we know what became of it."""
    content = begun(f"{CHANGE_STATUS}Response", "response")
    put(content, ("responseDate", stamped(now)), ("sessionId", session_id))
    return written(content)


def fault(operation: str, code: str, message: str, *, now: datetime, session_id: str = "") -> bytes:
    """A refusal of ``operation`` (the local name of its element) with the detail of the contract;
    an operation that nobody knows is answered as the channel's ``SendMessage``."""
    name = operation if operation in NAMESPACES else SYNC_SEND
    root, body = _envelope()
    held = etree.SubElement(body, f"{{{SOAP}}}Fault")
    put(held, ("faultcode", "soap:Server"))
    put_all(held, ("faultstring", message))
    detail = add_child(held, "detail")
    namespace = NAMESPACES[name]
    error = etree.SubElement(
        detail, f"{{{namespace}}}{name}Fault1_{name}Fault", nsmap={"ns2": namespace}
    )
    put_error(error, code, message, now)
    put(error, ("sessionId", session_id))
    made: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return made


def put_error(error: etree._Element, code: str, message: str, now: datetime) -> None:
    """The parts of an error, wherever the contract has one."""
    put_all(error, ("errorCode", code), ("errorMessage", message))
    put(error, ("errorDate", stamped(now)))


def _envelope() -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Header")
    return root, etree.SubElement(root, f"{{{SOAP}}}Body")


def begun(name: str, content: str) -> etree._Element:
    """The element that holds the fields of an operation, in an envelope of its own."""
    namespace = NAMESPACES[name.removesuffix("Response")]
    _, body = _envelope()
    operation = etree.SubElement(body, f"{{{namespace}}}{name}", nsmap={"ns2": namespace})
    return add_child(operation, content)


def add_child(parent: etree._Element, name: str) -> etree._Element:
    """A child of no namespace: only the element of the operation has one."""
    return etree.SubElement(parent, name)


def put(parent: etree._Element, *fields: tuple[str, str]) -> None:
    """Children with texts; an empty one is left out."""
    put_all(parent, *(field for field in fields if field[1]))


def put_all(parent: etree._Element, *fields: tuple[str, str]) -> None:
    """Children with texts, empty ones too."""
    for name, text in fields:
        put_text(add_child(parent, name), text)


def written(content: etree._Element) -> bytes:
    """The bytes of the envelope around an element."""
    made: bytes = etree.tostring(content.getroottree(), encoding="UTF-8", xml_declaration=True)
    return made
