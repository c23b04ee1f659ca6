"""Absences of staff: who is away is not named in what is to be signed meanwhile (A57.10-2)."""

from datetime import date, datetime

from django.db import transaction

from kualik.accounts.models import Absence, User
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation


@transaction.atomic
def enter_absence(
    *, user: User, from_day: date, to_day: date, actor: Actor, now: datetime
) -> Absence:
    """Write down that somebody is away, both days included; the same days twice are one absence.

    Raises ``absence_days_wrong`` for a last day before the first one, ``absence_over`` for days
    that are over.
    """
    if to_day < from_day:
        raise RuleViolation("absence_days_wrong")
    if to_day < local_day(now):
        raise RuleViolation("absence_over")
    found, is_new = Absence.objects.get_or_create(
        user=user, from_day=from_day, to_day=to_day, defaults={"entered_by": actor.name}
    )
    if is_new:
        _record(found, "absence_entered", actor=actor, now=now)
    return found


@transaction.atomic
def cancel_absence(*, absence: Absence, actor: Actor, now: datetime) -> None:
    """Somebody is there after all."""
    _record(absence, "absence_cancelled", actor=actor, now=now)
    absence.delete()


def _record(absence: Absence, action: str, *, actor: Actor, now: datetime) -> None:
    journal.record(
        subject=f"user:{absence.user_id}",
        action=f"accounts.{action}",
        actor=actor,
        now=now,
        data={"from": absence.from_day.isoformat(), "to": absence.to_day.isoformat()},
    )
