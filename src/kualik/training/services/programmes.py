"""A provider's own programmes: enter one, correct it while nobody learns by it, retire it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.volumes import check_volume
from kualik.training.models import Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeFacts:
    """``kind`` is pd, cc or rt; ``hours`` are academic hours; ``specialty`` may be empty."""

    kind: str
    title: Text
    specialty: Text
    hours: int
    credits: Decimal


@transaction.atomic
def add_programme(
    *, provider: Provider, facts: ProgrammeFacts, actor: Actor, now: datetime
) -> Programme:
    """A new programme. Raises ``programme_exists`` and those of ``check_volume``."""
    programme = Programme(provider=provider)
    _write(programme, facts)
    _record(programme, "training.programme_added", actor=actor, now=now)
    return programme


@transaction.atomic
def correct_programme(
    *, programme: Programme, facts: ProgrammeFacts, actor: Actor, now: datetime
) -> None:
    """Write a programme otherwise. Raises ``programme_in_use`` once a group learned by it: what
    its documents say is changed by corrections of completions; and what ``add_programme`` raises.
    """
    if programme.groups.exists():
        raise RuleViolation("programme_in_use")
    _write(programme, facts)
    _record(programme, "training.programme_corrected", actor=actor, now=now)


@transaction.atomic
def retire_programme(*, programme: Programme, is_active: bool, actor: Actor, now: datetime) -> None:
    """Take a programme out of the choice, or bring it back; its completions stay."""
    row = Programme.objects.filter(pk=programme.pk).exclude(is_active=is_active)
    if row.update(is_active=is_active):
        act = "training.programme_back" if is_active else "training.programme_retired"
        _record(programme, act, actor=actor, now=now)


def _write(programme: Programme, facts: ProgrammeFacts) -> None:
    # Retraining exists under A57 alone (A57.5.2); its volumes stand there.
    edition = "A57" if facts.kind == "rt" else "A303"
    check_volume(kind=facts.kind, hours=facts.hours, credits=facts.credits, edition=edition)
    programme.kind, programme.hours, programme.credits = facts.kind, facts.hours, facts.credits
    programme.title_kk, programme.title_ru = facts.title.kk, facts.title.ru
    programme.specialty_kk, programme.specialty_ru = facts.specialty.kk, facts.specialty.ru
    try:
        with transaction.atomic():
            programme.save()
    except IntegrityError as error:
        raise RuleViolation("programme_exists") from error


def _record(programme: Programme, action: str, *, actor: Actor, now: datetime) -> None:
    journal.record(
        subject=f"programme:{programme.pk}",
        action=action,
        actor=actor,
        now=now,
        data={"title": programme.title_ru, "kind": programme.kind, "hours": programme.hours},
    )
