"""The second way in: what waits for us at the gateway is fetched, what it told nobody is asked."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from kualik.core.jobs import Later, Payload
from kualik.core.models import Job
from kualik.gateway.adapters.channel import AsyncChannel, Refused, Unreachable
from kualik.gateway.adapters.envelope import Data, Info
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.adapters.posting import TooLarge
from kualik.gateway.models import Outbound, Peer
from kualik.gateway.queries.peers import async_peers
from kualik.gateway.services.lines import async_channel
from kualik.gateway.services.outbox import put_delivery, send_waiting
from kualik.gateway.services.receiving import take_pulled
from kualik.gateway.services.statuses import take_status
from kualik.rules.errors import RuleViolation

POLL_JOB: Final = "gateway.poll"
JOBS_KEPT: Final = timedelta(days=1)
AMOUNT: Final = 20
ROUNDS: Final = 10
POLL_SECONDS: Final = 10.0
MESSAGE_ID_LIMIT: Final = 100
# A result without news is asked after once in so long, an old one less often.
NEWS_AFTER: Final = timedelta(minutes=10)
OLD_NEWS_AFTER: Final = timedelta(hours=1)
FRESH: Final = timedelta(days=1)
WORTH_ASKING: Final = timedelta(days=30)
ASKED_AT_ONCE: Final = 20
log = logging.getLogger(__name__)


def run_poll_job(_payload: Payload, now: datetime) -> None:
    """Ask every gateway; one that does not answer is asked at the next minute."""
    Job.objects.filter(name=POLL_JOB, done_at__lt=now - JOBS_KEPT).delete()
    for peer in async_peers():
        try:
            _poll(peer, now=now)
        except (Unreachable, Refused) as fault:
            log.warning("gateway %s was not asked for messages: %s", peer.code, fault)
        except Exception:
            # Ours; the others are asked all the same.
            log.exception("gateway %s was not asked for messages", peer.code)


def _poll(peer: Peer, *, now: datetime) -> None:
    channel = async_channel(peer, now=now, seconds=POLL_SECONDS)
    services = peer.profiles.filter(is_active=True).order_by("service_id")
    for service_id in services.values_list("service_id", flat=True).distinct():
        _fetch_all(channel, peer, service_id, now=now)
    _ask_after_results(channel, peer, now=now)


def _fetch_all(channel: AsyncChannel, peer: Peer, service_id: str, *, now: datetime) -> None:
    """What waits under one service; its trouble is not that of the others. Raises Unreachable."""
    try:
        for _ in range(ROUNDS):
            if not _fetch(channel, peer, service_id, now=now):
                break
    except Unreachable:
        # No other service of that gateway would be answered.
        raise
    except Refused as fault:
        log.warning("service %s of gateway %s was not given: %s", service_id, peer.code, fault)
    except Exception:
        log.exception("service %r of gateway %s was not fetched", service_id, peer.code)


def _fetch(channel: AsyncChannel, peer: Peer, service_id: str, *, now: datetime) -> bool:
    """Take what waits under a service, and say so; whether more of it may wait."""
    amount = AMOUNT
    try:
        pulled = channel.messages(service_id=service_id, amount=amount)
    except TooLarge:
        # One is never too large; many are where each holds files.
        amount = 1
        pulled = channel.messages(service_id=service_id, amount=amount)
    verdicts: list[tuple[str, GatewayFault | None]] = list(pulled.unread)
    new = 0
    for info, data in pulled.messages:
        fault, is_new = _taken(peer, info, data, pulled.raw, now=now)
        verdicts.append((info.message_id, fault))
        new += is_new
    # The gateway shows the same ones until it is told.
    told = [_tell(peer, service_id, one, fault, now=now) for one, fault in verdicts]
    return all(told) and new > 0 and len(verdicts) >= amount


def _taken(
    peer: Peer, info: Info, data: Data, raw: bytes, *, now: datetime
) -> tuple[GatewayFault | None, bool]:
    """Why a message is not taken, and whether it is new to us."""
    try:
        inbound = take_pulled(peer=peer, info=info, data=data, raw=raw, now=now)
    except GatewayFault as fault:
        log.warning("a fetched message of %s was refused: %s", peer.code, fault.code)
        return fault, False
    return None, inbound.taken_at == now


def _tell(
    peer: Peer, service_id: str, message_id: str, fault: GatewayFault | None, *, now: datetime
) -> bool:
    """Send the receipt at once; what does not leave now leaves by its job. A message without an
    id, or with none that can be kept, cannot be spoken of."""
    if not 0 < len(message_id) <= MESSAGE_ID_LIMIT:
        return False
    row = put_delivery(
        peer=peer, message_id=message_id, service_id=service_id, fault=fault, now=now
    )
    try:
        send_waiting(row.pk, now=now)
    except Later:
        return False
    return True


def _ask_after_results(channel: AsyncChannel, peer: Peer, *, now: datetime) -> None:
    """The gateway may tell by itself that a result arrived; where it does not, we ask."""
    is_due = Q(tried_at__lte=now - NEWS_AFTER, sent_at__gt=now - FRESH)
    is_due |= Q(tried_at__lte=now - OLD_NEWS_AFTER)
    unheard = Outbound.objects.filter(
        is_due,
        peer=peer,
        kind=Outbound.Kind.RESPONSE,
        state=Outbound.State.SENT,
        delivered_at=None,
        sent_at__gt=now - WORTH_ASKING,
    ).exclude(message_id="")
    for row in unheard.order_by("tried_at", "pk")[:ASKED_AT_ONCE]:
        Outbound.objects.filter(pk=row.pk).update(tried_at=now)
        try:
            notice = channel.message_status(row.message_id)
        except Refused as refusal:
            log.warning("message %s was asked after: %s", row.pk, refusal)
            continue
        try:
            take_status(peer=peer, notice=notice, now=now)
        except (Later, RuleViolation) as held:
            log.warning("what became of message %s was not entered: %s", row.pk, held)
