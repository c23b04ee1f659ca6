"""A completed programme entered by hand: somebody the provider's lists forgot."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from kualik.accounts.models import Person
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.spelling import name_problems, normalise_name
from kualik.training.models import Completion, Group
from kualik.training.services.cells import unprinted_letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is entered: the names as the document prints them and the day of full mastery."""

    holder_kk: str
    holder_ru: str
    mastered_on: date
    protocol: str = ""
    phone: str = ""
    email: str = ""


@transaction.atomic
def enter_completion(
    *, group: Group, person: Person, entry: Entry, actor: Actor, now: datetime
) -> Completion:
    """Enter that a person completed a group's programme in full; journalled with who says so.

    The volume is the programme's, the first day the group's. ``source_row`` stays empty: no list
    names it. Raises ``completion_exists``, ``completion_dates_wrong``, and for a name that cannot
    be printed the codes of ``rules.spelling`` or ``name_unprinted`` (letters).
    """
    if not group.started_on <= entry.mastered_on <= local_day(now):
        raise RuleViolation("completion_dates_wrong", started=f"{group.started_on:%d.%m.%Y}")
    holder_kk, holder_ru = (_printable(name) for name in (entry.holder_kk, entry.holder_ru))
    row = _row(group, person, entry, (holder_kk, holder_ru), now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise RuleViolation("completion_exists") from error
    if group.ended_on < entry.mastered_on:
        group.ended_on = entry.mastered_on
        group.save(update_fields=["ended_on"])
    journal.record(
        subject=f"completion:{row.pk}",
        action="training.completion_entered",
        actor=actor,
        now=now,
        data={"group": group.pk, "mastered_on": entry.mastered_on.isoformat()},
    )
    return row


def _row(
    group: Group, person: Person, entry: Entry, holder: tuple[str, str], now: datetime
) -> Completion:
    return Completion(
        provider_id=group.provider_id,
        programme_id=group.programme_id,
        group=group,
        person=person,
        family_name=person.family_name,
        given_name=person.given_name,
        patronymic=person.patronymic,
        holder_kk=holder[0],
        holder_ru=holder[1],
        phone=entry.phone,
        email=entry.email,
        protocol=entry.protocol,
        started_on=group.started_on,
        mastered_on=entry.mastered_on,
        hours=group.programme.hours,
        credits=group.programme.credits,
        created_at=now,
    )


def _printable(name: str) -> str:
    """The name in order; mixed alphabets are left to the person who types and looks."""
    name = normalise_name(name)
    for code in name_problems(name):
        if code != "name_mixed_alphabet":
            raise RuleViolation(code, name=name)
    letters = unprinted_letters(name)
    if letters:
        raise RuleViolation("name_unprinted", letters=letters)
    return name
