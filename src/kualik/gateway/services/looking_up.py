"""One question to another system on the synchronous channel, and that it was asked."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from kualik.accounts.models import Person
from kualik.core.journal import Actor
from kualik.gateway.adapters.channel import Answer
from kualik.gateway.adapters.envelope.names import Shape
from kualik.gateway.adapters.exchange import ANSWER_SECONDS, Refused
from kualik.gateway.adapters.posting import Unreachable
from kualik.gateway.models import Call, Peer
from kualik.gateway.queries.registers import usual_peer
from kualik.gateway.services.lines import sync_channel
from kualik.rules.errors import RuleViolation

# What a service says of a question that it took; КДП says nothing there.
SUCCESS: Final = frozenset({"SCSS001", ""})
UNREACHABLE: Final = "unreachable"
# Somebody stands at a window or waits for a page.
HASTE_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks about whom: ``person`` None where the register of persons does not know them."""

    actor: Actor
    person: Person | None = None
    about: str = ""


def open_call(*, service_id: str, asker: Asker, now: datetime, peer: Peer | None = None) -> Call:
    """Write down that a question is asked, before it is: its message id may be a part of it.

    Raises ``gateway_off`` where no channel is set up.
    """
    peer = peer or usual_peer()
    if peer is None:
        raise RuleViolation("gateway_off")
    return Call.objects.create(
        peer=peer,
        service_id=service_id,
        message_id=str(uuid4()),
        person=asker.person,
        actor=asker.actor.name,
        about=asker.about,
        asked_at=now,
    )


def ask(
    *, call: Call, data: str, shape: Shape, now: datetime, seconds: float = ANSWER_SECONDS
) -> Answer:
    """Ask, and write down how it ended; call it outside transactions.

    Raises Unreachable, Refused, and ``register_refused`` where the service's status says so.
    """
    began = time.monotonic()
    try:
        channel = sync_channel(call.peer, now=now, seconds=seconds)
        answer = channel.ask(call.service_id, data, shape=shape, message_id=call.message_id)
    except Refused as fault:
        _ended(call, f"refused:{fault.code}", began, now)
        raise
    except Unreachable:
        _ended(call, UNREACHABLE, began, now)
        raise
    _ended(call, answer.code or "answered", began, now)
    if answer.code not in SUCCESS:
        raise RuleViolation("register_refused", answer=answer.code)
    return answer


def note_outcome(call: Call, outcome: str) -> None:
    """What the answer came to, in the service's own word or code."""
    call.outcome = outcome[:80]
    call.save(update_fields=["outcome"])


def _ended(call: Call, outcome: str, began: float, now: datetime) -> None:
    call.answered_at = now + timedelta(seconds=max(0.0, time.monotonic() - began))
    call.outcome = outcome[:80]
    call.save(update_fields=["answered_at", "outcome"])
