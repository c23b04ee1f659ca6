"""The authorised person's own signature over a prepared file (A57.10-2): checked, then kept.

Nothing is issued before the signature has been found good: the right person, with the right to
sign for this provider, over this very file, by a key that is known not to be revoked.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from kualik.accounts.models import User
from kualik.accounts.services import is_own_iin
from kualik.certificates.models import Certificate, PersonSignature
from kualik.certificates.services.announcing import announce_issued
from kualik.certificates.services.preserving import order_preservation
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.cms import CmsError, cms_der
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services import (
    SignerVerdict,
    Verification,
    in_words,
    judge_now,
)

# Who may sign for an organisation, the stronger first; roles of the national centre.
SIGNS_FOR: Final = ("first_head", "right_to_sign")
OTHER_CONTENT: Final = frozenset({"content_changed", "content_differs"})
# Nothing is wrong with these but that somebody who must be heard did not answer.
UNDECIDED: Final = frozenset(
    {
        "authority_revocation_unknown",
        "revocation_no_data",
        "revocation_stale",
        "revocation_unknown",
        "revocation_unreachable",
        "revocation_untrusted",
        "second_opinion_unreachable",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureOutcome:
    """What became of the signature over one certificate or letter.

    ``code`` and ``params`` say in the table of errors why it was not issued, or, of one issued
    before, that this signature was not kept; empty when all is well.
    """

    number: str
    is_issued: bool
    code: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def violation(self) -> RuleViolation | None:
        """The broken rule, for ``core.errors.message``."""
        return RuleViolation(self.code, **self.params) if self.code else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Who signs, and how signatures are judged."""

    user: User
    trust: TrustDirectory
    fetcher: RevocationFetcher | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFile:
    """What is signed: the stored bytes of a document, and who must sign it.

    ``sha256`` is the digest that was written down when the file was made; ``bin`` the organisation
    in whose name, ``roles`` the rights that the signer's certificate may give, the stronger first.
    """

    number: str
    content: bytes
    sha256: str
    signer: User
    bin: str
    roles: tuple[str, ...] = SIGNS_FOR


def outcome_of(number: str, accept: Callable[[], bool]) -> SignatureOutcome:
    """What ``accept`` made of one signature; it says False for one issued by another before."""
    try:
        is_kept = accept()
    except RuleViolation as violation:
        params = {"number": number, **violation.params}
        return SignatureOutcome(number=number, is_issued=False, code=violation.code, params=params)
    except OSError as error:
        return SignatureOutcome(
            number=number, is_issued=False, code="storage_unwritable", params={"reason": error}
        )
    if is_kept:
        return SignatureOutcome(number=number, is_issued=True)
    return SignatureOutcome(
        number=number, is_issued=True, code="signed_already", params={"number": number}
    )


def check_person_signature(
    *,
    prepared: PreparedFile,
    signature: bytes,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> SignerVerdict:
    """The verdict on a detached CMS over a prepared file as it is stored.

    Raises ``prepared_file_changed`` when the bytes are not what was prepared; ``signature_`` with
    ``not_valid`` (reasons in words), ``undecided``, ``of_other_document``, ``of_several``,
    ``not_detached``, ``by_test_key``, ``of_other_person``, ``of_other_organisation`` or
    ``without_right``; ``signer_iin_unknown``; and what ``judge_now`` raises for an unreadable
    file.
    """
    if hashlib.sha256(prepared.content).hexdigest() != prepared.sha256:
        raise RuleViolation("prepared_file_changed", number=prepared.number)
    return judge_now(
        signature=signature,
        document=prepared.content,
        trust=trust,
        fetcher=fetcher,
        accept=partial(_right_signer, prepared=prepared),
        now=now,
    )


def as_kept(signature: bytes) -> bytes:
    """The signature as it is kept, DER: out of armour or a message. What cannot be read stays as it
    is, the check says why."""
    try:
        return cms_der(signature)
    except CmsError:
        return signature


def unchanged(name: str, sha256: str) -> bytes:
    """The stored file if it is the one of that digest; nothing where it is lost or damaged."""
    content = b""
    with suppress(FileNotFoundError), default_storage.open(name, "rb") as stored:
        content = stored.read()
    return content if hashlib.sha256(content).hexdigest() == sha256 else b""


def store_signature(*, document: str, signature: bytes) -> str:
    """Put a signature beside the file it covers, ``document`` in the storage; its own name there.

    Nothing refers to it yet: one left by a crashed attempt is never looked at.
    """
    name = document.removesuffix(".pdf") + ".p7s"
    stored: str = default_storage.save(name, ContentFile(signature))
    return stored


@transaction.atomic
def enter_signed(
    *,
    certificate: Certificate,
    verdict: SignerVerdict,
    name: str,
    signature: bytes,
    signer: User,
    actor: Actor,
    now: datetime,
) -> PersonSignature:
    """Make a document of a prepared draft whose signature was found good.

    Raises ``conflict`` when the draft or its file is not the one that was checked any more, or the
    organisation's key was disabled meanwhile.
    """
    _make_valid(certificate, now)
    entry = PersonSignature.objects.create(
        certificate=certificate,
        signer=signer,
        file=name,
        sha256=hashlib.sha256(signature).hexdigest(),
        document_sha256=certificate.file_sha256,
        signed_at=moment_of(verdict, prepared_at=certificate.prepared_at, now=now),
        accepted_at=now,
        **facts_of(verdict, roles=SIGNS_FOR, now=now),
    )
    journal.record(
        subject=f"certificate:{certificate.number}",
        action="certificates.signed",
        actor=actor,
        now=now,
        data={
            "file_sha256": entry.document_sha256,
            "signature_sha256": entry.sha256,
            "serial": entry.serial,
        },
    )
    return entry


def _make_valid(certificate: Certificate, now: datetime) -> None:
    """The draft whose file was checked becomes a document; ``conflict`` when it has changed."""
    changed = Certificate.objects.filter(
        pk=certificate.pk,
        key__disabled_at=None,
        status=Certificate.Status.DRAFT,
        file=certificate.file,
        file_sha256=certificate.file_sha256,
    ).update(status=Certificate.Status.VALID, status_changed_at=now, sealed_at=now)
    if not changed:
        raise RuleViolation("conflict", number=certificate.number)
    order_preservation(certificates=[certificate], now=now)
    announce_issued([certificate], now=now)


def facts_of(verdict: SignerVerdict, *, roles: tuple[str, ...], now: datetime) -> dict[str, Any]:
    """What is kept of the signer's certificate: all but the IIN."""
    return {
        "person": verdict.person,
        "organisation": verdict.organisation,
        "bin": verdict.bin,
        "role": next(role for role in roles if role in verdict.roles),
        "serial": verdict.serial,
        "algorithm": verdict.algorithm,
        "certificate_not_after": verdict.certificate_not_after or now,
    }


def moment_of(verdict: SignerVerdict, *, prepared_at: datetime | None, now: datetime) -> datetime:
    """When it was signed, as the signature says it, in whole seconds; the signer's clock may be
    wrong, so a time before the file was there or after now gives way to that of acceptance."""
    said = verdict.signed_at
    return (
        said if said and prepared_at and prepared_at.replace(microsecond=0) <= said <= now else now
    )


def _only_good_signer(found: Verification) -> SignerVerdict:
    if len(found.signers) != 1:
        raise RuleViolation("signature_of_several", count=len(found.signers))
    against = {reason.code for reason in found.against}
    if against & OTHER_CONTENT:
        raise RuleViolation("signature_of_other_document")
    if against:
        code = "signature_undecided" if against <= UNDECIDED else "signature_not_valid"
        raise RuleViolation(code, reasons=in_words(found.against))
    if found.is_attached:
        raise RuleViolation("signature_not_detached")
    return found.signers[0]


def _right_signer(found: Verification, *, prepared: PreparedFile) -> SignerVerdict:
    """The one good signer, who is the one that must sign and may."""
    verdict, signer = _only_good_signer(found), prepared.signer
    if verdict.is_test and not settings.DEMO:
        raise RuleViolation("signature_by_test_key")
    if not signer.iin_hash:
        raise RuleViolation("signer_iin_unknown", name=signer.full_name)
    if not is_own_iin(signer, verdict.iin):
        raise RuleViolation("signature_of_other_person", name=signer.full_name)
    if verdict.bin and verdict.bin != prepared.bin:
        raise RuleViolation("signature_of_other_organisation", bin=prepared.bin)
    if not verdict.bin or not set(prepared.roles) & set(verdict.roles):
        raise RuleViolation("signature_without_right", bin=prepared.bin)
    return verdict
