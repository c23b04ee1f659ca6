"""Conversations with the portal: opened once by their correlation id, found again."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.services import iin_hash
from kualik.core import errors
from kualik.gateway.models import Conversation, Inbound, Profile
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text

# A conversation of the synchronous channel has no correlation id of the gateway: it is known by
# the portal's number, and the portal asks again when it wants to know more.
ASKED: Final = "sync:"
RELATED: Final = ("peer", "profile__provider", "request__person", "request__certificate")


def open_thread(
    profile: Profile, inbound: Inbound, echo: Mapping[str, str], *, now: datetime
) -> Conversation:
    """The conversation of a question, opened if it is new, its row locked until the transaction
    ends."""
    number = echo.get("number", "")
    values = {
        "profile": profile,
        "service_id": inbound.service_id,
        "route_id": inbound.route_id,
        "portal_number": number,
        "chain_id": echo.get("chain", ""),
        "opened_at": now,
    }
    key = _key(profile, inbound, number)
    with transaction.atomic():
        row, _ = Conversation.objects.get_or_create(
            peer=inbound.peer, correlation_id=key, defaults=values
        )
    held = Conversation.objects.select_for_update(of=("self",)).select_related(*RELATED)
    return held.get(pk=row.pk)


def find_thread(profile: Profile, number: str) -> Conversation | None:
    """The conversation about a number of the portal, the first of several."""
    rows = Conversation.objects.select_related(*RELATED).filter(
        profile=profile, portal_number=number
    )
    return rows.order_by("pk").first() if number else None


def is_by_question(conversation: Conversation) -> bool:
    """Whether the portal asks for news instead of hearing them."""
    return conversation.correlation_id.startswith(ASKED)


def is_about(conversation: Conversation, iin: str) -> bool:
    """Whether a conversation is that person's: what is said in it is told to nobody else."""
    return owner_of(conversation) == iin_hash(iin)


def owner_of(conversation: Conversation) -> str:
    """The hash of the IIN of the person whose it is; "" where the form could not be read."""
    request, refusal = conversation.request, conversation.refusal or {}
    return request.person.iin_hash if request else str(refusal.get("iin_hash", ""))


def refuse(conversation: Conversation, violation: RuleViolation, *, iin: str) -> None:
    """Keep why no request was filed, as it is told in both languages, and to whom; ``iin`` is ""
    where the form could not be read."""
    whose = {"iin_hash": iin_hash(iin)} if iin else {}
    conversation.refusal = {**refusal_of(violation), **whose}
    Conversation.objects.filter(pk=conversation.pk).update(refusal=conversation.refusal)


def refusal_of(violation: RuleViolation) -> dict[str, str]:
    """A violation in words, as ``Conversation.refusal`` keeps it."""
    said = in_words(violation)
    return {"code": violation.code, "kk": said.kk, "ru": said.ru}


def in_words(violation: RuleViolation) -> Text:
    """The text of a violation in all languages."""
    return Text(*(errors.message(violation, language) for language in LANGUAGES))


def _key(profile: Profile, inbound: Inbound, number: str) -> str:
    if inbound.kind == Inbound.Kind.SYNC:
        # Digested, since both may be long: a key that was cut would be another person's too.
        named = f"{profile.pk}:{number}".encode()
        return f"{ASKED}{hashlib.sha256(named).hexdigest()}"
    return inbound.correlation_id
