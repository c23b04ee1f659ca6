"""How long a provider usually takes, from its own last documents."""

from datetime import datetime, timedelta

from kualik.certificates.models import Certificate
from kualik.core.clock import local_day
from kualik.providers.models import Provider
from kualik.providers.queries import calendar_of
from kualik.rules import standards

LAST = 50
TOO_FEW = 5


def usual_time(provider: Provider, *, now: datetime) -> timedelta | None:
    """The median office time from acceptance to the document in force, of the last ``LAST`` that
    stand; None while there are fewer than ``TOO_FEW``."""
    rows = Certificate.objects.filter(
        provider=provider, status=Certificate.Status.VALID, request__isnull=False
    ).order_by("-pk")
    moments = list(rows.values_list("request__accepted_at", "sealed_at")[:LAST])
    if len(moments) < TOO_FEW:
        return None
    hours = standards.in_force(local_day(now)).weekly_hours
    calendar = calendar_of(provider, default=hours)
    spans = sorted(
        calendar.working_time_between(accepted, issued) if issued > accepted else timedelta()
        for accepted, issued in moments
        if issued is not None
    )
    return spans[len(spans) // 2]
