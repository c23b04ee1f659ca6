"""Deciding a request: every change of state goes through the table and a compare-and-set."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.accounts.queries import authorised_person
from kualik.cases.adapters.observers import Change, announce
from kualik.cases.models import Request
from kualik.cases.services.delivery import check_in_force
from kualik.cases.services.overdue import settle_overdue
from kualik.cases.services.printing import draft_of
from kualik.cases.services.refusing import kind_of, refusal_facts
from kualik.cases.services.sealing import failed_task_key, seal_automatically, seal_job_key
from kualik.cases.services.telling import (
    tell,
    tell_accepted,
    tell_approved,
    tell_handed_over,
    tell_refused,
)
from kualik.cases.services.waiting import nobody_waits
from kualik.certificates.services.drafting import Draft, draft_certificates, void_draft
from kualik.core import jobs, journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.journal import Event as Entry
from kualik.core.tasks import close_task
from kualik.rules import lifecycle, refusal, standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Event, Role, State
from kualik.rules.refusal import Refusal
from kualik.rules.standards import Standard
from kualik.training.models import Completion

# What still lies between a state and the review.
TO_REVIEW = {
    State.FILED: (Event.ACCEPT, Event.START_REVIEW),
    State.ACCEPTED: (Event.START_REVIEW,),
    State.IN_REVIEW: (),
}


@dataclass(frozen=True, slots=True)
class BulkResult:
    """Requests that moved, and the numbers of those somebody else had moved before."""

    moved: list[Request]
    conflicts: list[str]


@dataclass(frozen=True, slots=True)
class Decider:
    """Who approves: a member of staff, or the machine with no ``user``."""

    actor: Actor
    role: Role
    user: User | None = None


@transaction.atomic
def approve_requests(
    *, requests: Sequence[Request], user: User, role: Role, now: datetime
) -> BulkResult:
    """Approve requests of one provider and draft their certificates, numbers in the same order.

    The registrar may act before the acceptance moment: the moment starts the term, it forbids
    no help (reading of A303.7.2). Requests decided by somebody else meanwhile are reported, not
    touched. Where the organisation's seal is enough (A303.4), it is ordered at once. Raises
    ``no_authorised_person`` when nobody could certify the result (A57.10-2).
    """
    return approve_as(Decider(user.acting_as(role), role, user), requests=requests, now=now)


def approve_as(
    decider: Decider,
    *,
    requests: Sequence[Request],
    now: datetime,
    grounds: Mapping[str, object] | None = None,
) -> BulkResult:
    """The same by whoever decides; call it in a transaction.

    ``grounds`` are what the machine's decision rests on, kept in the journal with the approval.
    """
    walked: dict[int, tuple[Event, ...]] = {}
    # Rows in one order for everybody, so that two deciders never wait for each other.
    for request in sorted(requests, key=lambda row: row.pk):
        before = TO_REVIEW.get(State(request.state))
        events = () if before is None else (*before, Event.APPROVE)
        target = _walk(State(request.state), events, by=decider.role)
        changes = {"decided_at": now, "decided_by": decider.user}
        if events and _compare_and_set(request, to=target, **changes):
            walked[request.pk] = events
    moved = [request for request in requests if request.pk in walked]
    if moved:
        _draft(moved, actor=decider.actor, now=now)
    journal.record_all(
        _entry(
            request,
            event,
            actor=decider.actor,
            now=now,
            more=grounds if event is Event.APPROVE else None,
        )
        for request in moved
        for event in walked[request.pk]
    )
    announce([_change(row, walked[row.pk], actor=decider.actor, now=now) for row in moved])
    nobody_waits(moved, actor=decider.actor, now=now)
    sealed = {row.pk for row in seal_automatically(requests=moved, now=now)}
    tell_approved((row for row in moved if row.pk not in sealed), now=now)
    return BulkResult(moved, [row.number for row in requests if row.pk not in walked])


@transaction.atomic
def approve_request(*, request: Request, user: User, role: Role, now: datetime) -> Request:
    """Approve one request; ``conflict`` when somebody else was faster."""
    result = approve_requests(requests=[request], user=user, role=role, now=now)
    if result.conflicts:
        raise RuleViolation("conflict", number=request.number)
    return request


@transaction.atomic
def refuse_request(
    *, request: Request, ground: str, facts: Text, user: User, role: Role, now: datetime
) -> Request:
    """Refuse on a ground of the request's own edition, with facts and the ways of appeal (A57.9,
    A303.9.1, A303.9.2).

    Raises the violations of ``rules.refusal`` and ``conflict``.
    """
    standard = standards.get(request.edition, request.edition_version)
    decision = refusal.make_refusal(
        standard=standard,
        ground=ground,
        facts=facts,
        decided_on=local_day(now),
        provider_name=request.provider.name,
    )
    events = (*TO_REVIEW.get(State(request.state), ()), Event.REFUSE)
    _end(request, decision, events=events, user=user, role=role, now=now)
    return request


@transaction.atomic
def decline_request(
    *, request: Request, ground: str, facts: Text, user: User, role: Role, now: datetime
) -> Request:
    """Refuse to accept, before the acceptance moment only (Law on state services, art. 19).

    Raises ``already_accepted`` after it, whether or not anybody has marked the acceptance.
    """
    if now >= request.accepted_at:
        raise RuleViolation("already_accepted", number=request.number)
    standard = standards.get(request.edition, request.edition_version)
    decision = refusal.make_acceptance_refusal(
        standard=standard,
        ground=ground,
        facts=facts,
        decided_on=local_day(now),
        provider_name=request.provider.name,
    )
    _end(request, decision, events=(Event.DECLINE,), user=user, role=role, now=now)
    return request


@transaction.atomic
def send_back_request(
    *, request: Request, reason: Text, user: User, role: Role, now: datetime
) -> Request:
    """Return an approved request to review; its draft stays in the register as a void entry."""
    certificate = request.certificate
    if certificate is None:
        raise RuleViolation("conflict", number=request.number)
    actor = user.acting_as(role)
    move(
        request,
        events=(Event.SEND_BACK,),
        actor=actor,
        now=now,
        reason=reason,
        changes={"certificate": None, "decided_at": None, "decided_by": None},
    )
    void_draft(certificate=certificate, reason=reason, actor=actor, now=now)
    jobs.cancel(keys=[seal_job_key(certificate.number)])
    close_task(key=failed_task_key(request), actor=actor, now=now)
    return request


@transaction.atomic
def start_review(*, request: Request, user: User, role: Role, now: datetime) -> Request:
    """Take a request into review, accepting it first if nobody did."""
    events = TO_REVIEW.get(State(request.state)) or (Event.START_REVIEW,)
    move(request, events=events, actor=user.acting_as(role), now=now)
    if Event.ACCEPT in events:
        tell_accepted([request], now=now)
    return request


@transaction.atomic
def hand_over_request(*, request: Request, user: User, role: Role, now: datetime) -> Request:
    """Enter that the person has the document. Raises those of ``check_in_force``."""
    check_in_force(request)
    move(request, events=(Event.HAND_OVER,), actor=user.acting_as(role), now=now)
    tell_handed_over(request, now=now)
    return request


@transaction.atomic
def record_withdrawal(
    *, request: Request, reason: str, user: User, role: Role, now: datetime
) -> Request:
    """Enter the applicant's withdrawal with its grounds."""
    actor, why = user.acting_as(role), Text(reason, reason, reason)
    move(request, events=(Event.RECORD_WITHDRAWAL,), actor=actor, now=now, reason=why)
    settle_overdue([request], actor=actor, now=now)
    tell(request=request, event="request_withdrawn", now=now)
    return request


@transaction.atomic
def accept_due(*, now: datetime) -> int:
    """Accept the filed requests whose acceptance moment has come; how many."""
    waiting = Request.objects.filter(state=State.FILED, accepted_at__lte=now).order_by("id")
    moved = [
        request
        for request in waiting
        if _compare_and_set(
            request, to=lifecycle.transition(State.FILED, Event.ACCEPT, by=Role.SYSTEM).to
        )
    ]
    journal.record_all(
        _entry(request, Event.ACCEPT, actor=journal.SYSTEM, now=now) for request in moved
    )
    announce([_change(row, (Event.ACCEPT,), actor=journal.SYSTEM, now=now) for row in moved])
    tell_accepted(moved, now=now)
    return len(moved)


def _end(
    request: Request,
    decision: Refusal,
    *,
    events: Sequence[Event],
    user: User,
    role: Role,
    now: datetime,
) -> None:
    """Close a request by a refusal and keep the decision as it was made."""
    actor = user.acting_as(role)
    move(
        request,
        events=events,
        actor=actor,
        now=now,
        reason=decision.facts,
        changes={"refusal": _refusal_record(decision), "decided_at": now, "decided_by": user},
    )
    settle_overdue([request], actor=actor, now=now)
    kind, facts = kind_of(decision), refusal_facts(request, decision)
    tell_refused(request, decision, kind=kind, facts=facts, actor=actor, now=now)


def move(
    request: Request,
    *,
    events: Sequence[Event],
    actor: Actor,
    now: datetime,
    reason: Text | None = None,
    changes: Mapping[str, object] | None = None,
) -> None:
    """Walk ``events`` in the role of ``actor``, write the last state with ``changes`` and journal
    each; ``reason`` is that of the last event. Raises ``conflict`` and those of the lifecycle."""
    role = Role(actor.role)
    target = _walk(State(request.state), events, by=role, reason=reason.ru if reason else "")
    if not _compare_and_set(request, to=target, **(changes or {})):
        raise RuleViolation("conflict", number=request.number)
    journal.record_all(
        _entry(request, event, actor=actor, now=now, reason=reason if event == events[-1] else None)
        for event in events
    )
    announce([_change(request, events, actor=actor, now=now)])


def _change(request: Request, events: Sequence[Event], *, actor: Actor, now: datetime) -> Change:
    return Change(request=request, events=tuple(events), actor=actor, at=now)


def _walk(state: State, events: Sequence[Event], *, by: Role, reason: str = "") -> State:
    for event in events:
        state = lifecycle.transition(state, event, by=by, reason=reason).to
    return state


def _compare_and_set(request: Request, *, to: State, **changes: object) -> bool:
    """Write the new state if nobody wrote since this row was read."""
    changed = Request.objects.filter(
        pk=request.pk, state=request.state, version=request.version
    ).update(state=to, version=request.version + 1, **changes)
    if not changed:
        return False
    request.state = to
    request.version += 1
    for name, value in changes.items():
        setattr(request, name, value)
    return True


def _draft(requests: list[Request], *, actor: Actor, now: datetime) -> None:
    """Reserve numbers and freeze facts for approved requests of one provider and edition.

    The facts are read anew: a correction may have been accepted since the requests were.
    """
    provider = requests[0].provider
    related = Completion.objects.select_related("programme", "person", "provider", "group")
    fresh = related.in_bulk([row.completion_id for row in requests if row.completion_id])
    for row in requests:
        row.completion = fresh[row.completion_id] if row.completion_id else None
    signer = authorised_person(provider, on=local_day(now))
    for edition in sorted({(request.edition, request.edition_version) for request in requests}):
        standard = standards.get(*edition)
        same = [row for row in requests if (row.edition, row.edition_version) == edition]
        certificates = draft_certificates(
            provider=provider,
            standard=standard,
            drafts=[_facts_of(request, standard) for request in same],
            signer=signer,
            issued_on=local_day(now),
            actor=actor,
            now=now,
        )
        for request, certificate in zip(same, certificates, strict=True):
            request.certificate = certificate
    Request.objects.bulk_update(requests, ["certificate"], batch_size=100)


def _facts_of(request: Request, standard: Standard) -> Draft:
    if request.completion is None:
        raise RuleViolation("completion_not_found_yet", number=request.number)
    return draft_of(request.completion, standard.result(request.kind, request.paper))


def _entry(
    request: Request,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    reason: Text | None = None,
    more: Mapping[str, object] | None = None,
) -> Entry:
    data: dict[str, object] = {"reason": reason} if reason else {}
    data |= {"grounds": dict(more)} if more else {}
    return Entry(
        subject=f"request:{request.number}",
        action=f"cases.{event.value}",
        actor=actor,
        at=now,
        data=data,
    )


def _refusal_record(decision: Refusal) -> dict[str, object]:
    """The decision as it was made, whatever the data says later."""
    return {
        "ground": decision.ground.code,
        "clause": decision.ground.clause,
        "stage": decision.ground.stage,
        "text": asdict(decision.ground.text),
        "facts": asdict(decision.facts),
        "decided_on": decision.decided_on.isoformat(),
        "appeal": asdict(decision.appeal.text()),
    }
