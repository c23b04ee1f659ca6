"""How a message ends: sent, delivered, failed, or unknown; each end is written once."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Value, When

from kualik.core.faults import coded
from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task, close_task, open_task
from kualik.notifications.adapters.carriers import Handed
from kualik.notifications.models import Message, MessagePart
from kualik.notifications.services.wording import events, fault_text
from kualik.rules.lifecycle import Role

State = Message.State
ON_THE_WAY = (State.WAITING, State.SENDING)
UNANSWERED = (State.SENDING, State.UNSURE)
DELIVERED = frozenset({"DELIVRD"})
LOST = frozenset({"UNDELIV", "EXPIRED", "REJECTD", "DELETED"})
REFERENCE_BITS = 0xFFFF


def keep_part(message: Message, handed: Handed, *, carrier: str, now: datetime) -> None:
    """Write at once that the carrier took a part: from here on it is never handed over again."""
    MessagePart.objects.get_or_create(
        message=message,
        number=handed.part,
        defaults={
            "total": handed.parts,
            "carrier": carrier,
            "reference": handed.reference,
            "taken_at": now,
        },
    )


@transaction.atomic
def mark_sent(message: Message, *, now: datetime) -> None:
    """The carrier took all of it; a secret in the text is forgotten."""
    rows = Message.objects.filter(pk=message.pk, state__in=(*ON_THE_WAY, State.UNSURE))
    rows.update(state=State.SENT, sent_at=now, fault="", **_MASKED)
    close_task(key=carrier_task(message.channel), actor=SYSTEM, now=now)
    close_task(key=_task_key("unsure", message), actor=SYSTEM, now=now)


@transaction.atomic
def mark_failed(message: Message, fault: str, *, now: datetime) -> None:
    """It will not arrive; staff are told where a person should be reached another way.

    ``fault`` is ``coded``.
    """
    rows = Message.objects.filter(pk=message.pk).exclude(state__in=[State.FAILED, State.DELIVERED])
    if rows.update(state=State.FAILED, fault=fault[:200], **_MASKED):
        _tell_staff("failed", message, fault, now=now)
        close_task(key=_task_key("unsure", message), actor=SYSTEM, now=now)


@transaction.atomic
def mark_unsure(message: Message, fault: str, *, now: datetime) -> None:
    """Nobody knows whether the carrier took it: a second copy would be worse than a question.

    ``fault`` is ``coded``.
    """
    rows = Message.objects.filter(pk=message.pk, state=State.SENDING)
    if rows.update(state=State.UNSURE, fault=fault[:200], **_MASKED):
        _tell_staff("unsure", message, fault, now=now)


@transaction.atomic
def settle_receipt(
    *,
    carrier: str,
    reference: str,
    state: str,
    now: datetime,
    phone: str = "",
    number: int | None = None,
) -> bool:
    """Take what a carrier says became of a part, in the words of SMPP; False: no part of ours.

    ``number`` is our own of the message where the carrier repeats it (its last 16 bits): it finds
    a message that the carrier took while we did not hear its answer.
    """
    part = _part(carrier, reference, phone)
    if part is None and number is not None and phone:
        part = _unanswered(carrier, reference, phone, number, now=now)
    if part is None:
        return False
    if state in DELIVERED:
        _mark_delivered(part, now=now)
    elif state in LOST:
        mark_failed(part.message, coded("not_delivered", state), now=now)
    return True


def carrier_task(channel: str) -> str:
    """The key of the task that says that a carrier takes nothing."""
    return f"carrier:{channel}"


def tell_of_carrier(channel: str, fault: str, *, now: datetime) -> None:
    """Ask the administrator of the installation to look at a carrier; once until it works again.

    ``fault`` is ``coded``; the administrator also sees what the carrier itself said.
    """
    reason, detail = fault_text(fault)
    task = Task(
        key=carrier_task(channel),
        kind="carrier_refuses",
        role=Role.PLATFORM_ADMIN,
        params={"channel": channel, "reason": asdict(reason), "detail": detail},
    )
    open_task(task, now=now)


_MASKED = {
    "body": Case(When(masked_body="", then=F("body")), default=F("masked_body")),
    "masked_body": Value(""),
}


def _mark_delivered(part: MessagePart, *, now: datetime) -> None:
    MessagePart.objects.filter(pk=part.pk, delivered_at=None).update(delivered_at=now)
    message = part.message
    if message.parts.exclude(delivered_at=None).count() < part.total:
        return
    rows = Message.objects.filter(pk=message.pk).exclude(state=State.DELIVERED)
    if rows.update(state=State.DELIVERED, delivered_at=now, fault="", **_MASKED):
        for kind in ("failed", "unsure"):
            close_task(key=_task_key(kind, message), actor=SYSTEM, now=now)


def _part(carrier: str, reference: str, phone: str) -> MessagePart | None:
    """The newest part of that number: some carriers begin to count anew."""
    parts = MessagePart.objects.filter(carrier=carrier, reference=reference)
    if not reference:
        return None
    if phone:
        parts = parts.filter(message__address=phone)
    return parts.select_related("message").order_by("-pk").first()


def _unanswered(
    carrier: str, reference: str, phone: str, number: int, *, now: datetime
) -> MessagePart | None:
    """The part of a message whose handing over was never answered."""
    stuck = Message.objects.filter(state__in=UNANSWERED, carrier=carrier, address=phone)
    for message in stuck.order_by("-pk"):
        if message.pk & REFERENCE_BITS == number and not message.parts.exists():
            keep_part(message, Handed(1, 1, reference), carrier=carrier, now=now)
            mark_sent(message, now=now)
            return _part(carrier, reference, phone)
    return None


def _tell_staff(kind: str, message: Message, fault: str, *, now: datetime) -> None:
    if not events()[message.event].opens_task:
        return
    reason, _ = fault_text(fault)
    task = Task(
        key=_task_key(kind, message),
        kind=f"message_{kind}",
        subject=message.about,
        scope=message.scope,
        role=Role.REGISTRAR,
        params={"event": message.event, "channel": message.channel, "reason": asdict(reason)},
    )
    open_task(task, now=now)


def _task_key(kind: str, message: Message) -> str:
    return f"message_{kind}:{message.pk}"
