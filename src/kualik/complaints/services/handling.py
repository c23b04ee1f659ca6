"""The way of a complaint inside the office: who handles it, where it goes, how it ends early."""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction

from kualik.accounts.models import User
from kualik.complaints.models import Complaint, ComplaintFile
from kualik.complaints.queries import HANDLERS, barred_from, body
from kualik.complaints.queries.bodies import Body
from kualik.complaints.services.archiving import pack_case
from kualik.complaints.services.filing import new_task_key, register_now
from kualik.complaints.services.moving import (
    State,
    change,
    close_tasks,
    ended,
    record,
    with_clocks,
)
from kualik.complaints.services.telling import tell
from kualik.core.journal import Actor
from kualik.core.tasks import close_task
from kualik.rules.complaints import clock_of, clock_to_record, law, registered_on
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

AT_THE_PROVIDER = (State.REGISTERED, State.IN_REVIEW)
WITHDRAWABLE = (State.REGISTERED, State.IN_REVIEW, State.FORWARDED)
ZIP = "application/zip"


@transaction.atomic
def assign_handler(
    *,
    complaint: Complaint,
    handler: User,
    user: User,
    role: Role,
    now: datetime,
    against: User | None = None,
) -> Complaint:
    """Name who handles a complaint, and whom it is of when that is known by now.

    Raises ``handler_not_independent`` for the person complained of and for whoever decided or
    signed what is complained of (APPC, article 97), also when one of them would say that somebody
    else is meant; ``handler_unfit`` for staff of another provider or in no role that decides.
    """
    data = {"handler": f"user:{handler.pk}"}
    if against is not None and against != complaint.against:
        check_independence(complaint, user)
        complaint.against, data["against"] = against, f"user:{against.pk}"
    _check_handler(complaint, handler)
    change(complaint, frm=AT_THE_PROVIDER, handler=handler, against=complaint.against)
    actor = user.acting_as(role)
    record(complaint, "assigned", actor=actor, now=now, data=data)
    close_task(key=new_task_key(complaint), actor=actor, now=now)
    return complaint


@transaction.atomic
def take_up(*, complaint: Complaint, user: User, role: Role, now: datetime) -> Complaint:
    """Begin to handle a complaint; one that nobody was named for becomes the user's own.

    Raises ``complaint_not_yours`` when somebody else was named, ``handler_not_independent``.
    """
    if complaint.handler_id is not None and complaint.handler_id != user.pk:
        raise RuleViolation("complaint_not_yours", number=complaint.number)
    _check_handler(complaint, user)
    change(complaint, frm=(State.REGISTERED,), state=State.IN_REVIEW, handler=user)
    actor = user.acting_as(role)
    record(complaint, "taken_up", actor=actor, now=now)
    close_task(key=new_task_key(complaint), actor=actor, now=now)
    return complaint


@transaction.atomic
def forward_complaint(
    *, complaint: Complaint, to: str, user: User, role: Role, now: datetime
) -> Complaint:
    """Send a complaint with its case to the body that hears it (APPC, article 91, part 4).

    So also after the provider's own answer when that did not satisfy it. The case is packed as it
    is at this moment and kept; the body's own term begins. Anybody of the office who decides may
    send it, the person complained of too: it is a duty, no decision. Raises
    ``complaint_body_unknown``, ``complaint_state_forbids``.
    """
    chosen = body(to)
    check_role(complaint, user)
    if complaint.state == State.DECIDED and not is_left_to_forward(complaint):
        raise RuleViolation("complaint_state_forbids", number=complaint.number)
    actor = user.acting_as(role)
    register_now(complaint, actor=actor, now=now)
    # An answer that was given stays in time or late; one not given is now the body's to give.
    records = [*ended(complaint, at=now), _bodys_clock(chosen, now)]
    before = (*AT_THE_PROVIDER, State.DECIDED)
    change(
        complaint,
        frm=before,
        state=State.FORWARDED,
        forwarded_at=now,
        forwarded_to=chosen.code,
        closed_at=None,
        **with_clocks(records),
    )
    packed = _keep_case(complaint, now=now)
    data = {"reason": chosen.name, "body": chosen.code, "sha256": packed.sha256}
    record(complaint, "forwarded", actor=actor, now=now, data=data)
    _leave_office(complaint, actor=actor, now=now)
    tell(complaint, "complaint_forwarded", now=now, body=chosen.name, due_at=_due(records[-1]))
    return complaint


@transaction.atomic
def withdraw_complaint(
    *, complaint: Complaint, reason: str, actor: Actor, now: datetime
) -> Complaint:
    """End a complaint by the complainant's wish, before it is decided.

    Staff enter it with its grounds (the person's paper). Raises ``complaint_state_forbids``,
    ``reason_missing``.
    """
    if not reason.strip() and actor.role != Role.APPLICANT:
        raise RuleViolation("reason_missing")
    closed = with_clocks(ended(complaint, at=now))
    change(complaint, frm=WITHDRAWABLE, state=State.WITHDRAWN, closed_at=now, **closed)
    record(complaint, "withdrawn", actor=actor, now=now, data={"reason": reason})
    _leave_office(complaint, actor=actor, now=now)
    return complaint


@transaction.atomic
def note_court(
    *, complaint: Complaint, note: str, user: User, role: Role, now: datetime
) -> Complaint:
    """Enter that the complaint went to court, and what the court decided (A57.17-2)."""
    check_role(complaint, user)
    if not note.strip():
        raise RuleViolation("reason_missing")
    change(complaint, frm=(State.DECIDED, State.FORWARDED), court_note=note)
    record(complaint, "court_noted", actor=user.acting_as(role), now=now, data={"reason": note})
    return complaint


def is_left_to_forward(complaint: Complaint) -> bool:
    """Whether the provider's own answer did not satisfy, so that the case must still go on."""
    answers = list(complaint.decisions.all())
    unsatisfied = bool(answers) and not any(
        law().decision(answer.kind).reopens for answer in answers
    )
    return unsatisfied and complaint.forwarded_at is None


def check_independence(complaint: Complaint, user: User) -> None:
    """Raises ``handler_not_independent`` (APPC, article 97)."""
    if user.pk in barred_from(complaint):
        raise RuleViolation("handler_not_independent", number=complaint.number)


def check_role(complaint: Complaint, user: User) -> None:
    """Raises ``handler_unfit`` for staff of another provider or in no role that decides."""
    if user.provider_id != complaint.provider_id or not user.has_role(HANDLERS):
        raise RuleViolation("handler_unfit")


def _check_handler(complaint: Complaint, handler: User) -> None:
    check_role(complaint, handler)
    check_independence(complaint, handler)


def _bodys_clock(chosen: Body, now: datetime) -> dict[str, object]:
    calendar = chosen.calendar
    registered = registered_on(now, calendar)
    clock = clock_of(chosen.term, registered=registered, calendar=calendar)
    return clock_to_record(clock, calendar)


def _due(clock: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(clock["due_at"]))


def _keep_case(complaint: Complaint, *, now: datetime) -> ComplaintFile:
    content = pack_case(complaint, now=now)
    kept = ComplaintFile(
        complaint=complaint,
        purpose=ComplaintFile.Purpose.CASE,
        filename=f"{complaint.number}.zip",
        media_type=ZIP,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=now,
    )
    kept.content.save("case", ContentFile(content), save=False)
    kept.save()
    return kept


def _leave_office(complaint: Complaint, *, actor: Actor, now: datetime) -> None:
    close_task(key=new_task_key(complaint), actor=actor, now=now)
    close_tasks(complaint, actor=actor, now=now)
