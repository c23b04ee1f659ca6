"""Requests in figures: what came, what became of it, and how fast.

A request counts as received in the period in which it was filed, and as issued, refused, not
accepted or withdrawn in the period in which that happened: a document when it was sealed, a refusal
when it was decided. The last day of a term is whole to the provider: a result is early before
that day, on time on it until the due moment, overdue after it. Refusals to accept and withdrawals
have no term. *Unanswered*: the term ended in the period, and at its end nothing had been decided.
A refusal that a complaint undid later stays where it was counted; the new decision counts in its
own time, so that a month that is over never changes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Concat, TruncDate, TruncMonth

from kualik.cases.models import FormerDecision, Request
from kualik.core.clock import ZONE, local_day
from kualik.core.models import JournalEntry
from kualik.oversight.queries.figures.periods import Period
from kualik.providers.models import Closure, Office, Provider
from kualik.providers.queries import dated_hours, weekly_hours
from kualik.rules import standards
from kualik.rules.lifecycle import Event, State
from kualik.rules.workdays import WeeklyHours, WorkCalendar

WITHDRAWALS = (f"cases.{Event.WITHDRAW}", f"cases.{Event.RECORD_WITHDRAWAL}")
OUTCOMES = {
    State.ISSUED: "issued",
    State.HANDED_OVER: "issued",
    State.REFUSED: "refused",
    State.NOT_ACCEPTED: "not_accepted",
    State.WITHDRAWN: "withdrawn",
}
# What the term of A57.3.1, A303.3.1 is kept or missed by.
RESULTS = ("issued", "refused")
TERMS = ("early", "on_time", "overdue")
COLUMNS = ("received", *dict.fromkeys(OUTCOMES.values()), *TERMS, "unanswered")
REQUESTS_OWN = ("provider", "channel", "kind")
GROUPS = (*REQUESTS_OWN, "office")
WITH_GROUND = ("state", "term", "refusal__ground", "refusal__clause", "refusal__text")
SPAN = ("provider", "accepted_at", "result_at")
NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures: some providers, or one office of one; an office has the requests that were
    worked on in a visit there."""

    providers: tuple[Provider, ...]
    office: Office | None = None

    @property
    def keys(self) -> list[int]:
        """The primary keys of the providers."""
        return [provider.pk for provider in self.providers]


@dataclass(frozen=True, slots=True)
class Fact:
    """``count`` requests of one column that are alike in everything asked about."""

    column: str
    provider: int
    office: int | None
    channel: str
    kind: str
    month: date
    count: int
    ground: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the ninth tenth of some lengths of time; None where there are none."""

    count: int
    middle: timedelta | None
    ninth: timedelta | None


def tally(facts: Iterable[Fact]) -> Counter[str]:
    """The columns added up."""
    found: Counter[str] = Counter()
    for fact in facts:
        found[fact.column] += fact.count
    return found


def by(facts: Iterable[Fact], key: Callable[[Fact], object]) -> dict[object, Counter[str]]:
    """The columns added up for each value of ``key``."""
    found: dict[object, Counter[str]] = {}
    for fact in facts:
        found.setdefault(key(fact), Counter())[fact.column] += fact.count
    return found


def facts_of(scope: Scope, period: Period, *, now: datetime) -> list[Fact]:
    """Everything counted in four queries. An outcome counts once under its name and once under
    early, on time or overdue."""
    rows = _rows(scope)
    found = [_fact("received", row) for row in _grouped(rows.filter(period.holds("filed_at")))]
    for ended in (rows, _undone(scope)):
        found += _outcomes(ended.filter(period.holds("result_at"), state__in=sorted(OUTCOMES)))
    still = Q(result_at=None) | Q(result_at__gte=period.end)
    answered = FormerDecision.objects.filter(
        request=OuterRef("pk"), decided_at__lt=period.end, undone_at__gte=period.end
    )
    open_at_end = rows.filter(still, ~Exists(answered), period.holds("due_at"), due_at__lt=now)
    found += [_fact("unanswered", row) for row in _grouped(open_at_end, moment="due_at")]
    return found


def _outcomes(ended: QuerySet[Any]) -> Iterable[Fact]:
    """Each once under its name and once by how it kept the term."""
    for row in _grouped(ended, *WITH_GROUND, moment="result_at"):
        outcome = OUTCOMES[State(str(row["state"]))]
        yield _fact(outcome, row)
        if outcome in RESULTS:
            yield _fact(str(row["term"]), row)


def times_of(
    scope: Scope, period: Period, *, now: datetime
) -> Mapping[int, Sequence[tuple[timedelta, timedelta]]]:
    """By provider, from acceptance to result of each document and refusal of the period: in
    working time by the provider's own calendar, and by the clock (A57.3.1, A303.3.1)."""
    results = [state for state, outcome in OUTCOMES.items() if outcome in RESULTS]
    pairs: dict[int, list[tuple[datetime, datetime]]] = {}
    for rows in (_rows(scope), _undone(scope)):
        ended = rows.filter(period.holds("result_at"), state__in=sorted(results))
        for provider, accepted, result in ended.values_list(*SPAN):
            pairs.setdefault(provider, []).append((accepted, result))
    calendars = _calendars(sorted(pairs), now)
    return {
        provider: [_lengths(calendars[provider], *pair) for pair in found]
        for provider, found in pairs.items()
    }


def spread(lengths: Iterable[timedelta]) -> Spread:
    """Median and p90, the latter interpolated between neighbours as ``statistics`` does."""
    seconds = [length.total_seconds() for length in lengths]
    if not seconds:
        return Spread(0, None, None)
    ninth = quantiles(seconds, n=10, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return Spread(len(seconds), timedelta(seconds=median(seconds)), timedelta(seconds=ninth))


def _rows(scope: Scope) -> QuerySet[Request]:
    """The requests with the moment of their outcome, how it kept the term, and their office."""
    withdrawn = JournalEntry.objects.filter(
        subject=Concat(Value("request:"), OuterRef("number"), output_field=CharField()),
        action__in=WITHDRAWALS,
    )
    visits = Request.visits.through.objects.filter(request=OuterRef("pk")).order_by("visit")
    rows = Request.objects.filter(provider__in=scope.keys).annotate(
        result_at=Case(
            When(state__in=[State.ISSUED, State.HANDED_OVER], then=F("certificate__sealed_at")),
            When(state__in=[State.REFUSED, State.NOT_ACCEPTED], then=F("decided_at")),
            When(
                state=State.WITHDRAWN,
                then=Subquery(withdrawn.order_by("-sequence").values("at")[:1]),
            ),
            output_field=DateTimeField(),
        ),
        office=Subquery(visits.values("visit__office")[:1]),
    )
    return _with_office(_with_term(rows), scope)


def _undone(scope: Scope) -> QuerySet[Any]:
    """The refusals taken back since, with everything that `_rows` says of a request."""
    visits = Request.visits.through.objects.filter(request=OuterRef("request")).order_by("visit")
    rows: QuerySet[Any] = FormerDecision.objects.filter(request__provider__in=scope.keys)
    rows = rows.annotate(
        **{name: F(f"request__{name}") for name in (*REQUESTS_OWN, "due_at", "accepted_at")},
        result_at=F("decided_at"),
        office=Subquery(visits.values("visit__office")[:1]),
    )
    return _with_office(_with_term(rows), scope)


def _with_term(rows: QuerySet[Any]) -> QuerySet[Any]:
    days = rows.annotate(
        due_on=TruncDate("due_at", tzinfo=ZONE), result_on=TruncDate("result_at", tzinfo=ZONE)
    )
    told: QuerySet[Any] = days.annotate(
        term=Case(
            When(result_at__gt=F("due_at"), then=Value("overdue")),
            When(result_on__lt=F("due_on"), then=Value("early")),
            default=Value("on_time"),
        )
    )
    return told


def _with_office(rows: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
    return rows if scope.office is None else rows.filter(Q(("office", scope.office.pk)))


def _grouped(
    rows: QuerySet[Any], *more: str, moment: str = "filed_at"
) -> Iterable[Mapping[str, object]]:
    months = rows.annotate(month=TruncMonth(moment, tzinfo=ZONE))
    counted: Iterable[Mapping[str, object]] = (
        months.values(*GROUPS, "month", *more).annotate(count=Count("pk")).order_by()
    )
    return counted


def _fact(column: str, row: Mapping[str, object]) -> Fact:
    month, text = row["month"], row.get("refusal__text")
    names = text if isinstance(text, dict) else {}
    office, provider, count = row["office"], row["provider"], row["count"]
    return Fact(
        column=column,
        provider=int(str(provider)),
        office=int(str(office)) if office is not None else None,
        channel=str(row["channel"]),
        kind=str(row["kind"]),
        month=month.date() if isinstance(month, datetime) else date.min,
        count=int(str(count)),
        ground=(
            str(row.get("refusal__clause") or ""),
            str(names.get("kk", "")),
            str(names.get("ru", "")),
        ),
    )


def _calendars(providers: list[int], now: datetime) -> dict[int, WorkCalendar]:
    """The calendars of main offices, all read at once; see ``providers.queries.calendar_of``."""
    default = standards.in_force(local_day(now)).weekly_hours
    closed: dict[int, set[date]] = {}
    for provider, day in Closure.objects.filter(provider__in=providers).values_list(
        "provider", "day"
    ):
        closed.setdefault(provider, set()).add(day)
    offices = Office.objects.filter(provider__in=providers, is_main=True)
    main = {office.provider_id: office for office in offices.prefetch_related("changes")}
    found = {}
    for provider in providers:
        office = main.get(provider)
        found[provider] = WorkCalendar(
            weekly_hours(office.hours, default=default) if office else WeeklyHours.of(default),
            closures=frozenset(closed.get(provider, ())),
            later=dated_hours(office, default=default) if office else (),
        )
    return found


def _lengths(
    calendar: WorkCalendar, accepted: datetime, result: datetime
) -> tuple[timedelta, timedelta]:
    """Who is helped before the acceptance moment waits no time at all."""
    if result <= accepted:
        return NOTHING, NOTHING
    return calendar.working_time_between(accepted, result), result - accepted
