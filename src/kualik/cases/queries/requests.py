"""Requests as people may see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce

from django.db.models import OuterRef, Q, QuerySet, Subquery

from kualik.accounts.models import Person, User
from kualik.cases.models import LIVE_STATES, Request
from kualik.certificates.models import Certificate
from kualik.core.clock import ZONE, local_day
from kualik.core.language import spoken
from kualik.core.models import Job, StaffTask
from kualik.rules.language import Text
from kualik.rules.lifecycle import (
    AWAITING_RESULT,
    Role,
    State,
)
from kualik.rules.spelling import alphabetical
from kualik.training.models import Completion, Group

SEES_ALL = frozenset({Role.INSPECTOR, Role.PLATFORM_ADMIN})
UNDECIDED = AWAITING_RESULT - {State.APPROVED}
MOST_WORDS = 6
# The task that puts a request before all others.
UPHELD_TASK = "request_upheld"
ONE_DAY = timedelta(days=1)
BATCH = 400
# As the document will print the name; of a claim that nobody found the record of, the person's.
NAMES = (
    "completion__holder_kk",
    "completion__holder_ru",
    "person__family_name",
    "person__given_name",
)


def requests_visible_to(user: User) -> QuerySet[Request]:
    """A provider's own requests for its staff, all for inspectors of the platform, else none."""
    requests = Request.objects.select_related(
        "provider", "person", "certificate", "completion__programme"
    )
    if user.provider_id is not None:
        return requests.filter(provider=user.provider_id)
    return requests if user.has_role(SEES_ALL) else requests.none()


def requests_of(person: Person) -> QuerySet[Request]:
    """The requests of a person at all providers, the last filed first."""
    requests = Request.objects.filter(person=person)
    return requests.select_related("provider", "completion__programme").order_by("-filed_at", "-id")


def put_first(requests: Iterable[Request]) -> set[str]:
    """The numbers of those that go before all others since a complaint was upheld."""
    subjects = [f"request:{request.number}" for request in requests]
    tasks = StaffTask.objects.filter(kind=UPHELD_TASK, closed_at=None, subject__in=subjects)
    return {subject.removeprefix("request:") for subject in tasks.values_list("subject", flat=True)}


def own_requests(user: User) -> QuerySet[Request]:
    """The requests a member of staff may act on: those of their provider, read for deciding."""
    if user.provider_id is None:
        return Request.objects.none()
    return requests_visible_to(user).select_related("completion__person").order_by("id")


def awaiting_result(user: User) -> QuerySet[Request]:
    """The visible requests whose applicants are owed an answer, first due first."""
    return (
        requests_visible_to(user).filter(state__in=sorted(AWAITING_RESULT)).order_by("due_at", "id")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The figures of the board."""

    overdue: int
    due_today: int
    waiting_for_seal: int
    issued_today: int


def counts(user: User, *, now: datetime) -> Counts:
    """What the visible requests add up to at ``now``; a day is a day in Kazakhstan."""
    start, end = _bounds(local_day(now))
    visible = requests_visible_to(user)
    awaiting = visible.filter(state__in=sorted(AWAITING_RESULT))
    return Counts(
        overdue=awaiting.filter(due_at__lt=now).count(),
        due_today=awaiting.filter(due_at__gte=now, due_at__lt=end).count(),
        waiting_for_seal=visible.filter(state=State.APPROVED).count(),
        issued_today=visible.filter(certificate__sealed_at__gte=start).count(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; empty values look for everything.

    ``state`` is a state, or "awaiting" or "undecided"; ``term`` is "overdue" or "today"; ``group``
    and ``programme`` are primary keys.
    """

    text: str = ""
    state: str = ""
    term: str = ""
    group: int | None = None
    programme: int | None = None
    filed_from: date | None = None
    filed_to: date | None = None


def search(requests: QuerySet[Request], wanted: Search, *, now: datetime) -> QuerySet[Request]:
    """Those of ``requests`` that fit, the last filed first."""
    states = {"awaiting": AWAITING_RESULT, "undecided": UNDECIDED}.get(wanted.state)
    fits = _text_fits(wanted.text) & _term_fits(wanted.term, now)
    if states is not None:
        fits &= Q(state__in=sorted(states))
    elif wanted.state:
        fits &= Q(state=wanted.state)
    if wanted.group is not None:
        fits &= Q(completion__group=wanted.group)
    if wanted.programme is not None:
        fits &= Q(completion__programme=wanted.programme)
    if wanted.filed_from is not None:
        fits &= Q(filed_at__gte=_bounds(wanted.filed_from)[0])
    if wanted.filed_to is not None:
        fits &= Q(filed_at__lt=_bounds(wanted.filed_to)[1])
    return requests.filter(fits).order_by("-filed_at", "id")


def _text_fits(text: str) -> Q:
    """Every word in a number, ours or that of the application, or in the name."""
    fits = Q()
    for word in text.split()[:MOST_WORDS]:
        numbers = Q(number__icontains=word) | Q(application_number__icontains=word)
        fits &= numbers | name_has(word, *NAMES)
    return fits


def name_has(word: str, *columns: str) -> Q:
    """That a word stands in one of the columns, however it is spelled: SQLite folds the case of
    Latin letters only."""
    spellings = {word, word.lower(), word.upper(), word.capitalize()}
    named = (Q(**{f"{column}__contains": one}) for one in spellings for column in columns)
    return reduce(Q.__or__, named)


def _term_fits(term: str, now: datetime) -> Q:
    awaiting = Q(state__in=sorted(AWAITING_RESULT))
    if term == "overdue":
        return awaiting & Q(due_at__lt=now)
    if term == "today":
        return awaiting & Q(due_at__gte=now, due_at__lt=_bounds(local_day(now))[1])
    return Q()


def _bounds(day: date) -> tuple[datetime, datetime]:
    return datetime.combine(day, time(), ZONE), datetime.combine(day + ONE_DAY, time(), ZONE)


def completions_to_file(group: Group) -> QuerySet[Completion]:
    """The people of a group who have no document and none on its way."""
    found = unrequested(Completion.objects.filter(group=group))
    return found.select_related("programme", "person").order_by("pk")


def unrequested(completions: QuerySet[Completion]) -> QuerySet[Completion]:
    """Those of ``completions`` that have no document and none on its way.

    Whose document was revoked has none: the right to ask ends with a result, and a revoked one is
    none (A57.3.1, A303.3.1: full mastery still stands).
    """
    live = Request.objects.filter(completion=OuterRef("pk"), state__in=LIVE_STATES).order_by("-pk")
    last = completions.annotate(
        last_live=Subquery(live.values("pk")[:1]),
        last_status=Subquery(live.values("certificate__status")[:1]),
    )
    return last.filter(Q(last_live=None) | Q(last_status=Certificate.Status.REVOKED))


def revoked_before(completions: Iterable[int], *, filed_at: datetime) -> dict[int, Certificate]:
    """The revoked documents after which some completions, by primary key, are asked for anew.

    An application made before the revocation is the one that the revoked document answered.
    """
    keys, last = sorted(completions), dict[int, Certificate | None]()
    for start in range(0, len(keys), BATCH):
        rows = Request.objects.filter(
            completion__in=keys[start : start + BATCH], state__in=LIVE_STATES
        )
        related = rows.select_related("certificate").order_by("pk")
        last |= {row.completion_id: row.certificate for row in related if row.completion_id}
    return {
        pk: document
        for pk, document in last.items()
        if document is not None
        and document.status == Certificate.Status.REVOKED
        and document.status_changed_at < filed_at
    }


def by_name(completions: Iterable[Completion]) -> list[Completion]:
    """In the order of the alphabet, by the names as the page's language prints them."""
    return sorted(
        completions, key=lambda row: alphabetical(spoken(Text(row.holder_kk, row.holder_ru)))
    )


def open_jobs(keys: Sequence[str]) -> dict[str, Job]:
    """The jobs of these keys that are not done, waiting or failed, by key."""
    found: dict[str, Job] = {}
    for start in range(0, len(keys), BATCH):
        part = Job.objects.filter(key__in=keys[start : start + BATCH], done_at=None)
        found |= {job.key: job for job in part}
    return found
