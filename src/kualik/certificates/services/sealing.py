"""Sealing: rendered once and sealed with the organisation's key; the seal alone is no issue.

Two ways make a document of a sealed file, and there is no third. The authorised person signs it
(A57.10-2, ``signing``); until then the draft is *prepared*. Or, under A303 only and within the
provider's limits, the organisation's seal is enough (A303.4, ``policy``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from kualik.accounts.models import User
from kualik.certificates.models import Certificate, SealPolicy
from kualik.certificates.services.announcing import announce_issued
from kualik.certificates.services.discarding import discard_later
from kualik.certificates.services.policy import automatic_fault, lock_policy
from kualik.certificates.services.preserving import order_preservation
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM, Actor, Event
from kualik.papers.services import SealBlock, render_certificate
from kualik.rules import facts as fact_rules
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.models import SigningKey
from kualik.signatures.services import log_key_use, open_sealer

Way = SealPolicy.Way
# What a draft holds that is not prepared.
NO_FILE: Final = {"key": None, "file": "", "file_sha256": "", "prepared_at": None}


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed file in the storage."""

    certificate: Certificate
    name: str
    sha256: str


def check_address(code: str) -> str:
    """The public address that the QR of a certificate carries."""
    return f"{settings.PUBLIC_URL}/c/{code}"


def make_sealed_files(
    *,
    certificates: Sequence[Certificate],
    key: SigningKey,
    way: SealPolicy.Way,
    user: User | None,
    now: datetime,
) -> list[SealedFile]:
    """Render, seal and store the drafts among ``certificates``; slow, outside any transaction.

    No row changes, so it may be done again; a file left by a crashed attempt keeps its own name
    and is never referred to. The paper says by which ``way`` it becomes a document; ``user``
    ordered it, None for the machine. Raises ``key_of_other_organisation``, and what
    ``open_sealer`` raises for a key that cannot be used.
    """
    waiting = [row for row in certificates if row.status == Certificate.Status.DRAFT]
    for row in waiting:
        if row.provider_id != key.provider_id:
            raise RuleViolation("key_of_other_organisation", bin=row.provider.bin)
    if not waiting:
        return []
    sealer = open_sealer(key=key)
    sealed = [_seal(row, sealer=sealer, key=key, way=way, now=now) for row in waiting]
    digests = [hashlib.sha256(content).hexdigest() for content in sealed]
    # Written down before a file exists: whatever becomes of it, the use of the key is known.
    log_key_use(key=key, purpose="certificate", digests=digests, actor=user, now=now)
    return [
        SealedFile(row, default_storage.save(_name_of(row), ContentFile(content)), digest)
        for row, content, digest in zip(waiting, sealed, digests, strict=True)
    ]


@transaction.atomic
def enter_prepared(
    *, files: Sequence[SealedFile], key: SigningKey, actor: Actor, now: datetime
) -> list[Certificate]:
    """Give drafts their sealed files, which wait for the person's signature; an earlier file of
    the same draft goes. What is no draft any more is left out. Raises ``key_disabled``."""
    _check_key(key)
    known = _drafts(files)
    entered = [file for file in files if file.certificate.pk in known]
    for file in entered:
        row = file.certificate
        row.key, row.file, row.file_sha256, row.prepared_at = key, file.name, file.sha256, now
    Certificate.objects.bulk_update(
        [file.certificate for file in entered],
        ["key", "file", "file_sha256", "prepared_at"],
        batch_size=100,
    )
    _discard_earlier(known, entered)
    _record("certificates.prepared", entered, key=key, actor=actor, now=now)
    return [file.certificate for file in entered]


@transaction.atomic
def enter_sealed(
    *, files: Sequence[SealedFile], key: SigningKey, now: datetime
) -> list[Certificate]:
    """Make documents of stored files by the organisation's seal alone; those another worker
    entered are left out.

    This is the one place where a document comes into being without a person's signature. Raises
    the fault of the provider's policy: ``seal_by_person_only`` under A57 (A57.10-2) and wherever
    the provider has not taken the reading over, and the limits it has set; ``key_disabled``.
    """
    _check_key(key)
    if key.provider is not None:
        lock_policy(key.provider)
    known = _drafts(files)
    entered = [file for file in files if file.certificate.pk in known]
    for file in entered:
        _check_policy(file.certificate, now)
        Certificate.objects.filter(pk=file.certificate.pk).update(
            status=Certificate.Status.VALID,
            status_changed_at=now,
            prepared_at=now,
            sealed_at=now,
            key=key,
            file=file.name,
            file_sha256=file.sha256,
        )
    _discard_earlier(known, entered)
    _record("certificates.sealed", entered, key=key, actor=SYSTEM, now=now)
    order_preservation(certificates=[file.certificate for file in entered], now=now)
    announce_issued([file.certificate for file in entered], now=now)
    return [file.certificate for file in entered]


def _check_key(key: SigningKey) -> None:
    """The key may have been disabled while the files were made."""
    if not SigningKey.objects.filter(pk=key.pk, disabled_at=None).exists():
        raise RuleViolation("key_disabled", label=key.label)


def _check_policy(row: Certificate, now: datetime) -> None:
    facts = fact_rules.from_record(row.facts)
    fault = automatic_fault(
        provider=row.provider,
        certificate=row,
        standard=standards.get(facts.edition, facts.edition_version),
        now=now,
    )
    if fault:
        raise RuleViolation(fault, number=row.number)


@transaction.atomic
def discard_prepared(*, certificate: Certificate, now: datetime) -> None:
    """Take a prepared draft its file, which is lost or damaged; it can be prepared anew."""
    changed = Certificate.objects.filter(
        pk=certificate.pk, status=Certificate.Status.DRAFT, file=certificate.file
    ).update(**NO_FILE)
    if changed:
        discard_later([certificate.file])
        journal.record(
            subject=f"certificate:{certificate.number}",
            action="certificates.discarded",
            actor=SYSTEM,
            now=now,
            data={"file_sha256": certificate.file_sha256},
        )


def discard_files(files: Sequence[SealedFile]) -> None:
    """Delete stored files that nothing refers to; the log of the key keeps their digests."""
    for file in files:
        default_storage.delete(file.name)


def _drafts(files: Sequence[SealedFile]) -> dict[int, str]:
    """Those that are drafts still, locked: primary key → the file the row had so far."""
    drafts = Certificate.objects.select_for_update().filter(
        pk__in=[file.certificate.pk for file in files], status=Certificate.Status.DRAFT
    )
    return dict(drafts.order_by("pk").values_list("pk", "file"))


def _discard_earlier(known: Mapping[int, str], entered: Sequence[SealedFile]) -> None:
    """Let the drafts' former files go; where one was lost, the new file may have got its name."""
    discard_later(set(known.values()) - {file.name for file in entered})


def _record(
    action: str, files: Sequence[SealedFile], *, key: SigningKey, actor: Actor, now: datetime
) -> None:
    journal.record_all(
        Event(
            subject=f"certificate:{file.certificate.number}",
            action=action,
            actor=actor,
            at=now,
            data={"file_sha256": file.sha256, "key": key.serial},
        )
        for file in files
    )


def _seal_block(
    facts: CertificateFacts, *, key: SigningKey, way: SealPolicy.Way, now: datetime
) -> SealBlock:
    return SealBlock(
        organisation=Text(facts.provider_name.kk, facts.provider_name.ru, facts.provider_name.en),
        certificate_serial=key.serial,
        certificate_valid_to=local_day(key.not_after),
        sealed_at=now,
        has_person_signature=way == Way.PERSON,
    )


def _seal(
    certificate: Certificate,
    *,
    sealer: Sealer,
    key: SigningKey,
    way: SealPolicy.Way,
    now: datetime,
) -> bytes:
    facts = fact_rules.from_record(certificate.facts)
    if fact_rules.digest(facts) != certificate.facts_sha256:
        raise RuleViolation("facts_changed", number=certificate.number)
    page = render_certificate(
        facts=facts,
        check_url=check_address(facts.code),
        seal=_seal_block(facts, key=key, way=way, now=now),
        is_test=key.is_test,
    )
    return sealer.seal(page, sealed_at=now, reason=facts.number, location=facts.city.ru)


def _name_of(certificate: Certificate) -> str:
    return f"certificates/{certificate.year}/{certificate.provider_id}/{certificate.code}.pdf"
