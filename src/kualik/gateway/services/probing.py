"""The line to the gateway as a part that may fail (A57.10-4): one failure whatever breaks there."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from kualik.gateway.adapters.channel import Refused, Unproven, Unreachable
from kualik.gateway.adapters.faults import EXPIRED, SENDER, SERVICE, SIGNATURE, SIGNING
from kualik.gateway.models import Outbound, Peer
from kualik.gateway.queries.peers import async_peers
from kualik.gateway.services.lines import async_channel
from kualik.incidents.adapters.probes import Trial, Unwell

CODE: Final = "gateway"
# All lines of an installation share the time of one try.
TRY_SECONDS: Final = 12.0
# The gateway answers, but takes nothing from us.
OURS: Final = frozenset({SENDER, SIGNING, SIGNATURE, SERVICE, EXPIRED})
NO_MESSAGE: Final = "0"


def line_trials(now: datetime) -> list[Trial]:
    """One try of all lines that are used; none where no service is taken from any."""
    peers = list(async_peers())
    if not peers:
        return []
    return [Trial(code=CODE, cause=CODE, attempt=partial(try_lines, peers=peers))]


def try_lines(*, peers: Sequence[Peer], now: datetime) -> None:
    """Ask each gateway where our last message is. Raises Unwell, which names the lines."""
    faults = {peer.code: _fault(peer, TRY_SECONDS / len(peers), now) for peer in peers}
    ill = [f"{code}: {fault}" for code, fault in faults.items() if fault]
    if ill:
        raise Unwell("lines", "; ".join(ill))


def _fault(peer: Peer, seconds: float, now: datetime) -> str:
    """What is wrong with a line; empty: nothing. A gateway that knows no such message is well."""
    sent = Outbound.objects.filter(peer=peer).exclude(message_id="").order_by("-pk")
    last = sent.values_list("message_id", flat=True).first() or NO_MESSAGE
    try:
        async_channel(peer, now=now, seconds=seconds).message_status(last)
    except (Refused, Unproven) as refusal:
        if refusal.code in OURS or not refusal.code:
            return f"fault {refusal.code}" if refusal.code else str(refusal)
    except Unreachable as away:
        return str(away)
    return ""
