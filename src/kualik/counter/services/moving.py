"""Every change of a visit: compare-and-set, its periods, the stamp that screens look at."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from kualik.accounts.models import User
from kualik.core import journal
from kualik.core.access import role_of
from kualik.core.clock import ZONE
from kualik.core.journal import SYSTEM
from kualik.counter.models import Hall, Period, Visit, Window
from kualik.counter.queries.waiting import first_moment
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

# Who works at a window and at the reception.
WINDOW_ROLES = frozenset({Role.CLERK, Role.REGISTRAR, Role.OFFICE_HEAD})
State = Visit.State
# From each state where a visit may go; a state that leads to itself only takes new values.
MOVES: Mapping[str, frozenset[str]] = {
    State.BOOKED: frozenset({State.WAITING, State.LEFT}),
    State.WAITING: frozenset({State.WAITING, State.CALLED, State.DONE, State.LEFT}),
    State.CALLED: frozenset(
        {
            State.CALLED,
            State.SERVING,
            State.MISSED,
            State.HELD,
            State.WAITING,
            State.DONE,
            State.LEFT,
        }
    ),
    State.SERVING: frozenset({State.SERVING, State.HELD, State.WAITING, State.DONE}),
    State.HELD: frozenset({State.CALLED, State.SERVING, State.WAITING, State.DONE, State.LEFT}),
    State.MISSED: frozenset({State.WAITING, State.CALLED, State.DONE, State.LEFT}),
    State.DONE: frozenset(),
    State.LEFT: frozenset(),
}
ENDS = frozenset({State.DONE, State.LEFT})


def subject_of(visit: Visit) -> str:
    """A visit as the journal names it."""
    return f"visit:{visit.pk}"


def check_mine(visit: Visit, user: User, *states: str) -> None:
    """Raises ``visit_move_forbidden`` outside ``states``, ``visit_not_yours``."""
    if visit.state not in states:
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    if visit.user_id != user.pk:
        raise RuleViolation("visit_not_yours", number=visit.number)


def touch(office: Office) -> None:
    """Tell the screens of an office that something changed."""
    Hall.objects.filter(office=office).update(stamp=F("stamp") + 1)


@transaction.atomic
def begin(*, visit: Visit, user: User | None, now: datetime, at: datetime | None = None) -> Visit:
    """Save a new visit with its first period, which runs since ``at`` where that was earlier.

    A constraint that the row breaks (number, key) raises IntegrityError.
    """
    moment = _moment(now=now, at=at, since=None)
    visit.waiting_from = first_moment(visit.ticket_at, visit.slot_at)
    visit.save(force_insert=True)
    _open_period(visit, user=user, moment=moment, is_late=moment != now)
    touch(visit.office)
    return visit


@transaction.atomic
def move(
    *,
    visit: Visit,
    to: Visit.State,
    user: User | None,
    now: datetime,
    window: Window | None = None,
    at: datetime | None = None,
    **changes: object,
) -> Visit:
    """Bring a visit into another state at ``at`` (earlier than ``now`` when recorded later).

    A moment before ``now`` marks the visit and both periods around it as recorded later.
    ``window`` and ``user`` become those of the visit, nobody where they are None; the running
    period ends at the moment and, unless the visit is over, the next one starts at it. With
    ``to`` the present state only values change, unless window or user do.

    Raises ``visit_move_forbidden``, ``visit_moment_wrong`` (after now, or before the running period
    began), ``window_busy`` (somebody else is at the window), ``visit_conflict`` (somebody changed
    the visit since it was read).
    """
    if to not in MOVES[visit.state]:
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    values = {"state": to, "window": window, "user": user, **changes}
    if isinstance(ticket_at := changes.get("ticket_at"), datetime):
        values["waiting_from"] = first_moment(ticket_at, visit.slot_at)
    if at is not None and at != now:
        values["is_recorded_later"] = True
    is_same = _is_same(visit, to, window, user)
    _write(visit, values)
    if not is_same:
        _turn_period(visit, user=user, now=now, at=at)
    touch(visit.office)
    return visit


def _is_same(visit: Visit, to: str, window: Window | None, user: User | None) -> bool:
    """Whether who, where and what stay as they are, so that the period runs on."""
    place = window.pk if window else None
    who = user.pk if user else None
    return (visit.state, visit.window_id, visit.user_id) == (to, place, who)


def _write(visit: Visit, values: Mapping[str, object]) -> None:
    same = Visit.objects.filter(pk=visit.pk, state=visit.state, version=visit.version)
    try:
        with transaction.atomic():
            written = same.update(version=visit.version + 1, **values)
    except IntegrityError as error:
        raise RuleViolation("window_busy", number=visit.number) from error
    if not written:
        raise RuleViolation("visit_conflict", number=visit.number)
    visit.version += 1
    for name, value in values.items():
        setattr(visit, name, value)


def _turn_period(visit: Visit, *, user: User | None, now: datetime, at: datetime | None) -> None:
    running = Period.objects.filter(visit=visit, ended_at=None).first()
    moment = _moment(now=now, at=at, since=running.started_at if running else None)
    if running is not None:
        is_late = running.is_recorded_later or moment != now
        Period.objects.filter(pk=running.pk).update(ended_at=moment, is_recorded_later=is_late)
    if visit.state not in ENDS:
        _open_period(visit, user=user, moment=moment, is_late=moment != now)


def _open_period(visit: Visit, *, user: User | None, moment: datetime, is_late: bool) -> None:
    Period.objects.create(
        visit=visit,
        state=visit.state,
        window=visit.window,
        user=user,
        started_at=moment,
        is_recorded_later=is_late,
    )


def _moment(*, now: datetime, at: datetime | None, since: datetime | None) -> datetime:
    moment = at or now
    if moment > now or (since is not None and moment < since):
        raise RuleViolation("visit_moment_wrong", at=f"{moment.astimezone(ZONE):%H:%M}")
    return moment


def record(
    visit: Visit,
    action: str,
    *,
    user: User | None,
    now: datetime,
    data: Mapping[str, object] | None = None,
    roles: frozenset[Role] = WINDOW_ROLES,
) -> None:
    """Journal an act at a visit: by a member of staff in one of ``roles``, or by nobody of the
    staff (the visitor at the kiosk, the program itself). Raises ``not_permitted``."""
    actor = SYSTEM if user is None else user.acting_as(role_of(user, roles))
    facts = {"number": visit.number, **(data or {})}
    journal.record(
        subject=subject_of(visit), action=f"counter.{action}", actor=actor, now=now, data=facts
    )
