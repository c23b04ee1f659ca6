"""The applicant takes the own request back."""

from datetime import datetime

from django.db import transaction

from kualik.cases.models import Request
from kualik.cases.services.deciding import move
from kualik.cases.services.overdue import settle_overdue
from kualik.cases.services.telling import tell
from kualik.core.journal import Actor
from kualik.rules.lifecycle import Event


@transaction.atomic
def withdraw_request(*, request: Request, actor: Actor, now: datetime) -> Request:
    """Close the request by its applicant's will, until it is approved.

    Raises ``transition_unknown`` afterwards and ``conflict`` when somebody was faster.
    """
    move(request, events=(Event.WITHDRAW,), actor=actor, now=now)
    settle_overdue([request], actor=actor, now=now)
    tell(request=request, event="request_withdrawn", now=now)
    return request
