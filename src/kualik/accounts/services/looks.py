"""Keeping that somebody of an office looked at a person's data, for the person to see."""

from collections.abc import Iterable
from datetime import datetime, time

from django.db import transaction

from kualik.accounts.models import Person
from kualik.accounts.queries.looks import LOOKED
from kualik.core import journal
from kualik.core.clock import ZONE, local_day
from kualik.core.journal import Actor, Event
from kualik.core.models import JournalEntry


def record_look(*, person: Person, what: str, about: str, actor: Actor, now: datetime) -> None:
    """Journal a look at a person's data, for the person to see.

    ``what`` is a key of ``queries.looks.WHAT_LABELS``, ``about`` the number of the thing.
    """
    note_looks(looks=[(f"person:{person.pk}", about)], what=what, actor=actor, now=now)


@transaction.atomic
def note_looks(*, looks: Iterable[tuple[str, str]], what: str, actor: Actor, now: datetime) -> None:
    """Journal looks under any subjects, once for each actor, thing and day; ``looks`` are pairs of
    a subject and a thing's number."""
    wanted = list(dict.fromkeys(looks))
    known = JournalEntry.objects.filter(
        subject__in={subject for subject, _ in wanted},
        action=LOOKED,
        actor=actor.name,
        role=actor.role,
        at__gte=datetime.combine(local_day(now), time(), ZONE),
        data__what=what,
        data__about__in={about for _, about in wanted},
    )
    seen = set(known.values_list("subject", "data__about"))
    fresh = [
        Event(
            subject=subject,
            action=LOOKED,
            actor=actor,
            at=now,
            data={"what": what, "about": about},
        )
        for subject, about in wanted
        if (subject, about) not in seen
    ]
    if fresh:
        journal.record_all(fresh)
