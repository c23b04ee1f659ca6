"""A gateway to talk to: keys made once, a server for each test, and its row among the peers."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from kualik.core.clock import ZONE
from kualik.gateway.adapters.wsse import LeafKey
from kualik.gateway.models import Conversation, Peer, Profile
from kualik.providers.models import Provider
from kualik.signatures.adapters.test_authority import Scheme, Subject
from kualik.signatures.adapters.test_authority.storage import held_hierarchy, save_leaf
from tests.gateway.bus import Bus, listening

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday, 10:00 in Almaty
SERVICE = "EXAMPLE_CERT_SERVICE"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusKeys:
    """Keys of the two ends, and of somebody else."""

    ours: LeafKey
    portal: LeafKey
    foreign: LeafKey


@pytest.fixture(scope="session")
def bus_keys(founded_authorities: Path) -> BusKeys:
    authority = held_hierarchy(founded_authorities / Scheme.RSA)
    made = [
        LeafKey(
            authority.issue(
                Subject(common_name=name, organisation=name, bin="990000000008"),
                not_before=NOW - timedelta(days=60),
                not_after=NOW + timedelta(days=300),
            )
        )
        for name in ("KUALIK TEST ОПЕРАТОР", "KUALIK TEST ПОРТАЛ", "KUALIK TEST БАСҚА")
    ]
    return BusKeys(ours=made[0], portal=made[1], foreign=made[2])


@pytest.fixture
def bus(bus_keys: BusKeys) -> Iterator[Bus]:
    """A gateway that works until its plan says otherwise."""
    made = Bus(
        key=bus_keys.portal,
        pinned=bus_keys.ours.certificate_der,
        now=NOW.astimezone(ZONE),
    )
    with listening(made):
        yield made


@pytest.fixture
def bus_pins(bus_keys: BusKeys) -> str:
    """The portal's certificate as a peer holds it."""
    return base64.b64encode(bus_keys.portal.certificate_der).decode()


@pytest.fixture
def bus_peer(
    db: None, bus: Bus, bus_keys: BusKeys, bus_pins: str, kualik_files: Path, settings: Settings
) -> Peer:
    """The gateway as the installation knows it; our key lies where it is looked for."""
    save_leaf(Path(settings.KEYS_ROOT) / "gateway", Scheme.RSA, bus_keys.ours.leaf)
    settings.GATEWAY_PASSWORD = "a word of the bus"
    return Peer.objects.create(
        code="EGOV",
        name="Портал",
        sync_url=bus.url,
        async_url=bus.url,
        sender_id="kualik",
        sender_ids=["pep"],
        certificates=[bus_pins],
        algorithm=Peer.Algorithm.RSA,
        created_at=NOW,
    )


@pytest.fixture
def bus_profile(bus_peer: Peer) -> Profile:
    """A service of a provider that the gateway brings requests to."""
    provider = Provider.objects.create(
        code="DEMO",
        bin="990140000018",
        kind=Provider.Kind.EDUCATION,
        **{f"name_{language}": f"DEMO {language}" for language in ("kk", "ru", "en")},
        **dict.fromkeys(("city_kk", "city_ru", "city_en"), "Алматы"),
    )
    return Profile.objects.create(
        provider=provider,
        peer=bus_peer,
        family=Profile.Family.UNIVERSAL,
        service_id=SERVICE,
        is_active=True,
        changed_at=NOW,
    )


@pytest.fixture
def conversation(bus_profile: Profile) -> Conversation:
    """A question of the portal that is not answered yet."""
    return open_conversation(bus_profile, "3900001")


def open_conversation(profile: Profile, correlation_id: str) -> Conversation:
    """Another question of the portal."""
    return Conversation.objects.create(
        peer=profile.peer,
        profile=profile,
        correlation_id=correlation_id,
        service_id=profile.service_id,
        portal_number=f"10100000{correlation_id}",
        opened_at=NOW,
    )
