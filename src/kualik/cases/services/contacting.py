"""The contact centre's look at requests: every look is kept, nothing else is written."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db import transaction

from kualik.accounts.services import record_look
from kualik.cases.models import Request
from kualik.cases.queries.contact import kind_of, requests_sought
from kualik.cases.services.following import Course
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.rules.clock_steps import moment_text
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text

WORDS = Path(__file__).parent.parent / "data" / "contact.toml"


@transaction.atomic
def seek(*, sought: str, actor: Actor, now: datetime) -> list[Request]:
    """The requests that fit what a caller named; the persons see that somebody looked.

    The journal keeps by what was sought and how much was found, never what was typed. Raises
    ``contact_unreadable`` for what is no number, IIN or phone.
    """
    kind = kind_of(sought)
    if not kind:
        raise RuleViolation("contact_unreadable")
    found = list(requests_sought(sought))
    journal.record(
        subject=actor.name,
        action="cases.contact_sought",
        actor=actor,
        now=now,
        data={"by": kind, "found": len(found)},
    )
    for request in found:
        look_at(request=request, actor=actor, now=now)
    return found


def look_at(*, request: Request, actor: Actor, now: datetime) -> None:
    """Keep that the contact centre looked at how a request stands."""
    record_look(person=request.person, what="contact", about=request.number, actor=actor, now=now)


def words_to_say(course: Course) -> list[Text]:
    """What to read to the caller, in the order of a talk."""
    due = moment_text(course.clock.due_at)
    said = [
        _said("hello"),
        _said("stands", number=Text(course.number, course.number), label=course.label),
        course.turn.what,
    ]
    if course.overdue:
        said.append(_said("overdue", due=due))
    elif course.turn.by:
        said.append(_said("due", due=due))
    return [*said, _said("free"), _said("yourself")]


def masked_holder(request: Request) -> Text:
    """The given name and the first letter of the surname: enough to greet a caller by."""
    return Text(*(masked_name(request.holder.get(code)) for code in ("kk", "ru")))


def masked_name(name: str) -> str:
    """The given name and the first letter of the surname of a full name."""
    surname, _, rest = name.partition(" ")
    given = rest.partition(" ")[0]
    return f"{given} {surname[:1]}." if given else f"{surname[:1]}."


def _said(name: str, **values: Text) -> Text:
    row = _words()[name]
    return Text(
        *(
            row[code].format_map({key: value.get(code) for key, value in values.items()})
            for code in LANGUAGES
        )
    )


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return found
