"""What a demonstration lays out for the simulated portal and for the system that meets it."""

import json
from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from kualik.demo.cast import graduate_id
from kualik.demo.gateway import SERVICES, meet_portal, open_gateway, write_studied
from kualik.demo.people import read_data
from kualik.gateway.models import Peer, Profile
from kualik.gateway.queries.profiles import find_profile
from kualik.gateway.services.profiles import faults
from kualik.providers.models import Provider
from tests.gateway.conftest import NOW
from tools.portal.services import catalogue
from tools.portal.state import folder

pytestmark = pytest.mark.django_db


@pytest.fixture
def providers(kualik_files: Path, settings: Settings) -> list[Provider]:
    settings.VAR = kualik_files
    return [
        Provider.objects.create(
            code=row["code"],
            bin=row["bin"],
            kind=row["kind"],
            **{f"name_{language}": row["name"][language] for language in ("kk", "ru", "en")},
            **{f"city_{language}": row["city"][language] for language in ("kk", "ru", "en")},
        )
        for row in read_data()["provider"]
    ]


def test_every_organisation_has_an_active_service_of_the_portals_catalogue(
    providers: list[Provider],
) -> None:
    open_gateway(providers, now=NOW)
    peer = Peer.objects.get()
    assert len({profile.family for profile in Profile.objects.all()}) == 3
    for provider in providers:
        service = catalogue()[provider.code]
        found = find_profile(peer=peer, service_id=service.service_id, route_id=service.route_id)
        assert found is not None
        assert (found.provider, found.family) == (provider, service.family)
        assert found.mapping["namespace"] == service.namespace
        assert faults(found.family, found.mapping) == {}
    assert set(SERVICES) == set(catalogue())


def test_the_portal_is_met_where_it_is_and_by_the_keys_that_it_has_now(
    providers: list[Provider], settings: Settings
) -> None:
    first = meet_portal(now=NOW)
    settings.SIMULATORS = [f"127.0.0.1:{30_000 + place}" for place in range(9)]
    again = meet_portal(now=NOW)
    assert first.pk == again.pk
    assert again.async_url == "http://127.0.0.1:30008/shep/async"
    assert again.certificates == first.certificates
    assert len(again.certificates) == 2
    assert (folder() / "rsa.key").is_file()
    assert (folder() / "kualik" / "rsa.cer").is_file()


def test_the_form_of_the_portal_knows_what_each_citizen_studied(
    providers: list[Provider],
) -> None:
    write_studied(read_data()["people"], providers, apart=100)
    told = json.loads((folder() / "studied.json").read_text("utf-8"))
    assert told[graduate_id("DEMO", 57)] == []
    assert len(told) == 15
    assert all(date.fromisoformat(row["ended_on"]) for rows in told.values() for row in rows)
