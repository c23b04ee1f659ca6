"""What waits for the authorised person, and how far an order has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.queries import open_jobs
from kualik.cases.services.sealing.ordering import SEAL_ORDERED, seal_job_key
from kualik.certificates.models import Certificate
from kualik.core.clock import ZONE, local_day
from kualik.core.models import Job, JournalEntry
from kualik.rules.lifecycle import State

BATCH = 400
ONE_DAY = timedelta(days=1)


def waiting_for_seal(user: User, now: datetime) -> list[Request]:
    """Approved requests whose drafts name ``user`` and have no file to be signed today, first due
    first."""
    return list(_drafts_of(user).exclude(_is_prepared(now)))


def prepared_for(user: User, now: datetime) -> list[Request]:
    """Approved requests whose drafts wait for the signature of ``user``, first due first.

    Only those prepared on the present local day: the paper names the moment of its seal.
    """
    return list(_drafts_of(user).filter(_is_prepared(now)))


def sealing_by_machine(requests: Sequence[Request]) -> list[Request]:
    """Those approved requests whose documents the organisation's key is about to seal by itself."""
    keys = {row.pk: seal_job_key(row.certificate.number) for row in requests if row.certificate}
    jobs = open_jobs(list(keys.values()))
    automatic = {
        key for key, job in jobs.items() if job.failed_at is None and job.payload["user"] is None
    }
    return [
        row for row in requests if row.state == State.APPROVED and keys.get(row.pk) in automatic
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealFault:
    """A document whose sealing went wrong; ``is_final`` when it is not tried again by itself."""

    number: str
    error: str
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SealProgress:
    """How far the last order of a person has come: ``waiting`` documents are still to be made,
    ``prepared`` ones to be signed, ``signed`` ones are issued."""

    ordered_at: datetime
    total: int
    prepared: int
    signed: int
    waiting: int
    faults: tuple[SealFault, ...]


def seal_progress(user: User, now: datetime) -> SealProgress | None:
    """The last order of ``user``; None when the person has ordered nothing yet."""
    ordered = JournalEntry.objects.filter(action=SEAL_ORDERED, actor=f"user:{user.pk}")
    last = ordered.order_by("-at").first()
    if last is None:
        return None
    subjects = ordered.filter(at=last.at).order_by("id").values_list("subject", flat=True)
    numbers = [subject.removeprefix("certificate:") for subject in subjects]
    prepared = signed = 0
    jobs_found: list[Job] = []
    for start in range(0, len(numbers), BATCH):
        part = numbers[start : start + BATCH]
        signed += Certificate.objects.filter(number__in=part, sealed_at__isnull=False).count()
        prepared += _drafts_of(user).filter(_is_prepared(now), certificate__number__in=part).count()
        keys = [seal_job_key(number) for number in part]
        jobs_found += Job.objects.filter(key__in=keys, done_at=None).order_by("id")
    return SealProgress(
        ordered_at=last.at,
        total=len(numbers),
        prepared=prepared,
        signed=signed,
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


def _drafts_of(user: User) -> QuerySet[Request]:
    return (
        Request.objects.filter(
            state=State.APPROVED,
            provider=user.provider_id,
            certificate__signer=user,
            certificate__status=Certificate.Status.DRAFT,
        )
        .select_related("certificate__key", "person", "provider")
        .order_by("due_at", "id")
    )


def _is_prepared(now: datetime) -> Q:
    """As ``making.is_prepared`` says it of one draft."""
    start = datetime.combine(local_day(now), time(), tzinfo=ZONE)
    return Q(
        certificate__prepared_at__gte=start,
        certificate__prepared_at__lt=start + ONE_DAY,
        certificate__key__disabled_at=None,
    ) & ~Q(certificate__file="")
