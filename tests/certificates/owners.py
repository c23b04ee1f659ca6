"""A holder with two documents in the world of the tests, and browsers of everybody else."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client

from kualik.accounts.models import Person
from kualik.certificates.models import Certificate, Letter
from kualik.certificates.services.letters import run_letter_job
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.rules.lifecycle import Role, State
from kualik.signatures.models import SigningKey
from kualik.signatures.services import enrol_test_key
from tests.entering import open_cabinet
from tests.world import PEOPLE, World, build_world, iin, sign_in


@dataclass(slots=True, kw_only=True)
class Owner:
    """``document`` is valid; ``stranger`` has a cabinet and a document of the own."""

    world: World
    person: Person
    stranger: Person
    document: Certificate
    foreign: Certificate

    def client(self) -> Client:
        return open_cabinet(Client(), self.person)


def owner() -> Owner:
    world = build_world()
    own, other = (world.by_state[state] for state in (State.ISSUED, State.HANDED_OVER))
    assert own.certificate is not None
    assert other.certificate is not None
    return Owner(
        world=world,
        person=own.certificate.person,
        stranger=other.certificate.person,
        document=own.certificate,
        foreign=other.certificate,
    )


def others(found: Owner) -> dict[str, Client]:
    """Browsers of all who are not the owner; the stranger has a cabinet."""
    world = found.world
    return {
        "anonymous": Client(),
        "stranger": open_cabinet(Client(), found.stranger),
        "clerk": sign_in(Client(), world.demo.staff[Role.CLERK]),
        "other provider": sign_in(Client(), world.other.staff[Role.REGISTRAR]),
    }


def answers(clients: dict[str, Client], address: str) -> dict[str, int]:
    """What reading the address is answered, body read to its end."""
    return {who: status(client.get(address)) for who, client in clients.items()}


NOT_THEIRS = {"anonymous": 302, "stranger": 404, "clerk": 302, "other provider": 302}


def status(response: HttpResponse) -> int:
    body(response)
    return response.status_code


def body(response: HttpResponse) -> bytes:
    if not response.streaming:
        return response.content
    parts: Iterable[bytes] = response
    return b"".join(parts)


def operator_key() -> SigningKey:
    """The key of the installation's operator, as the demonstration has one."""
    return enrol_test_key(provider=None, now=clock.now(), actor=SYSTEM)


def made(letter: Letter) -> Letter:
    """The letter after its job."""
    run_letter_job({"letter": letter.pk}, clock.now())
    letter.refresh_from_db()
    return letter


def iins(found: Owner) -> set[str]:
    """Those of the people and of the staff who sign."""
    return {*found.world.demo.iins.values(), *(iin(100 + place) for place in range(len(PEOPLE)))}
