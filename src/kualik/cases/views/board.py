"""Today's board: who is owed an answer, first due first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kualik.accounts.queries import person_of
from kualik.cases.queries import awaiting_result, counts
from kualik.cases.queries.tasks import task_text
from kualik.cases.views.acts import DECIDERS, SEALERS, causes
from kualik.cases.views.rows import rows_of
from kualik.certificates.services.letters import prepared_letters
from kualik.certificates.services.volume import alarms_of
from kualik.core import clock
from kualik.core.access import staff
from kualik.rules.lifecycle import READERS, Event

SHOWN = 20


@staff(*READERS)
def office(request: HttpRequest) -> HttpResponse:
    """The figures of the day and the requests that are due first."""
    user, now = person_of(request), clock.now()
    waiting = awaiting_result(user)
    context = {
        "now": now,
        "alarms": map(task_text, alarms_of(user.provider) if user.provider else ()),
        "counts": counts(user, now=now),
        "rows": rows_of(user, list(waiting[:SHOWN]), now=now),
        "total": waiting.count(),
        "may_decide": user.has_role(DECIDERS) and user.provider_id is not None,
        "may_seal": user.has_role(SEALERS),
        "letters": prepared_letters(user).count(),
        "may_hand_over": user.has_role(causes(Event.HAND_OVER)) and user.provider_id is not None,
        "shows_provider": user.provider_id is None,
    }
    return render(request, "cases/office.html", context)
