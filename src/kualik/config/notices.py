"""What everybody is told on every page while it lasts: failures of the system, announced breaks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError
from django.http import HttpRequest

from kualik.core import clock
from kualik.incidents.models import Incident
from kualik.incidents.queries import current, effect_of, what_of
from kualik.providers.models import Break
from kualik.providers.queries import breaks_to_tell
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the banner.

    ``kind`` is "incident" or "break"; ``whose`` names the provider where not everybody is
    concerned; ``ends_at`` is known of a break alone.
    """

    kind: str
    what: Text
    begins_at: datetime
    effect: Text | None = None
    whose: Text | None = None
    ends_at: datetime | None = None
    lasts: bool = True


def notices(_request: HttpRequest) -> dict[str, Callable[[], list[Told]]]:
    """Asked for by the frame of the pages alone, so that an answer without it costs nothing."""
    return {"announcements": told_now}


def told_now() -> list[Told]:
    """What is told at this moment; nothing where the database cannot say."""
    now = clock.now()
    try:
        return [
            *map(_of_incident, current(now)),
            *(_of_break(pause, now) for pause in breaks_to_tell(now)),
        ]
    except DatabaseError:
        return []


def _of_incident(incident: Incident) -> Told:
    return Told(
        kind="incident",
        what=what_of(incident),
        begins_at=incident.began_at,
        effect=effect_of(incident),
        whose=incident.provider.name if incident.provider else None,
    )


def _of_break(pause: Break, now: datetime) -> Told:
    return Told(
        kind="break",
        what=pause.note,
        begins_at=pause.starts_at,
        ends_at=pause.ends_at,
        lasts=pause.starts_at <= now,
    )
