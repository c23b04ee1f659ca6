"""The tries of every minute, and what is noticed when nobody could try."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import Error

from kualik.incidents.adapters.probes import Trial, usual_trials
from kualik.incidents.adapters.signs import note_away
from kualik.incidents.services.detecting import (
    claim_turn,
    note_gap,
    notice_silence,
    run_trials,
)
from kualik.incidents.services.telling import settle_notices

# What upper rooms bring, such as the line to the e-government gateway: each names its parts.
MORE_TRIALS: tuple[Callable[[datetime], list[Trial]], ...] = ()


def probe_turn(*, clock: Callable[[], datetime]) -> bool:
    """Try all parts if nobody did within this minute; whether this process was the one.

    It is no job: work that piles up must not keep a failure from being found.
    """
    now = clock()
    before = claim_turn(now=now)
    if before is None:
        return False
    if settings.COUNTS_GAPS:
        note_gap(before=before, now=now)
    found = usual_trials(now=now)
    for trials in MORE_TRIALS:
        found += trials(now)
    run_trials(trials=found, clock=clock)
    settle_notices(now=clock())
    return True


def note_database_fault(fault: Error, *, now: datetime) -> None:
    """Leave a sign that the database did not answer, to be read when it does again."""
    note_away(fault=type(fault).__name__, now=now)


def note_silence(*, now: datetime) -> None:
    """A worker that left no sign for minutes is a failure, noticed by whoever asks for the
    health."""
    if settings.COUNTS_GAPS:
        notice_silence(now=now)
