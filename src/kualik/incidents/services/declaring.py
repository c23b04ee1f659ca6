"""Incidents that a person declares, and ends, by hand (A57.10-4)."""

from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.models import User
from kualik.incidents.models import Incident
from kualik.incidents.queries import DECLARED
from kualik.incidents.services.recording import Finding, begin_incident, end_incident
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

# Staff of a provider declare for it alone, who runs the installation for everybody.
DECLARERS: Final = (
    Role.CLERK,
    Role.OFFICE_HEAD,
    Role.PROVIDER_ADMIN,
    Role.PLATFORM_ADMIN,
)


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

    The terms run from now, when it became known. Raises ``incident_in_future``,
    ``incident_ends_before_start``, ``not_permitted``.
    """
    if began_at > now or (ended_at and ended_at > now):
        raise RuleViolation("incident_in_future")
    if ended_at is not None and ended_at < began_at:
        raise RuleViolation("incident_ends_before_start")
    provider = _concerned(user, role)
    User.objects.select_for_update().get(pk=user.pk)
    known = Incident.objects.filter(
        cause=DECLARED, provider=provider, declared_by=user, began_at=began_at
    ).first()
    if known is not None:
        return known
    actor = user.acting_as(role)
    finding = Finding(
        cause=DECLARED,
        what=what,
        provider=provider,
        began_at=began_at,
        found_at=now,
        declared_by=user,
    )
    incident = begin_incident(finding=finding, actor=actor, now=now)
    if ended_at is not None:
        end_incident(incident=incident, ended_at=ended_at, actor=actor, now=now)
    return incident


def end_declared(
    *, incident: Incident, ended_at: datetime, user: User, role: Role, now: datetime
) -> Incident:
    """Say when a declared failure was over; what a probe found ends when the probe says so.

    Raises ``incident_in_future``, ``incident_ends_before_start``, ``incident_state_forbids``,
    ``not_permitted``.
    """
    if ended_at > now:
        raise RuleViolation("incident_in_future")
    if ended_at < incident.began_at:
        raise RuleViolation("incident_ends_before_start")
    if incident.provider != _concerned(user, role):
        raise RuleViolation("not_permitted")
    actor = user.acting_as(role)
    is_ended = incident.cause == DECLARED and end_incident(
        incident=incident, ended_at=ended_at, actor=actor, now=now
    )
    if not is_ended:
        raise RuleViolation("incident_state_forbids", number=incident.number)
    return incident


def _concerned(user: User, role: Role) -> Provider | None:
    """Whom an incident of this person touches."""
    is_platform = role is Role.PLATFORM_ADMIN and user.provider_id is None
    if role not in DECLARERS or not (is_platform or user.provider):
        raise RuleViolation("not_permitted")
    return user.provider
