"""Who is at the other end, which services are taken there, by which rows, and what came."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.gateway.models import Arrival, Peer, Profile
from kualik.gateway.services.masking import masked_message
from kualik.gateway.services.profiles import faults
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.certificates import BrokenCertificate, read_certificate

PEM_MARK = "-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerFacts:
    """What is known of the other end; ``certificates`` are PEM or base64 of DER, each whole."""

    name: str
    sync_url: str
    async_url: str
    sender_id: str
    sender_ids: Sequence[str]
    certificates: Sequence[str]
    algorithm: str
    takes_pushes: bool
    is_active: bool


@transaction.atomic
def save_peer(*, code: str, facts: PeerFacts, is_new: bool, actor: Actor, now: datetime) -> Peer:
    """Enter the other end or change what is known of it. Raises ``gateway_peer_exists`` for a new
    one under a known code, ``gateway_certificate_unfit`` for what is no certificate."""
    known = Peer.objects.filter(code=code).first()
    if is_new and known is not None:
        raise RuleViolation("gateway_peer_exists", peer=code)
    values = {
        "name": facts.name,
        "sync_url": facts.sync_url,
        "async_url": facts.async_url,
        "sender_id": facts.sender_id,
        "sender_ids": list(facts.sender_ids),
        "certificates": [_pinned(text) for text in facts.certificates],
        "algorithm": facts.algorithm,
        "takes_pushes": facts.takes_pushes,
        "is_active": facts.is_active,
    }
    peer, _ = Peer.objects.update_or_create(
        code=code, defaults=values, create_defaults={**values, "created_at": now}
    )
    changed = [name for name, value in values.items() if not known or getattr(known, name) != value]
    journal.record(
        subject=f"peer:{peer.code}",
        action="gateway.peer_saved",
        actor=actor,
        now=now,
        data={"changed": changed},
    )
    return peer


@transaction.atomic
def look_into(*, arrival: Arrival, actor: Actor, now: datetime) -> str:
    """What came to our address, masked; the journal keeps who looked."""
    journal.record(
        subject=f"arrival:{arrival.pk}",
        action="gateway.message_looked_at",
        actor=actor,
        now=now,
        data={"sha256": arrival.sha256, "outcome": arrival.outcome},
    )
    return masked_message(bytes(arrival.raw))


@transaction.atomic
def open_profile(
    *,
    provider: Provider,
    peer: Peer,
    family: str,
    service_id: str,
    route_id: str,
    actor: Actor,
    now: datetime,
) -> Profile:
    """Connect a service for a provider; it takes nothing until its rows are agreed and it is
    switched on. Raises ``gateway_profile_exists``."""
    is_asked = family == Profile.Family.OPERATIONS
    try:
        with transaction.atomic():
            profile = Profile.objects.create(
                provider=provider,
                peer=peer,
                family=family,
                service_id=service_id,
                route_id=route_id,
                result_by=Profile.ResultBy.INLINE if is_asked else Profile.ResultBy.FILE_STORE,
                changed_at=now,
            )
    except IntegrityError as error:
        raise RuleViolation("gateway_profile_exists") from error
    journal.record(
        subject=f"profile:{profile.pk}",
        action="gateway.profile_opened",
        actor=actor,
        now=now,
        data={"provider": provider.code, "service": service_id, "family": family},
    )
    return profile


@transaction.atomic
def change_profile(
    *,
    profile: Profile,
    mapping: Mapping[str, str],
    result_by: str,
    is_active: bool,
    actor: Actor,
    now: datetime,
) -> Profile:
    """Keep what was agreed. Raises ``gateway_profile_unfit`` for switching on what has faults; a
    profile that is off may be saved half-done."""
    if is_active and faults(profile.family, mapping):
        raise RuleViolation("gateway_profile_unfit")
    held = Profile.objects.select_for_update(of=("self",)).get(pk=profile.pk)
    before = dict(held.mapping)
    changed = sorted(name for name in {*before, *mapping} if before.get(name) != mapping.get(name))
    held.mapping, held.result_by = dict(mapping), result_by
    held.is_active, held.changed_at = is_active, now
    held.save(update_fields=["mapping", "result_by", "is_active", "changed_at"])
    journal.record(
        subject=f"profile:{held.pk}",
        action="gateway.profile_changed",
        actor=actor,
        now=now,
        data={"rows": changed, "active": is_active, "result_by": result_by},
    )
    return held


def _pinned(text: str) -> str:
    """Base64 of DER without breaks."""
    lines = [line for line in text.splitlines() if not line.startswith(PEM_MARK)]
    packed = "".join("".join(lines).split())
    try:
        read_certificate(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError, BrokenCertificate) as error:
        raise RuleViolation("gateway_certificate_unfit") from error
    return packed
