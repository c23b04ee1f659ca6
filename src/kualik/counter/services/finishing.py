"""The mark of handing in, and the end of a visit: what both terms of thirty minutes hang on."""

from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.core.journal import SYSTEM
from kualik.core.tasks import close_task
from kualik.counter.models import Visit
from kualik.counter.queries.outcomes import LEFT, outcomes
from kualik.counter.queries.waiting import LIMIT, Clock, serving, waiting
from kualik.counter.services.moving import check_mine, move, record
from kualik.counter.services.warning import task_keys
from kualik.rules.errors import RuleViolation

State = Visit.State


@transaction.atomic
def hand_in(
    *, visit: Visit, user: User, now: datetime, at: datetime | None = None, key: str = ""
) -> Visit:
    """The documents are on the table: waiting ends, serving begins (A57.3.2-3, A303.3.2-3).

    The first mark stays: who was passed on after it is only served again. ``at`` and ``key`` are
    those of a mark that the page kept while nothing could be reached.
    """
    check_mine(visit, user, State.CALLED)
    marked = visit.handed_in_at or at or now
    move(
        visit=visit,
        to=State.SERVING,
        user=user,
        now=now,
        window=visit.window,
        at=at,
        handed_in_at=marked,
    )
    waited = int(waiting(visit, now).total_seconds())
    record(visit, "handed_in", user=user, now=now, data={"waited": waited, **_later(at, key)})
    _close_warnings(visit, Clock.WAITING, now)
    return visit


@transaction.atomic
def finish(
    *,
    visit: Visit,
    outcome: str,
    user: User,
    now: datetime,
    waiting_reason: str = "",
    serving_reason: str = "",
    at: datetime | None = None,
    key: str = "",
) -> Visit:
    """End a visit; what took longer than thirty minutes is explained by a reason of its own.

    Raises ``outcome_unknown``, ``hand_in_missing`` (this outcome needs the mark),
    ``waiting_reason_missing`` and ``serving_reason_missing`` with ``minutes``, ``visit_not_yours``.
    """
    check_mine(visit, user, State.CALLED, State.SERVING, State.HELD)
    _check_outcome(visit, outcome)
    reasons = {
        "waiting_reason": waiting_reason.strip() or visit.waiting_reason,
        "serving_reason": serving_reason.strip() or visit.serving_reason,
    }
    _check_reasons(visit, reasons, at or now)
    is_left = outcome == LEFT and visit.handed_in_at is None
    move(
        visit=visit,
        to=State.LEFT if is_left else State.DONE,
        user=user,
        now=now,
        window=visit.window,
        at=at,
        ended_at=at or now,
        outcome=outcome,
        **reasons,
    )
    _record_end(visit, reasons, user=user, now=now, mark=_later(at, key))
    for clock in Clock:
        _close_warnings(visit, clock, now)
    return visit


def reasons_wanted(visit: Visit, now: datetime) -> frozenset[str]:
    """The fields that ``finish`` would demand at this moment."""
    spent = {"waiting_reason": waiting(visit, now), "serving_reason": serving(visit, now)}
    return frozenset(name for name, time in spent.items() if time > LIMIT)


def _record_end(
    visit: Visit, reasons: dict[str, str], *, user: User, now: datetime, mark: dict[str, object]
) -> None:
    spent = {
        "waited": int(waiting(visit, now).total_seconds()),
        "served": int(serving(visit, now).total_seconds()),
    }
    said = {name: reason for name, reason in reasons.items() if reason}
    facts = {"outcome": visit.outcome, **spent, **said, **mark}
    record(visit, "finished", user=user, now=now, data=facts)


def _check_outcome(visit: Visit, outcome: str) -> None:
    found = outcomes().get(outcome)
    if found is None or not found.is_offered:
        raise RuleViolation("outcome_unknown", outcome=outcome)
    if found.needs_papers and visit.handed_in_at is None:
        raise RuleViolation("hand_in_missing", number=visit.number)


def _check_reasons(visit: Visit, reasons: dict[str, str], now: datetime) -> None:
    spent = {"waiting_reason": waiting(visit, now), "serving_reason": serving(visit, now)}
    for name in sorted(reasons_wanted(visit, now), reverse=True):
        if not reasons[name]:
            minutes = int(spent[name].total_seconds() // 60)
            raise RuleViolation(f"{name}_missing", number=visit.number, minutes=minutes)


def _later(at: datetime | None, key: str) -> dict[str, object]:
    """What the journal keeps of a mark: its own name, and its moment where it came later."""
    named: dict[str, object] = {"key": key} if key else {}
    return named if at is None else {**named, "at": at.isoformat()}


def _close_warnings(visit: Visit, clock: Clock, now: datetime) -> None:
    for name in task_keys(visit, clock):
        close_task(key=name, actor=SYSTEM, now=now)
