"""A request as the staff's pages show it, with its legal clock in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import ngettext

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.queries import clocks_of
from kualik.cases.queries.requests import put_first
from kualik.cases.views.acts import Act, acts_of
from kualik.rules import deadline
from kualik.rules.clock_steps import Step
from kualik.rules.deadline import Deadline
from kualik.rules.language import Text
from kualik.rules.lifecycle import AWAITING_RESULT, Event
from kualik.training.models import Completion

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ENDS_BADLY = frozenset({Event.REFUSE, Event.DECLINE, Event.RECORD_WITHDRAWAL, Event.SEND_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clock at one moment; ``left`` is the office time that remains, in words.

    ``is_past`` says that the due time is over, ``is_overdue`` that an answer is still owed then.
    """

    deadline: Deadline
    is_running: bool
    is_overdue: bool
    is_past: bool
    is_accepted: bool
    left: str
    steps: tuple[Step, ...]
    overdue: Step
    target: Step | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A request with what stands beside it."""

    request: Request
    holder: Text
    programme: Text
    clock: Clock
    acts: list[Act]
    is_first: bool

    @property
    def next_act(self) -> Act | None:
        """What leads on; a refusal or a withdrawal is nobody's next step."""
        return next((act for act in self.acts if act.event not in ENDS_BADLY), None)


def rows_of(user: User, requests: Sequence[Request], *, now: datetime) -> list[Row]:
    """The requests in the same order, as ``user`` may see and act on them at ``now``."""
    clocks, first = clocks_of(requests), put_first(requests)
    return [
        Row(
            request=request,
            holder=request.holder,
            programme=request.title,
            clock=_clock(request, clocks[request.pk], now),
            acts=acts_of(user, request, now=now),
            is_first=request.number in first and request.state in AWAITING_RESULT,
        )
        for request in requests
    ]


def holder_of(completion: Completion) -> Text:
    """The full name as each language's column prints it."""
    return Text(completion.holder_kk, completion.holder_ru)


def office_time(left: timedelta) -> str:
    """Hours and minutes in words, rounded down to the minute."""
    hours, minutes = left // HOUR, left % HOUR // MINUTE
    parts = []
    if hours:
        parts.append(ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours})
    if minutes or not hours:
        parts.append(
            ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
        )
    return " ".join(parts)


def _clock(request: Request, found: Deadline, now: datetime) -> Clock:
    is_running = request.state in AWAITING_RESULT
    is_overdue = is_running and deadline.is_overdue(found, now)
    is_open = is_running and not is_overdue
    left = deadline.remaining(found, found.calendar, now) if is_open else timedelta()
    return Clock(
        deadline=found,
        is_running=is_running,
        is_overdue=is_overdue,
        is_past=deadline.is_overdue(found, now),
        is_accepted=now >= found.accepted_at,
        left=office_time(left),
        steps=found.steps,
        overdue=deadline.overdue_step(found),
        target=found.target,
    )
