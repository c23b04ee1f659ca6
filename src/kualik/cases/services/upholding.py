"""What an upheld complaint does to a request (A57.17-2): each is an act of its own, journalled."""

from datetime import datetime

from django.db import IntegrityError, transaction

from kualik.cases.adapters.observers import Change, announce
from kualik.cases.models import FormerDecision, Request
from kualik.cases.queries.requests import UPHELD_TASK
from kualik.cases.services.filing import file_replacement
from kualik.cases.services.telling import REFUSALS
from kualik.certificates.models import Certificate
from kualik.certificates.services.letters import letters_about, void_letter
from kualik.certificates.services.standing import revoke_certificate
from kualik.core import journal
from kualik.core.journal import SYSTEM, Actor
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.rules import lifecycle
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import AWAITING_RESULT, Event, Role, State

STANDING = (Certificate.Status.VALID, Certificate.Status.SUSPENDED)


@transaction.atomic
def reopen_request(*, request: Request, reason: Text, actor: Actor, now: datetime) -> Request:
    """Bring a refused or not accepted request back for a new decision; its clock is the same.

    The decision on the complaint moves it, whoever of the office made that decision, so the table
    is asked for the machine. The old decision is kept, its letter becomes void.
    Raises ``request_exists`` when the person asked again meanwhile, ``conflict``.
    """
    move = lifecycle.transition(
        State(request.state), Event.REOPEN, by=Role.SYSTEM, reason=reason.ru
    )
    changes = {
        "state": move.to,
        "version": request.version + 1,
        "refusal": None,
        "decided_at": None,
        "decided_by": None,
    }
    undone = _former_decision(request, now=now)
    same = Request.objects.filter(pk=request.pk, state=request.state, version=request.version)
    try:
        with transaction.atomic():
            changed = same.update(**changes)
    except IntegrityError as error:
        raise RuleViolation("request_exists", number=request.number) from error
    if not changed:
        raise RuleViolation("conflict", number=request.number)
    undone.save(force_insert=True)
    request.refresh_from_db()
    data = {"reason": reason, "undone": undone.refusal}
    _record(request, Event.REOPEN.value, data, actor=actor, now=now)
    for letter in letters_about(_subject(request)).filter(kind__in=REFUSALS):
        void_letter(letter=letter, reason=reason, actor=actor, now=now)
    announce([Change(request=request, events=(Event.REOPEN,), actor=actor, at=now)])
    _put_first(request, now=now)
    return request


@transaction.atomic
def hasten_request(*, request: Request, reason: Text, actor: Actor, now: datetime) -> Request:
    """Put a request that waits for its result before all others. Raises ``conflict``."""
    if request.state not in AWAITING_RESULT:
        raise RuleViolation("conflict", number=request.number)
    _record(request, "hastened", {"reason": reason}, actor=actor, now=now)
    _put_first(request, now=now)
    return request


@transaction.atomic
def reissue_result(*, request: Request, reason: Text, actor: Actor, now: datetime) -> Request:
    """File the request for a corrected document in the place of the standing one; that request.

    The old document stays in force until the new one is issued. Raises ``conflict`` when there is
    no document in force, and what filing raises.
    """
    certificate, completion = request.certificate, request.completion
    if certificate is None or completion is None or certificate.status not in STANDING:
        raise RuleViolation("conflict", number=request.number)
    filed = file_replacement(earlier=certificate, completion=completion, actor=actor, now=now)
    data: dict[str, object] = {"reason": reason, "request": filed.number}
    _record(request, "reissue_filed", data, actor=actor, now=now)
    _put_first(filed, now=now)
    return filed


@transaction.atomic
def cancel_result(*, request: Request, reason: Text, actor: Actor, now: datetime) -> Request:
    """End the document of a request for good. Raises ``conflict`` when none is in force."""
    if request.certificate is None:
        raise RuleViolation("conflict", number=request.number)
    revoke_certificate(certificate=request.certificate, reason=reason, actor=actor, now=now)
    _record(request, "result_cancelled", {"reason": reason}, actor=actor, now=now)
    return request


@transaction.atomic
def settle_upheld(*, now: datetime) -> int:
    """Take the tasks of requests that have their result off the list; how many."""
    tasks = StaffTask.objects.filter(kind=UPHELD_TASK, closed_at=None)
    numbers = {task.subject.removeprefix("request:"): task.key for task in tasks}
    done = Request.objects.filter(number__in=list(numbers)).exclude(
        state__in=sorted(AWAITING_RESULT)
    )
    keys = [numbers[number] for number in done.values_list("number", flat=True)]
    return sum(close_task(key=key, actor=SYSTEM, now=now) for key in keys)


def _former_decision(request: Request, *, now: datetime) -> FormerDecision:
    return FormerDecision(
        request=request,
        state=request.state,
        refusal=request.refusal or {},
        decided_at=request.decided_at or now,
        undone_at=now,
    )


def _put_first(request: Request, *, now: datetime) -> None:
    task = Task(
        key=f"{UPHELD_TASK}:{request.number}",
        kind=UPHELD_TASK,
        subject=_subject(request),
        scope=request.provider.code,
        role=Role.REGISTRAR,
        params={"number": request.number, "due_at": request.due_at.isoformat()},
    )
    open_task(task, now=now)


def _record(
    request: Request, action: str, data: dict[str, object], *, actor: Actor, now: datetime
) -> None:
    data = {**data, "clause": "A57.17-2"}
    journal.record(
        subject=_subject(request), action=f"cases.{action}", actor=actor, now=now, data=data
    )


def _subject(request: Request) -> str:
    return f"request:{request.number}"
