"""Complaints about the requests of the small world."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from kualik.accounts.models import User
from kualik.complaints.models import Complaint
from kualik.complaints.services.deciding import Ruling
from kualik.complaints.services.filing import ComplaintFacts, file_complaint
from kualik.core.journal import Actor
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from tests.world import World

TEXT = "Құжаттарым толық болғанымен, өтінішімнен бас тартылды. Осыны қайта қарауды сұраймын."
FINDINGS = Text(
    "Ұсынылған құжаттар толық екені және оқылатыны анықталды, бас тарту негізсіз.",
    "Установлено, что представленные документы полны и читаются, отказ не обоснован.",
)


def facts(world: World, state: State | None = State.REFUSED, **more: Any) -> ComplaintFacts:
    """A complaint of the request in ``state``, by its own person."""
    request = world.by_state[state] if state else None
    known = ComplaintFacts(
        provider=world.demo.provider,
        subject="decision" if state in (State.REFUSED, State.NOT_ACCEPTED) else "delay",
        text=TEXT,
        channel=Complaint.Channel.WEB,
        complainant=request.person.full_name if request else "Иванов Иван",
        phone="+77010000101",
        person=request.person if request else None,
        request=request,
    )
    return replace(known, **more)


def complain(
    world: World,
    state: State | None = State.REFUSED,
    *,
    at: datetime | None = None,
    key: str = "key-1",
    **more: Any,
) -> Complaint:
    """The same, registered at a moment, by default now."""
    moment = at or world.now
    return file_complaint(
        key=key,
        facts=facts(world, state, **more),
        received_at=moment,
        actor=Actor(name="complainant", role=Role.APPLICANT.value),
        now=moment,
    )


def head(world: World) -> User:
    """The head of the office, who decided nothing that is complained of."""
    return world.demo.staff[Role.OFFICE_HEAD]


def registrar(world: World) -> User:
    """Who may handle a complaint of a delay: the head answers for it."""
    return world.demo.staff[Role.REGISTRAR]


def ruling(kind: str = "act_cancelled", effect: str = "") -> Ruling:
    return Ruling(kind=kind, findings=FINDINGS, effect=effect)
