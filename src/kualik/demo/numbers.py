"""Numbers of invented people that a counter confirmed, so that a visitor may enter by a code."""

from datetime import time

from kualik.accounts.models import PersonPhone
from kualik.accounts.services import DEMO_EVIDENCE, confirm_phone, find_person
from kualik.demo.cast import GRADUATES
from kualik.demo.people import Words, people
from kualik.demo.story import Stage
from kualik.rules.lifecycle import Role


def confirm_numbers(stage: Stage, words: Words, *, apart: int) -> None:
    """Confirm the numbers of the people who also hold keys (demo.cast)."""
    actor = stage.registrar.acting_as(Role.REGISTRAR)
    for place in GRADUATES:
        [(iin, _, phone)] = people(words, first=apart + place, count=1)
        person = find_person(iin=iin)
        if person is not None:
            confirm_phone(
                person=person,
                phone=phone,
                how=PersonPhone.How.COUNTER,
                evidence={"document": DEMO_EVIDENCE, "staff": actor.name},
                actor=actor,
                now=stage.workday(1, time(9, 15)),
            )
