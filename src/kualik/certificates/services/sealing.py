"""Sealing: rendered once, signed by the authorised person, logged; only then is it a document."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.core.journal import Actor, Event
from kualik.papers.services import SealBlock, render_certificate
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.models import SigningKey
from kualik.signatures.services import log_key_use, open_sealer


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed document in the storage."""

    certificate: Certificate
    name: str
    sha256: str


def check_address(code: str) -> str:
    """The public address that the QR of a certificate carries."""
    return f"{settings.PUBLIC_URL}/c/{code}"


@transaction.atomic
def enter_sealed(
    *, files: Sequence[SealedFile], key: SigningKey, actor: Actor, now: datetime
) -> list[Certificate]:
    """Make stored documents valid in the register; those another worker entered are left out."""
    entered = []
    for file in files:
        changed = Certificate.objects.filter(
            pk=file.certificate.pk, status=Certificate.Status.DRAFT
        ).update(
            status=Certificate.Status.VALID,
            status_changed_at=now,
            sealed_at=now,
            key=key,
            file=file.name,
            file_sha256=file.sha256,
        )
        if changed:
            entered.append(file)
    journal.record_all(
        Event(
            subject=f"certificate:{file.certificate.number}",
            action="certificates.sealed",
            actor=actor,
            at=now,
            data={"file_sha256": file.sha256, "key": key.serial},
        )
        for file in entered
    )
    return [file.certificate for file in entered]


def make_sealed_files(
    *, certificates: Sequence[Certificate], key: SigningKey, now: datetime
) -> list[SealedFile]:
    """Render, sign and store the drafts among ``certificates``; slow, outside any transaction.

    No row changes, so it may be done again; a file left by a crashed attempt keeps its own name
    and is never referred to. Raises ``seal_wrong_person`` when the facts of a draft name another
    signer than the holder of ``key``, and what ``open_sealer`` raises for a key that cannot
    be used.
    """
    waiting = [row for row in certificates if row.status == Certificate.Status.DRAFT]
    for row in waiting:
        if (row.signer_id, row.provider_id) != (key.holder_id, key.provider_id):
            raise RuleViolation("seal_wrong_person")
    if not waiting:
        return []
    sealer = open_sealer(key=key)
    sealed = [_seal(certificate, sealer=sealer, key=key, now=now) for certificate in waiting]
    digests = [hashlib.sha256(content).hexdigest() for content in sealed]
    # Written down before a file exists: whatever becomes of it, the use of the key is known.
    log_key_use(key=key, purpose="certificate", digests=digests, actor=key.holder, now=now)
    return [
        SealedFile(row, default_storage.save(_name_of(row), ContentFile(content)), digest)
        for row, content, digest in zip(waiting, sealed, digests, strict=True)
    ]


def discard_files(files: Sequence[SealedFile]) -> None:
    """Delete stored files that did not become documents; the log of the key keeps their digests."""
    for file in files:
        default_storage.delete(file.name)


def _seal_block(facts: CertificateFacts, *, key: SigningKey, now: datetime) -> SealBlock:
    return SealBlock(
        signer_name=facts.signer_name,
        signer_position=facts.signer_position,
        organisation=Text(facts.provider_name.kk, facts.provider_name.ru, facts.provider_name.en),
        certificate_serial=key.serial,
        certificate_valid_to=key.not_after.date(),
        sealed_at=now,
    )


def _seal(certificate: Certificate, *, sealer: Sealer, key: SigningKey, now: datetime) -> bytes:
    facts = fact_rules.from_record(certificate.facts)
    if fact_rules.digest(facts) != certificate.facts_sha256:
        raise RuleViolation("facts_changed", number=certificate.number)
    page = render_certificate(
        facts=facts,
        check_url=check_address(facts.code),
        seal=_seal_block(facts, key=key, now=now),
        is_test=key.is_test,
    )
    return sealer.seal(page, sealed_at=now, reason=facts.number, location=facts.city.ru)


def _name_of(certificate: Certificate) -> str:
    return f"certificates/{certificate.year}/{certificate.provider_id}/{certificate.code}.pdf"
