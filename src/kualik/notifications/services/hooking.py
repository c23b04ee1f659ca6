"""Calls of SMS services: reports on messages, and what people wrote back."""

from datetime import datetime

from django.conf import settings

from kualik.notifications.adapters.hooks import READERS, Answer, Call, Told
from kualik.notifications.services.carriers import sms_address
from kualik.notifications.services.receiving import receive_sms, receive_unnumbered
from kualik.notifications.services.settling import settle_receipt
from kualik.rules.phones import e164


def is_expected(carrier: str) -> bool:
    """Whether the site sends by this service and knows the secret it signs with."""
    address = sms_address()
    is_ours = address is not None and address.scheme == carrier
    return is_ours and carrier in READERS and bool(settings.SMS_HOOK_SECRET)


def read_call(carrier: str, told: Told) -> Call | None:
    """The content of a call; None for one that does not concern us. Raises Forged."""
    return READERS[carrier](told, settings.SMS_HOOK_SECRET)


def take_call(carrier: str, call: Call, *, now: datetime) -> bool:
    """Keep what was told; False for a message that we do not know, or do not know yet."""
    if isinstance(call, Answer):
        _keep(carrier, call, now=now)
        return True
    return settle_receipt(
        carrier=carrier,
        reference=call.reference,
        state=call.state,
        phone=e164(call.phone),
        now=now,
    )


def _keep(carrier: str, answer: Answer, *, now: datetime) -> None:
    phone, text = answer.phone, answer.text
    if answer.reference:
        receive_sms(
            carrier=carrier,
            reference=answer.reference,
            phone=phone,
            text=text,
            received_at=now,
            now=now,
        )
    else:
        receive_unnumbered(carrier=carrier, phone=phone, text=text, to=answer.to, now=now)
