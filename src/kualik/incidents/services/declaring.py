"""Incidents that a person declares, and ends, by hand (A57.10-4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from kualik.accounts.models import User
from kualik.incidents.models import Incident
from kualik.incidents.queries import DECLARED, lasting
from kualik.incidents.services.recording import Finding, begin_incident, end_incident, record
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

# Staff of a provider declare for it alone, who runs the installation for everybody. What a clerk
# saw is published by the head of the office, see ``proposing``.
DECLARERS: Final = (Role.OFFICE_HEAD, Role.PROVIDER_ADMIN, Role.PLATFORM_ADMIN)
REMEMBERED: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What somebody saw failing, since when, and until when if it is over."""

    what: Text
    began_at: datetime
    ended_at: datetime | None = None


@transaction.atomic
def declare_incident(
    *,
    what: Text,
    began_at: datetime,
    user: User,
    role: Role,
    now: datetime,
    ended_at: datetime | None = None,
) -> Incident:
    """Enter a failure that somebody saw; declared twice by one person it is entered once.

    What is declared of a provider while a declared failure of it lasts joins that one. The terms
    run from now, when it became known. Raises those of ``check_seen``, ``not_permitted``.
    """
    seen = Seen(what=what, began_at=began_at, ended_at=ended_at)
    check_seen(seen, now=now)
    provider = _concerned(user, role)
    _lock(provider)
    known = Incident.objects.filter(
        cause=DECLARED, provider=provider, declared_by=user, began_at=began_at
    ).first()
    if known is not None:
        return known
    return _joined(seen, provider, user, role, now) or _begun(seen, provider, user, role, now)


def check_seen(seen: Seen, *, now: datetime) -> None:
    """Raises ``incident_in_future``, ``incident_too_old`` (days) and
    ``incident_ends_before_start``."""
    if seen.began_at > now or (seen.ended_at and seen.ended_at > now):
        raise RuleViolation("incident_in_future")
    if seen.began_at < now - REMEMBERED:
        raise RuleViolation("incident_too_old", days=REMEMBERED.days)
    if seen.ended_at is not None and seen.ended_at < seen.began_at:
        raise RuleViolation("incident_ends_before_start")


def end_by_hand(
    *,
    incident: Incident,
    ended_at: datetime,
    user: User,
    role: Role,
    now: datetime,
    reason: str = "",
) -> Incident:
    """Say when a failure was over.

    What a probe found is ended by hand with a reason alone, and by who runs the installation too;
    a probe that goes on failing makes it last again. Raises ``incident_in_future``,
    ``incident_ends_before_start``, ``incident_end_unexplained``, ``incident_state_forbids``,
    ``not_permitted``.
    """
    if ended_at > now:
        raise RuleViolation("incident_in_future")
    if ended_at < incident.began_at:
        raise RuleViolation("incident_ends_before_start")
    if not may_end(incident, provider=_concerned(user, role)):
        raise RuleViolation("not_permitted")
    if is_found(incident) and not reason:
        raise RuleViolation("incident_end_unexplained")
    actor = user.acting_as(role)
    is_ended = end_incident(
        incident=incident,
        ended_at=ended_at,
        actor=actor,
        now=now,
        action="ended_by_hand" if is_found(incident) else "over",
        reason=reason,
    )
    if not is_ended:
        raise RuleViolation("incident_state_forbids", number=incident.number)
    return incident


def is_found(incident: Incident) -> bool:
    """Whether the system found it by itself."""
    return incident.cause != DECLARED


def may_end(incident: Incident, *, provider: Provider | None) -> bool:
    """Whether staff of ``provider`` may end it by hand; None: of the whole installation."""
    return incident.provider == provider or (provider is None and is_found(incident))


def _joined(
    seen: Seen, provider: Provider | None, user: User, role: Role, now: datetime
) -> Incident | None:
    """The declared failure that lasts, with the words of the second one in its journal."""
    known = lasting(cause=DECLARED, provider=provider)
    if known is None:
        return None
    data = {"what": seen.what.ru, "began_at": seen.began_at.isoformat()}
    record(known, "declared_again", actor=user.acting_as(role), now=now, data=data)
    return known


def _begun(
    seen: Seen, provider: Provider | None, user: User, role: Role, now: datetime
) -> Incident:
    finding = Finding(
        cause=DECLARED,
        what=seen.what,
        provider=provider,
        began_at=seen.began_at,
        found_at=now,
        declared_by=user,
    )
    actor = user.acting_as(role)
    incident = begin_incident(finding=finding, actor=actor, now=now)
    if seen.ended_at is not None:
        end_incident(incident=incident, ended_at=seen.ended_at, actor=actor, now=now)
    return incident


def _lock(provider: Provider | None) -> None:
    """Two who declare for the same provider wait for one another; for everybody, on all."""
    rows = Provider.objects.select_for_update().order_by("pk")
    list(rows if provider is None else rows.filter(pk=provider.pk))


def _concerned(user: User, role: Role) -> Provider | None:
    """Whom an incident of this person touches."""
    is_platform = role is Role.PLATFORM_ADMIN and user.provider_id is None
    if role not in DECLARERS or not (is_platform or user.provider):
        raise RuleViolation("not_permitted")
    return user.provider
