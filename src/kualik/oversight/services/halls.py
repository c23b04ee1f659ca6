"""What the hall and the window saw of a request, in plain values."""

from datetime import datetime

from kualik.cases.models import Request
from kualik.core.clock import ZONE
from kualik.counter.models import HandOver, Identification, Visit


def hall_record(request: Request) -> dict[str, object]:
    """Visits with their periods, how people were identified, who was handed what, and failures.

    No number of an identity document: the pack says which kind was looked at, by whom and when.
    """
    visits = request.visits.order_by("pk")
    handed = HandOver.objects.filter(request=request).select_related("blank__receipt")
    return {
        "visits": [_visit(visit) for visit in visits],
        "identifications": [
            _identification(row)
            for row in Identification.objects.filter(visit__in=visits).order_by("pk")
        ],
        "hand_overs": [_hand_over(row) for row in handed.order_by("pk")],
        "incidents": sorted(request.incidents.values_list("number", flat=True)),
    }


def _visit(visit: Visit) -> dict[str, object]:
    moments = ("ticket_at", "called_at", "handed_in_at", "ended_at")
    return {
        "number": visit.number,
        "day": visit.day.isoformat(),
        "line": visit.line,
        "outcome": visit.outcome,
        "waiting_reason": visit.waiting_reason,
        "serving_reason": visit.serving_reason,
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
