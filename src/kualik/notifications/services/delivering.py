"""Handing messages to a carrier: claimed before, never twice, for as long as it is worth it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.cache import cache

from kualik.core.faults import coded
from kualik.core.jobs import LEASE, Handler, Later, NotNow, Payload
from kualik.notifications.adapters.carriers import (
    AccountRefused,
    Away,
    Carrier,
    Never,
    Outgoing,
    Unsure,
)
from kualik.notifications.models import Message
from kualik.notifications.services.carriers import SMPP, email_carrier, sms_address, web_sms_carrier
from kualik.notifications.services.sending import EMAIL_JOB, SMS_JOB
from kualik.notifications.services.settling import (
    ON_THE_WAY,
    keep_part,
    mark_failed,
    mark_sent,
    mark_unsure,
    tell_of_carrier,
)
from kualik.notifications.services.wording import end_of_quiet, events

State = Message.State
# So long nobody asks a carrier that was away; every waiting message would only hold up the worker.
SILENCE = timedelta(minutes=1)
LONG_SILENCE = timedelta(hours=1)
# A failed try says something of the carrier for so long; so long a message may lie untouched.
LATELY = timedelta(minutes=5)
UNTOUCHED = "untouched"


def run_email_job(payload: Payload, now: datetime) -> None:
    """Send one letter."""
    deliver(payload, carrier=email_carrier(), now=now)


def run_sms_job(payload: Payload, now: datetime) -> None:
    """Send one short message over HTTP; those by SMPP are taken by ``kualik smpp``."""
    carrier = web_sms_carrier()
    if carrier is None:
        raise NotNow("no carrier for short messages")
    deliver(payload, carrier=carrier, now=now)


def worker_handlers() -> Mapping[str, Handler]:
    """What the worker may send; with SMPP the process that holds the line sends short messages."""
    address = sms_address()
    if address and address.scheme == SMPP:
        return {EMAIL_JOB: run_email_job}
    return {EMAIL_JOB: run_email_job, SMS_JOB: run_sms_job}


def deliver(payload: Payload, *, carrier: Carrier, now: datetime) -> None:
    """Hand over one message. Raises Later in the quiet hours, NotNow when it must wait."""
    pk = int(str(payload["message"]))
    message = Message.objects.filter(pk=pk, state__in=ON_THE_WAY).first()
    if message is None:
        return
    if now >= message.give_up_at:
        _give_up(message, now=now)
        return
    _respect_quiet(message, now=now)
    _respect_silence(message.channel, now=now)
    was_begun = message.state == State.SENDING
    _claim(message, carrier=carrier.name, now=now)
    if was_begun and not carrier.may_repeat:
        _ask_what_became(message, carrier, now=now)
    else:
        _hand_over(message, carrier, now=now)


def give_up_overdue(*, now: datetime) -> int:
    """End what no job could end in time, the line being down; how many were ended."""
    overdue = list(Message.objects.filter(state__in=ON_THE_WAY, give_up_at__lte=now)[:1000])
    for message in overdue:
        _give_up(message, now=now)
    return len(overdue)


def report_silence(*, now: datetime) -> None:
    """Tell the administrator of a channel where messages have waited for an hour."""
    for channel in Message.Channel.values:
        waiting = Message.objects.filter(channel=channel, state=State.WAITING).order_by("pk")
        late = waiting.filter(created_at__lte=now - LONG_SILENCE, give_up_at__gt=now).first()
        if late and not _is_held_by_quiet(late, now=now):
            tell_of_carrier(channel, late.fault or UNTOUCHED, now=now)


def channel_fault(channel: str, *, now: datetime) -> str:
    """What speaks against a channel, as the outbox saw it last, ``coded``; empty: nothing.

    A try that found the carrier away counts until a later message is taken: for some minutes, or
    while a message waits for its next try. A message that nobody took up counts while none leaves.
    A recipient who is refused says nothing of the carrier.
    """
    messages = Message.objects.filter(channel=channel)
    waiting = messages.filter(state=State.WAITING, give_up_at__gt=now)
    away = cache.get(_away_key(channel))
    if away is not None and (now - away[0] <= LATELY or waiting.exclude(fault="").exists()):
        is_over = messages.filter(sent_at__gte=away[0]).exists()
        return "" if is_over else str(away[1])
    untouched = waiting.filter(claimed_at=None, created_at__lte=now - LATELY)
    late = untouched.order_by("pk").first()
    if late is None or _is_held_by_quiet(late, now=now):
        return ""
    return "" if messages.filter(sent_at__gte=now - LATELY).exists() else UNTOUCHED


def _hand_over(message: Message, carrier: Carrier, *, now: datetime) -> None:
    try:
        for handed in carrier.send(_outgoing(message)):
            keep_part(message, handed, carrier=carrier.name, now=now)
    except Never as never:
        mark_failed(message, coded("refused", never), now=now)
    except Unsure as unsure:
        # It stays ``sending``: the next try asks first what became of this one.
        fault = coded("no_word", unsure)[:200]
        Message.objects.filter(pk=message.pk).update(fault=fault, claimed_at=None)
        raise NotNow(f"unsure: {unsure}") from None
    except NotNow as reason:
        _put_back(message, reason, now=now)
        raise
    else:
        mark_sent(message, now=now)


def _ask_what_became(message: Message, carrier: Carrier, *, now: datetime) -> None:
    """An earlier try ended without a word: only a message that surely was not taken goes again."""
    try:
        is_taken = _all_taken(message)
        handed = None if is_taken else carrier.was_taken(_outgoing(message))
    except Unsure as unsure:
        mark_unsure(message, coded("no_word", unsure), now=now)
        return
    if handed:
        keep_part(message, handed, carrier=carrier.name, now=now)
    if handed or is_taken:
        mark_sent(message, now=now)
    else:
        _hand_over(message, carrier, now=now)


def _claim(message: Message, *, carrier: str, now: datetime) -> None:
    """Mark that a try begins; of two at the same moment one goes on.

    A try that somebody began a moment ago is left to them for as long as their job is.
    """
    if message.claimed_at is not None and message.state == State.SENDING:
        free_at = message.claimed_at + LEASE
        if now < free_at:
            raise Later(free_at, "in other hands")
    rows = Message.objects.filter(pk=message.pk, state=message.state, claimed_at=message.claimed_at)
    if not rows.update(state=State.SENDING, claimed_at=now, carrier=carrier):
        raise NotNow("in other hands")


def _put_back(message: Message, reason: NotNow, *, now: datetime) -> None:
    fault = coded(_code_of(reason), reason)[:200]
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=State.WAITING, fault=fault
    )
    if isinstance(reason, AccountRefused):
        tell_of_carrier(message.channel, fault, now=now)
    if isinstance(reason, Away):
        cache.set(_silence_key(message.channel), now + SILENCE, SILENCE.total_seconds())
        away = (now, fault)
        cache.set(_away_key(message.channel), away, LONG_SILENCE.total_seconds())


def _code_of(reason: NotNow) -> str:
    if isinstance(reason, AccountRefused):
        return "account_refused"
    return "away" if isinstance(reason, Away) else "not_now"


def _give_up(message: Message, *, now: datetime) -> None:
    if message.state == State.SENDING:
        mark_unsure(message, message.fault or "broken_off", now=now)
    else:
        mark_failed(message, "given_up", now=now)


def _respect_quiet(message: Message, *, now: datetime) -> None:
    if _is_held_by_quiet(message, now=now):
        raise Later(end_of_quiet(message.channel, now=now) or now, "quiet hours")


def _is_held_by_quiet(message: Message, *, now: datetime) -> bool:
    quiet_until = end_of_quiet(message.channel, now=now)
    return quiet_until is not None and not events()[message.event].at_once


def _respect_silence(channel: str, *, now: datetime) -> None:
    until = cache.get(_silence_key(channel))
    if isinstance(until, datetime) and now < until:
        raise Later(until, "the carrier is away")


def _silence_key(channel: str) -> str:
    return f"notifications:silence:{channel}"


def _away_key(channel: str) -> str:
    return f"notifications:away:{channel}"


def _outgoing(message: Message) -> Outgoing:
    return Outgoing(
        number=message.pk,
        address=message.address,
        language=message.language,
        subject=message.subject,
        body=message.body,
        taken=frozenset(message.parts.values_list("number", flat=True)),
    )


def _all_taken(message: Message) -> bool:
    """Whether every part was taken before the try was broken off."""
    totals = list(message.parts.values_list("total", flat=True))
    return bool(totals) and len(totals) >= totals[0]
