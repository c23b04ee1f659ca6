"""The portal hears of each step of its requests, in the transaction of the step."""

from collections.abc import Sequence
from datetime import datetime

from kualik.cases.adapters.observers import FILED, REFUSAL_SIGNED, Change
from kualik.cases.models import Request
from kualik.gateway.models import Conversation, Outbound
from kualik.gateway.services import outbox
from kualik.gateway.services.answering import answer_later
from kualik.gateway.services.mapping import write
from kualik.gateway.services.replies import FINAL, STEPS, reply_of, rows_for, shape_for
from kualik.gateway.services.threads import is_by_question
from kualik.rules.language import Text
from kualik.rules.lifecycle import Event


class PortalObserver:
    """See ``cases.adapters.observers.RequestObserver``.

    A conversation that has its RESPONSE hears no more; that a document was handed over is the
    portal's own news.
    """

    def changed(self, changes: Sequence[Change]) -> None:
        """A NOTIFICATION for each step on the way, the RESPONSE at the end."""
        ours = [each for each in changes if each.request.channel == Request.Channel.GATEWAY]
        ours = [each for each in ours if each.events[-1] not in (FILED, Event.HAND_OVER)]
        if not ours:
            return
        rows = Conversation.objects.select_related("peer", "profile__provider").filter(
            request__in=[each.request.pk for each in ours], answered_at=None
        )
        known = {row.request_id: row for row in rows}
        for change in ours:
            conversation = known.get(change.request.pk)
            if conversation is not None:
                conversation.request = change.request
                _tell(conversation, change)


def tell_step(
    conversation: Conversation,
    *,
    step: str,
    now: datetime,
    fault: tuple[str, Text] | None = None,
) -> None:
    """A NOTIFICATION of a step; ``fault`` is why something that was asked was not done. Whoever
    asks again and again is told when they ask."""
    if is_by_question(conversation):
        return
    rows, request = rows_for(conversation), conversation.request
    if request is None:
        return
    outbox.put(
        conversation=conversation,
        peer=conversation.peer,
        kind=Outbound.Kind.NOTIFICATION,
        data=write(rows, reply_of(conversation, step=step, now=now, fault=fault)),
        about=f"request:{request.number}",
        now=now,
        shape=shape_for(conversation),
    )
    Conversation.objects.filter(pk=conversation.pk).update(told=request.version)


def _tell(conversation: Conversation, change: Change) -> None:
    """A refusal is told of as being signed first; its RESPONSE waits for the signature."""
    step = STEPS[change.request.state]
    if step in FINAL or change.events[-1] == REFUSAL_SIGNED:
        answer_later(conversation, now=change.at)
    else:
        tell_step(conversation, step=step, now=change.at)
