"""Who gets which answer on every address of incidents; another provider's staff see nothing."""

from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from kualik.accounts.models import User
from kualik.incidents.models import Incident, Proposal
from kualik.incidents.services.declaring import Seen
from kualik.incidents.services.proposing import propose_incident
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.entering import open_cabinet
from tests.incidents.failing import MINUTE, bring_protocol, fail, report_of, tell_by_hand
from tests.world import World, enrol, sign_in

pytestmark = pytest.mark.django_db
OPEN, SENT_ON, CLOSED, ABSENT = 200, 302, 403, 404
PROVIDERS = ("registrar", "clerk", "office_head", "authorised_person", "provider_admin")
WHO = ("anonymous", "stranger", *PROVIDERS, "inspector", "contact_centre", "platform_admin")
READERS = (*PROVIDERS, "inspector", "platform_admin")
KEEPERS = ("clerk", "office_head", "provider_admin")
DECLARERS = ("office_head", "provider_admin", "platform_admin")
PUBLISHERS = ("office_head", "provider_admin")


@dataclass(frozen=True, kw_only=True)
class Door:
    """One address: who gets ``answer``; other roles are refused, ``absent`` ones see a 404."""

    name: str
    opens: tuple[str, ...]
    answer: int = OPEN
    is_post: bool = False
    absent: tuple[str, ...] = ("stranger",)


DOORS = (
    Door(name="public", opens=WHO),
    Door(name="list", opens=(*READERS, "stranger")),
    Door(name="declare", opens=("clerk", *DECLARERS, "stranger")),
    Door(name="proposal", opens=PUBLISHERS),
    Door(name="decline", opens=PUBLISHERS, answer=SENT_ON, is_post=True),
    Door(name="incident", opens=READERS),
    Door(name="end", opens=DECLARERS),
    Door(name="draft", opens=READERS),
    Door(name="draft_text", opens=READERS),
    Door(name="protocol", opens=READERS),
    Door(name="archive", opens=READERS),
    Door(name="send", opens=KEEPERS, answer=SENT_ON, is_post=True),
    Door(name="notice", opens=KEEPERS),
    Door(name="measures", opens=KEEPERS),
    Door(name="upload", opens=KEEPERS),
    Door(name="cancel", opens=("office_head", "provider_admin")),
    Door(name="sign", opens=("authorised_person",), absent=()),
)


def staff(world: World, who: str) -> User | None:
    """``stranger`` heads the office of another provider."""
    if who == "platform_admin":
        return enrol("platform", None, Role.PLATFORM_ADMIN, now=world.now)
    known = {
        "anonymous": None,
        "stranger": world.other.staff[Role.OFFICE_HEAD],
        "inspector": world.inspector,
        "contact_centre": world.contact_centre,
    }
    return known[who] if who in known else world.demo.staff[Role(who)]


def address(name: str, incident: Incident, code: str = "DEMO") -> str:
    arguments: dict[str, list[object]] = {"public": [], "list": [], "declare": []}
    if name in ("proposal", "decline"):
        arguments[name] = [Proposal.objects.get(provider__code="DEMO").pk]
    usual = [incident.number] if name in ("incident", "end") else [incident.number, code]
    return reverse(f"incidents:{name}", args=arguments.get(name, usual))


def expected(door: Door, who: str) -> int:
    if who in door.opens:
        return door.answer
    if who == "anonymous":
        return SENT_ON
    return ABSENT if who in door.absent else CLOSED


def protocol_waits(world: World, *, is_everybodys: bool = False) -> Incident:
    """An incident whose protocol waits for the signature."""
    head = world.demo.staff[Role.OFFICE_HEAD]
    provider = None if is_everybodys else world.demo.provider
    began_at = world.now - 60 * MINUTE
    incident = fail(provider=provider, began_at=began_at, ended_at=world.now - 50 * MINUTE)
    tell_by_hand(report_of(incident, world.demo.provider), head, at=world.now - 40 * MINUTE)
    bring_protocol(report_of(incident, world.demo.provider), head, at=world.now - 30 * MINUTE)
    propose(world)
    return incident


def propose(world: World) -> None:
    """What a clerk of the first provider saw, which nobody decided on."""
    seen = Seen(what=Text("а", "а"), began_at=world.now - MINUTE)
    clerk = world.demo.staff[Role.CLERK]
    propose_incident(seen=seen, user=clerk, role=Role.CLERK, now=world.now)


def test_every_address_has_its_door() -> None:
    resolver = get_resolver()
    names = resolver.namespace_dict["incidents"][1].reverse_dict
    assert {door.name for door in DOORS} == {name for name in names if isinstance(name, str)}


@pytest.mark.parametrize("who", WHO)
def test_each_role_gets_its_own_answer(world: World, who: str) -> None:
    incident = protocol_waits(world)
    user = staff(world, who)
    client = sign_in(Client(), user) if user else Client()
    for door in DOORS:
        where = address(door.name, incident)
        answer = client.post(where) if door.is_post else client.get(where)
        assert answer.status_code == expected(door, who), door.name


def test_an_applicant_sees_the_public_page_alone(world: World) -> None:
    incident = protocol_waits(world)
    applicant = open_cabinet(Client(), world.demo.requests[0].person)
    for door in DOORS:
        answer = applicant.get(address(door.name, incident))
        assert (answer.status_code == OPEN) == (door.name == "public"), door.name


def test_of_everybodys_failure_each_provider_sees_its_own_report_and_requests(
    world: World,
) -> None:
    incident = protocol_waits(world, is_everybodys=True)
    stranger = sign_in(Client(), world.other.staff[Role.OFFICE_HEAD])
    page = stranger.get(address("incident", incident)).content.decode()
    assert world.other.requests[0].number in page
    assert not any(request.number in page for request in world.demo.requests)
    assert "№ 4711" not in page
    for name in ("draft", "draft_text", "protocol", "archive", "notice", "upload", "cancel"):
        assert stranger.get(address(name, incident)).status_code == ABSENT, name
    own = stranger.get(address("draft_text", incident, "OTHER")).content.decode()
    assert not any(request.number in own for request in world.demo.requests)
    signer = sign_in(Client(), world.other.staff[Role.AUTHORISED_PERSON])
    assert signer.get(address("sign", incident)).status_code == ABSENT


def test_the_list_of_a_provider_has_no_failure_of_another(world: World) -> None:
    incident = protocol_waits(world)
    stranger = sign_in(Client(), world.other.staff[Role.OFFICE_HEAD])
    assert incident.number not in stranger.get(reverse("incidents:list")).content.decode()
    mine = sign_in(Client(), world.demo.staff[Role.CLERK])
    assert incident.number in mine.get(reverse("incidents:list")).content.decode()


def test_the_inspector_acts_on_nothing(world: World) -> None:
    incident = protocol_waits(world)
    client = sign_in(Client(), world.inspector)
    page = client.get(address("incident", incident)).content.decode()
    assert "archive.zip" in page
    for act in ("/send/", "/notice/", "/upload/", "/sign/", "/cancel/", "/end/", "/measures/"):
        assert act not in page, act
