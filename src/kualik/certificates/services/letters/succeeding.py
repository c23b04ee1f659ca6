"""Letters that nobody works on: whose authorised person is gone, whose file was given up."""

from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.queries import authorised_person
from kualik.certificates.models import Letter
from kualik.certificates.services.letters.drafting import signer_facts
from kualik.certificates.services.letters.failing import tell_all_failed
from kualik.certificates.services.letters.making import discard_prepared_letter
from kualik.core import journal
from kualik.core.jobs import Payload
from kualik.core.journal import SYSTEM
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

SUCCEED_JOB: Final = "certificates.succeed_letters"
WAITING: Final = (Letter.State.DRAFT, Letter.State.PREPARED)


def run_succeed_job(_payload: Payload, now: datetime) -> None:
    """Name the present authorised person in what waits for one who has the role no more, and tell
    of the letters whose files could not be made.

    A decision on a complaint keeps its handler. Where nobody has the role, the letters wait; so
    does one that changed at that moment, for the next run.
    """
    waiting = Letter.objects.filter(state__in=WAITING, provider__isnull=False)
    related = ("provider", "signer", "key")
    for letter in waiting.exclude(kind=Letter.Kind.DECISION).select_related(*related):
        signer = letter.signer
        may = signer and signer.is_active and signer.has_role(frozenset({Role.AUTHORISED_PERSON}))
        if not may:
            _succeed(letter, now)
    tell_all_failed(now=now)


@transaction.atomic
def _succeed(letter: Letter, now: datetime) -> None:
    if letter.provider is None:
        return
    try:
        successor = authorised_person(letter.provider)
    except RuleViolation:
        return
    facts = {**letter.facts, **signer_facts(successor)}
    same = Letter.objects.filter(
        pk=letter.pk, state=letter.state, file=letter.file, signer=letter.signer_id
    )
    if not same.update(signer=successor, facts=facts):
        return
    discard_prepared_letter(letter=letter, now=now)
    journal.record(
        subject=f"letter:{letter.number}",
        action="certificates.letter_reassigned",
        actor=SYSTEM,
        now=now,
        data={"to": f"user:{successor.pk}"},
    )
