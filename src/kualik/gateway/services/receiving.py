"""Messages that come in: kept, read, proven, taken once, acknowledged after the commit."""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db import transaction

from kualik.core.throttle import MINUTE, Limit, count_miss, is_spent
from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.envelope import Data, Envelope, Info, Shape
from kualik.gateway.adapters.faults import (
    INTERNAL,
    OTHER_CONTENT,
    REFUSED,
    SCHEMA,
    SENDER,
    TIMEOUT,
    TOO_MANY,
    WINDOW,
    GatewayFault,
)
from kualik.gateway.models import Arrival, Inbound, Outbound, Peer
from kualik.gateway.services.dispatch import answer_sync, check_known
from kualik.gateway.services.handling import enqueue_handling
from kualik.gateway.services.keys import pinned, transport_key
from kualik.gateway.services.threads import in_words
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES

Endpoint = Literal["sync", "async"]
OPERATIONS: Final = {
    "sync": {(envelope.SYNC, envelope.SYNC_SEND)},
    "async": {
        (envelope.ASYNC, envelope.ASYNC_SEND),
        (envelope.CLIENT, envelope.CHANGE_STATUS),
    },
}
FIRST: Final = {"sync": envelope.SYNC_SEND, "async": envelope.ASYNC_SEND}
PULLED: Final = "pulled"
TAKEN, REPEATED = "taken", "repeated"
# Of what nobody signed, no more is kept than shows what it was, and so many of one address a
# minute: else a stranger fills the disk.
STRANGER_BYTES: Final = 16 * 1024
SHOWN: Final = 5
REFUSED_FOR: Final = timedelta(days=30)
ANSWERED_WITHIN: Final = timedelta(seconds=60)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back; a fault has the status that SOAP 1.1 wants."""

    content: bytes = field(repr=False)
    status: int = 200


@dataclass(slots=True)
class _Visit:
    """What is known so far of who sent a message, for the answer to a refusal."""

    endpoint: Endpoint
    operation: str
    session_id: str = ""
    peer: Peer | None = None


def receive(*, endpoint: Endpoint, raw: bytes, address: str, now: datetime) -> Reply:
    """Take a message that was sent to one of our addresses and answer it, by a fault if need be.

    ``address`` is the sender's network address, where messages that nobody signed are counted.
    """
    visit = _Visit(endpoint, FIRST[endpoint])
    try:
        check_heard(address, now=now)
    except GatewayFault as unheard:
        return _refusal(visit, unheard, now)
    arrival = _keep(endpoint, raw, address, now)
    try:
        return Reply(_take(visit, arrival, raw, now))
    except GatewayFault as found:
        fault = found
    except RuleViolation as violation:
        fault = GatewayFault(REFUSED, in_words(violation))
    except Exception:
        log.exception("message %s of the gateway was not taken", arrival.pk)
        fault = GatewayFault(INTERNAL)
    # One gateway carries the messages of many systems: those of one must not silence the others.
    if visit.peer is None:
        _shorten(arrival, is_seen=is_spent(_limit(SHOWN), address, now=now))
        count_miss(_limit(), address, now=now)
    _note_refusal(arrival, fault)
    return _refusal(visit, fault, now)


def check_heard(address: str, *, now: datetime) -> None:
    """Raises GatewayFault 9004 for an address that is not listened to: nothing of it is read."""
    if is_spent(_limit(), address, now=now):
        raise GatewayFault(TOO_MANY)


def refuse(*, endpoint: Endpoint, fault: GatewayFault, address: str, now: datetime) -> Reply:
    """The answer to a body that was not read whole: it is nobody's message."""
    if fault.code != TOO_MANY:
        count_miss(_limit(), address, now=now)
    return _refusal(_Visit(endpoint, FIRST[endpoint]), fault, now)


@transaction.atomic
def take_pulled(*, peer: Peer, info: Info, data: Data, raw: bytes, now: datetime) -> Inbound:
    """Take a message out of an answer to ``getMessages``, whose signature was verified; ``raw`` is
    the whole answer. It may have waited for days, so its date is not looked at.

    Raises GatewayFault: 2005, 2016, 2019, and 9002 for an id that was taken with other content.
    """
    found = _drafted(peer, info, info.message_type, data.text, now)
    check_known(found)
    inbound, is_new = _entered(found)
    if is_new:
        sha256 = hashlib.sha256(raw).hexdigest()
        same = Arrival.objects.filter(received_at=now, endpoint=PULLED, sha256=sha256)
        inbound.arrival = Arrival.objects.create(
            endpoint=PULLED,
            # An answer brings many messages; it is kept once.
            raw=b"" if same.exists() else raw,
            sha256=sha256,
            received_at=now,
            outcome=TAKEN,
        )
        inbound.save(update_fields=["arrival"])
        enqueue_handling(inbound, now=now)
    return inbound


def forget_refused(*, now: datetime) -> int:
    """Remove what was refused a month ago, and the answers kept for repeats that can no longer
    come: their date would be out of the window. How many arrivals went."""
    before = now - REFUSED_FOR
    Inbound.objects.filter(kind=Inbound.Kind.SYNC, taken_at__lt=before).exclude(answer=None).update(
        answer=None
    )
    return Arrival.objects.filter(received_at__lt=before, inbound=None).delete()[0]


def _limit(misses: int = 0) -> Limit:
    return Limit("gateway", misses or settings.GATEWAY_REFUSALS, MINUTE)


def _keep(endpoint: Endpoint, raw: bytes, address: str, now: datetime) -> Arrival:
    return Arrival.objects.create(
        endpoint=endpoint,
        raw=raw,
        sha256=hashlib.sha256(raw).hexdigest(),
        address=address[:45],
        received_at=now,
    )


def _take(visit: _Visit, arrival: Arrival, raw: bytes, now: datetime) -> bytes:
    body = envelope.open_body(raw)
    if envelope.named_in(body) in {name for _, name in OPERATIONS[visit.endpoint]}:
        visit.operation = envelope.named_in(body)
    own = _proven(raw, now)
    # Whoever holds the key is told why, under whatever name he spoke and however he wrote.
    visit.peer = own[0]
    message = envelope.read_body(body)
    if (message.namespace, message.operation) not in OPERATIONS[visit.endpoint]:
        raise GatewayFault(SCHEMA, "other_operation")
    visit.session_id = message.info.session_id
    visit.peer = peer = _speaker(own, message)
    _check_window(message.info, now)
    found = _found(peer, message, now)
    check_known(found)
    if found.kind == Inbound.Kind.SYNC:
        return _answered(found, arrival, message.data.shape, now)
    return _acknowledged(found, arrival, now)


def _acknowledged(found: Inbound, arrival: Arrival, now: datetime) -> bytes:
    """The acknowledgement of a message that is now in our books, with the work that it asks for.

    It is signed before the transaction, which must not wait for a server of keys.
    """
    known = found.same()
    # One that was pulled has none yet.
    is_answered = known.exclude(answer=None).exists()
    signed = None if is_answered else _signed(found.peer, _acknowledgement(found, now))
    with transaction.atomic():
        inbound, is_new = _entered(found, arrival)
        if is_new:
            enqueue_handling(inbound, now=now)
        _note_taken(arrival, is_new=is_new)
        if signed is not None:
            known.filter(answer=None).update(answer=signed)
            inbound.refresh_from_db(fields=["answer"])
    return bytes(inbound.answer or b"")


def _answered(found: Inbound, arrival: Arrival, shape: Shape, now: datetime) -> bytes:
    """The answer to a question. It is made outside of the transaction that takes the question: it
    may need files of other systems. Until it is there, a second copy is told to come later; after
    ``ANSWERED_WITHIN`` whoever made it is taken for dead, and the copy is answered."""
    with transaction.atomic():
        inbound, is_new = _entered(found, arrival)
        _note_taken(arrival, is_new=is_new)
        if not is_new and inbound.answer is None:
            _take_over(inbound, now)
    if inbound.answer is not None:
        return bytes(inbound.answer)
    try:
        answer = _signed(inbound.peer, _sync_answer(inbound, shape, now))
    except Exception:
        # Nothing was answered, so the same question may be asked anew; one that changed something
        # stays, and is answered to a copy.
        mine = Inbound.objects.filter(pk=inbound.pk, answer=None, taken_at=inbound.taken_at)
        mine.filter(handled_at=None).delete()
        raise
    # A copy that took over may have been faster: there is one answer.
    mine = Inbound.objects.filter(pk=inbound.pk, answer=None)
    if not mine.update(answer=answer, handled_at=now):
        inbound.refresh_from_db(fields=["answer"])
    return bytes(inbound.answer or answer)


def _take_over(inbound: Inbound, now: datetime) -> None:
    alone = Inbound.objects.filter(pk=inbound.pk, answer=None, taken_at__lte=now - ANSWERED_WITHIN)
    if not alone.update(taken_at=now):
        raise GatewayFault(TIMEOUT, "being_answered")
    inbound.taken_at = now


def _proven(raw: bytes, now: datetime) -> list[Peer]:
    """The peers that are known by the certificate of the message's signature; at least one."""
    peers = list(Peer.objects.filter(is_active=True).order_by("pk"))
    pins = [der for peer in peers for der in pinned(peer)]
    der = wsse.verify(raw, pinned=pins, now=now)
    return [peer for peer in peers if der in pinned(peer)]


def _speaker(own: list[Peer], message: Envelope) -> Peer:
    """The one that may speak for the sender; news of our messages names none, but a message."""
    if message.operation == envelope.CHANGE_STATUS:
        sent = Outbound.objects.filter(peer__in=own, message_id=message.info.message_id)
        named = sent.order_by("-pk").values_list("peer", flat=True).first()
        return next((peer for peer in own if peer.pk == named), own[0])
    for peer in own:
        if message.info.sender_id in peer.sender_ids:
            return peer
    raise GatewayFault(SENDER)


def _check_window(info: Info, now: datetime) -> None:
    window = timedelta(minutes=settings.GATEWAY_WINDOW_MINUTES)
    if info.message_date is None or abs(now - info.message_date) > window:
        raise GatewayFault(WINDOW)


def _found(peer: Peer, message: Envelope, now: datetime) -> Inbound:
    """The row that a message would be, not saved."""
    if message.operation == envelope.CHANGE_STATUS:
        notice = envelope.read_notice(message)
        own = notice.notification_id or f"{notice.message_id}:{notice.state}"
        if len(own) > 100:
            raise GatewayFault(SCHEMA, "too_long", name="notificationId")
        told = json.dumps(asdict(notice), ensure_ascii=False, sort_keys=True)
        return Inbound(
            peer=peer,
            kind=Inbound.Kind.STATUS,
            message_id=own,
            session_id=message.info.session_id,
            dated_at=message.info.message_date or now,
            data=told,
            taken_at=now,
        )
    is_question = message.operation == envelope.SYNC_SEND
    kind = Inbound.Kind.SYNC if is_question else message.info.message_type
    return _drafted(peer, message.info, kind, message.data.text, now)


def _drafted(peer: Peer, info: Info, kind: str, data: str, now: datetime) -> Inbound:
    if not info.message_id:
        raise GatewayFault(SCHEMA, "missing", name="messageId")
    return Inbound(
        peer=peer,
        kind=kind,
        message_id=info.message_id,
        correlation_id=info.correlation_id,
        service_id=info.service_id,
        route_id=info.route_id,
        sender_id=info.sender_id,
        session_id=info.session_id,
        dated_at=info.message_date or now,
        data=data,
        taken_at=now,
    )


def _entered(found: Inbound, arrival: Arrival | None = None) -> tuple[Inbound, bool]:
    """The row of a message, taken now or before. Raises GatewayFault 9002 where another message
    was taken under the same id."""
    names = ("kind", "correlation_id", "service_id", "route_id", "sender_id", "data")
    told = {name: getattr(found, name) for name in names}
    inbound, is_new = found.same().get_or_create(
        defaults={
            **told,
            "peer": found.peer,
            "message_id": found.message_id,
            "arrival": arrival,
            "session_id": found.session_id,
            "dated_at": found.dated_at,
            "taken_at": found.taken_at,
        },
    )
    if not is_new and told != {name: getattr(inbound, name) for name in names}:
        raise GatewayFault(OTHER_CONTENT)
    return inbound, is_new


def _acknowledgement(inbound: Inbound, now: datetime) -> bytes:
    if inbound.kind == Inbound.Kind.STATUS:
        name = f"gateway:{inbound.peer.code}:{inbound.message_id}"
        own = f"{{{uuid5(NAMESPACE_URL, name)}}}"
        return envelope.status_notification_response(now=now, session_id=inbound.session_id or own)
    return envelope.async_ack(
        message_id=inbound.message_id,
        correlation_id=inbound.correlation_id,
        now=now,
        session_id=inbound.session_id,
    )


def _sync_answer(inbound: Inbound, shape: Shape, now: datetime) -> bytes:
    return envelope.sync_response(
        message_id=inbound.message_id,
        correlation_id=inbound.correlation_id,
        now=now,
        data=answer_sync(inbound, now),
        shape=shape,
        session_id=inbound.session_id,
    )


def _signed(peer: Peer, made: bytes) -> bytes:
    """What leaves is of the contract, and ours. That a key is missing is nobody's fault there."""
    envelope.check(made)
    try:
        return wsse.sign(made, transport_key(peer))
    except RuleViolation as violation:
        log.error("an answer of the gateway was not signed: %s", violation)
        raise GatewayFault(INTERNAL) from violation


def _note_taken(arrival: Arrival, *, is_new: bool) -> None:
    arrival.outcome = TAKEN if is_new else REPEATED
    arrival.save(update_fields=["outcome"])


def _shorten(arrival: Arrival, *, is_seen: bool) -> None:
    arrival.raw = b"" if is_seen else bytes(arrival.raw)[:STRANGER_BYTES]


def _note_refusal(arrival: Arrival, fault: GatewayFault) -> None:
    arrival.outcome = fault.code
    arrival.reason = {language: fault.text.get(language) for language in LANGUAGES}
    arrival.save(update_fields=["outcome", "reason", "raw"])
    log.warning("message %s of the gateway was refused: %s", arrival.pk, fault.code)


def _refusal(visit: _Visit, fault: GatewayFault, now: datetime) -> Reply:
    """A fault, signed for those who proved who they are."""
    made = envelope.fault(
        visit.operation, fault.code, fault.message, now=now, session_id=visit.session_id
    )
    if visit.peer is not None:
        try:
            made = _signed(visit.peer, made)
        except GatewayFault as error:
            log.warning("a fault of the gateway left unsigned: %s", error)
    return Reply(made, status=500)
