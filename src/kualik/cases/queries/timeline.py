"""What happened to a request, its legal clock, and the look at it by number and second factor."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.core import journal
from kualik.core.models import JournalEntry
from kualik.providers.queries import clock_events
from kualik.rules import deadline, identifiers
from kualik.rules.deadline import Deadline
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import EVENT_LABELS, STATE_LABELS, TRANSITIONS, Event, State

STATUS_CODE_LENGTH = 6
# What a step of the timeline is called: the state it led to; two steps back by their own name.
STEP_LABELS: dict[str, Text] = {
    "cases.filed": STATE_LABELS[State.FILED],
    **{f"cases.{event}": STATE_LABELS[move.to] for (_, event), move in TRANSITIONS.items()},
    f"cases.{Event.SEND_BACK}": EVENT_LABELS[Event.SEND_BACK],
    f"cases.{Event.REOPEN}": EVENT_LABELS[Event.REOPEN],
    "cases.left_to_staff": Text(
        "Шешімді қызметкер қабылдайды", "Решение примет сотрудник", "A person will decide"
    ),
    "cases.delivery_changed": Text(
        "Құжат қағаз түрінде де сұралды",
        "Документ запрошен и на бумаге",
        "The document is asked for on paper too",
    ),
    "cases.data_added": Text(
        "Өтініш берушінің деректері толықтырылды",
        "Заявитель дополнил заявление",
        "The applicant added to the request",
    ),
    "cases.training_linked": Text(
        "Оқу туралы жазба табылды", "Запись об обучении найдена", "The record of training is found"
    ),
    "cases.review_asked": Text(
        "Автоматты шешімді қызметкердің қайта қарауы сұралды",
        "Запрошен пересмотр автоматического решения сотрудником",
        "A person was asked to look at the automatic decision",
    ),
    "cases.review_decided": Text(
        "Автоматты шешімді қызметкер қайта қарады",
        "Автоматическое решение пересмотрено сотрудником",
        "A person looked at the automatic decision",
    ),
    "cases.hastened": Text(
        "Шағым бойынша бірінші кезекте қаралады",
        "По жалобе рассматривается в первую очередь",
        "Considered before all others after a complaint",
    ),
    "cases.reissue_filed": Text(
        "Шағым бойынша түзетілген құжат дайындалуда",
        "По жалобе оформляется исправленный документ",
        "A corrected document is being made after a complaint",
    ),
    "cases.result_cancelled": Text(
        "Шағым бойынша құжаттың күші жойылды",
        "По жалобе документ отменён",
        "The document is cancelled after a complaint",
    ),
}
ACCEPT = f"cases.{Event.ACCEPT}"
# The acceptance moment is the law's (A303.7.2); whoever began earlier did not move it.
TAKEN_UP_EARLY = Text(
    "Қабылдау сәтіне дейін жұмысқа алынды",
    "Взято в работу до наступления момента приёма",
    "Taken up before the acceptance moment",
)


def clock_of(request: Request) -> Deadline:
    """The legal clock of a request, recomputed from its stored inputs.

    Breaks and incidents that came after filing are named too; the due time never moves.
    """
    return clocks_of([request])[request.pk]


def clocks_of(requests: Sequence[Request]) -> dict[int, Deadline]:
    """The legal clocks of several requests by primary key, see ``clock_of``."""
    if not requests:
        return {}
    since = min(request.filed_at for request in requests)
    providers = {request.provider_id for request in requests}
    events = {pk: tuple(clock_events(since=since, provider=pk)) for pk in providers}
    return {
        request.pk: replace(deadline.recompute(request.clock), events=events[request.provider_id])
        for request in requests
    }


def status_code(request: Request) -> str:
    """The second factor of the status page, printed on the receipt; it opens nothing else."""
    digest = hmac.digest(
        settings.SECRET_KEY.encode(), f"status {request.number}".encode(), "sha256"
    )
    return "".join(identifiers.CROCKFORD[byte % 32] for byte in digest[:STATUS_CODE_LENGTH])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the timeline; ``by`` is a member of staff's name, for the staff only."""

    at: datetime
    action: str
    label: Text
    role: str
    by: str
    reason: Text | None


def timeline(request: Request) -> list[Step]:
    """What happened to a request, oldest first (A57.10.b)."""
    entries = journal.history(f"request:{request.number}")
    names = staff_named(entries)
    return [
        Step(
            at=entry.at,
            action=entry.action,
            label=_label(entry, request),
            role=entry.role,
            by=names.get(entry.actor, ""),
            reason=journal.reason_of(entry),
        )
        for entry in entries
    ]


def _label(entry: JournalEntry, request: Request) -> Text:
    if entry.action == ACCEPT and entry.at < request.accepted_at:
        return TAKEN_UP_EARLY
    return STEP_LABELS.get(entry.action, Text(entry.action, entry.action))


def staff_named(entries: Sequence[JournalEntry]) -> dict[str, str]:
    """The full names of staff by the name the journal keeps."""
    keys = {entry.actor.removeprefix("user:") for entry in entries if "user:" in entry.actor}
    staff = User.objects.filter(pk__in=[key for key in keys if key.isdigit()])
    return {f"user:{user.pk}": user.full_name for user in staff}


def plain_number(text: str) -> str:
    """A number in its one spelling; ``status_unknown`` for what can be none."""
    try:
        return identifiers.parse_public_number(text).text
    except RuleViolation as error:
        raise RuleViolation("status_unknown") from error


def find_by_second_factor(*, number: str, factor: str, with_phone: bool) -> Request:
    """The request of a number when ``factor`` is its status code or, ``with_phone``, the last four
    digits of the applicant's phone.

    Raises ``status_unknown`` alike for a wrong number and a wrong factor.
    """
    normal = plain_number(number)
    request = (
        Request.objects.select_related("provider", "certificate", "completion__programme")
        .filter(number=normal)
        .first()
    )
    given = factor.strip().upper().translate(identifiers.READ_AS)
    if request is None or not given:
        raise RuleViolation("status_unknown")
    digits = "".join(sign for sign in request.phone if sign.isdigit())
    answers = [status_code(request)]
    if with_phone and len(digits) >= 10:
        answers.append(digits[-4:])
    if not any(hmac.compare_digest(given.encode(), answer.encode()) for answer in answers):
        raise RuleViolation("status_unknown")
    return request
