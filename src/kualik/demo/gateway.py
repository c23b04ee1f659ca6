"""The e-government bus of a demonstration: the simulated portal, and a service of it at each
organisation, each by another family of inner documents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from kualik.accounts.services import find_person
from kualik.demo.cast import GRADUATES, graduate_id
from kualik.demo.people import people
from kualik.gateway.models import Peer, Profile
from kualik.gateway.services.keys import (
    ensure_demo_keys,
    portal_certificates,
    portal_directory,
)
from kualik.providers.models import Provider
from kualik.training.models import Completion

PORTAL: Final = "EGOV"
SENDER_ID: Final = "kualik"
# The portal itself, and the application with digital documents behind it.
SENDER_IDS: Final = ("pep", "digilocker")
Words = Mapping[str, Any]
# Provider → family, service, namespace (tools/portal/services.toml).
SERVICES: Final = {
    "DEMO": (Profile.Family.UNIVERSAL, "EXAMPLE_CERT_SERVICE", "urn:example:cert-service"),
    "ISHIM": (Profile.Family.DOCUMENT, "EXAMPLE_CERT_DOCUMENT", "urn:example:pep-service"),
    "TURAN": (
        Profile.Family.OPERATIONS,
        "EXAMPLE_CERT_OPERATIONS",
        "urn:example:cert-operations",
    ),
}


def meet_portal(*, now: datetime) -> Peer:
    """The portal at the address where it is simulated now, known by its certificates of now."""
    ensure_demo_keys(now)
    address = f"http://{settings.SIMULATORS[8]}/shep"
    told = {
        "sync_url": f"{address}/sync",
        "async_url": f"{address}/async",
        "certificates": list(portal_certificates()),
    }
    first = {
        "name": "Электрондық үкімет порталы (сынақ) / Портал электронного правительства (имитация)",
        "sender_id": SENDER_ID,
        "sender_ids": list(SENDER_IDS),
        "algorithm": Peer.Algorithm.RSA,
        "created_at": now,
    }
    peer, _ = Peer.objects.update_or_create(
        code=PORTAL, defaults=told, create_defaults={**first, **told}
    )
    return peer


def open_gateway(providers: Sequence[Provider], *, now: datetime) -> None:
    """An active profile for each organisation of the demonstration."""
    peer = meet_portal(now=now)
    for provider in providers:
        family, service_id, namespace = SERVICES[provider.code]
        Profile.objects.create(
            provider=provider,
            peer=peer,
            family=family,
            service_id=service_id,
            mapping={"namespace": namespace},
            is_active=True,
            changed_at=now,
        )


def write_studied(words: Words, providers: Sequence[Provider], *, apart: int) -> None:
    """What each citizen of the list completed, as they remember it, for the portal's form."""
    told: dict[str, list[dict[str, str]]] = {}
    for at, provider in enumerate(providers):
        for place in GRADUATES:
            [(iin, _, _)] = people(words, first=at * apart + place, count=1)
            told[graduate_id(provider.code, place)] = list(studied(provider, iin))
    path = portal_directory() / "studied.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


def studied(provider: Provider, iin: str) -> Iterator[dict[str, str]]:
    """What a person completed at an organisation, as the form of the portal offers it."""
    rows = Completion.objects.select_related("programme").filter(
        provider=provider, person=find_person(iin=iin)
    )
    for row in rows:
        yield {
            "service": provider.code,
            "kind": row.programme.kind,
            "programme_kk": row.programme.title_kk,
            "programme_ru": row.programme.title_ru,
            "started_on": row.started_on.isoformat(),
            "ended_on": row.mastered_on.isoformat(),
            "hours": str(row.hours),
        }
