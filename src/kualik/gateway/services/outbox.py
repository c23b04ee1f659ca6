"""The outbox of the bus: messages leave in the order of their conversation, until they are taken.

A row that was tried and has no fault is in somebody's hands for as long as a lease. Whoever wants
to send a message sends the first one of its conversation; the others wait behind it.
"""

import json
import logging
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import F, QuerySet

from kualik.core import journal
from kualik.core.jobs import LEASE, Later, Payload, enqueue, renew_all, reset
from kualik.core.journal import SYSTEM, Actor
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.gateway.adapters.channel import Refused, Sent, Unproven, Unreachable
from kualik.gateway.adapters.envelope import Notice, Shape
from kualik.gateway.adapters.exchange import harmless
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.models import Conversation, Outbound, Peer
from kualik.gateway.services.lines import async_channel
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

State, Kind, Operation = Outbound.State, Outbound.Kind, Outbound.Operation
SEND_JOB: Final = "gateway.send"
# Of the answering: the file of a message is left and its document written anew.
RENEW_JOB: Final = "gateway.renew"
RENEWED_WITHIN: Final = timedelta(seconds=10)
FAILED_TASK, REFUSES_TASK = "gateway_failed", "gateway_refuses"
SECOND: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=5)
# A fault of our own ends no message either.
PATIENCE: Final = timedelta(days=365)
# A fault now and then is of one message; so many in a row are of the line, and then one message
# tries it for all.
FAULTS_IN_A_ROW: Final = 3
# A person hears of what is refused but may yet be taken at this try.
TOLD_AT: Final = 5
DELIVERED: Final = "DELIVERED"
UNDELIVERED: Final = frozenset({"NOT_DELIVERED", "DELIVERY_STOPPED"})
log = logging.getLogger(__name__)


@transaction.atomic
def put(
    *,
    conversation: Conversation,
    peer: Peer,
    kind: str,
    data: str,
    about: str,
    now: datetime,
    shape: Shape = "text",
    fresh_until: datetime | None = None,
) -> Outbound:
    """Write a message of a conversation; it leaves after the commit and after those before it.

    After ``fresh_until`` it leaves only with another document (``renew``). Raises
    ``gateway_answered`` for a second RESPONSE.
    """
    # Whoever writes next waits here, so that the order of the keys is that of the commits.
    Conversation.objects.select_for_update().get(pk=conversation.pk)
    said = Outbound.objects.filter(conversation=conversation)
    if kind == Kind.RESPONSE and said.filter(kind=kind).exists():
        raise RuleViolation("gateway_answered")
    row = Outbound.objects.create(
        peer=peer,
        conversation=conversation,
        operation=Operation.SEND,
        kind=kind,
        about=about,
        data=data,
        shape=shape,
        created_at=now,
        fresh_until=fresh_until,
    )
    _enqueue(row, now=now)
    return row


def renew(row: Outbound, *, data: str, fresh_until: datetime | None) -> bool:
    """Give a message that waits, and is too old to leave, its document anew; False where somebody
    was faster."""
    # Nobody sends it meanwhile: it is too old.
    old = Outbound.objects.filter(pk=row.pk, state=State.WAITING, fresh_until=row.fresh_until)
    return bool(old.update(data=data, fresh_until=fresh_until))


@transaction.atomic
def put_delivery(
    *, peer: Peer, message_id: str, service_id: str, fault: GatewayFault | None, now: datetime
) -> Outbound:
    """The receipt for a message that we fetched: it was taken, or why not. The one that waits is
    given again."""
    known = Outbound.objects.filter(peer=peer, operation=Operation.DELIVERY, about=message_id)
    waiting = known.filter(state=State.WAITING).first()
    if waiting is not None:
        return waiting
    told = {"service_id": service_id}
    if fault is not None:
        told |= {"code": fault.code, "message": fault.message}
    row = Outbound.objects.create(
        peer=peer,
        operation=Operation.DELIVERY,
        about=message_id,
        data=json.dumps(told, ensure_ascii=False),
        created_at=now,
    )
    _enqueue(row, now=now)
    return row


def run_send_job(payload: Payload, now: datetime) -> None:
    """Send a message, or the one before it. Raises Later until it has left, however long."""
    send_waiting(int(str(payload["outbound"])), now=now)


def send_waiting(pk: int, *, now: datetime) -> None:
    """Do the work of a message's job; see ``run_send_job``. One that has left is left alone."""
    head = _head(pk)
    if head is None:
        return
    _respect(head, now=now)
    _have_fresh(head, now=now)
    if not _claim(head, now=now):
        raise Later(now + SECOND, "in other hands")
    _hand_over(head, now=now)
    if head.pk != pk:
        raise Later(now, "the one before it has left")


@transaction.atomic
def resend(*, outbound: Outbound, actor: Actor, now: datetime) -> None:
    """Try a failed message again, under the same key.

    Raises ``gateway_not_failed``; ``gateway_resend_late`` for news that later news of its
    conversation have overtaken. The RESPONSE may always go again.
    """
    row = Outbound.objects.select_for_update().get(pk=outbound.pk)
    if row.state != State.FAILED:
        raise RuleViolation("gateway_not_failed")
    later = Outbound.objects.filter(conversation=row.conversation_id, pk__gt=row.pk, attempts__gt=0)
    if row.conversation_id and row.kind != Kind.RESPONSE and later.exists():
        raise RuleViolation("gateway_resend_late")
    Outbound.objects.filter(pk=row.pk).update(
        state=State.WAITING, attempts=0, tried_at=None, fault="", message_id=""
    )
    reset(keys=[_job_key(row)], now=now)
    journal.record(
        subject=f"outbound:{row.pk}",
        action="gateway_resent",
        actor=actor,
        now=now,
        data={"kind": row.kind, "about": row.about},
    )
    close_task(key=f"{FAILED_TASK}:{row.pk}", actor=actor, now=now)


@transaction.atomic
def note_status(
    *, peer: Peer, notice: Notice, heard_at: datetime, now: datetime
) -> Outbound | None:
    """What the gateway said of a message of ours; the message if this changed where it stands.

    Delivered stays delivered, whatever comes late. Raises Later where the acknowledgement that
    names the message may be on its way: that of one which had left when the news was heard.
    """
    named = Outbound.objects.select_for_update().filter(peer=peer, message_id=notice.message_id)
    row = named.order_by("-pk").first() if notice.message_id else None
    if row is None:
        begun = _waiting().filter(peer=peer, tried_at__gt=now - LEASE, fault="")
        if begun.filter(tried_at__lte=heard_at).exists():
            raise Later(now + 2 * SECOND, "its acknowledgement is on its way")
        return None
    if row.delivered_at is not None:
        return None
    if notice.state == DELIVERED:
        row.state, row.delivered_at, row.fault = State.SENT, now, ""
        close_task(key=f"{FAILED_TASK}:{row.pk}", actor=SYSTEM, now=now)
    elif notice.state in UNDELIVERED and row.state == State.SENT:
        told = f"{notice.state} {notice.code} {notice.message}"
        row.state, row.fault = State.FAILED, harmless(told).strip()[:200]
        _tell_of_failure(row, now=now)
    else:
        return None
    row.save(update_fields=["state", "delivered_at", "fault"])
    return row


def pause_after(tries: int) -> timedelta:
    """1, 2, 4 … seconds, at most five minutes: a line that is back is used soon."""
    return min(timedelta(seconds=1 << min(max(tries, 1) - 1, 16)), LONGEST_PAUSE)


def _enqueue(row: Outbound, *, now: datetime) -> None:
    enqueue(
        name=SEND_JOB,
        key=_job_key(row),
        payload={"outbound": row.pk},
        now=now,
        patience=PATIENCE,
    )


def _job_key(row: Outbound) -> str:
    return f"{SEND_JOB}:{row.pk}"


def _waiting() -> QuerySet[Outbound]:
    return Outbound.objects.filter(state=State.WAITING).select_related("peer", "conversation")


def _head(pk: int) -> Outbound | None:
    """The first waiting message of a waiting message's conversation; what has none goes by itself.

    None when the message waits no more.
    """
    own = Outbound.objects.filter(pk=pk, state=State.WAITING).values_list("conversation").first()
    if own is None:
        return None
    (conversation,) = own
    same = {"pk": pk} if conversation is None else {"conversation": conversation}
    return _waiting().filter(**same).order_by("pk").first()


def _respect(head: Outbound, *, now: datetime) -> None:
    """Raises Later while the message is in other hands, in its pause, or its line is away."""
    if not head.peer.is_active:
        raise Later(now + LONGEST_PAUSE, "the peer is switched off")
    if head.tried_at is not None:
        if not head.fault and now < head.tried_at + LEASE:
            raise Later(now + SECOND, "in other hands")
        again_at = head.tried_at + pause_after(head.attempts)
        if head.fault and now < again_at:
            raise Later(again_at, head.fault)
    _, silent_until = cache.get(_silence_key(head.peer)) or (0, now)
    if now < silent_until:
        raise Later(silent_until, "the line is away")


def _have_fresh(head: Outbound, *, now: datetime) -> None:
    """Raises Later for a message whose file the store may have forgotten by the time the other side
    asks for it: it waits for another."""
    if head.fresh_until is None or now < head.fresh_until:
        return
    payloads = {f"{RENEW_JOB}:{head.pk}": {"outbound": head.pk}}
    renew_all(name=RENEW_JOB, payloads=payloads, now=now, patience=PATIENCE)
    raise Later(now + RENEWED_WITHIN, "its file is left in the store anew")


def _claim(head: Outbound, *, now: datetime) -> bool:
    """Begin a try; of two at the same moment one goes on."""
    same = _waiting().filter(pk=head.pk, attempts=head.attempts, tried_at=head.tried_at)
    if not same.update(attempts=F("attempts") + 1, tried_at=now, fault=""):
        return False
    head.attempts += 1
    head.tried_at = now
    return True


def _hand_over(row: Outbound, *, now: datetime) -> None:
    try:
        sent = _send(row, now=now)
    except Unreachable as away:
        _note_line(row.peer, is_well=False, now=now)
        code = away.code if isinstance(away, Unproven) else ""
        _put_back(row, str(away), now=now, is_refusal=bool(code))
    except Refused as refusal:
        _note_line(row.peer, is_well=True, now=now)
        if refusal.is_final:
            _fail(row, str(refusal), now=now)
        else:
            _put_back(row, str(refusal), now=now, is_refusal=True)
    except Exception:
        # Ours; it may go on for long, so it is told as a refusal is.
        log.exception("message %s did not leave", row.pk)
        _put_back(row, "inner fault", now=now, is_refusal=True)
    else:
        _note_line(row.peer, is_well=True, now=now)
        _keep(row, sent, now=now)


def _send(row: Outbound, *, now: datetime) -> Sent | None:
    channel = async_channel(row.peer, now=now)
    if row.operation == Operation.DELIVERY:
        told = json.loads(row.data)
        fault = GatewayFault(told["code"], told["message"]) if "code" in told else None
        channel.send_delivery_notification(
            message_id=row.about, service_id=told["service_id"], fault=fault
        )
        return None
    conversation = row.conversation
    if conversation is None:
        raise Refused("", "a message without a conversation", is_final=True)
    sent = channel.send_message(
        service_id=conversation.service_id,
        kind=row.kind,
        data=row.data,
        shape=_shape(row),
        correlation_id=conversation.correlation_id,
        route_id=conversation.route_id,
        key=str(row.key),
    )
    said = Outbound.objects.filter(conversation=conversation, message_id=sent.message_id)
    if sent.message_id and said.exclude(pk=row.pk).exists():
        # Recorded on the line and played again.
        raise Unproven("the acknowledgement is of another message")
    return sent


def _shape(row: Outbound) -> Shape:
    match row.shape:
        case "element" | "typed" as shape:
            return shape
    return "text"


@transaction.atomic
def _keep(row: Outbound, sent: Sent | None, *, now: datetime) -> None:
    """What an attempt ended with; one that lost its lease to another changes nothing."""
    values: dict[str, object] = {"state": State.SENT, "sent_at": now, "fault": ""}
    if sent is not None:
        values |= {"message_id": sent.message_id[:100], "raw": sent.raw, "answer": sent.answer}
    if _held(row).update(**values):
        tasks = [f"{FAILED_TASK}:{row.pk}"]
        if not _waiting().filter(peer=row.peer, attempts__gte=TOLD_AT).exists():
            tasks.append(f"{REFUSES_TASK}:{row.peer.code}")
        told = StaffTask.objects.filter(key__in=tasks, closed_at=None)
        for key in told.values_list("key", flat=True):
            close_task(key=key, actor=SYSTEM, now=now)


def _put_back(row: Outbound, fault: str, *, now: datetime, is_refusal: bool) -> None:
    _held(row).update(fault=fault[:200] or "no reason is known")
    if is_refusal and row.attempts >= TOLD_AT:
        task = Task(
            key=f"{REFUSES_TASK}:{row.peer.code}",
            kind=REFUSES_TASK,
            role=Role.PLATFORM_ADMIN,
            params={"peer": row.peer.code, "reason": fault[:200].rstrip(".")},
        )
        open_task(task, now=now)
    raise Later(now + pause_after(row.attempts), fault)


@transaction.atomic
def _fail(row: Outbound, fault: str, *, now: datetime) -> None:
    if _held(row).update(state=State.FAILED, fault=fault[:200]):
        row.fault = fault[:200]
        _tell_of_failure(row, now=now)


def _tell_of_failure(row: Outbound, *, now: datetime) -> None:
    """A message that nobody will take is a person's work; a receipt for the gateway is not."""
    if row.operation == Operation.DELIVERY:
        return
    service = row.conversation.service_id if row.conversation else ""
    task = Task(
        key=f"{FAILED_TASK}:{row.pk}",
        kind=FAILED_TASK,
        subject=f"outbound:{row.pk}",
        role=Role.PLATFORM_ADMIN,
        params={"service": service, "kind": row.kind, "reason": row.fault.rstrip(".")},
    )
    open_task(task, now=now)


def _held(row: Outbound) -> QuerySet[Outbound]:
    return Outbound.objects.filter(pk=row.pk, state=State.WAITING, attempts=row.attempts)


def _note_line(peer: Peer, *, is_well: bool, now: datetime) -> None:
    key = _silence_key(peer)
    faults, _ = cache.get(key) or (0, now)
    if is_well:
        if faults:
            cache.delete(key)
        return
    faults += 1
    beyond = faults - FAULTS_IN_A_ROW
    until = now + pause_after(beyond + 1) if beyond >= 0 else now
    cache.set(key, (faults, until), timedelta(hours=1).total_seconds())


def _silence_key(peer: Peer) -> str:
    return f"gateway:silence:{peer.pk}"
