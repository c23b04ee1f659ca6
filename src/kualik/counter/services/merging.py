"""Marks that the window's page kept while the server could not be reached."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from kualik.accounts.models import User
from kualik.core import journal
from kualik.counter.models import Visit
from kualik.counter.services.finishing import finish, hand_in
from kualik.counter.services.moving import subject_of
from kualik.counter.services.windows import was_away
from kualik.rules.errors import RuleViolation

ACTS = frozenset({"hand_in", "finish"})
KEY = re.compile(r"[A-Za-z0-9_:.-]{1,64}", re.ASCII)
# A browser's clock may be a little ahead of ours.
AHEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the clerk did at ``at``; ``key`` makes a second delivery no second act."""

    visit: int
    act: str
    at: datetime
    key: str
    outcome: str = ""
    waiting_cause: str = ""
    waiting_reason: str = ""
    serving_cause: str = ""
    serving_reason: str = ""


def merge_mark(*, mark: Mark, user: User, now: datetime) -> bool:
    """Enter a kept mark with its own moment, journalled as recorded later; False when it was
    entered before.

    That the page was away at that moment is believed where no request of it says otherwise
    (``was_away``); else the reasons are those of the moment when the mark came.
    Only visits of the clerk's provider. Raises ``visit_unknown``, ``mark_unreadable``, and what
    ``hand_in`` and ``finish`` raise: a visit that went another way meanwhile stays as it is.
    """
    if mark.act not in ACTS or not KEY.fullmatch(mark.key):
        raise RuleViolation("mark_unreadable")
    visit = _visit_of(mark, user)
    if is_merged(visit, mark.key):
        return False
    try:
        _enter(visit, mark, user, now)
    except RuleViolation:
        # The same mark may have come twice at once: then the first delivery counts.
        if is_merged(visit, mark.key):
            return False
        raise
    return True


def is_merged(visit: Visit, key: str) -> bool:
    """Whether a mark with this key was entered."""
    return any(entry.data.get("key") == key for entry in journal.history(subject_of(visit)))


@transaction.atomic
def _enter(visit: Visit, mark: Mark, user: User, now: datetime) -> None:
    at = min(mark.at, now) if mark.at <= now + AHEAD else mark.at
    is_away = visit.window is not None and was_away(visit.window, at)
    if mark.act == "hand_in":
        hand_in(visit=visit, user=user, now=now, at=at, key=mark.key, is_away=is_away)
        return
    finish(
        visit=visit,
        outcome=mark.outcome,
        user=user,
        now=now,
        waiting_cause=mark.waiting_cause,
        waiting_reason=mark.waiting_reason,
        serving_cause=mark.serving_cause,
        serving_reason=mark.serving_reason,
        at=at,
        key=mark.key,
        is_away=is_away,
    )


def _visit_of(mark: Mark, user: User) -> Visit:
    found = Visit.objects.filter(pk=mark.visit, office__provider=user.provider_id)
    visit = found.select_related("office", "window").first()
    if visit is None:
        raise RuleViolation("visit_unknown")
    return visit
