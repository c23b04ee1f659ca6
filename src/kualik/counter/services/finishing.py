"""The mark of handing in, and the end of a visit: what both terms of thirty minutes hang on."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from kualik.accounts.models import User
from kualik.core.journal import SYSTEM
from kualik.core.tasks import close_task
from kualik.counter.models import Visit
from kualik.counter.queries.outcomes import LEFT, outcomes
from kualik.counter.queries.reasons import OTHER, reasons
from kualik.counter.queries.waiting import LIMIT, NOTHING, Clock, serving, waiting
from kualik.counter.services.moving import check_mine, move, record
from kualik.counter.services.warning import task_keys
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import mask_iin, replace_iins

LONGEST_WORDS = 300
State = Visit.State


@transaction.atomic
def hand_in(
    *,
    visit: Visit,
    user: User,
    now: datetime,
    at: datetime | None = None,
    key: str = "",
    is_away: bool = False,
) -> Visit:
    """The documents are on the table: waiting ends, serving begins (A57.3.2-3, A303.3.2-3).

    The first mark stays: who was passed on after it is only served again. ``at`` and ``key`` are
    those of a mark that the page kept while nothing could be reached; without ``is_away`` nothing
    proves that, and ``finish`` asks for reasons as if it had been made when it came.
    """
    check_mine(visit, user, State.CALLED)
    marked = visit.handed_in_at or at or now
    is_believed = at is None or is_away or visit.handed_in_at is not None
    move(
        visit=visit,
        to=State.SERVING,
        user=user,
        now=now,
        window=visit.window,
        at=at,
        handed_in_at=marked,
        handed_in_noted_at=visit.handed_in_noted_at if is_believed else now,
    )
    waited = int(waiting(visit, now).total_seconds())
    mark = _later(at, key, is_away=is_away)
    record(visit, "handed_in", user=user, now=now, data={"waited": waited, **mark})
    _close_warnings(visit, Clock.WAITING, now=now)
    return visit


@transaction.atomic
def finish(
    *,
    visit: Visit,
    outcome: str,
    user: User,
    now: datetime,
    waiting_cause: str = "",
    waiting_reason: str = "",
    serving_cause: str = "",
    serving_reason: str = "",
    at: datetime | None = None,
    key: str = "",
    is_away: bool = False,
) -> Visit:
    """End a visit; what took longer than thirty minutes is explained by a cause of its own.

    A cause is one of ``data/reasons.toml``; words alone are "other". ``at``, ``key``, ``is_away``
    as in ``hand_in``. Raises ``outcome_unknown``, ``hand_in_missing``, ``reason_unknown``,
    ``visit_not_yours``, ``waiting_reason_missing`` and ``serving_reason_missing`` (``minutes``).
    """
    check_mine(visit, user, State.CALLED, State.SERVING, State.HELD)
    _check_outcome(visit, outcome)
    said = _explained(Clock.WAITING, waiting_cause, waiting_reason)
    said |= _explained(Clock.SERVING, serving_cause, serving_reason)
    _check_reasons(visit, said, at if at and is_away else now)
    move(
        visit=visit,
        to=_end_of(visit, outcome),
        user=user,
        now=now,
        window=visit.window,
        at=at,
        ended_at=at or now,
        outcome=outcome,
        **said,
    )
    _record_end(visit, user=user, now=now, mark=_later(at, key, is_away=is_away))
    _close_warnings(visit, *Clock, now=now)
    return visit


def reasons_wanted(visit: Visit, now: datetime) -> frozenset[str]:
    """The fields that ``finish`` would demand at this moment."""
    return frozenset(name for name, time in _spent(visit, now).items() if time > LIMIT)


def plain_words(words: str) -> str:
    """Words without signs that nobody sees, an IIN in them masked, in one line."""
    composed = " ".join(unicodedata.normalize("NFC", words[: 4 * LONGEST_WORDS]).split())
    seen = "".join(sign for sign in composed if sign.isprintable())
    return replace_iins(seen, mask_iin)[:LONGEST_WORDS]


def _explained(clock: Clock, cause: str, words: str) -> dict[str, str]:
    """The two fields of a reason; "other" without words explains nothing."""
    if cause and cause not in reasons():
        raise RuleViolation("reason_unknown")
    said = plain_words(words)
    if cause in ("", OTHER):
        cause = OTHER if said else ""
    return {f"{clock.value}_cause": cause, f"{clock.value}_reason": said}


def _spent(visit: Visit, now: datetime) -> dict[str, timedelta]:
    """Both terms by the name of their reason; a handing in that nothing proves counts from when
    it was entered."""
    waited = waiting(visit, now)
    if visit.handed_in_noted_at is not None and visit.waiting_from is not None:
        waited = max(visit.handed_in_noted_at - visit.waiting_from, NOTHING)
    return {"waiting_reason": waited, "serving_reason": serving(visit, now)}


def _end_of(visit: Visit, outcome: str) -> Visit.State:
    return State.LEFT if outcome == LEFT and visit.handed_in_at is None else State.DONE


def _record_end(visit: Visit, *, user: User, now: datetime, mark: dict[str, object]) -> None:
    """The journal knows causes alone: words are the visit's."""
    causes = {"waiting_cause": visit.waiting_cause, "serving_cause": visit.serving_cause}
    spent = {
        "waited": int(waiting(visit, now).total_seconds()),
        "served": int(serving(visit, now).total_seconds()),
    }
    said = {name: cause for name, cause in causes.items() if cause}
    facts = {"outcome": visit.outcome, **spent, **said, **mark}
    record(visit, "finished", user=user, now=now, data=facts)


def _check_outcome(visit: Visit, outcome: str) -> None:
    found = outcomes().get(outcome)
    if found is None or not found.is_offered:
        raise RuleViolation("outcome_unknown", outcome=outcome)
    if found.needs_papers and visit.handed_in_at is None:
        raise RuleViolation("hand_in_missing", number=visit.number)


def _check_reasons(visit: Visit, said: Mapping[str, str], now: datetime) -> None:
    spent = _spent(visit, now)
    for name in sorted(reasons_wanted(visit, now), reverse=True):
        if not said[name.replace("reason", "cause")]:
            minutes = int(spent[name].total_seconds() // 60)
            raise RuleViolation(f"{name}_missing", number=visit.number, minutes=minutes)


def _later(at: datetime | None, key: str, *, is_away: bool) -> dict[str, object]:
    """What the journal keeps of a mark: its own name, and its moment where it came later."""
    named: dict[str, object] = {"key": key} if key else {}
    return named if at is None else {**named, "at": at.isoformat(), "away": is_away}


def _close_warnings(visit: Visit, *clocks: Clock, now: datetime) -> None:
    for clock in clocks:
        for name in task_keys(visit, clock):
            close_task(key=name, actor=SYSTEM, now=now)
