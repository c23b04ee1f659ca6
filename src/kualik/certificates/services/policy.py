"""How a provider's documents get their signature, and the limits of doing it automatically.

The authorised person signs each document (A57.10-2). Only under A303, by a recorded reading of
article 49 of the Digital Code, the organisation's key may seal by itself, within the limits here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction

from kualik.accounts.models import User
from kualik.certificates.models import Certificate, PersonSignature, SealPolicy
from kualik.core import journal
from kualik.core.clock import ZONE, local_day
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.standards import Standard

ORGANISATION = "organisation"
READING = "A303-organisation-seal"
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a provider allows. ``opens`` and ``closes`` are minutes from midnight in the office's
    zone; quotas are documents a day, None for no limit. ``decides_alone`` lets the machine approve
    what the provider's own list names; it counts with automatic sealing only."""

    way: SealPolicy.Way
    kinds: Sequence[str] = ()
    opens: int = 0
    closes: int = MINUTES_A_DAY
    daily_quota: int | None = None
    person_quota: int | None = None
    needs_two_persons: bool = False
    decides_alone: bool = False


@transaction.atomic
def set_policy(
    *,
    provider: Provider,
    limits: Limits,
    takes_reading: bool,
    user: User,
    actor: Actor,
    now: datetime,
) -> SealPolicy:
    """Change how the provider's documents are signed from now on.

    ``takes_reading`` says that ``user`` takes over the reading A303-organisation-seal for the
    provider; it stays recorded until the way changes. Raises ``reading_not_taken``,
    ``quota_missing`` or ``limits_empty`` for automatic sealing without its limits.
    """
    policy = SealPolicy.objects.select_for_update().filter(provider=provider).first()
    policy = policy or SealPolicy(provider=provider)
    if limits.way == SealPolicy.Way.AUTOMATIC:
        for code in limit_faults(limits, is_taken=takes_reading or policy.reading_at is not None):
            raise RuleViolation(code)
    _set_limits(policy, limits)
    _set_reading(policy, user=user, now=now)
    policy.changed_at = now
    policy.save()
    journal.record(
        subject=f"provider:{provider.code}",
        action="certificates.seal_policy_set",
        actor=actor,
        now=now,
        data=_record(policy),
    )
    return policy


def _set_limits(policy: SealPolicy, limits: Limits) -> None:
    policy.way = limits.way
    policy.kinds = sorted(limits.kinds)
    policy.opens, policy.closes = limits.opens, limits.closes
    policy.daily_quota, policy.person_quota = limits.daily_quota, limits.person_quota
    policy.needs_two_persons = limits.needs_two_persons
    policy.decides_alone = limits.decides_alone and limits.way == SealPolicy.Way.AUTOMATIC


def _record(policy: SealPolicy) -> dict[str, object]:
    """The rules as the journal keeps them."""
    return {
        "way": SealPolicy.Way(policy.way).value,
        "kinds": policy.kinds,
        "hours": [policy.opens, policy.closes],
        "daily_quota": policy.daily_quota,
        "person_quota": policy.person_quota,
        "two_persons": policy.needs_two_persons,
        "decides_alone": policy.decides_alone,
        "reading": READING if policy.reading_at else "",
    }


def _set_reading(policy: SealPolicy, *, user: User, now: datetime) -> None:
    """The first who takes the reading over stays named until the way changes."""
    if policy.way != SealPolicy.Way.AUTOMATIC:
        policy.reading_by, policy.reading_at = None, None
    elif policy.reading_at is None:
        policy.reading_by, policy.reading_at = user, now


def limit_faults(limits: Limits, *, is_taken: bool) -> list[str]:
    """All that automatic sealing lacks: error codes, empty when nothing is missing."""
    found = {
        "reading_not_taken": not is_taken,
        "quota_missing": not limits.daily_quota,
        "limits_empty": not limits.kinds or limits.opens >= limits.closes,
    }
    return [code for code, is_found in found.items() if is_found]


def policy_of(provider: Provider) -> SealPolicy | None:
    """The provider's policy; None means that the authorised person signs each document."""
    return SealPolicy.objects.filter(provider=provider).first()


def lock_policy(provider: Provider) -> None:
    """One issue at a time within the provider's quotas, until the transaction ends."""
    SealPolicy.objects.select_for_update().filter(provider=provider).first()


def automatic_fault(
    *,
    provider: Provider,
    certificate: Certificate,
    standard: Standard,
    now: datetime,
    ahead: int = 0,
) -> str:
    """Why the organisation's key may not seal this document by itself; empty when it may.

    ``ahead`` documents are in the same portion before this one. Ask again in the transaction that
    issues, after ``lock_policy``: then the quota holds for several workers.
    """
    return limits_fault(
        provider=provider, kind=certificate.kind, standard=standard, now=now, ahead=ahead
    )


def limits_fault(
    *, provider: Provider, kind: str, standard: Standard, now: datetime, ahead: int = 0
) -> str:
    """The same for a document of ``kind`` that is not drafted yet."""
    if not standard.may_seal(ORGANISATION, local_day(now)):
        return "seal_by_person_only"
    policy = policy_of(provider)
    if policy is None or policy.way != SealPolicy.Way.AUTOMATIC or policy.reading_at is None:
        return "seal_by_person_only"
    if kind not in policy.kinds:
        return "seal_kind_outside_limits"
    if not policy.opens <= _minute(now) < policy.closes:
        return "seal_outside_hours"
    if _sealed_alone(provider, now) + ahead >= (policy.daily_quota or 0):
        return "seal_quota_reached"
    return ""


def person_fault(
    *, certificate: Certificate, prepared_by: int | None, user: User, now: datetime
) -> str:
    """Why ``user`` may not sign this document though it names them; empty when they may.

    ``prepared_by`` is the member of staff who decided. Ask again in the transaction that issues,
    after ``lock_policy``: then the quota holds for signatures that come at once.
    """
    policy = policy_of(certificate.provider)
    if policy is None:
        return ""
    if policy.needs_two_persons and prepared_by == user.pk:
        return "seal_needs_two_persons"
    quota = policy.person_quota
    if quota is not None and signed_today(user, now=now) >= quota:
        return "seal_person_quota_reached"
    return ""


def may_sign_today(user: User, *, now: datetime) -> int | None:
    """How many documents the person may still sign on the present day; None without a quota."""
    policy = policy_of(user.provider) if user.provider else None
    if policy is None or policy.person_quota is None:
        return None
    return max(0, policy.person_quota - signed_today(user, now=now))


def signed_today(user: User, *, now: datetime) -> int:
    """How many documents the person has signed on the present day."""
    return PersonSignature.objects.filter(signer=user, accepted_at__gte=_midnight(now)).count()


def _sealed_alone(provider: Provider, now: datetime) -> int:
    """Documents of the day that bear the organisation's seal only."""
    return Certificate.objects.filter(
        provider=provider, sealed_at__gte=_midnight(now), person_signature=None
    ).count()


def _minute(now: datetime) -> int:
    local = now.astimezone(ZONE)
    return local.hour * 60 + local.minute


def _midnight(now: datetime) -> datetime:
    """The beginning of the local day."""
    return datetime.combine(local_day(now), time(), tzinfo=ZONE)
