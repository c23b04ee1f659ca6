"""The channels to a peer: its addresses and pins, our key and password."""

from datetime import datetime

from django.conf import settings

from kualik.gateway.adapters.channel import AsyncChannel, Line, SyncChannel, Unreachable
from kualik.gateway.adapters.exchange import ANSWER_SECONDS
from kualik.gateway.models import Peer
from kualik.gateway.services.keys import pinned, transport_key
from kualik.rules.errors import RuleViolation


def async_channel(peer: Peer, *, now: datetime, seconds: float = ANSWER_SECONDS) -> AsyncChannel:
    """The asynchronous channel to a peer. Raises Unreachable where it has none, or no key."""
    return AsyncChannel(_line(peer, peer.async_url, now, seconds))


def sync_channel(peer: Peer, *, now: datetime, seconds: float = ANSWER_SECONDS) -> SyncChannel:
    """The synchronous channel to a peer. Raises Unreachable where it has none, or no key."""
    return SyncChannel(_line(peer, peer.sync_url, now, seconds))


def _line(peer: Peer, url: str, now: datetime, seconds: float) -> Line:
    if not url or not peer.is_active:
        raise Unreachable("the channel is not set up")
    try:
        key = transport_key(peer)
    except RuleViolation as violation:
        raise Unreachable(f"no key to sign with: {violation.code}") from violation
    return Line(
        url=url,
        sender_id=peer.sender_id,
        password=settings.GATEWAY_PASSWORD,
        key=key,
        pins=pinned(peer),
        now=now,
        seconds=seconds,
    )
