"""A person stands at the window while somebody else has to decide: that cannot wait in a list."""

from collections.abc import Iterable
from datetime import datetime

from kualik.cases.models import Request
from kualik.core.journal import Actor
from kualik.core.tasks import Task, close_task, open_task
from kualik.rules.lifecycle import Role

WAITS_TASK = "person_waits"


def call_decider(request: Request, *, now: datetime) -> None:
    """Put a request of the counter before the registrar at once."""
    task = Task(
        key=_key(request),
        kind=WAITS_TASK,
        subject=f"request:{request.number}",
        scope=request.provider.code,
        role=Role.REGISTRAR,
        params={"number": request.number, "filed_at": request.filed_at.isoformat()},
    )
    open_task(task, now=now)


def nobody_waits(requests: Iterable[Request], *, actor: Actor, now: datetime) -> None:
    """Take the calls for requests that are decided off the list."""
    for request in requests:
        if request.channel == Request.Channel.COUNTER:
            close_task(key=_key(request), actor=actor, now=now)


def _key(request: Request) -> str:
    return f"{WAITS_TASK}:{request.number}"
