"""The authorised person's signatures come in; each that is good issues its document."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.sealing.making import is_prepared, move_to_issued, record_seals
from kualik.cases.services.sealing.ordering import check_signer
from kualik.cases.services.telling import tell_signed
from kualik.certificates.models import Certificate, PersonSignature
from kualik.certificates.services.letters import accept_letter, named_letters
from kualik.certificates.services.policy import lock_policy, person_fault
from kualik.certificates.services.sealing import discard_prepared
from kualik.certificates.services.signing import (
    Intake,
    PreparedFile,
    SignatureOutcome,
    as_kept,
    check_person_signature,
    enter_signed,
    outcome_of,
    store_signature,
    unchanged,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services import SignerVerdict

BATCH = 400


def accept_signatures(
    *,
    user: User,
    signatures: Mapping[str, bytes],
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> list[SignatureOutcome]:
    """Issue the prepared certificates and letters whose signatures (number → detached CMS) are
    good; they are kept as DER.

    Each by itself and in its own transaction: what was issued stays so whatever becomes of the
    next, and the same signatures may come again. Call it outside transactions. Codes of refusal:
    ``prepared_unknown``, ``prepared_earlier``, ``prepared_file_changed``, ``seal_wrong_person``,
    ``key_disabled``, those of ``person_fault`` and ``check_person_signature``,
    ``storage_unwritable``, ``conflict`` when the request was sent back at that moment; for letters
    those of ``accept_letter``.
    """
    intake = Intake(user=user, trust=trust, fetcher=fetcher, now=now)
    signatures = {number: as_kept(given) for number, given in signatures.items()}
    requests, letters = _own(user, list(signatures)), named_letters(user, signatures)
    take_letter = partial(accept_letter, intake=intake, after=partial(tell_signed, now=now))
    accepts = {
        number: partial(take_letter, letter=letters[number], signature=signature)
        if number in letters
        else partial(_accept, number, requests.get(number), signature, intake)
        for number, signature in signatures.items()
    }
    return [outcome_of(number, accept) for number, accept in accepts.items()]


def prepared_content(*, certificate: Certificate, now: datetime) -> bytes:
    """The prepared file, as it was made.

    Raises ``prepared_file_changed`` for one that is lost or damaged; then it can be prepared anew.
    """
    content = unchanged(certificate.file, certificate.file_sha256)
    if not content:
        discard_prepared(certificate=certificate, now=now)
        raise RuleViolation("prepared_file_changed", number=certificate.number)
    return content


def _own(user: User, numbers: list[str]) -> dict[str, Request]:
    """The person's requests by the numbers of their certificates."""
    related = ("certificate__key", "certificate__provider", "provider", "person", "completion")
    found: dict[str, Request] = {}
    for start in range(0, len(numbers), BATCH):
        rows = Request.objects.select_related(*related).filter(
            provider=user.provider_id,
            certificate__signer=user,
            certificate__number__in=numbers[start : start + BATCH],
        )
        found |= {row.certificate.number: row for row in rows if row.certificate}
    return found


def _accept(number: str, request: Request | None, signature: bytes, intake: Intake) -> bool:
    """Issue one document; False when it was issued before by another signature of the person."""
    if request is None or request.certificate is None:
        raise RuleViolation("prepared_unknown", number=number)
    certificate = request.certificate
    earlier = PersonSignature.objects.filter(certificate=certificate).first()
    if earlier is not None:
        return earlier.sha256 == hashlib.sha256(signature).hexdigest()
    _check_prepared(request, certificate, intake)
    prepared = PreparedFile(
        number=certificate.number,
        content=prepared_content(certificate=certificate, now=intake.now),
        sha256=certificate.file_sha256,
        signer=intake.user,
        bin=certificate.provider.bin,
    )
    verdict = check_person_signature(
        prepared=prepared,
        signature=signature,
        trust=intake.trust,
        fetcher=intake.fetcher,
        now=intake.now,
    )
    _issue(request, certificate, verdict, signature, intake)
    return True


def _check_prepared(request: Request, certificate: Certificate, intake: Intake) -> None:
    check_signer(request, intake.user)
    if certificate.status != Certificate.Status.DRAFT or not certificate.file:
        raise RuleViolation("prepared_unknown", number=certificate.number)
    if certificate.key and certificate.key.disabled_at:
        raise RuleViolation("key_disabled", label=certificate.key.label)
    if not is_prepared(request, intake.now):
        raise RuleViolation("prepared_earlier", number=certificate.number)
    _check_limits(request, certificate, intake)


def _check_limits(request: Request, certificate: Certificate, intake: Intake) -> None:
    """The provider's two-person rule and the person's quota."""
    fault = person_fault(
        certificate=certificate,
        prepared_by=request.decided_by_id,
        user=intake.user,
        now=intake.now,
    )
    if fault:
        raise RuleViolation(fault, number=certificate.number)


def _issue(
    request: Request,
    certificate: Certificate,
    verdict: SignerVerdict,
    signature: bytes,
    intake: Intake,
) -> None:
    """State, register, signature and journal together or not at all."""
    actor = intake.user.acting_as(Role.AUTHORISED_PERSON)
    name = store_signature(document=certificate.file, signature=signature)
    try:
        with transaction.atomic():
            if not move_to_issued(request, by=Role.AUTHORISED_PERSON):
                raise RuleViolation("conflict", number=request.number)
            lock_policy(certificate.provider)
            _check_limits(request, certificate, intake)
            enter_signed(
                certificate=certificate,
                verdict=verdict,
                name=name,
                signature=signature,
                signer=intake.user,
                actor=actor,
                now=intake.now,
            )
            record_seals([request], actor=actor, now=intake.now)
    except RuleViolation:
        # Only here nothing can refer to the file; after another fault the commit may have come.
        default_storage.delete(name)
        raise
