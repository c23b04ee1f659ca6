"""Requests whose term ran out: the person learns it, and who answers for it hears it too.

Silence counts as refusal, which may be complained of; the request is still served
(APPC art. 91 p. 2).
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from kualik.cases.models import Request
from kualik.cases.queries.answering import Answerable, answerables_of
from kualik.cases.queries.requests import UPHELD_TASK
from kualik.cases.services.telling import tell
from kualik.cases.services.waiting import nobody_waits
from kualik.core.journal import Actor
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.rules.lifecycle import AWAITING_RESULT, Role

OVERDUE_JOB = "cases.overdue"
OVERDUE_TASK = "request_overdue"
CLAIM_TASK = "claim_filed"
AT_A_TIME = 500


@transaction.atomic
def report_overdue(*, now: datetime) -> int:
    """Tell of each overdue request once, the person and the office; how many were told of now.

    Not of one that a complaint brought back after its term: that person heard of it by the
    decision, and the office has its task already.
    """
    told = StaffTask.objects.filter(key=Concat(Value(f"{OVERDUE_TASK}:"), OuterRef("number")))
    brought_back = StaffTask.objects.filter(
        key=Concat(Value(f"{UPHELD_TASK}:"), OuterRef("number")), created_at__gt=OuterRef("due_at")
    )
    late = (
        Request.objects.filter(state__in=sorted(AWAITING_RESULT), due_at__lt=now)
        .exclude(Exists(told) | Exists(brought_back))
        .select_related("provider", "person", "completion", "certificate")
        .order_by("due_at", "id")
    )
    found = list(late[:AT_A_TIME])
    answering = answerables_of({request.provider_id for request in found})
    for request in found:
        answerable = answering.get(request.provider_id)
        open_task(_task(request, answerable), now=now)
        answers = answerable.line if answerable else request.provider.name
        tell(request=request, event="request_overdue", now=now, answers=answers)
    return len(found)


def settle_overdue(requests: Iterable[Request], *, actor: Actor, now: datetime) -> None:
    """Take the tasks of late requests and of claims off the list: they have their answer now."""
    requests = list(requests)
    nobody_waits(requests, actor=actor, now=now)
    for request in requests:
        if request.claim:
            close_task(key=f"{CLAIM_TASK}:{request.number}", actor=actor, now=now)
        if request.due_at < now:
            close_task(key=_key(request), actor=actor, now=now)


def _task(request: Request, answerable: Answerable | None) -> Task:
    return Task(
        key=_key(request),
        kind=OVERDUE_TASK,
        subject=f"request:{request.number}",
        scope=request.provider.code,
        role=answerable.role if answerable else Role.PROVIDER_ADMIN,
        params={
            "number": request.number,
            "due_at": request.due_at.isoformat(),
            "answers": answerable.name if answerable else "",
        },
    )


def _key(request: Request) -> str:
    return f"{OVERDUE_TASK}:{request.number}"
