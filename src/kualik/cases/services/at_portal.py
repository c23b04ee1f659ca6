"""What happens to a request at the portal of e-government: data added, the result received."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from kualik.cases.models import Attachment, Request
from kualik.cases.queries.asking import UNDECIDED_STATES
from kualik.cases.services.attaching import keep_attachment
from kualik.cases.services.deciding import move
from kualik.cases.services.delivery import ON_PAPER
from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.tasks import Task, open_task
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Event, Role, State

ADDED: Final = "cases.data_added"
ADDED_TASK: Final = "data_added"
OTHER: Final = Attachment.Purpose.OTHER


@transaction.atomic
def add_data(
    *,
    request: Request,
    note: str,
    scans: Sequence["UploadedFile[Any]"],
    actor: Actor,
    now: datetime,
) -> Request:
    """Keep what the applicant adds to a request that nobody decided yet; a person looks at it.

    Raises ``transition_unknown`` after the decision, ``conflict`` and what ``keep_attachment``
    raises; then nothing is kept.
    """
    if request.state not in UNDECIDED_STATES:
        raise RuleViolation("transition_unknown", state=request.state, event=ADDED)
    claim = dict(request.claim or {})
    # What was said before stays whole: the portal bounds each addition.
    said = "\n".join(filter(None, (str(claim.get("comment", "")), note)))
    if said:
        claim["comment"] = said
    same = Request.objects.filter(pk=request.pk, state=request.state, version=request.version)
    if not same.update(claim=claim or None, version=request.version + 1):
        raise RuleViolation("conflict", number=request.number)
    request.claim, request.version = claim or None, request.version + 1
    for scan in scans:
        keep_attachment(person=request.person, purpose=OTHER, upload=scan, now=now, request=request)
    journal.record(
        subject=f"request:{request.number}",
        action=ADDED,
        actor=actor,
        now=now,
        data={"scans": len(scans), "comment": bool(note)},
    )
    open_task(_task(request), now=now)
    return request


@transaction.atomic
def hand_over_delivered(*, request: Request, now: datetime) -> Request:
    """Enter that the document reached the person's cabinet on the portal (A57.10-2), for those who
    asked for nothing on paper. Anything else stays as it is, also a document that was suspended or
    revoked meanwhile."""
    if request.state != State.ISSUED or request.delivery in ON_PAPER:
        return request
    in_force = Certificate.objects.filter(status=Certificate.Status.VALID)
    if in_force.filter(request=request).exists():
        move(request, events=(Event.HAND_OVER,), actor=journal.SYSTEM, now=now)
    return request


def _task(request: Request) -> Task:
    """For the registrar, who closes it after a look."""
    return Task(
        key=f"{ADDED_TASK}:{request.number}:{request.version}",
        kind=ADDED_TASK,
        subject=f"request:{request.number}",
        scope=request.provider.code,
        role=Role.REGISTRAR,
        params={"number": request.number},
    )
