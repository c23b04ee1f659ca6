"""The authorised person's own signature over a prepared file (A57.10-2): checked, then kept.

Nothing is issued before the signature has been found good: the right person, with the right to
sign for this provider, over this very file, by a key that is known not to be revoked.
"""

import hashlib
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from kualik.accounts.models import User
from kualik.accounts.services import is_own_iin
from kualik.certificates.models import Certificate, PersonSignature
from kualik.certificates.services.preserving import order_preservation
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services import (
    SignerVerdict,
    Verification,
    second_opinion,
    verify_cms,
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


def check_person_signature(
    *,
    certificate: Certificate,
    content: bytes,
    signature: bytes,
    signer: User,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> SignerVerdict:
    """The verdict on a detached CMS over ``content``, the prepared file as it is stored.

    Raises ``prepared_file_changed`` when ``content`` is not what was prepared; ``signature_`` with
    ``not_valid`` (reasons in words), ``undecided``, ``of_other_document``, ``of_several``,
    ``not_detached``, ``by_test_key``, ``of_other_person``, ``of_other_organisation`` or
    ``without_right``; ``signer_iin_unknown``; and what ``verify_cms`` raises for an unreadable
    file.
    """
    if hashlib.sha256(content).hexdigest() != certificate.file_sha256:
        raise RuleViolation("prepared_file_changed", number=certificate.number)
    found = verify_cms(
        signature=signature,
        document=content,
        trust=trust,
        at=now,
        now=now,
        purpose="signing",
        is_revocation_required=True,
        uses_enclosed_lists=False,
        fetcher=fetcher,
    )
    verdict = _only_good_signer(found)
    _check_signer(verdict, signer=signer, provider=certificate.provider)
    return _only_good_signer(
        second_opinion(signature=signature, document=content, verification=found, now=now)
    )


def store_signature(*, certificate: Certificate, signature: bytes) -> str:
    """Put a signature beside the file it covers; the name in the storage.

    Nothing refers to it yet: one left by a crashed attempt is never looked at.
    """
    name = certificate.file.removesuffix(".pdf") + ".p7s"
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
        signed_at=_moment_of(verdict, certificate, now),
        accepted_at=now,
        **_facts_of(verdict, now),
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


def _facts_of(verdict: SignerVerdict, now: datetime) -> dict[str, Any]:
    """What is kept of the signer's certificate: all but the IIN."""
    return {
        "person": verdict.person,
        "organisation": verdict.organisation,
        "bin": verdict.bin,
        "role": next(role for role in SIGNS_FOR if role in verdict.roles),
        "serial": verdict.serial,
        "algorithm": verdict.algorithm,
        "certificate_not_after": verdict.certificate_not_after or now,
    }


def _only_good_signer(found: Verification) -> SignerVerdict:
    if len(found.signers) != 1:
        raise RuleViolation("signature_of_several", count=len(found.signers))
    verdict = found.signers[0]
    against = {reason.code: reason for reason in (*found.reasons, *verdict.reasons)}
    against = {code: reason for code, reason in against.items() if reason.kind != "remark"}
    if against.keys() & OTHER_CONTENT:
        raise RuleViolation("signature_of_other_document")
    if against:
        code = "signature_undecided" if against.keys() <= UNDECIDED else "signature_not_valid"
        words = Text(
            *(
                " ".join(reason.text.get(language) for reason in against.values())
                for language in LANGUAGES
            )
        )
        raise RuleViolation(code, reasons=words)
    if found.is_attached:
        raise RuleViolation("signature_not_detached")
    return verdict


def _check_signer(verdict: SignerVerdict, *, signer: User, provider: Provider) -> None:
    if verdict.is_test and not settings.DEMO:
        raise RuleViolation("signature_by_test_key")
    if not signer.iin_hash:
        raise RuleViolation("signer_iin_unknown", name=signer.full_name)
    if not is_own_iin(signer, verdict.iin):
        raise RuleViolation("signature_of_other_person", name=signer.full_name)
    if verdict.bin and verdict.bin != provider.bin:
        raise RuleViolation("signature_of_other_organisation", bin=provider.bin)
    if not verdict.bin or not set(SIGNS_FOR) & set(verdict.roles):
        raise RuleViolation("signature_without_right", bin=provider.bin)


def _moment_of(verdict: SignerVerdict, certificate: Certificate, now: datetime) -> datetime:
    """When it was signed, as the signature says it, in whole seconds; the signer's clock may be
    wrong, so a time before the file was there or after now gives way to that of acceptance."""
    said, prepared = verdict.signed_at, certificate.prepared_at
    return said if said and prepared and prepared.replace(microsecond=0) <= said <= now else now
