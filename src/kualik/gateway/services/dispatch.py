"""Which part of the program a message is for."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from kualik.gateway.adapters.envelope import Notice
from kualik.gateway.adapters.faults import CORRELATION, SERVICE, GatewayFault
from kualik.gateway.models import Conversation, Inbound
from kualik.gateway.queries.profiles import find_profile
from kualik.gateway.queries.registers import registers
from kualik.gateway.services import portal, synchronous
from kualik.gateway.services.documents import documents_by_iin
from kualik.gateway.services.statuses import take_status

SyncHandler = Callable[[Inbound, datetime], str]
ASKED: Final = (Inbound.Kind.REQUEST, Inbound.Kind.UPDATE)


def handlers() -> Mapping[str, SyncHandler]:
    """The synchronous services that are no service of the portal, by their ids; one that the
    installation names by nothing is not given."""
    found = {registers().supplier.service_id: documents_by_iin}
    return MappingProxyType({name: handler for name, handler in found.items() if name})


def check_known(inbound: Inbound) -> None:
    """Raises GatewayFault 2016 for a service that nobody here gives or that is not open, 2019 for
    a message that belongs to no conversation and opens none."""
    if inbound.kind == Inbound.Kind.SYNC and inbound.service_id in handlers():
        return
    if inbound.kind == Inbound.Kind.STATUS:
        return
    profile = find_profile(
        peer=inbound.peer, service_id=inbound.service_id, route_id=inbound.route_id
    )
    is_opening = inbound.kind in (Inbound.Kind.SYNC, Inbound.Kind.REQUEST)
    # What was begun is ended, also where the service was switched off meanwhile.
    if profile is None or (is_opening and not profile.is_active):
        raise GatewayFault(SERVICE)
    if inbound.kind == Inbound.Kind.SYNC:
        return
    if not inbound.correlation_id:
        raise GatewayFault(CORRELATION)
    # Somebody else's answers and news are nothing that we asked for.
    if inbound.kind not in ASKED and not _conversation_exists(inbound):
        raise GatewayFault(CORRELATION)


def answer_sync(inbound: Inbound, now: datetime) -> str:
    """The inner document that answers a question of the synchronous channel.

    Raises GatewayFault and RuleViolation.
    """
    handler = handlers().get(inbound.service_id, synchronous.answer)
    return handler(inbound, now)


def handle_async(inbound: Inbound, now: datetime) -> None:
    """Do what an acknowledged message asks for. Raises RuleViolation, Later."""
    if inbound.kind in ASKED:
        portal.take(inbound, now)
    elif inbound.kind == Inbound.Kind.STATUS:
        notice = Notice(**json.loads(inbound.data))
        take_status(peer=inbound.peer, notice=notice, now=now, heard_at=inbound.taken_at)


def _conversation_exists(inbound: Inbound) -> bool:
    return Conversation.objects.filter(
        peer=inbound.peer, correlation_id=inbound.correlation_id
    ).exists()
