"""Our signature inside an answer that ends a matter (A57.10-2)."""

from kualik.core.jobs import NotNow
from kualik.gateway.adapters.business import sign_document
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.models import Peer
from kualik.gateway.services.keys import transport_key
from kualik.gateway.services.profiles import Rows
from kualik.rules.errors import RuleViolation


def certified(data: str, *, peer: Peer, rows: Rows) -> str:
    """The document with our signature, where the profile wants one. Raises NotNow while nothing
    signs for us."""
    if rows["signed"] != "yes":
        return data
    try:
        return sign_document(data, transport_key(peer))
    except (RuleViolation, GatewayFault) as fault:
        raise NotNow(f"nothing signs for us: {fault.code}") from fault
