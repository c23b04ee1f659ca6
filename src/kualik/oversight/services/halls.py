"""What the hall and the window saw of a request, in plain values."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Q

from kualik.cases.models import Evidence, Request
from kualik.core.clock import ZONE
from kualik.counter.models import DocumentAsk, HandOver, Identification, Visit
from kualik.counter.services.asking import subject_of_ask
from kualik.counter.services.identifying import subject_of


def hall_record(request: Request) -> dict[str, object]:
    """Visits with their periods, how people were identified, who was handed what, and failures.

    No number of an identity document: the pack says which kind was looked at, by whom and when.
    """
    visits = request.visits.order_by("pk")
    handed = HandOver.objects.filter(request=request).select_related("blank__receipt")
    return {
        "visits": [_visit(visit) for visit in visits],
        "identifications": [_identification(row) for row in identifications_of(request)],
        "hand_overs": [_hand_over(row) for row in handed.order_by("pk")],
        "incidents": sorted(request.incidents.values_list("number", flat=True)),
    }


def identifications_of(request: Request) -> Sequence[Identification]:
    """Who was identified on the tickets of a request, for its filing and for the hand-over."""
    named = [
        *Evidence.objects.filter(request=request).values_list("facts", flat=True),
        *HandOver.objects.filter(request=request).values_list("evidence", flat=True),
    ]
    keys = [facts["identification"] for facts in named if "identification" in facts]
    rows = Identification.objects.filter(Q(visit__in=request.visits.all()) | Q(pk__in=keys))
    return list(rows.order_by("pk"))


def hall_subjects(request: Request) -> Iterator[str]:
    """The hall and the window as the journal names them."""
    visits, seen = request.visits.order_by("pk"), identifications_of(request)
    asks = DocumentAsk.objects.filter(Q(visit__in=visits) | Q(identification__in=seen))
    yield from (f"visit:{visit.pk}" for visit in visits)
    yield from (subject_of_ask(ask) for ask in asks.order_by("pk"))
    yield from (subject_of(record) for record in seen)
    handed = HandOver.objects.filter(request=request).order_by("pk")
    yield from (f"hand_over:{row.pk}" for row in handed)


def _visit(visit: Visit) -> dict[str, object]:
    moments = ("ticket_at", "waiting_from", "called_at", "handed_in_at", "ended_at")
    return {
        "number": visit.number,
        "day": visit.day.isoformat(),
        "line": visit.line,
        "outcome": visit.outcome,
        "waiting_cause": visit.waiting_cause,
        "serving_cause": visit.serving_cause,
        "recorded_later": visit.is_recorded_later,
        **{name: _moment(getattr(visit, name)) for name in moments},
        "periods": [
            {
                "state": period.state,
                "window": period.window.number if period.window else None,
                "user": f"user:{period.user_id}" if period.user_id else "",
                "started_at": _moment(period.started_at),
                "ended_at": _moment(period.ended_at),
                "recorded_later": period.is_recorded_later,
            }
            for period in visit.periods.select_related("window").order_by("started_at", "pk")
        ],
    }


def _identification(row: Identification) -> dict[str, object]:
    return {
        "kind": row.kind,
        "checked_by": f"user:{row.checked_by_id}",
        "checked_at": _moment(row.checked_at),
    }


def _hand_over(row: HandOver) -> dict[str, object]:
    return {
        "number": row.number,
        "way": row.way,
        "blank": row.blank.label if row.blank else "",
        "by_mandate": row.mandate_id is not None,
        "user": f"user:{row.user_id}",
        "handed_at": _moment(row.handed_at),
    }


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(ZONE).isoformat() if value else None
