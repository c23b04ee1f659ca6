"""The order to seal, given by the authorised person or by the machine, and its job."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.sealing.making import (
    is_prepared,
    prepare_requests,
    seal_alone,
    sealable_alone,
)
from kualik.core import errors, jobs, journal
from kualik.core.journal import SYSTEM
from kualik.core.journal import Event as Entry
from kualik.core.tasks import Task, close_task, open_task
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.rules.lifecycle import Role, State
from kualik.signatures.queries import organisation_key

SEAL_JOB = "cases.seal"
SEAL_ORDERED = "certificates.seal_ordered"
# What sealing one request reads besides its row.
WITH_IT = ("certificate__key", "provider", "person", "completion")
# No second attempt mends these: the draft's facts are frozen.
OF_THE_DRAFT = ("paper_", "form_", "facts_changed")
FAILED_TASK = "seal_failed"


def seal_job_key(number: str) -> str:
    """The key under which the sealing of a certificate waits."""
    return f"seal:{number}"


@transaction.atomic
def order_seal(*, requests: Sequence[Request], user: User, now: datetime) -> int:
    """The authorised person has looked and has the documents prepared for the own signature; how
    many wait for that now. What is prepared already stays as it is.

    Raises ``seal_wrong_person`` when a draft names somebody else (A57.10-2) or the person has the
    role no more, ``no_organisation_key``.
    """
    waiting = [request for request in requests if request.state == State.APPROVED]
    for request in waiting:
        check_signer(request, user)
    chosen = [request for request in waiting if not is_prepared(request, now)]
    for provider in {request.provider for request in chosen}:
        organisation_key(provider=provider, now=now)
    _enqueue(chosen, user=user, now=now)
    actor = user.acting_as(Role.AUTHORISED_PERSON)
    journal.record_all(
        Entry(subject=_subject(request), action=SEAL_ORDERED, actor=actor, at=now)
        for request in chosen
    )
    return len(chosen)


@transaction.atomic
def seal_automatically(*, requests: Sequence[Request], now: datetime) -> list[Request]:
    """Order the organisation's seal for those approved requests that may do with it alone; these.

    Under A303 only, within the limits that the provider has set (``certificates.services.policy``);
    the others wait for the authorised person.
    """
    chosen = sealable_alone(requests, now)
    _enqueue(chosen, user=None, now=now)
    journal.record_all(
        Entry(subject=_subject(request), action=SEAL_ORDERED, actor=SYSTEM, at=now)
        for request in chosen
    )
    return chosen


def run_seal_job(payload: jobs.Payload, now: datetime) -> None:
    """Do what was ordered for one draft; a second run finds nothing left to do.

    When the request was sent back since, nothing is sealed. Raises what ``order_seal`` and
    ``seal_alone`` raise: the person, the key or the policy may have changed meanwhile. Of what lies
    in the draft itself a task tells the head of the office, who may send it back.
    """
    request = Request.objects.select_related(*WITH_IT).get(pk=str(payload["request"]))
    if request.certificate_id != payload["certificate"] or request.state != State.APPROVED:
        return
    try:
        _seal(request, payload["user"], now)
    except RuleViolation as violation:
        if violation.code.startswith(OF_THE_DRAFT):
            _tell_failed(request, violation, now)
        raise
    close_task(key=failed_task_key(request), actor=SYSTEM, now=now)


def failed_task_key(request: Request) -> str:
    """The key of the task that tells that the draft's file could not be made."""
    return f"{FAILED_TASK}:{request.number}"


def check_signer(request: Request, user: User) -> None:
    """Raises ``seal_wrong_person`` unless the draft names ``user``, who still has the role."""
    certificate = request.certificate
    is_named = certificate is not None and certificate.signer_id == user.pk
    still = user.is_active and user.has_role(frozenset({Role.AUTHORISED_PERSON}))
    if not (is_named and still and user.provider_id == request.provider_id):
        raise RuleViolation("seal_wrong_person")


def _seal(request: Request, orderer: object, now: datetime) -> None:
    key = organisation_key(provider=request.provider, now=now)
    if orderer is None:
        seal_alone(requests=[request], key=key, now=now)
        return
    user = User.objects.get(pk=str(orderer))
    check_signer(request, user)
    if not is_prepared(request, now):
        actor = user.acting_as(Role.AUTHORISED_PERSON)
        prepare_requests(requests=[request], key=key, user=user, actor=actor, now=now)


def _tell_failed(request: Request, violation: RuleViolation, now: datetime) -> None:
    reason = {language: errors.message(violation, language) for language in LANGUAGES}
    task = Task(
        key=failed_task_key(request),
        kind=FAILED_TASK,
        subject=f"request:{request.number}",
        scope=request.provider.code,
        role=Role.OFFICE_HEAD,
        params={"number": request.number, "reason": reason},
    )
    open_task(task, now=now)


def _enqueue(requests: Sequence[Request], *, user: User | None, now: datetime) -> None:
    payloads: dict[str, jobs.Payload] = {
        seal_job_key(request.certificate.number): {
            "request": request.pk,
            "certificate": request.certificate.pk,
            "user": user.pk if user else None,
        }
        for request in requests
        if request.certificate
    }
    jobs.renew_all(name=SEAL_JOB, payloads=payloads, now=now)


def _subject(request: Request) -> str:
    return f"certificate:{request.certificate.number}" if request.certificate else ""
