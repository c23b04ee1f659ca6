"""Who gets which answer on every address of complaints; another provider's staff see nothing."""

from dataclasses import dataclass

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import get_resolver, reverse

from kualik.accounts.models import User
from kualik.complaints.models import Complaint, ComplaintFile
from kualik.rules.lifecycle import Role, State
from tests.complaints.complaining import complain
from tests.entering import open_cabinet
from tests.world import World, sign_in

OPEN, SENT_ON, CLOSED, ABSENT = 200, 302, 403, 404
PROVIDERS = ("registrar", "clerk", "office_head", "authorised_person", "provider_admin")
WHO = ("anonymous", "stranger", *PROVIDERS, "inspector", "contact_centre")
READERS = ("registrar", "clerk", "office_head", "authorised_person", "inspector")
HANDLERS = ("registrar", "office_head")
TAKERS = ("registrar", "clerk", "office_head")
OWNERS = ("own", "own_list", "own_receipt", "own_file", "withdraw")


@dataclass(frozen=True, kw_only=True)
class Door:
    """One address: who gets ``answer``; other roles are refused, ``absent`` ones see a 404."""

    name: str
    opens: tuple[str, ...]
    answer: int = OPEN
    is_post: bool = False
    absent: tuple[str, ...] = ()


DOORS = (
    Door(name="new", opens=WHO),
    Door(name="status", opens=WHO),
    Door(name="filed", opens=WHO, answer=ABSENT),
    Door(name="filed_receipt", opens=WHO, answer=ABSENT),
    Door(name="list", opens=(*READERS, "stranger", "contact_centre")),
    Door(name="register", opens=(*TAKERS, "stranger", "contact_centre")),
    Door(name="complaint", opens=(*READERS, "contact_centre"), absent=("stranger",)),
    Door(name="file", opens=READERS, absent=("stranger", "contact_centre")),
    Door(name="receipt", opens=TAKERS, absent=("stranger", "contact_centre")),
    Door(name="case", opens=(*HANDLERS, "inspector"), absent=("stranger",)),
    Door(name="assign", opens=HANDLERS, absent=("stranger",)),
    Door(name="take_up", opens=HANDLERS, answer=SENT_ON, is_post=True, absent=("stranger",)),
    Door(name="forward", opens=HANDLERS, absent=("stranger",)),
    Door(name="decide", opens=HANDLERS, absent=("stranger",)),
    Door(name="withdrawal", opens=HANDLERS, absent=("stranger",)),
    Door(name="court", opens=HANDLERS, absent=("stranger",)),
)


def staff(world: World, who: str) -> User | None:
    """``stranger`` heads the office of another provider."""
    known = {
        "anonymous": None,
        "stranger": world.other.staff[Role.OFFICE_HEAD],
        "inspector": world.inspector,
        "contact_centre": world.contact_centre,
    }
    return known[who] if who in known else world.demo.staff[Role(who)]


def with_file(complaint: Complaint) -> ComplaintFile:
    kept = ComplaintFile(
        complaint=complaint,
        filename="a.pdf",
        media_type="application/pdf",
        size=5,
        sha256="0" * 64,
        created_at=complaint.received_at,
    )
    kept.content.save("a", ContentFile(b"%PDF-"), save=False)
    kept.save()
    return kept


def address(name: str, complaint: Complaint, file: ComplaintFile) -> str:
    arguments = {
        "new": [],
        "status": [],
        "list": [],
        "register": [],
        "own_list": [],
        "file": [complaint.number, file.pk],
        "own_file": [complaint.number, file.pk],
    }
    return reverse(f"complaints:{name}", args=arguments.get(name, [complaint.number]))


def expected(door: Door, who: str) -> int:
    if who in door.opens:
        return door.answer
    if who == "anonymous":
        return SENT_ON
    return ABSENT if who in door.absent else CLOSED


def test_every_address_has_its_door() -> None:
    resolver = get_resolver()
    names = {name for name in resolver.namespace_dict["complaints"][1].reverse_dict if name}
    named = {name for name in names if isinstance(name, str)}
    assert {door.name for door in DOORS} | set(OWNERS) == named


@pytest.mark.parametrize("who", WHO)
def test_each_role_gets_its_own_answer(world: World, who: str) -> None:
    complaint = complain(world, State.IN_REVIEW)
    file = with_file(complaint)
    user = staff(world, who)
    client = sign_in(Client(), user) if user else Client()
    for door in DOORS:
        where = address(door.name, complaint, file)
        answer = client.post(where) if door.is_post else client.get(where)
        assert answer.status_code == expected(door, who), door.name


def test_the_owner_sees_it_and_nobody_else_in_a_cabinet_does(world: World) -> None:
    complaint = complain(world, State.IN_REVIEW)
    file = with_file(complaint)
    owner = open_cabinet(Client(), complaint.person)
    other = open_cabinet(Client(), world.by_state[State.ISSUED].person)
    for name in ("own", "own_receipt", "own_file", "filed", "filed_receipt"):
        where = address(name, complaint, file)
        assert owner.get(where).status_code == OPEN, name
        assert other.get(where).status_code == ABSENT, name
    assert complaint.number not in other.get(reverse("complaints:own_list")).content.decode()
    assert other.post(address("withdraw", complaint, file)).status_code == ABSENT
    complaint.refresh_from_db()
    assert complaint.state == Complaint.State.REGISTERED


def test_a_file_of_another_complaint_is_not_given_out(world: World) -> None:
    mine = complain(world, State.IN_REVIEW)
    foreign = with_file(complain(world, State.REFUSED, key="k2"))
    owner = open_cabinet(Client(), mine.person)
    where = reverse("complaints:own_file", args=[mine.number, foreign.pk])
    assert owner.get(where).status_code == ABSENT


def test_the_inspector_acts_on_nothing(world: World) -> None:
    complaint = complain(world, State.IN_REVIEW)
    page = sign_in(Client(), world.inspector).get(
        reverse("complaints:complaint", args=[complaint.number])
    )
    assert "take-up" not in page.content.decode()
    assert "/decide/" not in page.content.decode()


def test_a_file_is_never_shown_as_a_page_of_ours(world: World) -> None:
    complaint = complain(world, State.IN_REVIEW)
    file = with_file(complaint)
    answer = sign_in(Client(), world.inspector).get(address("file", complaint, file))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
