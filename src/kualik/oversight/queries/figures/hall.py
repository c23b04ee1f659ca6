"""The queue in figures: who waited and was served within thirty minutes, and who was not.

Waiting runs from ``Visit.waiting_from``, as on the clerk's clock, to the handing in of documents
(A57.3.2, A303.3.2), serving from there to the end, holds included (A57.3.3, A303.3.3). Both shares
are of the visits in which documents were handed in; who left before that is counted apart, those
after more than thirty minutes as well. A visit belongs to the day of its ticket.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, ExtractHour

from kualik.core.clock import ZONE
from kualik.counter.models import Period as StatePeriod
from kualik.counter.models import Visit
from kualik.counter.queries.outcomes import outcomes
from kualik.counter.queries.reasons import reasons
from kualik.counter.queries.waiting import LIMIT, serving, waiting
from kualik.oversight.queries.figures.periods import Period
from kualik.oversight.queries.figures.requests import Scope, Spread, spread
from kualik.rules.language import LANGUAGES, Text

WORST = 20
OVER_WAITING = Q(handed_in_at__gt=F("waiting_from") + LIMIT)
OVER_SERVING = Q(ended_at__gt=F("handed_in_at") + LIMIT)
GONE = (Visit.State.LEFT, Visit.State.MISSED)
HANDED = Q(handed_in_at__isnull=False)
ENDED = HANDED & Q(ended_at__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The tickets taken in one hour of the day, and how many of them waited beyond the limit."""

    hour: int
    tickets: int
    handed_in: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """A visit beyond one of the limits; no name of anybody, so no words of the clerk's own."""

    ticket_at: datetime
    number: str
    office: int
    waited: timedelta
    served: timedelta
    reason: Text | None
    outcome: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The figures of halls. ``handed_in`` and ``served`` are what the two shares are of.

    ``recorded_later``: visits of which a moment was entered after it had passed.
    """

    tickets: int
    handed_in: int
    waited_in_time: int
    served: int
    served_in_time: int
    no_shows: int
    not_come: int
    left: int
    left_late: int
    recorded_later: int
    waiting: Spread
    serving: Spread
    hours: tuple[Hour, ...]
    worst: tuple[Worst, ...]


def queue_of(scope: Scope, period: Period, *, now: datetime) -> Queue:
    """All of it in four queries."""
    booked = _booked(scope, period)
    visits = booked.filter(ticket_at__isnull=False)
    counted = visits.aggregate(
        tickets=Count("pk"),
        handed_in=Count("pk", filter=HANDED),
        late=Count("pk", filter=OVER_WAITING),
        served=Count("pk", filter=ENDED),
        slow=Count("pk", filter=OVER_SERVING),
        no_shows=Count("pk", filter=Q(state__in=GONE, last=Visit.State.MISSED, handed_in_at=None)),
        left=Count("pk", filter=_left()),
        recorded_later=Count("pk", filter=Q(is_recorded_later=True)),
        left_late=Count("pk", filter=_left() & Q(ended_at__gt=F("waiting_from") + LIMIT)),
    )
    waited, served = _spans(visits)
    return Queue(
        tickets=counted["tickets"],
        handed_in=counted["handed_in"],
        waited_in_time=counted["handed_in"] - counted["late"],
        served=counted["served"],
        served_in_time=counted["served"] - counted["slow"],
        no_shows=counted["no_shows"],
        not_come=booked.filter(ticket_at=None, state=Visit.State.LEFT).count(),
        left=counted["left"],
        left_late=counted["left_late"],
        recorded_later=counted["recorded_later"],
        waiting=spread(waited),
        serving=spread(served),
        hours=_hours(visits),
        worst=_worst(visits, now),
    )


def _spans(visits: QuerySet[Visit]) -> tuple[list[timedelta], list[timedelta]]:
    """How long those who handed something in waited, and were served if that is over."""
    waited, served = list[timedelta](), list[timedelta]()
    moments = visits.filter(HANDED).values_list("waiting_from", "handed_in_at", "ended_at")
    for begun, handed, ended in moments:
        if begun is not None and handed is not None:
            waited.append(max(handed - begun, timedelta()))
        if handed is not None and ended is not None:
            served.append(max(ended - handed, timedelta()))
    return waited, served


def _left() -> Q:
    """Went away after having been seen, without handing anything in; somebody who missed a call
    and came back is seen again."""
    return Q(state=Visit.State.LEFT, handed_in_at=None) & ~Q(last=Visit.State.MISSED)


def _booked(scope: Scope, period: Period) -> QuerySet[Visit]:
    """The visits of the days, those booked included, with the ``last`` state they stood in."""
    periods = StatePeriod.objects.filter(visit=OuterRef("pk")).order_by("-started_at", "-pk")
    found = Visit.objects.filter(
        office__provider__in=scope.keys, day__gte=period.first, day__lte=period.last
    )
    if scope.office is not None:
        found = found.filter(office=scope.office)
    return found.annotate(last=Coalesce(Subquery(periods.values("state")[:1]), Value("")))


def _hours(visits: QuerySet[Visit]) -> tuple[Hour, ...]:
    grouped = visits.annotate(hour=ExtractHour("ticket_at", tzinfo=ZONE)).values("hour")
    rows = grouped.annotate(
        tickets=Count("pk"),
        handed_in=Count("pk", filter=HANDED),
        late=Count("pk", filter=OVER_WAITING),
    )
    return tuple(Hour(**row) for row in rows.order_by("hour"))


def _worst(visits: QuerySet[Visit], now: datetime) -> tuple[Worst, ...]:
    """Those who waited or were served longest beyond the limits, who left waiting included."""
    late = OVER_WAITING | OVER_SERVING | (_left() & Q(ended_at__gt=F("waiting_from") + LIMIT))
    spans = visits.filter(late, ended_at__isnull=False).annotate(
        whole=F("ended_at") - F("waiting_from")
    )
    return tuple(_worst_row(visit, now) for visit in spans.order_by("-whole", "pk")[:WORST])


def _worst_row(visit: Visit, now: datetime) -> Worst:
    known = outcomes().get(visit.outcome)
    return Worst(
        ticket_at=visit.ticket_at or now,
        number=visit.number,
        office=visit.office_id,
        waited=waiting(visit, now),
        served=serving(visit, now),
        reason=_reason(visit),
        outcome=known.text if known else Text("–", "–", "–"),
    )


def _reason(visit: Visit) -> Text | None:
    """The causes given, of waiting before serving."""
    codes = filter(None, dict.fromkeys((visit.waiting_cause, visit.serving_cause)))
    found = [reasons().get(code, Text(code, code, code)) for code in codes]
    if not found:
        return None
    return Text(*("; ".join(text.get(language) for text in found) for language in LANGUAGES))
