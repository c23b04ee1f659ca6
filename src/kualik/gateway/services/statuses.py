"""What the gateway says later of a message of ours, and what follows from it."""

from datetime import datetime

from django.db import transaction

from kualik.gateway.adapters.envelope import Notice
from kualik.gateway.models import Outbound, Peer
from kualik.gateway.services.delivered import result_delivered
from kualik.gateway.services.outbox import note_status


@transaction.atomic
def take_status(
    *, peer: Peer, notice: Notice, now: datetime, heard_at: datetime | None = None
) -> None:
    """Note a status that was heard at ``heard_at`` (now); a result that arrived at the portal is
    handed over. Raises Later, see ``note_status``."""
    outbound = note_status(peer=peer, notice=notice, heard_at=heard_at or now, now=now)
    if outbound is None or outbound.delivered_at is None:
        return
    if outbound.kind == Outbound.Kind.RESPONSE:
        result_delivered(outbound, now)
