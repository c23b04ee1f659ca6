"""Drafting letters: a number is reserved and the facts are frozen, in the deciding transaction."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from kualik.accounts.models import Person, User
from kualik.accounts.queries import authorised_person
from kualik.certificates.models import Letter, LetterSeries
from kualik.certificates.queries import LETTER_KEY
from kualik.certificates.services.discarding import discard_later
from kualik.certificates.services.drafting import CODE_BYTES
from kualik.certificates.services.letters.content import frozen
from kualik.core import jobs, journal, tasks
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

LETTER_JOB: Final = "certificates.letter"
FAILED_TASK: Final = "letter_failed"
NUMBER_LETTER: Final = "H"
OPERATOR_PREFIX: Final = "KUALIK"
Kind = Letter.Kind
State = Letter.State
# Declarations of will and reports: somebody answers for each by an own signature.
OF_WILL: Final = frozenset({Kind.REFUSAL, Kind.NOT_ACCEPTED, Kind.DECISION, Kind.REPORT})


@transaction.atomic
def draft_letter(
    *,
    kind: str,
    provider: Provider | None,
    person: Person | None,
    about: str,
    edition: str,
    facts: Mapping[str, object],
    signer: User | None,
    actor: Actor,
    now: datetime,
) -> Letter:
    """A letter with a number and frozen facts, on its way to the seal; call it in the transaction
    that decides.

    ``about`` is the journal's subject (``request:DEMO-2026-Z000001-5``). A letter of the same kind
    about the same thing that is not void is returned as it stands; transcripts are new each time.
    ``edition`` is the request's, which says whether the organisation's seal may be enough.
    ``signer`` answers for it: the handler of a complaint; None means the provider's authorised
    person. ``facts`` by kind: see ``letters.content``. Raises ``letter_facts_invalid`` (field),
    ``no_authorised_person``, ``letter_without_signer``.
    """
    content = frozen(kind, facts)
    if kind != Kind.TRANSCRIPT and (known := _standing(about, kind)):
        return known
    signer = _answerable(kind, provider, signer, now)
    letter = Letter(
        provider=provider,
        person=person,
        number=_next_number(provider, now),
        code=identifiers.check_code(os.urandom(CODE_BYTES)),
        kind=kind,
        edition=edition,
        about=about,
        facts={**content, **head_of(provider, signer, now)},
        signer=signer,
        created_at=now,
    )
    return _entered(letter, actor=actor, now=now)


@transaction.atomic
def void_letter(*, letter: Letter, reason: Text, actor: Actor, now: datetime) -> Letter:
    """Take a letter back, signed or not, because its decision was; its number stays known.

    A signed file is kept: whoever has it learns from the check that it is void.
    """
    row = Letter.objects.select_for_update().get(pk=letter.pk)
    if row.state == State.VOID:
        return row
    row.facts["void"] = {"kk": reason.kk, "ru": reason.ru, "at": now.isoformat()}
    if row.signed_at is None:
        discard_later([row.file])
        row.file, row.file_sha256, row.key, row.prepared_at = "", "", None, None
    row.state = State.VOID
    row.save()
    jobs.cancel(keys=[letter_job_key(row)])
    tasks.close_task(key=failed_task_key(row), actor=actor, now=now)
    journal.record(
        subject=f"letter:{row.number}",
        action="certificates.letter_voided",
        actor=actor,
        now=now,
        data={"reason": reason},
    )
    return row


def letter_job_key(letter: Letter) -> str:
    """The key of the job that renders and seals the letter."""
    return f"{LETTER_KEY}{letter.number}"


def failed_task_key(letter: Letter) -> str:
    """The key of the task that tells that the letter's file could not be made."""
    return f"{FAILED_TASK}:{letter.number}"


def order_letter(*, letter: Letter, now: datetime) -> None:
    """Have the letter's file made, again if its last job ended."""
    payload = {letter_job_key(letter): {"letter": letter.pk}}
    jobs.renew_all(name=LETTER_JOB, payloads=payload, now=now)


def _standing(about: str, kind: str) -> Letter | None:
    return Letter.objects.filter(about=about, kind=kind).exclude(state=State.VOID).first()


def _answerable(
    kind: str, provider: Provider | None, signer: User | None, now: datetime
) -> User | None:
    """Who answers for the letter; nobody for the operator's uniform papers."""
    if signer is None and provider is not None:
        return authorised_person(provider, on=local_day(now))
    if signer is None and kind in OF_WILL:
        raise RuleViolation("letter_without_signer")
    return signer


def _entered(letter: Letter, *, actor: Actor, now: datetime) -> Letter:
    """The letter in the table, or the one that somebody entered at the same moment."""
    try:
        with transaction.atomic():
            letter.save(force_insert=True)
    except IntegrityError:
        if known := _standing(letter.about, letter.kind):
            return known
        raise
    journal.record(
        subject=f"letter:{letter.number}",
        action="certificates.letter_drafted",
        actor=actor,
        now=now,
        data={"kind": letter.kind, "about": letter.about},
    )
    order_letter(letter=letter, now=now)
    return letter


def _next_number(provider: Provider | None, now: datetime) -> str:
    """The row of the series is locked until commit."""
    scope, year = provider.code if provider else "", local_day(now).year
    LetterSeries.objects.get_or_create(scope=scope, year=year)
    series = LetterSeries.objects.filter(scope=scope, year=year)
    series.update(last=F("last") + 1)
    return identifiers.public_number(
        prefix=scope or OPERATOR_PREFIX,
        year=year,
        sequence=series.values_list("last", flat=True).get(),
        letter=NUMBER_LETTER,
    )


def head_of(provider: Provider | None, signer: User | None, now: datetime) -> dict[str, object]:
    """Whose paper it is and who answers for it, as on the day of the draft."""
    operator = settings.OPERATOR
    name = provider.name if provider else Text(operator["kk"], operator["ru"])
    city = provider.city if provider else None
    return {
        "issued_on": local_day(now).isoformat(),
        "provider_name": {"kk": name.kk, "ru": name.ru},
        "provider_bin": provider.bin if provider else operator["bin"],
        "city": {"kk": city.kk, "ru": city.ru} if city else None,
        **signer_facts(signer),
    }


def signer_facts(signer: User | None) -> dict[str, object]:
    """Name and position as the paper prints them."""
    if signer is None:
        return {"signer_name": "", "signer_position": None}
    return {
        "signer_name": signer.full_name,
        "signer_position": {"kk": signer.position_kk, "ru": signer.position_ru},
    }
