"""The process that holds the line of SMPP: sends what waits, keeps what comes in."""

import logging
import threading
from datetime import datetime
from functools import partial

from kualik.core import jobs
from kualik.core.jobs import Clock, Payload
from kualik.notifications.adapters.addresses import CarrierAddress
from kualik.notifications.adapters.smpp import NAME, Inbound, Receipt, SmppLink
from kualik.notifications.adapters.wire import LinkLost
from kualik.notifications.services.delivering import deliver
from kualik.notifications.services.receiving import (
    receive_piece,
    receive_sms,
    receive_unnumbered,
)
from kualik.notifications.services.sending import SMS_JOB
from kualik.notifications.services.settling import settle_receipt
from kualik.rules.phones import e164, masked

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
LISTEN_SECONDS = 0.2
# So many messages go out before the line is listened to again.
AT_A_TIME = 20
log = logging.getLogger(__name__)


def serve(address: CarrierAddress, *, stop: threading.Event, clock: Clock) -> None:
    """Hold a line until told to stop; a line that breaks is opened again after growing pauses."""
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        try:
            link = SmppLink(address)
        except LinkLost as lost:
            log.warning("no line to %s: %s; again in %d s", address.host, lost, pause)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            continue
        pause = FIRST_PAUSE_SECONDS
        log.info("the line to %s stands", address.host)
        try:
            while not stop.is_set():
                turn(link, clock=clock)
        except LinkLost as lost:
            log.warning("the line to %s broke: %s", address.host, lost)
        finally:
            link.close()


def turn(link: SmppLink, *, clock: Clock) -> None:
    """Keep what came in, then send some of what waits. Raises LinkLost."""
    for arrived in link.arrived(seconds=LISTEN_SECONDS):
        _keep(arrived.content, now=clock())
        link.acknowledge(arrived)
    link.keep_alive()
    handlers = {SMS_JOB: partial(_send, link)}
    for _ in range(AT_A_TIME):
        if not link.is_ready:
            return
        if not jobs.run_one(handlers=handlers, worker=jobs.worker_name(), clock=clock):
            return


def _send(link: SmppLink, payload: Payload, now: datetime) -> None:
    deliver(payload, carrier=link, now=now)


def _keep(content: Receipt | Inbound | None, *, now: datetime) -> None:
    if isinstance(content, Receipt):
        _settle(content, now=now)
    elif isinstance(content, Inbound):
        _receive(content, now=now)


def _settle(receipt: Receipt, *, now: datetime) -> None:
    phone = e164(receipt.phone)
    is_ours = settle_receipt(
        carrier=NAME,
        reference=receipt.reference,
        state=receipt.state,
        phone=phone,
        number=receipt.number,
        now=now,
    )
    if not is_ours:
        log.warning("a receipt for no message of ours, to %s", masked(phone))


def _receive(inbound: Inbound, *, now: datetime) -> None:
    phone, text, to = inbound.phone, inbound.text, inbound.to
    if inbound.place is not None and inbound.place.total > 1:
        place = inbound.place
        receive_piece(carrier=NAME, phone=phone, text=text, to=to, place=place, now=now)
    elif inbound.reference:
        reference = inbound.reference
        receive_sms(
            carrier=NAME, phone=phone, text=text, reference=reference, received_at=now, now=now
        )
    else:
        receive_unnumbered(carrier=NAME, phone=phone, text=text, to=to, now=now)
