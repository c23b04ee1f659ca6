"""What a clerk saw failing waits for the head of the office, who publishes it or declines.

Everybody reads the words of a declared failure and its terms run, so one clerk alone does not
declare it.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.models import User
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.tasks import Task, close_task, open_task
from kualik.incidents.models import Incident, Proposal
from kualik.incidents.services.declaring import Seen, check_seen, declare_incident
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

PROPOSERS: Final = (Role.CLERK,)
PROPOSED_TASK: Final = "incident_proposed"


@transaction.atomic
def propose_incident(*, seen: Seen, user: User, role: Role, now: datetime) -> Proposal:
    """Put what somebody saw before the head of the office; proposed twice it is one proposal.

    Raises those of ``check_seen``, ``not_permitted``.
    """
    check_seen(seen, now=now)
    provider = user.provider
    if provider is None or role not in PROPOSERS:
        raise RuleViolation("not_permitted")
    proposal, is_new = Proposal.objects.get_or_create(
        provider=provider,
        proposed_by=user,
        began_at=seen.began_at,
        state=Proposal.State.OPEN,
        defaults={
            "proposed_at": now,
            "what_kk": seen.what.kk,
            "what_ru": seen.what.ru,
            "what_en": seen.what.en,
            "ended_at": seen.ended_at,
        },
    )
    if is_new:
        _record(proposal, "proposed", actor=user.acting_as(role), now=now)
        task = Task(
            key=_key(proposal),
            kind=PROPOSED_TASK,
            subject=f"proposal:{proposal.pk}",
            scope=provider.code,
            role=Role.OFFICE_HEAD,
            params={"by": user.full_name},
        )
        open_task(task, now=now)
    return proposal


@transaction.atomic
def publish_proposal(
    *, proposal: Proposal, seen: Seen, user: User, role: Role, now: datetime
) -> Incident:
    """Declare what was proposed, in the words of who answers for them.

    Raises ``proposal_decided``, those of ``declare_incident``.
    """
    _decide(proposal, Proposal.State.PUBLISHED, user, now)
    incident = declare_incident(
        what=seen.what,
        began_at=seen.began_at,
        ended_at=seen.ended_at,
        user=user,
        role=role,
        now=now,
    )
    Proposal.objects.filter(pk=proposal.pk).update(incident=incident)
    _settle(proposal, "published", actor=user.acting_as(role), now=now)
    return incident


@transaction.atomic
def decline_proposal(*, proposal: Proposal, user: User, role: Role, now: datetime) -> None:
    """It was no failure of the system: nothing is published. Raises ``proposal_decided``."""
    _decide(proposal, Proposal.State.DECLINED, user, now)
    _settle(proposal, "declined", actor=user.acting_as(role), now=now)


def _decide(proposal: Proposal, state: str, user: User, now: datetime) -> None:
    waiting = Proposal.objects.filter(
        pk=proposal.pk, state=Proposal.State.OPEN, provider=user.provider
    )
    if not waiting.update(state=state, decided_by=user, decided_at=now):
        raise RuleViolation("proposal_decided")


def _settle(proposal: Proposal, action: str, *, actor: Actor, now: datetime) -> None:
    _record(proposal, action, actor=actor, now=now)
    close_task(key=_key(proposal), actor=actor, now=now)


def _key(proposal: Proposal) -> str:
    return f"{PROPOSED_TASK}:{proposal.pk}"


def _record(proposal: Proposal, action: str, *, actor: Actor, now: datetime) -> None:
    journal.record(
        subject=f"proposal:{proposal.pk}",
        action=f"incidents.{action}",
        actor=actor,
        now=now,
        data={"what": proposal.what_ru},
    )
