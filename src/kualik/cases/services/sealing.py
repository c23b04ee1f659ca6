"""From approved to issued: the authorised person orders the seal, a worker makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.certificates.models import Certificate
from kualik.certificates.services.sealing import (
    discard_files,
    enter_sealed,
    make_sealed_files,
)
from kualik.core import jobs, journal
from kualik.core.journal import Actor
from kualik.core.journal import Event as Entry
from kualik.core.models import Job, JournalEntry
from kualik.rules import lifecycle
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Event, Role, State
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import own_key

SEAL_JOB = "cases.seal"
SEAL_ORDERED = "certificates.seal_ordered"
BATCH = 400


def seal_job_key(number: str) -> str:
    """The key under which the sealing of a certificate waits."""
    return f"seal:{number}"


@transaction.atomic
def order_seal(*, requests: Sequence[Request], user: User, now: datetime) -> int:
    """The authorised person has looked and orders the seal; how many documents wait for it now.

    Raises ``key_not_usable`` when the person holds no key in force, ``seal_wrong_person`` when a
    draft names another signer (A57.10-2).
    """
    key = own_key(holder=user, now=now)
    waiting = [request for request in requests if request.state == State.APPROVED]
    payloads: dict[str, jobs.Payload] = {}
    numbers = []
    for request in waiting:
        certificate = request.certificate
        if certificate is None or certificate.signer_id != user.pk:
            raise RuleViolation("seal_wrong_person")
        numbers.append(certificate.number)
        payloads[seal_job_key(certificate.number)] = {
            "request": request.pk,
            "certificate": certificate.pk,
            "key": key.pk,
        }
    jobs.reset(keys=list(payloads), now=now)
    jobs.enqueue_all(name=SEAL_JOB, payloads=payloads, now=now)
    journal.record_all(
        Entry(
            subject=f"certificate:{number}",
            action=SEAL_ORDERED,
            actor=user.acting_as(Role.AUTHORISED_PERSON),
            at=now,
            data={"key": key.serial},
        )
        for number in numbers
    )
    return len(payloads)


def run_seal_job(payload: jobs.Payload, now: datetime) -> None:
    """Make one ordered seal; a second run finds nothing left to do.

    The order is for one draft: when the request was sent back since, nothing is sealed. Raises
    ``key_not_usable`` when the person has lost the key or the role meanwhile (A57.10-2).
    """
    key = SigningKey.objects.select_related("holder__provider").get(pk=str(payload["key"]))
    request = Request.objects.select_related("certificate").get(pk=str(payload["request"]))
    if request.certificate_id != payload["certificate"]:
        return
    if not key.holder.is_active or own_key(holder=key.holder, now=now) != key:
        raise RuleViolation("key_not_usable")
    actor = key.holder.acting_as(Role.AUTHORISED_PERSON)
    seal_requests(requests=[request], key=key, actor=actor, now=now)


def seal_requests(
    *, requests: Sequence[Request], key: SigningKey, actor: Actor, now: datetime
) -> list[Request]:
    """Seal the certificates of approved requests; the requests issued by this call.

    Files are made outside the transaction; register, journal and the requests' states change
    together or not at all. A request that somebody moved meanwhile is left out.
    """
    by_certificate = {
        request.certificate_id: request
        for request in requests
        if request.state == State.APPROVED and request.certificate_id is not None
    }
    certificates = [
        request.certificate for request in by_certificate.values() if request.certificate
    ]
    files = make_sealed_files(certificates=certificates, key=key, now=now)
    with transaction.atomic():
        # The request's row before the certificate's, as everywhere: no two wait for each other.
        issued = [file for file in files if _issue(by_certificate[file.certificate.pk])]
        entered = enter_sealed(files=issued, key=key, actor=actor, now=now)
        if len(entered) != len(issued):
            raise RuleViolation("conflict")
        moved = [by_certificate[certificate.pk] for certificate in entered]
        journal.record_all(
            Entry(subject=f"request:{request.number}", action="cases.seal", actor=actor, at=now)
            for request in moved
        )
    discard_files([file for file in files if file not in issued])
    return moved


def _issue(request: Request) -> bool:
    """Write the new state; False when somebody else moved the request."""
    target = lifecycle.transition(State.APPROVED, Event.SEAL, by=Role.AUTHORISED_PERSON).to
    changed = Request.objects.filter(
        pk=request.pk,
        state=State.APPROVED,
        version=request.version,
        certificate=request.certificate,
    ).update(state=target, version=request.version + 1)
    if changed:
        request.state = target
        request.version += 1
    return bool(changed)


def waiting_for_seal(user: User) -> list[Request]:
    """Approved requests whose certificates name ``user`` as the signer, first due first."""
    return list(
        Request.objects.filter(
            state=State.APPROVED,
            provider=user.provider_id,
            certificate__signer=user,
            certificate__status=Certificate.Status.DRAFT,
        )
        .select_related("certificate", "person")
        .order_by("due_at", "id")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SealFault:
    """A document whose sealing went wrong; ``is_final`` when it is not tried again by itself."""

    number: str
    error: str
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SealProgress:
    """How far the last order of a person has come; ``waiting`` documents are still to be made."""

    ordered_at: datetime
    total: int
    sealed: int
    waiting: int
    faults: tuple[SealFault, ...]


def seal_progress(user: User) -> SealProgress | None:
    """The last order of ``user``; None when the person has ordered nothing yet."""
    ordered = JournalEntry.objects.filter(action=SEAL_ORDERED, actor=f"user:{user.pk}")
    last = ordered.order_by("-at").first()
    if last is None:
        return None
    subjects = ordered.filter(at=last.at).order_by("id").values_list("subject", flat=True)
    numbers = [subject.removeprefix("certificate:") for subject in subjects]
    sealed = 0
    jobs_found: list[Job] = []
    for start in range(0, len(numbers), BATCH):
        part = numbers[start : start + BATCH]
        sealed += Certificate.objects.filter(number__in=part, sealed_at__isnull=False).count()
        keys = [seal_job_key(number) for number in part]
        jobs_found += Job.objects.filter(key__in=keys, done_at=None).order_by("id")
    return SealProgress(
        ordered_at=last.at,
        total=len(numbers),
        sealed=sealed,
        waiting=sum(job.failed_at is None for job in jobs_found),
        faults=tuple(
            SealFault(
                number=job.key.removeprefix("seal:"),
                error=job.last_error,
                is_final=job.failed_at is not None,
            )
            for job in jobs_found
            if job.last_error
        ),
    )
