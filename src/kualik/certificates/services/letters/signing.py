"""Signing letters: whoever answers for a letter signs its prepared file with an own key."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet

from kualik.accounts.models import User
from kualik.certificates.models import Letter
from kualik.certificates.services.letters.making import discard_prepared_letter
from kualik.certificates.services.policy import policy_of
from kualik.certificates.services.signing import (
    SIGNS_FOR,
    Intake,
    PreparedFile,
    check_person_signature,
    facts_of,
    moment_of,
    store_signature,
    unchanged,
)
from kualik.core import journal
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.services import SignerVerdict

State = Letter.State
Kind = Letter.Kind
# The handler of a complaint answers for the decision as the organisation's employee.
HANDLER_ROLES: Final = (*SIGNS_FOR, "employee")
# Who may be named by a letter; the page of signing shows each nothing but the own ones.
SIGNERS: Final = (
    Role.AUTHORISED_PERSON,
    Role.OFFICE_HEAD,
    Role.REGISTRAR,
)
OF_TWO_PERSONS: Final = frozenset({Kind.REFUSAL, Kind.NOT_ACCEPTED})


def prepared_letters(user: User) -> QuerySet[Letter]:
    """The letters that wait for the signature of ``user``, the oldest first."""
    waiting = Letter.objects.filter(signer=user, state=State.PREPARED, key__disabled_at=None)
    return waiting.select_related("provider", "key", "signer").order_by("created_at", "id")


def named_letters(user: User, numbers: Iterable[str]) -> dict[str, Letter]:
    """Those letters among ``numbers`` that name ``user``, prepared or not."""
    found = Letter.objects.filter(signer=user, number__in=list(numbers))
    return {row.number: row for row in found.select_related("provider", "key")}


def prepared_letter_content(*, letter: Letter, now: datetime) -> bytes:
    """The prepared file, as it was made.

    Raises ``prepared_file_changed`` for one that is lost or damaged; then it is made anew.
    """
    content = unchanged(letter.file, letter.file_sha256)
    if not content:
        discard_prepared_letter(letter=letter, now=now)
        raise RuleViolation("prepared_file_changed", number=letter.number)
    return content


def accept_letter(
    *, letter: Letter, signature: bytes, intake: Intake, after: Callable[[Letter], object]
) -> bool:
    """Make a document of a prepared letter whose signature (detached CMS) is good; False when it
    was signed before by another signature of the person. Call it outside transactions.

    ``after`` gets the signed letter in the transaction that signs it. Raises
    ``prepared_unknown``, ``prepared_file_changed``, ``seal_wrong_person``,
    ``seal_needs_two_persons``, ``key_disabled``, those of ``check_person_signature`` and
    ``conflict`` when the letter was taken back at that moment.
    """
    if letter.state == State.SIGNED and letter.signature_facts:
        digest: str = letter.signature_facts["sha256"]
        return digest == hashlib.sha256(signature).hexdigest()
    _check_prepared(letter, intake)
    prepared = PreparedFile(
        number=letter.number,
        content=prepared_letter_content(letter=letter, now=intake.now),
        sha256=letter.file_sha256,
        signer=intake.user,
        bin=letter.facts["provider_bin"],
        roles=_roles_for(letter),
    )
    verdict = check_person_signature(
        prepared=prepared,
        signature=signature,
        trust=intake.trust,
        fetcher=intake.fetcher,
        now=intake.now,
    )
    _keep(letter, verdict, signature, intake, after)
    return True


def _roles_for(letter: Letter) -> tuple[str, ...]:
    return HANDLER_ROLES if letter.kind == Kind.DECISION else SIGNS_FOR


def _check_prepared(letter: Letter, intake: Intake) -> None:
    user = intake.user
    if letter.state != State.PREPARED:
        raise RuleViolation("prepared_unknown", number=letter.number)
    is_own = letter.signer_id == user.pk and letter.provider_id == user.provider_id
    answers = SIGNERS if letter.kind == Kind.DECISION else (Role.AUTHORISED_PERSON,)
    may_sign = user.has_role(frozenset(answers))
    if not (is_own and may_sign and user.is_active):
        raise RuleViolation("seal_wrong_person")
    if letter.key and letter.key.disabled_at:
        discard_prepared_letter(letter=letter, now=intake.now)
        raise RuleViolation("key_disabled", label=letter.key.label)
    if _needs_another(letter, user):
        raise RuleViolation("seal_needs_two_persons", number=letter.number)


def _needs_another(letter: Letter, user: User) -> bool:
    """Where the provider wants two persons, who refused does not sign the refusal."""
    if letter.provider is None or letter.kind not in OF_TWO_PERSONS:
        return False
    policy = policy_of(letter.provider)
    if policy is None or not policy.needs_two_persons:
        return False
    drafted = journal.history(f"letter:{letter.number}")[0]
    return drafted.actor == f"user:{user.pk}"


def _keep(
    letter: Letter,
    verdict: SignerVerdict,
    signature: bytes,
    intake: Intake,
    after: Callable[[Letter], object],
) -> None:
    """Letter, signature, journal and what follows together or not at all."""
    name = store_signature(document=letter.file, signature=signature)
    try:
        with transaction.atomic():
            _enter(letter, verdict, name, signature, intake)
            after(letter)
    except RuleViolation:
        # Only here nothing can refer to the file; after another fault the commit may have come.
        default_storage.delete(name)
        raise


def _enter(
    letter: Letter, verdict: SignerVerdict, name: str, signature: bytes, intake: Intake
) -> None:
    now, digest = intake.now, hashlib.sha256(signature).hexdigest()
    facts = facts_of(verdict, roles=_roles_for(letter), now=now)
    signed_at = moment_of(verdict, prepared_at=letter.prepared_at, now=now)
    kept = {
        **facts,
        "certificate_not_after": facts["certificate_not_after"].isoformat(),
        "signed_at": signed_at.isoformat(),
        "sha256": digest,
        "document_sha256": letter.file_sha256,
    }
    same = Letter.objects.filter(
        pk=letter.pk,
        state=State.PREPARED,
        file=letter.file,
        file_sha256=letter.file_sha256,
        key__disabled_at=None,
    )
    changes = {"state": State.SIGNED, "signed_at": now, "signature": name, "signature_facts": kept}
    if not same.update(**changes):
        raise RuleViolation("conflict", number=letter.number)
    for field, value in changes.items():
        setattr(letter, field, value)
    role = next((one for one in SIGNERS if one in intake.user.roles), SIGNERS[0])
    journal.record(
        subject=f"letter:{letter.number}",
        action="certificates.letter_signed",
        actor=intake.user.acting_as(role),
        now=now,
        data={
            "file_sha256": letter.file_sha256,
            "signature_sha256": digest,
            "serial": facts["serial"],
        },
    )
