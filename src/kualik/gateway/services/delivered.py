"""The result reached the person's cabinet on the portal."""

from datetime import datetime

from kualik.cases.models import Request
from kualik.cases.services.at_portal import hand_over_delivered
from kualik.gateway.models import Outbound


def result_delivered(outbound: Outbound, now: datetime) -> None:
    """Enter it; for anything but a RESPONSE with a document nothing happens, nor twice."""
    conversation = outbound.conversation
    if outbound.kind != Outbound.Kind.RESPONSE or conversation is None:
        return
    request = Request.objects.filter(pk=conversation.request_id or 0).first()
    if request is not None:
        hand_over_delivered(request=request, now=now)
