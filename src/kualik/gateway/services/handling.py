"""The work behind an acknowledgement: one job for each message of the asynchronous channel."""

from datetime import datetime, timedelta
from typing import Final

from kualik.core import jobs
from kualik.core.jobs import Later, Payload
from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task, close_task, open_task
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.models import Inbound
from kualik.gateway.services.dispatch import handle_async
from kualik.gateway.services.portal import LOST_RACE
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

HANDLE_JOB: Final = "gateway.handle"
# The portal has our word for it: what was acknowledged is not given up.
PATIENCE: Final = timedelta(days=30)
# A person hears of what still is not handled then.
TOLD_AFTER: Final = timedelta(hours=2)
UNHANDLED_TASK: Final = "gateway_unhandled"
# News may overtake the request that they are about.
WAITED_FOR: Final = timedelta(hours=1)
LOOKS_AGAIN: Final = timedelta(seconds=20)
UNKNOWN_CONVERSATION: Final = "gateway_conversation_unknown"


def enqueue_handling(inbound: Inbound, *, now: datetime) -> None:
    """Have a message handled after the transaction that takes it."""
    jobs.enqueue(
        name=HANDLE_JOB,
        key=f"{HANDLE_JOB}:{inbound.pk}",
        payload={"inbound": inbound.pk},
        now=now,
        patience=PATIENCE,
    )


def run_handle_job(payload: Payload, now: datetime) -> None:
    """Handle one message; one that cannot be handled keeps the reason.

    There is no transaction around the work, which may fetch files over the bus: it is done in
    transactions of its own and may be repeated after a crash. Raises Later for news that came
    before the request, and what the work raises to be tried again.
    """
    inbound = Inbound.objects.select_related("peer").get(pk=int(str(payload["inbound"])))
    if inbound.handled_at is not None:
        return
    # At the beginning: a message that ends its worker every time raises nothing.
    if now >= inbound.taken_at + TOLD_AFTER:
        open_task(_unhandled(inbound), now=now)
    try:
        handle_async(inbound, now)
    except RuleViolation as violation:
        if violation.code == LOST_RACE:
            raise
        if violation.code == UNKNOWN_CONVERSATION and _may_yet_be_opened(inbound, now):
            raise Later(now + LOOKS_AGAIN, violation.code) from violation
        inbound.fault = violation.code
    except GatewayFault as fault:
        inbound.fault = fault.code
    inbound.handled_at = now
    inbound.save(update_fields=["handled_at", "fault"])
    close_task(key=_unhandled(inbound).key, actor=SYSTEM, now=now)


def _unhandled(inbound: Inbound) -> Task:
    return Task(
        key=f"{UNHANDLED_TASK}:{inbound.pk}",
        kind=UNHANDLED_TASK,
        role=Role.PLATFORM_ADMIN,
        params={"peer": inbound.peer.code, "message": inbound.message_id},
    )


def _may_yet_be_opened(inbound: Inbound, now: datetime) -> bool:
    """Whether the request that a message is about may still come, or wait for its own work: its
    files may be away for long."""
    requests = Inbound.objects.filter(
        peer=inbound.peer, kind=Inbound.Kind.REQUEST, correlation_id=inbound.correlation_id
    )
    waits = requests.filter(handled_at=None).exists()
    return now < inbound.taken_at + (PATIENCE if waits else WAITED_FOR)
