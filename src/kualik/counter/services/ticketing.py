"""Tickets: taken in the hall or by phone, booked, checked in, given up, or entered from paper."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils.crypto import salted_hmac

from kualik.accounts.models import User
from kualik.core.clock import ZONE, local_day
from kualik.counter.models import Hall, Visit
from kualik.counter.queries.offered import line as line_named
from kualik.counter.queries.offered import priorities
from kualik.counter.queries.opening import free_slots, hall_of, opening
from kualik.counter.services.moving import begin, move, record, touch
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation

State, Source = Visit.State, Visit.Source
# Before the time booked somebody may say so early that they are there.
CHECK_IN_EARLY = timedelta(minutes=30)
KEY = re.compile(r"[A-Za-z0-9_:.-]{8,64}", re.ASCII)
PAPER_NUMBER = re.compile(r"[A-Z0-9]{1,7}", re.ASCII)
SALT = "kualik.counter.ticket"
CANCELLED, NOT_COME = "cancelled", "not_come"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A visit and the secret of its address on the phone; ``is_new`` is False for a second tap."""

    visit: Visit
    token: str
    is_new: bool = True


def token_of(key: str) -> str:
    """The secret of a ticket's address, the same for every repetition of the tap that made it."""
    return salted_hmac(SALT, key, algorithm="sha256").hexdigest()[:32]


def token_hash(token: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_ticket(token: str) -> Visit | None:
    """The visit behind the secret of an address."""
    found = Visit.objects.filter(token_hash=token_hash(token)).exclude(token_hash="")
    return found.select_related("office", "window").first()


@transaction.atomic
def take_ticket(
    *,
    office: Office,
    line: str,
    source: Visit.Source,
    language: str,
    key: str,
    now: datetime,
    priority: str = "",
    phone: str = "",
    user: User | None = None,
) -> Ticket:
    """Put somebody into the line; their waiting begins (A57.3.2, A303.3.2).

    The same ``key`` gives the same ticket. At the reception (``user``) tickets are given after
    hours too. Raises ``line_unknown``, ``priority_unknown``, ``key_unfit``, ``no_queue``,
    ``hall_closed`` with the moment of opening.
    """
    _check(line=line, priority=priority, key=key)
    hall = _locked(office)
    if repeated := _repeated(office, key):
        return repeated
    if source in (Source.KIOSK, Source.PHONE):
        _check_open(office, now)
    visit = _visit(hall, line=line, key=key, day_of=now, language=language, priority=priority)
    visit.source, visit.phone = source, phone
    visit.ticket_at = visit.place_at = now
    begin(visit=visit, user=user, now=now)
    if user is not None:
        record(visit, "ticket_given", user=user, now=now, data={"line": line})
    return Ticket(visit, token_of(key))


@transaction.atomic
def book(
    *,
    office: Office,
    line: str,
    slot_at: datetime,
    language: str,
    key: str,
    now: datetime,
    priority: str = "",
    phone: str = "",
) -> Ticket:
    """Keep a place at a time; nobody waits until they say that they came (``check_in``).

    The same ``key`` gives the same booking. Raises what ``take_ticket`` raises, and ``slot_taken``.
    """
    _check(line=line, priority=priority, key=key)
    hall = _locked(office)
    if repeated := _repeated(office, key):
        return repeated
    if slot_at not in {slot.at for slot in free_slots(hall, now=now)}:
        raise RuleViolation("slot_taken")
    visit = _visit(hall, line=line, key=key, day_of=slot_at, language=language, priority=priority)
    visit.source, visit.phone, visit.state = Source.BOOKING, phone, State.BOOKED
    visit.slot_at = visit.place_at = slot_at
    visit.return_until = slot_at + timedelta(minutes=hall.return_minutes)
    begin(visit=visit, user=None, now=now)
    said = {"line": line, "slot_at": slot_at.isoformat()}
    record(visit, "booked", user=None, now=now, data=said)
    return Ticket(visit, token_of(key))


@transaction.atomic
def check_in(*, visit: Visit, now: datetime, user: User | None = None) -> Visit:
    """Somebody who booked is there: waiting begins, at the place of the time booked.

    Who comes after the time kept for them stands at the end. Raises ``too_early`` with the first
    moment, ``visit_move_forbidden`` for what is not booked, ``visit_conflict``.
    """
    if visit.state != State.BOOKED or visit.slot_at is None:
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    if now < visit.slot_at - CHECK_IN_EARLY:
        raise RuleViolation("too_early", at=_clock(visit.slot_at - CHECK_IN_EARLY))
    kept = visit.return_until or visit.slot_at
    move(
        visit=visit,
        to=State.WAITING,
        user=user,
        now=now,
        ticket_at=now,
        place_at=visit.slot_at if now <= kept else now,
        return_until=None,
    )
    record(visit, "checked_in", user=user, now=now, data={"slot_at": visit.slot_at.isoformat()})
    return visit


@transaction.atomic
def cancel(*, visit: Visit, now: datetime) -> Visit:
    """Somebody gives up the ticket or the booking. Raises ``visit_move_forbidden``,
    ``visit_conflict``."""
    move(visit=visit, to=State.LEFT, user=None, now=now, ended_at=now, outcome=CANCELLED)
    record(visit, CANCELLED, user=None, now=now)
    return visit


@transaction.atomic
def come_later(*, visit: Visit, now: datetime) -> Visit:
    """Somebody is on the way and lets others pass for as long as the hall keeps a place.

    A booking is kept so much longer. The waiting of the act runs on from the ticket: the wish is
    told to the clerk and explains nothing by itself. Once a ticket. Raises ``later_once``,
    ``visit_move_forbidden``, ``visit_conflict``.
    """
    if visit.asked_later_at is not None:
        raise RuleViolation("later_once", number=visit.number)
    hall = hall_of(visit.office)
    more = timedelta(minutes=hall.return_minutes)
    if visit.state == State.BOOKED and visit.slot_at is not None:
        until = max(visit.return_until or visit.slot_at, visit.slot_at) + more
        _write_booking(visit, until, now)
        record(visit, "kept_longer", user=None, now=now, data={"until": until.isoformat()})
        return visit
    if visit.state != State.WAITING:
        raise RuleViolation("visit_move_forbidden", number=visit.number, state=visit.state)
    move(
        visit=visit,
        to=State.WAITING,
        user=None,
        now=now,
        window=visit.window,
        place_at=max(visit.place_at, now) + more,
        asked_later_at=now,
    )
    record(visit, "let_pass", user=None, now=now, data={"place_at": visit.place_at.isoformat()})
    return visit


@transaction.atomic
def enter_paper_number(
    *,
    office: Office,
    line: str,
    number: str,
    at: datetime,
    user: User,
    key: str,
    now: datetime,
    language: str = "kk",
    priority: str = "",
) -> Visit:
    """Put somebody into the line who got a number on paper while the system was away.

    Waiting runs from ``at``, when the paper was given. Raises ``paper_number_unfit``,
    ``paper_number_taken``, ``visit_moment_wrong`` (not today, or later than now) and what
    ``take_ticket`` raises.
    """
    _check(line=line, priority=priority, key=key)
    if not PAPER_NUMBER.fullmatch(number):
        raise RuleViolation("paper_number_unfit")
    if at > now or local_day(at) != local_day(now):
        raise RuleViolation("visit_moment_wrong", at=_clock(at))
    hall = _locked(office)
    if repeated := _repeated(office, key):
        return repeated.visit
    written = f"P{number}"
    if Visit.objects.filter(office=office, day=local_day(now), number=written).exists():
        raise RuleViolation("paper_number_taken", number=written)
    visit = _visit(hall, line=line, key=key, day_of=now, language=language, priority=priority)
    visit.number, visit.source = written, Source.PAPER
    visit.ticket_at = visit.place_at = at
    begin(visit=visit, user=user, now=now, at=at)
    record(visit, "entered_from_paper", user=user, now=now, data={"at": at.isoformat()})
    return visit


def close_bookings(*, now: datetime) -> int:
    """End the bookings whose people did not come while the place was kept; how many."""
    late = Q(return_until__lt=now) | Q(return_until=None, slot_at__lt=now)
    rows = Visit.objects.filter(late, state=State.BOOKED).select_related("office")
    return sum(_lapse(visit, now) for visit in rows)


@transaction.atomic
def _lapse(visit: Visit, now: datetime) -> int:
    try:
        move(visit=visit, to=State.LEFT, user=None, now=now, ended_at=now, outcome=NOT_COME)
    except RuleViolation:
        # They came at this very moment.
        return 0
    record(visit, "booking_lapsed", user=None, now=now)
    return 1


def _check(*, line: str, priority: str, key: str) -> None:
    line_named(line)
    if priority and priority not in priorities():
        raise RuleViolation("priority_unknown", priority=priority)
    if not KEY.fullmatch(key):
        raise RuleViolation("key_unfit")


def _locked(office: Office) -> Hall:
    """The hall, held until the transaction ends, so that one number is given at a time."""
    hall = Hall.objects.select_for_update().filter(office=office).first()
    if hall is None:
        raise RuleViolation("no_queue")
    return hall


def _repeated(office: Office, key: str) -> Ticket | None:
    visit = Visit.objects.filter(key=key).first()
    if visit is None:
        return None
    if visit.office_id != office.pk:
        raise RuleViolation("key_unfit")
    return Ticket(visit, token_of(key), is_new=False)


def _check_open(office: Office, now: datetime) -> None:
    found = opening(office, now=now)
    if not found.is_open:
        raise RuleViolation("hall_closed", at=_said(found.opens_at))


def _said(moment: datetime | None) -> str:
    return f"{moment.astimezone(ZONE):%d.%m.%Y %H:%M}" if moment else "…"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%H:%M}"


def _visit(
    hall: Hall, *, line: str, key: str, day_of: datetime, language: str, priority: str
) -> Visit:
    """A row not yet saved, with the next number of its line on that day."""
    day = local_day(day_of)
    sequence = _next_sequence(hall.office, day, line)
    return Visit(
        office=hall.office,
        day=day,
        line=line,
        number=f"{line_named(line).letter}{sequence:03d}",
        sequence=sequence,
        language=language,
        priority=priority,
        key=key,
        token_hash=token_hash(token_of(key)),
        state=State.WAITING,
    )


def _next_sequence(office: Office, day: date, line: str) -> int:
    given = Visit.objects.filter(office=office, day=day, line=line)
    return int(given.aggregate(last=Max("sequence"))["last"] or 0) + 1


def _write_booking(visit: Visit, until: datetime, now: datetime) -> None:
    kept = Visit.objects.filter(pk=visit.pk, state=State.BOOKED, version=visit.version)
    if not kept.update(return_until=until, asked_later_at=now, version=visit.version + 1):
        raise RuleViolation("visit_conflict", number=visit.number)
    visit.return_until, visit.asked_later_at = until, now
    visit.version += 1
    touch(visit.office)
