"""The same request by the counter, by the site and by the portal ends in the same certificate."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction
from pytest_django import Settings

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.certificates.models import Certificate
from kualik.gateway.models import Profile
from kualik.gateway.services.keys import ensure_demo_keys
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.asking import at_home, confirm
from tests.counter.desk import at_desk, file_here, identified
from tests.flows.office import NOW, Office, open_demo_office
from tests.gateway.portal_side import Service, open_service, whole, work

# What each document has of its own.
OWN = {"number", "code"}
Ask = Callable[[Office, Completion], object]


@pytest.fixture
def office(db: None, kualik_files: Path, settings: Settings) -> Iterator[Office]:
    """It decides and seals by itself on a Monday morning, and is known at the portal."""
    settings.VAR = kualik_files
    with time_machine.travel(NOW, tick=False):
        ensure_demo_keys(NOW)
        office = open_demo_office()
        office.seal_automatically(decides_alone=True)
        yield office


def by_counter(office: Office, completion: Completion) -> None:
    clerk = User.objects.get(provider=office.stage.provider, grants__role=Role.CLERK)
    client = at_desk(clerk)
    record = identified(client, completion.person)
    assert file_here(client, record, completion, delivery="electronic").status_code == 302


def by_site(_office: Office, completion: Completion) -> None:
    assert confirm(at_home(completion.person), completion).status_code == 302


def by_portal(office: Office, completion: Completion) -> None:
    service = Service(office, Profile.objects.get())
    service.ask(service.form(**{**whole(completion), "language": "kk"}))


WAYS: dict[str, Ask] = {"counter": by_counter, "web": by_site, "gateway": by_portal}


def test_the_certificate_is_the_same_but_for_channel_and_number(office: Office) -> None:
    """A57.3.2, A303.3.1: one clock, one decision, one form for all ways."""
    [completion] = open_service(office).completed()
    made = {channel: ended(office, completion, channel) for channel in WAYS}
    assert {channel: facts.pop("channel") for channel, facts in made.items()} == {
        channel: channel for channel in WAYS
    }
    counter, site, portal = made.values()
    assert counter == site == portal
    assert counter["facts"]["holder_kk"]
    assert counter["state"] == State.ISSUED
    assert counter["status"] == Certificate.Status.VALID


def ended(office: Office, completion: Completion, channel: str) -> dict[str, Any]:
    """What comes of a request that is taken back afterwards: nobody else has asked before."""
    with transaction.atomic():
        WAYS[channel](office, completion)
        work()
        request = Request.objects.select_related("certificate").get(completion=completion)
        certificate = request.certificate
        assert certificate is not None
        told = {
            "channel": request.channel,
            "state": request.state,
            "facts": {name: value for name, value in certificate.facts.items() if name not in OWN},
            "status": certificate.status,
            "term": (request.filed_at, request.due_at),
            "edition": request.edition,
            "wish": (request.paper, request.language, request.delivery),
            "pages": Path(certificate.file).suffix,
        }
        transaction.set_rollback(True)
    return told
