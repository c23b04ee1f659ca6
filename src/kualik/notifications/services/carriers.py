"""The carriers of this installation, as its settings name them."""

from collections.abc import Callable, Mapping

from django.conf import settings

from kualik.notifications.adapters.addresses import CarrierAddress, parse_address
from kualik.notifications.adapters.carriers import Carrier
from kualik.notifications.adapters.mail import SmtpCarrier
from kualik.notifications.adapters.web import KazInfoTeh, KazInfoTehOld, Mobizon, Smsc

SMPP = "smpp"
WEB: Mapping[str, Callable[[CarrierAddress], Carrier]] = {
    "smsc": Smsc,
    "mobizon": Mobizon,
    "kazinfoteh": KazInfoTeh,
    "kazinfoteh+old": KazInfoTehOld,
}


def email_carrier() -> Carrier:
    """Who takes letters. Raises ValueError when the setting is empty."""
    return SmtpCarrier(parse_address(settings.EMAIL_URL))


def sms_address() -> CarrierAddress | None:
    """How short messages go; None when they do not."""
    return parse_address(settings.SMS_URL) if settings.SMS_URL else None


def web_sms_carrier() -> Carrier | None:
    """Who takes short messages over HTTP; None when nobody does, or when they go by SMPP."""
    address = sms_address()
    return WEB[address.scheme](address) if address and address.scheme != SMPP else None
