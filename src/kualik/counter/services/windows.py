"""Windows: who opens, pauses and closes one; which there are and how the hall works."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from kualik.accounts.models import User
from kualik.core import journal
from kualik.core.access import role_of
from kualik.core.journal import Actor
from kualik.counter.models import Hall, Shift, Visit, Window
from kualik.counter.queries.order import AT_WINDOW
from kualik.counter.services.moving import WINDOW_ROLES, touch
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation

State = Window.State
# The page asks every five seconds; so often at most is it written down, and a silence of so long
# is a gap.
NOTED_EVERY, GAP = timedelta(seconds=10), timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class HallPolicy:
    """How the queue of an office works (``Hall``)."""

    recalls: int = 3
    return_minutes: int = 10
    slot_minutes: int = 15
    slot_places: int = 1
    printer: str = ""


@transaction.atomic
def open_window(*, window: Window, user: User, now: datetime) -> Window:
    """Sit down at a closed window, or go on at one's own paused one.

    Raises ``window_taken`` when somebody else sits there, ``clerk_has_window`` for who sits at
    another, ``window_not_yours`` of another provider or out of use.
    """
    if window.office.provider_id != user.provider_id or not window.is_active:
        raise RuleViolation("window_not_yours", window=window.number)
    if window.state != State.CLOSED and window.user_id != user.pk:
        raise RuleViolation("window_taken", window=window.number)
    if window.state == State.OPEN:
        return window
    return _change(window, State.OPEN, user=user, actor=_at_window(user), now=now)


@transaction.atomic
def pause_window(*, window: Window, user: User, now: datetime) -> Window:
    """Call nobody for a while; who is served is served to the end. Raises ``window_not_yours``."""
    if window.state == State.CLOSED or window.user_id != user.pk:
        raise RuleViolation("window_not_yours", window=window.number)
    if window.state == State.PAUSED:
        return window
    return _change(window, State.PAUSED, user=user, actor=_at_window(user), now=now)


@transaction.atomic
def close_window(*, window: Window, actor: Actor, now: datetime) -> Window:
    """Leave a window; who was passed to it waits for any other from now on.

    Raises ``window_busy`` while somebody is called to it or served.
    """
    if window.state == State.CLOSED:
        return window
    present = Visit.objects.filter(window=window, state__in=AT_WINDOW).first()
    if present is not None:
        raise RuleViolation("window_busy", number=present.number)
    return _change(window, State.CLOSED, user=None, actor=actor, now=now)


def note_seen(*, window: Window, now: datetime) -> None:
    """The window's page asked for something; a silence that ends with it is kept as a gap."""
    since = window.seen_at
    if since is not None and now - since < NOTED_EVERY:
        return
    values: dict[str, datetime] = {"seen_at": now}
    if since is not None and now - since >= GAP:
        values |= {"away_from": since, "away_until": now}
    Window.objects.filter(pk=window.pk, seen_at=since).update(**values)


def was_away(window: Window, at: datetime) -> bool:
    """Whether the window's page asked for nothing around a moment: since then, or in its last
    gap."""
    if window.seen_at is None or at >= window.seen_at:
        return True
    if window.away_from is None or window.away_until is None:
        return False
    return window.away_from <= at <= window.away_until


@transaction.atomic
def open_hall(*, office: Office, policy: HallPolicy, actor: Actor, now: datetime) -> Hall:
    """Give an office a queue, with its number of windows."""
    hall, is_new = Hall.objects.get_or_create(
        office=office, defaults={"opened_at": now, **asdict(policy)}
    )
    if not is_new:
        raise RuleViolation("hall_exists")
    for number in range(1, office.windows + 1):
        Window.objects.get_or_create(office=office, number=number, defaults={"changed_at": now})
    _record(f"hall:{office.pk}", "hall_opened", actor=actor, now=now, data=asdict(policy))
    return hall


@transaction.atomic
def set_policy(*, hall: Hall, policy: HallPolicy, actor: Actor, now: datetime) -> Hall:
    """Change how the queue works, from this moment on."""
    for name, value in asdict(policy).items():
        setattr(hall, name, value)
    hall.save(update_fields=list(asdict(policy)))
    touch(hall.office)
    _record(f"hall:{hall.office_id}", "hall_set", actor=actor, now=now, data=asdict(policy))
    return hall


@transaction.atomic
def set_window(
    *,
    office: Office,
    number: int,
    lines: Sequence[str],
    is_active: bool,
    actor: Actor,
    now: datetime,
    is_new: bool = False,
) -> Window:
    """Add a window or change what it serves. Raises ``window_open`` when one that is not closed
    would go out of use, ``window_number_taken`` when a new one has the number of another."""
    if is_new and Window.objects.filter(office=office, number=number).exists():
        raise RuleViolation("window_number_taken", window=number)
    window, _ = Window.objects.get_or_create(
        office=office, number=number, defaults={"changed_at": now}
    )
    if not is_active and window.state != State.CLOSED:
        raise RuleViolation("window_open", window=number)
    Window.objects.filter(pk=window.pk).update(lines=list(lines), is_active=is_active)
    window.lines, window.is_active = list(lines), is_active
    touch(office)
    data = {"number": number, "lines": list(lines), "is_active": is_active}
    _record(f"window:{window.pk}", "window_set", actor=actor, now=now, data=data)
    return window


def _at_window(user: User) -> Actor:
    return user.acting_as(role_of(user, WINDOW_ROLES))


def _change(
    window: Window, to: Window.State, *, user: User | None, actor: Actor, now: datetime
) -> Window:
    same = Window.objects.filter(
        pk=window.pk, state=window.state, user=window.user_id, is_active=window.is_active
    )
    try:
        with transaction.atomic():
            written = same.update(state=to, user=user, changed_at=now)
    except IntegrityError as error:
        raise RuleViolation("clerk_has_window") from error
    if not written:
        raise RuleViolation("window_taken", window=window.number)
    window.state, window.user, window.changed_at = to, user, now
    Shift.objects.filter(window=window, ended_at=None).update(ended_at=now)
    if user is not None:
        Shift.objects.create(window=window, user=user, state=to, started_at=now)
    touch(window.office)
    data = {"number": window.number, "state": to.value}
    _record(f"window:{window.pk}", "window_changed", actor=actor, now=now, data=data)
    return window


def _record(
    subject: str, action: str, *, actor: Actor, now: datetime, data: dict[str, object]
) -> None:
    journal.record(subject=subject, action=f"counter.{action}", actor=actor, now=now, data=data)
