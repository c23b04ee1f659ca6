"""Calling: who is next, called again, missed, back, held and taken back, passed on.

Every act is a compare-and-set of one visit, so of two clerks at one ticket one is told
``visit_conflict``; ``call_next`` is never told, it takes the next person instead.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from kualik.accounts.models import User
from kualik.counter.models import Hall, Visit, Window
from kualik.counter.queries.order import AT_WINDOW, line_of, waiting_for
from kualik.counter.queries.waiting import waiting
from kualik.counter.services.moving import check_mine, move, record
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

State = Visit.State
HEADS = frozenset({Role.OFFICE_HEAD})


@transaction.atomic
def call_next(*, window: Window, user: User, now: datetime) -> Visit | None:
    """Call whoever is next for a window (``queries.order``); None when nobody waits for it.

    Pressed twice, it gives the same person again. Raises ``window_not_yours``,
    ``window_busy`` while somebody is served there.
    """
    held = _hold_window(window, user)
    present = visit_at(held)
    if present is not None:
        if present.state == State.CALLED:
            return present
        raise RuleViolation("window_busy", number=present.number)
    for candidate in waiting_for(held, now=now):
        visit = _reserve(candidate)
        if visit is not None:
            return _call(visit, window=held, user=user, now=now, how="called")
    return None


@transaction.atomic
def call_one(*, visit: Visit, window: Window, user: User, now: datetime) -> Visit:
    """Call this very person, out of turn, waiting or missed; the journal keeps that it was so.

    Raises ``window_not_yours``, ``window_busy``, ``visit_move_forbidden``, ``visit_conflict``,
    ``visit_elsewhere`` for a ticket of another office.
    """
    held = _hold_window(window, user)
    _check_here(visit, held)
    if visit.state not in (State.WAITING, State.MISSED):
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    return _call(visit, window=held, user=user, now=now, how="called_out_of_turn")


@transaction.atomic
def recall(*, visit: Visit, user: User, now: datetime) -> Visit:
    """Call the same person again. Raises ``visit_not_yours``, ``visit_move_forbidden``."""
    check_mine(visit, user, State.CALLED)
    move(
        visit=visit,
        to=State.CALLED,
        user=user,
        now=now,
        window=visit.window,
        called_at=now,
        calls=visit.calls + 1,
    )
    record(visit, "called_again", user=user, now=now, data={"calls": visit.calls})
    return visit


@transaction.atomic
def miss(*, visit: Visit, user: User, now: datetime) -> Visit:
    """Nobody came: the place is kept until the return period of the hall is over.

    Raises ``recalls_left`` before the person was called as often as the hall wants.
    """
    check_mine(visit, user, State.CALLED)
    hall = Hall.objects.get(office=visit.office_id)
    if visit.calls < hall.recalls:
        raise RuleViolation("recalls_left", number=visit.number, recalls=hall.recalls)
    until = now + timedelta(minutes=hall.return_minutes)
    move(visit=visit, to=State.MISSED, user=None, now=now, return_until=until)
    record(visit, "missed", user=user, now=now, data={"return_until": until.isoformat()})
    return visit


@transaction.atomic
def come_back(*, visit: Visit, user: User | None, now: datetime) -> Visit:
    """A missed person is here: waits again at the old place.

    ``user`` is None where the person says so at the kiosk. Raises ``return_over`` after the
    return period, ``visit_move_forbidden`` for who was not missed.
    """
    if visit.state != State.MISSED:
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    if visit.return_until is not None and visit.return_until < now:
        raise RuleViolation("return_over", number=visit.number)
    move(visit=visit, to=State.WAITING, user=None, now=now, return_until=None)
    record(visit, "came_back", user=user, now=now)
    return visit


@transaction.atomic
def hold(*, visit: Visit, user: User, now: datetime) -> Visit:
    """Lay a visit aside, so that the next may come; its clock runs on."""
    check_mine(visit, user, *AT_WINDOW)
    move(visit=visit, to=State.HELD, user=user, now=now, window=visit.window)
    record(visit, "held", user=user, now=now)
    return visit


@transaction.atomic
def take_back(*, visit: Visit, window: Window, user: User, now: datetime) -> Visit:
    """Go on with a held visit, at any free window of the office."""
    held = _hold_window(window, user)
    _check_here(visit, held)
    if visit.state != State.HELD:
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    if visit.handed_in_at is None:
        return _call(visit, window=held, user=user, now=now, how="taken_back")
    move(visit=visit, to=State.SERVING, user=user, now=now, window=held)
    record(visit, "taken_back", user=user, now=now, data={"window": held.number})
    return visit


@transaction.atomic
def pass_on(
    *, visit: Visit, user: User, now: datetime, window: Window | None = None, line: str = ""
) -> Visit:
    """Send a person on to another window or another line; the place and the clocks are kept.

    Raises ``pass_to_nobody`` when neither is named, ``window_closed``, ``visit_elsewhere``,
    ``visit_not_yours`` for somebody whom another clerk has at the window.
    """
    if window is None and not line:
        raise RuleViolation("pass_to_nobody", number=visit.number)
    if visit.state in AT_WINDOW:
        check_mine(visit, user, *AT_WINDOW)
    if window is not None:
        _check_here(visit, window)
        if window.state == Window.State.CLOSED:
            raise RuleViolation("window_closed", window=window.number)
    passed = line or visit.passed_line
    move(visit=visit, to=State.WAITING, user=None, now=now, window=window, passed_line=passed)
    data = {"window": window.number if window else None, "line": line_of(visit)}
    record(visit, "passed_on", user=user, now=now, data=data)
    return visit


@transaction.atomic
def take_over(*, visit: Visit, user: User, now: datetime) -> Visit:
    """Free a window whose clerk went away: who was called waits again at the old place, who is
    served is laid aside until another window takes them back. The clocks run on.

    Only the head of the office may. Raises ``not_permitted``, ``visit_move_forbidden`` for who is
    at no window, ``visit_conflict``.
    """
    if visit.state not in AT_WINDOW:
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    data = {
        "was": visit.state,
        "window": visit.window.number if visit.window else None,
        "clerk": f"user:{visit.user_id}",
    }
    to = State.WAITING if visit.state == State.CALLED else State.HELD
    move(visit=visit, to=to, user=None, now=now)
    record(visit, "taken_over", user=user, now=now, data=data, roles=HEADS)
    return visit


def visit_at(window: Window) -> Visit | None:
    """Who is called to a window or served there."""
    return Visit.objects.filter(window=window, state__in=AT_WINDOW).first()


def _hold_window(window: Window, user: User) -> Window:
    """The row as it is now, kept from others until the act is done."""
    rows = Window.objects.select_for_update(of=("self",), no_key=True)
    held = rows.select_related("office").get(pk=window.pk)
    if held.state != Window.State.OPEN or held.user_id != user.pk:
        raise RuleViolation("window_not_yours", window=held.number)
    return held


def _reserve(candidate: Visit) -> Visit | None:
    """The candidate, if nobody else is calling it at this moment.

    Where the database can, the row is locked and one that is locked is passed over; a database
    that writes one transaction at a time needs no lock.
    """
    rows = Visit.objects.filter(
        pk=candidate.pk, state=State.WAITING, version=candidate.version
    ).select_related("office")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return rows.first()


def _call(visit: Visit, *, window: Window, user: User, now: datetime, how: str) -> Visit:
    move(
        visit=visit,
        to=State.CALLED,
        user=user,
        now=now,
        window=window,
        called_at=now,
        calls=1,
        return_until=None,
    )
    waited = int(waiting(visit, now).total_seconds())
    record(visit, how, user=user, now=now, data={"window": window.number, "waited": waited})
    return visit


def _check_here(visit: Visit, window: Window) -> None:
    if visit.office_id != window.office_id:
        raise RuleViolation("visit_elsewhere", number=visit.number)
