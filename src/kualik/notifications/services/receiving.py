"""Short messages that come in: kept once, then answered by a job that an upper room does."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from kualik.core import jobs
from kualik.notifications.adapters.alphabet import Place
from kualik.notifications.models import InboundPiece, InboundSms
from kualik.rules.phones import e164

# Its handler is a ``core.jobs.Handler`` that ``config.jobs`` names; the payload is
# {"inbound": id of the InboundSms}. It ends with ``mark_handled``.
ANSWER_JOB = "notifications.answer"
# A carrier that lost our acknowledgement sends the same again; numbers of pieces come round later.
SAME_WITHIN = timedelta(minutes=10)
PIECES_FOR = timedelta(days=1)


@transaction.atomic
def receive_sms(
    *, carrier: str, reference: str, phone: str, text: str, received_at: datetime, now: datetime
) -> InboundSms:
    """Keep what came in and ask for its answer; the same ``reference`` again adds nothing."""
    row = InboundSms(
        carrier=carrier,
        reference=reference[:80],
        phone=e164(phone) or phone[:20],
        text=text.replace("\0", "")[:1000],
        received_at=received_at,
    )
    InboundSms.objects.bulk_create([row], ignore_conflicts=True)
    kept = InboundSms.objects.get(carrier=carrier, reference=row.reference)
    key = f"{ANSWER_JOB}:{kept.pk}"
    jobs.enqueue(name=ANSWER_JOB, key=key, payload={"inbound": kept.pk}, now=now)
    return kept


@transaction.atomic
def receive_unnumbered(
    *, carrier: str, phone: str, text: str, to: str, now: datetime
) -> InboundSms:
    """Keep a message that the carrier gave no number: the same words from the same phone within
    minutes are the same message."""
    digest = hashlib.sha256(f"{phone}\0{to}\0{text}".encode()).hexdigest()[:40]
    recent = InboundSms.objects.filter(
        carrier=carrier, reference__startswith=digest, received_at__gt=now - SAME_WITHIN
    ).first()
    if recent is not None:
        return recent
    return receive_sms(
        carrier=carrier,
        reference=f"{digest}:{now.timestamp():.0f}",
        phone=phone,
        text=text,
        received_at=now,
        now=now,
    )


@transaction.atomic
def receive_piece(
    *, carrier: str, phone: str, text: str, to: str, place: Place, now: datetime
) -> InboundSms | None:
    """Keep a part of a long message; the message itself once all parts are there."""
    InboundPiece.objects.filter(received_at__lte=now - PIECES_FOR).delete()
    piece = InboundPiece(
        carrier=carrier,
        phone=phone[:20],
        group=place.group,
        number=place.number,
        total=place.total,
        text=text[:400],
        received_at=now,
    )
    InboundPiece.objects.bulk_create([piece], ignore_conflicts=True)
    pieces = InboundPiece.objects.filter(
        carrier=carrier, phone=piece.phone, group=place.group, total=place.total
    ).order_by("number")
    texts = list(pieces.values_list("text", flat=True))
    if len(texts) < place.total:
        return None
    pieces.delete()
    return receive_unnumbered(carrier=carrier, phone=phone, text="".join(texts), to=to, now=now)


def mark_handled(*, inbound: InboundSms, outcome: str, now: datetime) -> bool:
    """Write what was done with an answer; False when that was written before."""
    rows = InboundSms.objects.filter(pk=inbound.pk, handled_at=None)
    return bool(rows.update(handled_at=now, outcome=outcome[:40]))
