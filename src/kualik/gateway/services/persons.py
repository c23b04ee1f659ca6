"""What the register of persons says, kept as the least that serves: a few facts of the person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM
from kualik.gateway.adapters import gbdfl
from kualik.gateway.adapters.channel import moment
from kualik.gateway.adapters.gbdfl import Registered
from kualik.gateway.adapters.inner import Unreadable
from kualik.gateway.models import Consent, Fact
from kualik.gateway.queries.registers import PersonRegister, registers
from kualik.gateway.services import looking_up
from kualik.gateway.services.looking_up import Asker
from kualik.rules.errors import RuleViolation
from kualik.rules.spelling import normalise_name, repair

NAME_PARTS: Final = ("family_name", "given_name", "patronymic")
KNOWN, NAME, ALIVE, PAPER = "known", "name", "alive", "paper"
FAULT: Final = "fault"


def has_facts(consent: Consent) -> bool:
    """Whether the register was heard by this consent already: each serves for one look."""
    return Fact.objects.filter(consent=consent).exists()


def learn(*, consent: Consent, token: tuple[str, str], about: str, now: datetime) -> list[Fact]:
    """Ask the register about the person who consented and keep what it says (ГБД ФЛ).

    Whether the names agree, whether the person is alive, whether an identity document is in force:
    neither the names nor the document, nor anything else of the answer, is kept. Raises
    Unreachable, Refused, ``register_refused``, ``register_answer_wrong``, ``gateway_off``.
    """
    register, iin = registers().persons, open_iin(bytes(consent.person.iin_sealed))
    asker = Asker(actor=SYSTEM, person=consent.person, about=about)
    call = looking_up.open_call(service_id=register.service_id, asker=asker, now=now)
    question = gbdfl.Question(
        message_id=call.message_id,
        asked_at=moment(now),
        sender_code=register.sender_code or call.peer.sender_id,
        iin=iin,
        token=token[0],
        key=token[1],
    )
    answer = looking_up.ask(call=call, data=gbdfl.question_xml(question), shape="typed", now=now)
    try:
        said = gbdfl.read_answer(answer.data.text)
    except Unreadable as fault:
        raise RuleViolation("register_answer_wrong") from fault
    looking_up.note_outcome(call, said.code)
    return _kept(consent, _facts(said, consent.person, iin, register, now=now), about, now=now)


def keep_fault(*, consent: Consent, code: str, about: str, now: datetime) -> list[Fact]:
    """Keep that the register gave no answer that can be used, by the code of the error."""
    return _kept(consent, {FAULT: code}, about, now=now)


def name_differences(person: Person, found: Registered) -> list[str]:
    """The parts of the name that the register spells otherwise, whatever the case of letters."""
    return [
        part
        for part in NAME_PARTS
        if _folded(getattr(person, part)) != _folded(getattr(found, part))
    ]


def _facts(
    said: gbdfl.Said, person: Person, iin: str, register: PersonRegister, *, now: datetime
) -> Mapping[str, str]:
    if said.code in register.absent or (said.code in register.found and not said.persons):
        return {KNOWN: "no"}
    if said.code not in register.found:
        raise RuleViolation("register_refused", answer=said.code)
    found = next((one for one in said.persons if one.iin == iin), None)
    if found is None:
        raise RuleViolation("register_answer_wrong")
    different = name_differences(person, found)
    is_alive = found.life_status in register.alive and not found.has_died
    return {
        NAME: f"differs:{','.join(different)}" if different else "agrees",
        ALIVE: "yes" if is_alive else "no",
        PAPER: "valid" if _has_paper(found, register, now=now) else "none",
    }


def _has_paper(found: Registered, register: PersonRegister, *, now: datetime) -> bool:
    return any(
        paper.kind in register.papers
        and paper.status in register.paper_valid
        and (paper.ends_on is None or paper.ends_on >= local_day(now))
        for paper in found.papers
    )


def _folded(text: str) -> str:
    return repair(normalise_name(text)).casefold().replace("ё", "е")


@transaction.atomic
def _kept(consent: Consent, facts: Mapping[str, str], about: str, *, now: datetime) -> list[Fact]:
    """Write the facts, unless another worker did meanwhile."""
    Consent.objects.select_for_update().get(pk=consent.pk)
    if has_facts(consent):
        return list(consent.facts.all())
    rows = [
        Fact(
            person=consent.person,
            provider=consent.provider,
            consent=consent,
            name=name,
            value=value,
            source=consent.access_name,
            about=about,
            learned_at=now,
        )
        for name, value in facts.items()
    ]
    Fact.objects.bulk_create(rows)
    journal.record(
        subject=f"consent:{consent.pk}",
        action="gateway.facts_learned",
        actor=SYSTEM,
        now=now,
        data={"names": sorted(facts), "about": about},
    )
    return rows
