"""The words of the contract, its misspellings among them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XS: Final = "http://www.w3.org/2001/XMLSchema"
SYNC: Final = "http://bip.bee.kz/SyncChannel/v10/Types"
ASYNC: Final = "http://bip.bee.kz/AsyncChannel/v10/Types"
CLIENT: Final = "http://bip.bee.kz/AsyncChannel/v10/Types/Client"

SYNC_SEND: Final = "SendMessage"
ASYNC_SEND: Final = "sendMessage"
DELIVERY: Final = "sendDeliveryNotification"
MESSAGE_STATUS: Final = "getMessageStatus"
MESSAGES: Final = "getMessages"
CHANGE_STATUS: Final = "changeMassageStatusNotification"
FAULT: Final = "Fault"
NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        SYNC_SEND: SYNC,
        ASYNC_SEND: ASYNC,
        DELIVERY: ASYNC,
        MESSAGE_STATUS: ASYNC,
        MESSAGES: ASYNC,
        CHANGE_STATUS: CLIENT,
    }
)
SUCCESS: Final = "SCSS001"
SUCCESS_MESSAGE: Final = "Message has been processed successfully"
ACCEPTED: Final = "MESSAGE_ACCEPTED"
NOT_ACCEPTED: Final = "MESSAGE_NOT_ACCTEPTED"
RESEND: Final = "RESEND"
NOT_RESEND: Final = "NOT_RESEND"
MESSAGE_TYPES: Final = ("REQUEST", "NOTIFICATION", "UPDATE", "RESPONSE")
# The whole country is at +05:00 since 01.03.2024; a moment without an offset is meant there.
COUNTRY: Final = ZoneInfo("Asia/Almaty")

Shape = Literal["element", "typed", "text"]


def stamped(moment: datetime) -> str:
    """A moment as messages carry it: local time with its offset, to the millisecond."""
    return moment.astimezone(COUNTRY).isoformat(timespec="milliseconds")
