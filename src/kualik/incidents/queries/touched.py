"""Which requests a failure met."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

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
    withdrawn = Q(state=State.WITHDRAWN, number__in=_withdrawn_since(began_at))
    found = Request.objects.filter(waited | withdrawn, filed_at__lte=until)
    if provider is not None:
        found = found.filter(provider=provider)
    return found.order_by("pk")


def touched_of(incident: Incident, *, user: User, now: datetime) -> QuerySet[Request]:
    """Those of an incident that a member of staff may see; of one that lasts, as of ``now``."""
    visible = requests_visible_to(user)
    if incident.state == Incident.State.LASTS:
        found = touched_requests(provider=incident.provider, began_at=incident.began_at, until=now)
        return visible.filter(pk__in=found.values("pk")).order_by("number")
    return visible.filter(incidents=incident).order_by("number")


def _withdrawn_since(moment: datetime) -> Iterable[str]:
    entries = JournalEntry.objects.filter(action__in=WITHDRAWN, at__gte=moment)
    subjects = entries.values_list("subject", flat=True)
    return [subject.removeprefix("request:") for subject in subjects]
