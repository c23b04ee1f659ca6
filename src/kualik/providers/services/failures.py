"""Failures of the system as the legal clocks name them; they never extend a term (A57.10-4).

The incident itself, its finding and its journal are kept by the room that calls these.
"""

from datetime import datetime

from django.db import transaction

from kualik.providers.models import Break, Provider
from kualik.rules.language import Text

NOTE_LENGTH = 200


@transaction.atomic
def open_failure(*, provider: Provider | None, starts_at: datetime, note: Text) -> Break:
    """Have the clocks of a provider, or of everybody, name a failure from a moment on; it lasts."""
    return Break.objects.create(
        kind=Break.Kind.INCIDENT,
        provider=provider,
        starts_at=starts_at,
        note_kk=note.kk[:NOTE_LENGTH],
        note_ru=note.ru[:NOTE_LENGTH],
        note_en=note.get("en")[:NOTE_LENGTH],
    )


@transaction.atomic
def end_failure(*, pause: Break, ends_at: datetime | None) -> Break:
    """Say when a failure was over; without ``ends_at`` it lasts again."""
    Break.objects.filter(pk=pause.pk, kind=Break.Kind.INCIDENT).update(ends_at=ends_at)
    pause.ends_at = ends_at
    return pause


@transaction.atomic
def cancel_failure(*, pause: Break, now: datetime) -> None:
    """It was none after all: the clocks name it no longer."""
    Break.objects.filter(pk=pause.pk, kind=Break.Kind.INCIDENT).update(cancelled_at=now)
