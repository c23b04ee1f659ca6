"""Which requests a failure met."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.queries import requests_visible_to
from kualik.core.models import JournalEntry
from kualik.incidents.models import Incident
from kualik.providers.models import Provider
from kualik.rules.lifecycle import AWAITING_RESULT, Event, State

WITHDRAWN = [f"cases.{event}" for event in (Event.WITHDRAW, Event.RECORD_WITHDRAWAL)]


def touched_requests(
    *, provider: Provider | None, began_at: datetime, until: datetime
) -> QuerySet[Request]:
    """The requests whose applicants waited for anything between the two moments.

    Filed before the end, and not answered before the beginning: neither decided, sealed nor
    withdrawn by then.
    """
    answered = Q(decided_at__gte=began_at) | Q(certificate__sealed_at__gte=began_at)
    waited = Q(state__in=sorted(AWAITING_RESULT)) | answered
    withdrawn = Q(Exists(_withdrawals(since=began_at)), state=State.WITHDRAWN)
    found = Request.objects.filter(waited | withdrawn, filed_at__lte=until)
    if provider is not None:
        found = found.filter(provider=provider)
    return found.order_by("pk")


def touched_of(incident: Incident, *, user: User, now: datetime) -> QuerySet[Request]:
    """Those of an incident that a member of staff may see, see ``touched_at``."""
    found = touched_at(incident, now=now)
    return requests_visible_to(user).filter(pk__in=found.values("pk")).order_by("number")


def touched_at(incident: Incident, *, now: datetime) -> QuerySet[Request]:
    """Those that were put down when it ended; of one that lasts, as of ``now``."""
    if incident.state == Incident.State.LASTS:
        return touched_requests(provider=incident.provider, began_at=incident.began_at, until=now)
    return incident.requests.order_by("pk")


def _withdrawals(*, since: datetime) -> QuerySet[JournalEntry]:
    """Of the request of the outer query."""
    subject = Concat(Value("request:"), OuterRef("number"))
    return JournalEntry.objects.filter(subject=subject, action__in=WITHDRAWN, at__gte=since)
