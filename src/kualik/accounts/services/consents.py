"""Consent to the processing of personal data: given before the cabinet opens, withdrawn at will."""

from datetime import datetime

from django.db import transaction

from kualik.accounts.models import Consent, Person
from kualik.accounts.queries import consent_of, consent_text
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES


@transaction.atomic
def give_consent(
    *, person: Person, sha256: str, way: str, level: str, actor: Actor, now: datetime
) -> Consent:
    """Keep that the person agreed to the text with this digest; a second time changes nothing.

    ``way`` and ``level`` are those of the entry. Error: ``consent_text_changed`` when no language
    of today's text has the digest: the person read another one.
    """
    text = consent_text()
    languages = {text.sha256(language): language for language in LANGUAGES}
    if sha256 not in languages:
        raise RuleViolation("consent_text_changed")
    Person.objects.select_for_update().get(pk=person.pk)
    given = consent_of(person)
    if given is not None:
        return given
    given = Consent.objects.create(
        person=person,
        version=text.version,
        language=languages[sha256],
        sha256=sha256,
        way=way,
        level=level,
        given_at=now,
    )
    data = {"version": given.version, "language": given.language, "sha256": sha256}
    data |= {"way": way, "level": level}
    subject = f"person:{person.pk}"
    journal.record(subject=subject, action="accounts.consented", actor=actor, now=now, data=data)
    return given


@transaction.atomic
def withdraw_consent(*, person: Person, actor: Actor, now: datetime) -> None:
    """End every consent of a person: the cabinet stays closed until a new one is given.

    Requests under way go on: the law asks that they are answered. Error: ``consent_not_given``.
    """
    alive = Consent.objects.filter(person=person, withdrawn_at=None)
    versions = sorted(alive.values_list("version", flat=True))
    if not alive.update(withdrawn_at=now):
        raise RuleViolation("consent_not_given")
    journal.record(
        subject=f"person:{person.pk}",
        action="accounts.consent_withdrawn",
        actor=actor,
        now=now,
        data={"versions": versions},
    )
