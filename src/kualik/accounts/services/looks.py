"""Keeping that somebody of an office looked at a person's data, for the person to see."""

from datetime import datetime, time

from django.db import transaction

from kualik.accounts.models import Person
from kualik.accounts.queries.looks import LOOKED
from kualik.core import journal
from kualik.core.clock import ZONE, local_day
from kualik.core.journal import Actor
from kualik.core.models import JournalEntry


def record_look(*, person: Person, what: str, about: str, actor: Actor, now: datetime) -> None:
    """Journal a look at a person's data, for the person to see.

    ``what`` is a key of ``queries.looks.WHAT_LABELS``, ``about`` the number of the thing.
    """
    note_look(subject=f"person:{person.pk}", what=what, about=about, actor=actor, now=now)


@transaction.atomic
def note_look(*, subject: str, what: str, about: str, actor: Actor, now: datetime) -> None:
    """Journal a look under any subject, once for each actor, thing and day."""
    data = {"what": what, "about": about}
    midnight = datetime.combine(local_day(now), time(), ZONE)
    known = JournalEntry.objects.filter(
        subject=subject,
        action=LOOKED,
        actor=actor.name,
        role=actor.role,
        at__gte=midnight,
        data__what=what,
        data__about=about,
    )
    if not known.exists():
        journal.record(subject=subject, action=LOOKED, actor=actor, now=now, data=data)
