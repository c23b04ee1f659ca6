"""Looking after the two terms of a report: staff are warned before each and told after it.

The duty to tell the operator is not left to somebody's attention: where an address is known and
nobody told by the time of the warning, the notice leaves by itself.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.incidents.models import Incident, Report
from kualik.incidents.queries import DECLARED
from kualik.incidents.services.changing import State
from kualik.incidents.services.recording import (
    OVER_TASK,
    ask_staff,
    close_questions,
    task_key,
)
from kualik.incidents.services.telling import (
    EMAIL,
    LATE_TASK,
    SOON_TASK,
    send_notice,
    settle_notices,
)
from kualik.notifications.queries import channels
from kualik.rules.incidents import WARNED_BEFORE
from kualik.rules.lifecycle import Role

OPEN = (State.TO_TELL, State.TOLD, State.TO_SIGN)


def watch_terms(*, now: datetime) -> int:
    """Warn of the terms that end soon or are over; how many reports were in one of these."""
    settle_notices(now=now)
    for incident in Incident.objects.filter(state=Incident.State.LASTS, cause=DECLARED):
        _ask_if_over(incident, now=now)
    limit = now + WARNED_BEFORE
    telling = Q(state=State.TO_TELL, notice_due_at__lte=limit)
    signing = Q(state__in=[State.TOLD, State.TO_SIGN], protocol_due_at__lte=limit)
    rows = Report.objects.filter(telling | signing).select_related("incident", "provider")
    return sum(_warn(report, now=now) for report in rows.order_by("pk"))


def due_of(report: Report) -> datetime | None:
    """The end of the term that runs; None where none does."""
    if report.state == State.TO_TELL:
        return report.notice_due_at
    return report.protocol_due_at if report.state in OPEN else None


def _ask_if_over(incident: Incident, *, now: datetime) -> None:
    """Nobody but who declared it knows when it ended: asked anew each day after the first."""
    day = local_day(now)
    key = f"{OVER_TASK}:{incident.pk}:{day.isoformat()}"
    if day <= local_day(incident.found_at) or StaffTask.objects.filter(key=key).exists():
        return
    close_questions(incident, actor=SYSTEM, now=now)
    provider = incident.provider
    task = Task(
        key=key,
        kind=OVER_TASK,
        subject=f"incident:{incident.number}",
        scope=provider.code if provider else "",
        role=Role.OFFICE_HEAD if provider else Role.PLATFORM_ADMIN,
        params={"number": incident.number, "since_at": incident.began_at.isoformat()},
    )
    open_task(task, now=now)


def _warn(report: Report, *, now: datetime) -> int:
    if report.state == State.TO_TELL and not report.notice and _may_write():
        send_notice(report=report, actor=SYSTEM, now=now)
    due_at = due_of(report)
    is_late = due_at is not None and now > due_at
    if is_late:
        close_task(key=task_key(SOON_TASK, report), actor=SYSTEM, now=now)
    kind = LATE_TASK if is_late else SOON_TASK
    ask_staff(kind, report, role=Role.OFFICE_HEAD, due_at=due_at, now=now)
    return 1


def _may_write() -> bool:
    return bool(settings.FAILURE_EMAIL) and EMAIL in channels()
