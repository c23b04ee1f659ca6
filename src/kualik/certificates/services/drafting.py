"""Drafting: a number is reserved and the facts are frozen, in the transaction that decides."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from kualik.accounts.models import Person, User
from kualik.certificates.models import Certificate, NumberSeries
from kualik.certificates.services.discarding import discard_later
from kualik.certificates.services.sealing import NO_FILE
from kualik.core import journal
from kualik.core.journal import Actor, Event
from kualik.papers.services import check_certificate
from kualik.providers.models import Provider
from kualik.rules import facts as fact_rules
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text
from kualik.rules.standards import Result, Standard

CODE_BYTES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a decision says shall be certified."""

    person: Person
    holder_kk: str
    holder_ru: str
    programme: Text
    specialty: Text | None
    hours: int
    credits: str
    started_on: date
    ended_on: date
    result: Result


@transaction.atomic
def draft_certificates(
    *,
    provider: Provider,
    standard: Standard,
    drafts: Sequence[Draft],
    signer: User,
    issued_on: date,
    actor: Actor,
    now: datetime,
) -> list[Certificate]:
    """Register entries with numbers without gaps, in the order given, waiting for the seal."""
    year = issued_on.year
    first = _reserve_numbers(provider=provider, year=year, count=len(drafts))
    certificates = []
    for sequence, draft in enumerate(drafts, start=first):
        number = identifiers.public_number(prefix=provider.code, year=year, sequence=sequence)
        facts = _freeze(draft, provider, standard, signer, issued_on, number)
        certificates.append(_entry(facts, draft, provider, sequence, signer, now))
    Certificate.objects.bulk_create(certificates, batch_size=100)
    journal.record_all(
        Event(
            subject=f"certificate:{certificate.number}",
            action="certificates.drafted",
            actor=actor,
            at=now,
            data={"facts_sha256": certificate.facts_sha256},
        )
        for certificate in certificates
    )
    return certificates


def check_draft(
    *, provider: Provider, standard: Standard, draft: Draft, signer: User, issued_on: date
) -> None:
    """Whether the sheet holds what a document would say; nothing is written.

    Raises ``paper_glyph_missing`` or ``paper_overflow`` (part).
    """
    number = identifiers.public_number(prefix=provider.code, year=issued_on.year, sequence=1)
    check_certificate(_freeze(draft, provider, standard, signer, issued_on, number))


@transaction.atomic
def void_draft(*, certificate: Certificate, reason: Text, actor: Actor, now: datetime) -> None:
    """Give a draft up: its number stays in the register as a void entry, a prepared file goes."""
    row = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if row.status != Certificate.Status.DRAFT:
        raise RuleViolation("conflict")
    Certificate.objects.filter(pk=row.pk).update(
        status=Certificate.Status.VOID,
        status_reason_kk=reason.kk,
        status_reason_ru=reason.ru,
        status_changed_at=now,
        **NO_FILE,
    )
    discard_later([row.file])
    journal.record(
        subject=f"certificate:{certificate.number}",
        action="certificates.voided",
        actor=actor,
        now=now,
        data={"reason": reason},
    )


def _reserve_numbers(*, provider: Provider, year: int, count: int) -> int:
    """The first of ``count`` numbers in a row; the row of the series is locked until commit."""
    NumberSeries.objects.get_or_create(provider=provider, year=year)
    series = NumberSeries.objects.filter(provider=provider, year=year)
    series.update(last=F("last") + count)
    return series.values_list("last", flat=True).get() - count + 1


def _freeze(
    draft: Draft,
    provider: Provider,
    standard: Standard,
    signer: User,
    issued_on: date,
    number: str,
) -> CertificateFacts:
    return CertificateFacts(
        number=number,
        code=identifiers.check_code(os.urandom(CODE_BYTES)),
        kind=draft.result.kind,
        paper=draft.result.paper,
        form=draft.result.form,
        edition=standard.edition,
        edition_version=standard.version,
        provider_name=provider.name,
        provider_bin=provider.bin,
        city=provider.city,
        holder_kk=draft.holder_kk,
        holder_ru=draft.holder_ru,
        programme=draft.programme,
        specialty=draft.specialty,
        hours=draft.hours,
        credits=draft.credits,
        started_on=draft.started_on,
        ended_on=draft.ended_on,
        issued_on=issued_on,
        signer_name=signer.full_name,
        signer_position=Text(signer.position_kk, signer.position_ru, signer.position_en),
    )


def _entry(
    facts: CertificateFacts,
    draft: Draft,
    provider: Provider,
    sequence: int,
    signer: User,
    now: datetime,
) -> Certificate:
    return Certificate(
        provider=provider,
        person=draft.person,
        number=facts.number,
        code=facts.code,
        year=facts.issued_on.year,
        sequence=sequence,
        kind=facts.kind,
        paper=facts.paper,
        holder=facts.holder_ru,
        programme=facts.programme.ru,
        issued_on=facts.issued_on,
        facts=fact_rules.to_record(facts),
        facts_sha256=fact_rules.digest(facts),
        signer=signer,
        status_changed_at=now,
        created_at=now,
    )
