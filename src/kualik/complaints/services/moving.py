"""Every change of a complaint: compare-and-set on its version, clocks written anew, journalled."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kualik.complaints.models import Complaint
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.tasks import close_task
from kualik.rules.complaints import clock_from_record
from kualik.rules.errors import RuleViolation

CLAUSE = "A57.17-2"
State = Complaint.State
Record = dict[str, object]


def subject_of(complaint: Complaint) -> str:
    """A complaint as the journal names it."""
    return f"complaint:{complaint.number}"


def change(complaint: Complaint, *, frm: Sequence[str], **values: object) -> None:
    """Write new values if the state allows and nobody wrote since this row was read.

    Raises ``complaint_state_forbids`` from another state, ``conflict``.
    """
    if complaint.state not in frm:
        raise RuleViolation("complaint_state_forbids", number=complaint.number)
    same = Complaint.objects.filter(
        pk=complaint.pk, state=complaint.state, version=complaint.version
    )
    if not same.update(version=complaint.version + 1, **values):
        raise RuleViolation("conflict", number=complaint.number)
    complaint.version += 1
    for name, value in values.items():
        setattr(complaint, name, value)


def record(
    complaint: Complaint,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    data: Mapping[str, object] | None = None,
) -> None:
    """Journal an act with the point of the Rules it follows."""
    journal.record(
        subject=subject_of(complaint),
        action=f"complaints.{action}",
        actor=actor,
        now=now,
        data={**(data or {}), "clause": CLAUSE},
    )


def with_clocks(records: Sequence[Record]) -> dict[str, object]:
    """The clocks as columns: all of them, and warning and end of the next one that runs."""
    running = [clock for record in records if (clock := clock_from_record(record)).ended_at is None]
    return {
        "clocks": list(records),
        "warn_at": min((clock.warn_at for clock in running), default=None),
        "due_at": min((clock.due_at for clock in running), default=None),
    }


def ended(complaint: Complaint, *terms: str, at: datetime) -> list[Record]:
    """The records with the clocks of ``terms`` ended; all of them when none is named."""
    return [
        {**record, "ended_at": at.isoformat()}
        if record["ended_at"] is None and (not terms or record["term"] in terms)
        else record
        for record in complaint.clocks
    ]


def close_tasks(complaint: Complaint, *, actor: Actor, now: datetime) -> None:
    """Take off the staff's list what the terms of a complaint put there and nobody waits for."""
    for clock in map(clock_from_record, complaint.clocks):
        if clock.ended_at is not None:
            for stage in ("soon", "late"):
                close_task(key=task_key(complaint, clock.term.code, stage), actor=actor, now=now)


def task_key(complaint: Complaint, term: str, stage: str) -> str:
    """The key of the task that a term of a complaint opens."""
    return f"complaint_{stage}:{term}:{complaint.number}"
