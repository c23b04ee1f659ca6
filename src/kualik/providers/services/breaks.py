"""Planned technical breaks: announced on the site beforehand, never extending a term (A57.7.2,
A303.7.2)."""

from datetime import datetime, timedelta

from django.db import transaction

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Break
from kualik.providers.services.recording import in_three_languages
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

LONGEST = timedelta(hours=72)


@transaction.atomic
def announce_break(
    *, starts_at: datetime, ends_at: datetime, note: Text, now: datetime, actor: Actor
) -> Break:
    """Announces a technical break of the whole installation before it starts.

    Announcing the same break again returns the first. Errors: ``break_too_late``, ``break_wrong``
    (hours) for an end not after the start or a break that is too long, ``break_overlaps``,
    ``text_missing``.
    """
    words = in_three_languages("note", note)
    if starts_at <= now:
        raise RuleViolation("break_too_late")
    if not timedelta() < ends_at - starts_at <= LONGEST:
        raise RuleViolation("break_wrong", hours=LONGEST // timedelta(hours=1))
    planned = Break.objects.filter(kind=Break.Kind.TECHNICAL_BREAK, cancelled_at=None)
    for other in planned.filter(starts_at__lt=ends_at, ends_at__gt=starts_at):
        if (other.starts_at, other.ends_at) != (starts_at, ends_at) or _words(other) != words:
            raise RuleViolation("break_overlaps", note=other.note)
    # Two sent at one moment: the second finds the row of the first (one_planned_break).
    found, is_new = planned.get_or_create(
        starts_at=starts_at,
        ends_at=ends_at,
        defaults={"kind": Break.Kind.TECHNICAL_BREAK, "announced_at": now, **words},
    )
    if is_new:
        _record(found, "break_announced", actor, now)
    return found


@transaction.atomic
def cancel_break(*, pause: Break, now: datetime, actor: Actor) -> Break:
    """Takes a planned break back before it starts; the clock names it no longer.

    Errors: ``break_begun``.
    """
    locked = _planned(pause)
    if locked.cancelled_at is not None:
        return locked
    if locked.starts_at <= now:
        raise RuleViolation("break_begun")
    locked.cancelled_at = now
    locked.save(update_fields=["cancelled_at"])
    _record(locked, "break_cancelled", actor, now)
    return locked


@transaction.atomic
def end_break(*, pause: Break, now: datetime, actor: Actor) -> Break:
    """Ends a break that lasts earlier than was planned; one that is over stays as it is.

    Errors: ``break_not_begun``.
    """
    locked = _planned(pause)
    if locked.starts_at > now:
        raise RuleViolation("break_not_begun")
    if locked.cancelled_at is None and locked.ends_at is not None and locked.ends_at > now:
        locked.ends_at = now
        locked.save(update_fields=["ends_at"])
        _record(locked, "break_ended", actor, now)
    return locked


def _planned(pause: Break) -> Break:
    rows = Break.objects.select_for_update().filter(kind=Break.Kind.TECHNICAL_BREAK)
    return rows.get(pk=pause.pk)


def _words(pause: Break) -> dict[str, str]:
    return {f"note_{name}": getattr(pause.note, name) for name in ("kk", "ru", "en")}


def _record(pause: Break, action: str, actor: Actor, now: datetime) -> None:
    ends_at = pause.ends_at.isoformat() if pause.ends_at else ""
    data = {"starts_at": pause.starts_at.isoformat(), "ends_at": ends_at, **_words(pause)}
    journal.record(subject=f"break:{pause.pk}", action=action, actor=actor, now=now, data=data)
