"""The end of a conversation: its one RESPONSE, with the documents inside or in the file store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from kualik.core import jobs
from kualik.core.jobs import Later, NotNow, Payload
from kualik.gateway.adapters.channel import Unreachable
from kualik.gateway.models import Conversation, Outbound, Profile
from kualik.gateway.services import files, outbox
from kualik.gateway.services.certifying import certified
from kualik.gateway.services.mapping import Paper, write
from kualik.gateway.services.replies import FINAL, papers_of, reply_of, rows_for, shape_for, step_of
from kualik.gateway.services.threads import is_by_question
from kualik.rules.errors import RuleViolation

ANSWER_JOB: Final = "gateway.answer"
PAUSE: Final = timedelta(minutes=2)
LONG_PAUSE: Final = timedelta(minutes=20)
# The portal waits for it, so a fault of ours does not end it either.
PATIENCE: Final = timedelta(days=30)
RELATED: Final = ("peer", "profile__provider", "request__person", "request__certificate")


@dataclass(frozen=True, slots=True)
class _Written:
    """A document, and until when it may be sent where a file of the store is spoken of in it."""

    data: str
    fresh_until: datetime | None


def answer_later(conversation: Conversation, *, now: datetime) -> None:
    """Have the RESPONSE written after the commit: files are read and signed outside of it."""
    # One for each version: a job that runs now has looked at the one before, and may end by that.
    version = conversation.request.version if conversation.request else 0
    key = f"{ANSWER_JOB}:{conversation.pk}:{version}"
    payloads = {key: {"conversation": conversation.pk}}
    jobs.renew_all(name=ANSWER_JOB, payloads=payloads, now=now, patience=PATIENCE)


def run_answer_job(payload: Payload, now: datetime) -> None:
    """Write the RESPONSE if the request has its end and none was written; safe to run twice.

    Raises Later, as long as it takes, while the file store does not answer, while a file cannot be
    read and while nothing signs for us.
    """
    found = Conversation.objects.select_related(*RELATED)
    conversation = found.get(pk=int(str(payload["conversation"])))
    step = step_of(conversation)
    is_over = conversation.answered_at is not None or is_by_question(conversation)
    if is_over or step not in FINAL:
        return
    _put(conversation, step, _written(conversation, step, now=now), now=now)


def run_renew_job(payload: Payload, now: datetime) -> None:
    """Write the document of a RESPONSE anew whose file the store forgets; the row, its key and its
    place stay. What was reopened before the portal heard of its end waits for the new one.

    Raises Later as ``run_answer_job`` does.
    """
    found = Outbound.objects.filter(pk=int(str(payload["outbound"])), state=Outbound.State.WAITING)
    row = found.filter(fresh_until__lte=now).first()
    if row is None or row.conversation_id is None:
        return
    conversation = Conversation.objects.select_related(*RELATED).get(pk=row.conversation_id)
    step = step_of(conversation)
    if step not in FINAL:
        raise Later(now + LONG_PAUSE, "the request has no end now")
    written = _written(conversation, step, now=now)
    outbox.renew(row, data=written.data, fresh_until=written.fresh_until)


def _written(conversation: Conversation, step: str, *, now: datetime) -> _Written:
    """The document of the RESPONSE, its papers stored where the profile wants it, signed. Raises
    Later."""
    try:
        return _signed(conversation, step, now=now)
    except NotNow as reason:
        raise Later(now + LONG_PAUSE, str(reason)) from reason


def _signed(conversation: Conversation, step: str, *, now: datetime) -> _Written:
    papers = papers_of(conversation, step)
    if conversation.profile.result_by == Profile.ResultBy.FILE_STORE:
        papers = _stored(conversation, papers, now=now)
    reply = reply_of(conversation, step=step, now=now, papers=papers)
    rows = rows_for(conversation)
    data = certified(write(rows, reply), peer=conversation.peer, rows=rows)
    is_stored = any(paper.file_id for paper in papers)
    return _Written(data, files.fresh_until(now) if is_stored else None)


@transaction.atomic
def _put(conversation: Conversation, step: str, written: _Written, *, now: datetime) -> None:
    """The message and the mark that it is written; nothing where the request moved meanwhile."""
    current = Conversation.objects.select_for_update(of=("self",)).select_related(*RELATED)
    held = current.get(pk=conversation.pk)
    if held.answered_at is not None or step_of(held) != step:
        return
    outbox.put(
        conversation=held,
        peer=held.peer,
        kind=Outbound.Kind.RESPONSE,
        data=written.data,
        about=_about(held),
        now=now,
        shape=shape_for(held),
        fresh_until=written.fresh_until,
    )
    told = held.request.version if held.request else held.told
    Conversation.objects.filter(pk=held.pk).update(answered_at=now, told=told)


def _about(conversation: Conversation) -> str:
    request = conversation.request
    return f"request:{request.number}" if request else f"conversation:{conversation.pk}"


def _stored(conversation: Conversation, papers: Sequence[Paper], *, now: datetime) -> list[Paper]:
    """The papers by their addresses in the file store; inside the message where it refuses one."""
    kept = []
    for paper in papers:
        try:
            file_id = files.upload(
                content=paper.content,
                name=paper.name,
                mime=paper.mime,
                now=now,
                peer=conversation.peer,
                about=_about(conversation),
            )
        except Unreachable as error:
            raise Later(now + PAUSE, "the file store does not answer") from error
        except RuleViolation:
            kept.append(paper)
        else:
            kept.append(replace(paper, content=b"", file_id=file_id))
    return kept
