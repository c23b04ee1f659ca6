"""What the machine approves by itself, and only that: a person's document on a programme that the
provider's own list names, whose data the person saw as they will be printed, confirmed, and nobody
changed since (docs/adr/0024). A short message shows a title and no more, so its answer waits.

The provider must have taken that over (``SealPolicy.decides_alone``) beside automatic sealing under
A303. Everything else waits for a person. Each approval keeps what it rests on in the journal, so
that it can be explained, and a person may demand that a person looks again (Digital Code, 43).
"""

from datetime import datetime, time, timedelta
from typing import Final

from django.db import transaction

from kualik.cases.models import Correction, Evidence, Request
from kualik.cases.queries import open_jobs
from kualik.cases.queries.asking import was_refused
from kualik.cases.services.application import data_digest
from kualik.cases.services.deciding import Decider, approve_as
from kualik.cases.services.sealing import seal_job_key
from kualik.cases.services.waiting import call_decider
from kualik.certificates.models import SealPolicy
from kualik.certificates.services.policy import limits_fault, policy_of
from kualik.core import jobs, journal
from kualik.core.clock import ZONE, local_day
from kualik.core.jobs import Later, Payload
from kualik.rules import standards, volumes
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion

DECIDE_JOB: Final = "cases.decide_alone"
LEFT: Final = "cases.left_to_staff"
EDITION: Final = "A303"
# How the evidence calls a confirmation by somebody who stood at the window with a document.
COUNTER_LEVEL: Final = "counter"
# A confirmation that the portal of e-government took, in a message under its signature.
PORTAL_LEVEL: Final = "gateway"
UNDECIDED: Final = frozenset({State.FILED, State.ACCEPTED, State.IN_REVIEW})
ONE_DAY: Final = timedelta(days=1)
PATIENCE: Final = timedelta(minutes=5)


def decide_later(*, request: Request, now: datetime) -> bool:
    """Have the machine look at a request from its acceptance moment on (A303.7.2); False where the
    provider wants no such thing."""
    policy = policy_of(request.provider)
    if policy is None or not policy.decides_alone or request.completion_id is None:
        return False
    return jobs.enqueue(
        name=DECIDE_JOB,
        key=_key(request),
        payload={"request": request.pk},
        now=now,
        run_at=max(now, request.accepted_at),
    )


def run_decide_job(payload: Payload, now: datetime) -> None:
    """The handler of ``DECIDE_JOB``, see ``decide``; the same request may come twice."""
    related = ("provider", "person", "completion__programme", "completion__group")
    request = Request.objects.select_related(*related).get(pk=str(payload["request"]))
    decide(request, now=now)


def decide(request: Request, *, now: datetime) -> None:
    """Approve a request, wait for the hours of the seal, or leave it to a person; one that is
    decided stays as it is.

    Raises ``core.jobs.Later``, and ``conflict`` when somebody moved it meanwhile: the job that asks
    tries again.
    """
    if request.state not in UNDECIDED:
        return
    if now < request.accepted_at:
        raise Later(request.accepted_at, "the acceptance moment has not come")
    fault = why_not(request, now=now)
    if fault == "seal_outside_hours":
        opening = _opening(policy_of(request.provider), now)
        if opening < request.due_at:
            raise Later(opening, "the seal works later")
    if not fault:
        fault = _approve(request, now=now)
    if fault:
        _leave(request, fault, now=now)


def is_at_work(request: Request, *, now: datetime) -> bool:
    """Whether the machine is deciding or sealing at this moment, so that a look in some seconds
    finds more; not what waits for office hours, what failed or what no worker takes."""
    keys = [_key(request)]
    if request.certificate is not None:
        keys.append(seal_job_key(request.certificate.number))
    return any(
        job.failed_at is None and now - PATIENCE < job.run_at <= now
        for job in open_jobs(keys).values()
    )


def why_not(request: Request, *, now: datetime) -> str:
    """Why a person must decide, by code; empty when the machine may approve."""
    policy, completion = policy_of(request.provider), request.completion
    if policy is None or not policy.decides_alone:
        return "policy"
    if request.edition != EDITION:
        return "edition"
    if not _asked_in_person(request) or request.mandate_id or request.replaces_id:
        return "channel"
    if completion is None or completion.source_row is None:
        return "not_in_list"
    if completion.provider_id != request.provider_id or completion.person_id != request.person_id:
        return "not_in_list"
    if not _is_unchanged(request, completion):
        return "data_changed"
    if was_refused(completion):
        return "refused_before"
    if Correction.objects.filter(completion=completion, state=Correction.State.OPEN).exists():
        return "correction_open"
    return _volume_fault(request, completion) or limits_fault(
        provider=request.provider,
        kind=request.kind,
        standard=standards.get(request.edition, request.edition_version),
        now=now,
    )


def grounds_of(request: Request, completion: Completion, *, level: str) -> dict[str, object]:
    """What an approval rests on, as the journal keeps it and the person may read it."""
    limits = volumes.edition_volumes(request.edition).ranges[request.kind]
    return {
        "clause": "A303.4",
        "list": completion.group.name,
        "row": completion.source_row,
        "programme": completion.programme.title_ru,
        "mastered_on": completion.mastered_on.isoformat(),
        "hours": completion.hours,
        "hours_from": limits.min_hours,
        "hours_to": limits.max_hours,
        "confirmed": level,
        "data": data_digest(completion),
    }


def _key(request: Request) -> str:
    return f"{DECIDE_JOB}:{request.number}"


def _approve(request: Request, *, now: datetime) -> str:
    """Approve as the machine; the code of what hindered it, empty when nothing did."""
    completion = request.completion
    if completion is None:
        return "not_in_list"
    decider = Decider(journal.SYSTEM, Role.SYSTEM)
    grounds = grounds_of(request, completion, level=request.evidence.level)
    try:
        with transaction.atomic():
            result = approve_as(decider, requests=[request], now=now, grounds=grounds)
    except RuleViolation as violation:
        return violation.code
    if result.conflicts:
        # Somebody moved it at this moment; the next try sees where it stands.
        raise RuleViolation("conflict", number=request.number)
    return ""


def _asked_in_person(request: Request) -> bool:
    """Whether the person saw the data: in the cabinet, at the window with a document, or by the
    form of the portal that named everything that will be printed (docs/adr/0027)."""
    kept = Evidence.objects.filter(request=request)
    if request.channel == Request.Channel.COUNTER:
        return kept.filter(level=COUNTER_LEVEL).exists()
    if request.channel == Request.Channel.GATEWAY:
        named = kept.filter(level=PORTAL_LEVEL, facts__named_all=True).exists()
        # Whoever wrote or enclosed something wants it read.
        return named and not request.claim and not request.attachments.exists()
    return request.channel == Request.Channel.WEB


def _leave(request: Request, fault: str, *, now: datetime) -> None:
    """Note why the machine kept out of it; whom somebody waits for at the window is called."""
    if request.channel == Request.Channel.COUNTER:
        call_decider(request, now=now)
    journal.record(
        subject=f"request:{request.number}",
        action=LEFT,
        actor=journal.SYSTEM,
        now=now,
        data={"why": fault},
    )


def _is_unchanged(request: Request, completion: Completion) -> bool:
    kept = Evidence.objects.filter(request=request).first()
    return kept is not None and kept.facts.get("data") == data_digest(completion)


def _volume_fault(request: Request, completion: Completion) -> str:
    try:
        volumes.check_volume(
            kind=request.kind,
            hours=completion.hours,
            credits=completion.credits,
            edition=request.edition,
        )
    except RuleViolation as violation:
        return violation.code
    return ""


def _opening(policy: SealPolicy | None, now: datetime) -> datetime:
    """When the hours of automatic sealing begin next."""
    minutes = policy.opens if policy else 0
    today = datetime.combine(local_day(now), time(*divmod(minutes, 60)), ZONE)
    return today if today > now else today + ONE_DAY
