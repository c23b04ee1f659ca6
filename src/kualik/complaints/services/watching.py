"""Looking after the terms of complaints: staff hear at four fifths of a term and after its end."""

from datetime import datetime

from django.db import transaction

from kualik.cases.services.upholding import settle_upheld
from kualik.complaints.models import Complaint
from kualik.complaints.queries import running_clocks
from kualik.complaints.services.moving import subject_of, task_key
from kualik.core.jobs import Payload
from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task, close_task, open_task
from kualik.rules.complaints import TermClock
from kualik.rules.lifecycle import Role

WATCH_JOB = "complaints.watch"
SOON_TASK, LATE_TASK = "complaint_soon", "complaint_late"
KINDS = {"soon": SOON_TASK, "late": LATE_TASK}


def run_watch_job(_payload: Payload, now: datetime) -> None:
    """The job of the hour."""
    watch_terms(now=now)
    settle_upheld(now=now)


@transaction.atomic
def watch_terms(*, now: datetime) -> int:
    """Open the tasks of terms that near their end or are over; how many were opened or renewed."""
    # Locked, so that whoever decides meanwhile closes what is opened here.
    waiting = Complaint.objects.filter(warn_at__lte=now).select_for_update(of=("self",))
    found = waiting.select_related("provider").order_by("pk")
    return sum(
        _warn(complaint, clock, now)
        for complaint in found
        for clock in running_clocks(complaint)
        if clock.stage(now) in KINDS
    )


def _warn(complaint: Complaint, clock: TermClock, now: datetime) -> bool:
    stage = clock.stage(now)
    if stage == "late":
        close_task(key=task_key(complaint, clock.term.code, "soon"), actor=SYSTEM, now=now)
    task = Task(
        key=task_key(complaint, clock.term.code, stage),
        kind=KINDS[stage],
        subject=subject_of(complaint),
        scope=complaint.provider.code,
        role=Role.OFFICE_HEAD,
        params={
            "number": complaint.number,
            "term": clock.term.code,
            "due_at": clock.due_at.isoformat(),
            "handler": complaint.handler.full_name if complaint.handler else "–",
        },
    )
    return open_task(task, now=now)
