"""The tries of every minute, and what is noticed when nobody could try."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import Error, connection

from kualik.gateway.services.probing import line_trials
from kualik.incidents.adapters.probes import Trial, usual_trials
from kualik.incidents.adapters.signs import note_away
from kualik.incidents.queries import coded
from kualik.incidents.services.detecting import (
    Answer,
    claim_turn,
    end_untried,
    fault_of,
    note_gap,
    notice_silence,
    run_trials,
)
from kualik.incidents.services.telling import settle_notices

# What upper rooms bring: the lines to the e-government gateway.
MORE_TRIALS: tuple[Callable[[datetime], list[Trial]], ...] = (line_trials,)
# A part that says nothing for so long does not work.
LONGEST_TRY_SECONDS = 20.0
PAUSE_SECONDS = 1.0
PAUSE_AFTER_FAULT_SECONDS = 5.0
log = logging.getLogger(__name__)


class Tries:
    """Tries with a limit: each in a thread of its own, with a connection of its own.

    A try that hangs is left alone; until it ends its part is not tried again and counts as silent.
    """

    def __init__(self, *, limit: float = LONGEST_TRY_SECONDS) -> None:
        self._limit = limit
        self._running: dict[str, threading.Thread] = {}

    def __call__(self, trial: Trial, now: datetime) -> str:
        """What the part says; empty: it works."""
        hanging = self._running.get(trial.code)
        if hanging is not None and hanging.is_alive():
            return self._silent()
        said: list[str] = []
        thread = threading.Thread(target=self._try, args=(trial, now, said), daemon=True)
        self._running[trial.code] = thread
        thread.start()
        thread.join(self._limit)
        return said[0] if said else self._silent()

    def _silent(self) -> str:
        return coded("silent", f"{self._limit:g} s")

    @staticmethod
    def _try(trial: Trial, now: datetime, said: list[str]) -> None:
        try:
            said.append(fault_of(trial, now))
        except Exception as fault:
            # Whatever it was, the part did not answer as it should.
            log.exception("the try of %s failed", trial.code)
            said.append(coded("broke", type(fault).__name__))
        finally:
            connection.close()


def keep_probing(*, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """The turns of a worker, in a thread beside its jobs: a slow part delays none of them."""
    tries = Tries()
    while not stop.is_set():
        pause = PAUSE_SECONDS
        try:
            probe_turn(clock=clock, answer=tries)
        except Error as fault:
            note_database_fault(fault, now=clock())
            pause = PAUSE_AFTER_FAULT_SECONDS
        except Exception:
            # The next turn may go better; without turns nobody would find a failure at all.
            log.exception("a turn of the tries failed")
        finally:
            connection.close()
        stop.wait(pause)


def probe_turn(*, clock: Callable[[], datetime], answer: Answer | None = None) -> bool:
    """Try all parts if nobody did within this minute; whether this process was the one.

    It is no job: work that piles up must not keep a failure from being found. ``answer`` makes a
    try, see ``run_trials``.
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
    end_untried(trials=found, now=now)
    run_trials(trials=found, clock=clock, answer=answer)
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
