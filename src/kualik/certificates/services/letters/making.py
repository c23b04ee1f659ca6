"""From a draft to a sealed file: prepared for a person's signature, or signed by the seal alone."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from kualik.certificates.models import Letter
from kualik.certificates.services.discarding import discard_later
from kualik.certificates.services.letters.drafting import OF_WILL, order_letter
from kualik.certificates.services.letters.failing import has_its_file, tell_failed
from kualik.certificates.services.letters.rendering import render, text_in
from kualik.certificates.services.policy import ORGANISATION
from kualik.core import jobs, journal, tasks
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task
from kualik.papers.services import SealBlock
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import organisation_key
from kualik.signatures.services import log_key_use, open_sealer

State = Letter.State
ASK_AGAIN: Final = timedelta(minutes=10)
TASK_KIND: Final = "letter_waits_for_key"
PURPOSE: Final = "letter"
# What the organisation can put right; the letter waits for it.
KEY_FAULTS: Final = frozenset(
    {
        "no_organisation_key",
        "key_disabled",
        "key_locked",
        "key_mismatch",
        "key_missing",
        "test_keys_only_on_demonstration",
        "token_pin_wrong",
        "token_unavailable",
    }
)


def run_letter_job(payload: jobs.Payload, now: datetime) -> None:
    """Make the file of one letter; a second run finds nothing left to do.

    Where no key of the organisation can be used, a task tells its administrator and the job comes
    back every ten minutes; at once where somebody else was named as signer meanwhile. Raises what
    rendering raises, after a task has told of it.
    """
    related = ("provider", "signer")
    letter = Letter.objects.select_related(*related).get(pk=str(payload["letter"]))
    if letter.state != State.DRAFT:
        return
    try:
        key = organisation_key(provider=letter.provider, now=now)
        is_made = make_letter(letter=letter, key=key, now=now)
    except RuleViolation as violation:
        if violation.code == "conflict":
            raise
        if violation.code not in KEY_FAULTS:
            tell_failed(letter, violation, now=now)
            raise
        _tell(letter, violation.code, now)
        raise jobs.Later(now + ASK_AGAIN, violation.code) from violation
    tasks.close_task(key=_task_key(letter), actor=SYSTEM, now=now)
    has_its_file(letter, actor=SYSTEM, now=now)
    if not is_made and Letter.objects.filter(pk=letter.pk, state=State.DRAFT).exists():
        raise jobs.Later(now)


def make_letter(*, letter: Letter, key: SigningKey, now: datetime) -> bool:
    """Render, seal and store a draft; slow, outside any transaction. False when another worker was
    faster or the draft names another signer by now.

    A uniform letter is signed by that (``is_sealed_alone``), any other is prepared. Raises what
    ``open_sealer`` and ``render`` raise.
    """
    sealer, alone = open_sealer(key=key), is_sealed_alone(letter, now)
    page = render(
        letter, seal=_seal_block(letter, key=key, alone=alone, now=now), is_test=key.is_test
    )
    city = text_in(letter.facts, "city").ru
    content = sealer.seal(page, sealed_at=now, reason=letter.number, location=city)
    digest = hashlib.sha256(content).hexdigest()
    log_key_use(key=key, purpose=PURPOSE, digests=[digest], actor=None, now=now)
    name = default_storage.save(_name_of(letter), ContentFile(content))
    if _enter(letter, key=key, name=name, digest=digest, alone=alone, now=now):
        return True
    default_storage.delete(name)
    return False


def is_sealed_alone(letter: Letter, now: datetime) -> bool:
    """Whether the organisation's seal is enough: a uniform paper without a declaration of will,
    under an edition that lets the key seal by itself on that day (A303.4; never A57.10-2)."""
    if letter.kind in OF_WILL:
        return False
    return standards.get(letter.edition).may_seal(ORGANISATION, local_day(now))


@transaction.atomic
def discard_prepared_letter(*, letter: Letter, now: datetime) -> None:
    """Take a prepared letter its file, which is lost, damaged or sealed by a key out of use; it is
    made anew."""
    changed = Letter.objects.filter(pk=letter.pk, state=State.PREPARED, file=letter.file).update(
        state=State.DRAFT, key=None, file="", file_sha256="", prepared_at=None
    )
    if changed:
        discard_later([letter.file])
        _record(letter, "certificates.letter_discarded", letter.file_sha256, now)
        order_letter(letter=letter, now=now)


@transaction.atomic
def _enter(
    letter: Letter, *, key: SigningKey, name: str, digest: str, alone: bool, now: datetime
) -> bool:
    """Give the draft its file, if it is one still and the key in use."""
    if not SigningKey.objects.filter(pk=key.pk, disabled_at=None).exists():
        raise RuleViolation("key_disabled", label=key.label)
    values = {"key": key, "file": name, "file_sha256": digest, "prepared_at": now}
    if alone:
        values |= {"state": State.SIGNED, "signed_at": now}
    else:
        values |= {"state": State.PREPARED}
    same = Letter.objects.filter(pk=letter.pk, state=State.DRAFT, signer=letter.signer_id)
    changed = same.update(**values)
    if not changed:
        return False
    for field, value in values.items():
        setattr(letter, field, value)
    action = "certificates.letter_sealed" if alone else "certificates.letter_prepared"
    _record(letter, action, digest, now)
    return True


def _record(letter: Letter, action: str, digest: str, now: datetime) -> None:
    journal.record(
        subject=f"letter:{letter.number}",
        action=action,
        actor=SYSTEM,
        now=now,
        data={"file_sha256": digest},
    )


def _seal_block(letter: Letter, *, key: SigningKey, alone: bool, now: datetime) -> SealBlock:
    by_handler = letter.kind == Letter.Kind.DECISION
    return SealBlock(
        organisation=text_in(letter.facts, "provider_name"),
        certificate_serial=key.serial,
        certificate_valid_to=local_day(key.not_after),
        sealed_at=now,
        has_person_signature=not alone,
        signer_label="seal_handler" if by_handler else "seal_person",
    )


def _name_of(letter: Letter) -> str:
    owner = letter.provider_id or "operator"
    return f"letters/{letter.created_at.year}/{owner}/{letter.code}.pdf"


def _task_key(letter: Letter) -> str:
    return f"{TASK_KIND}:{letter.number}"


def _tell(letter: Letter, fault: str, now: datetime) -> None:
    task = Task(
        key=_task_key(letter),
        kind=TASK_KIND,
        subject=f"letter:{letter.number}",
        scope=letter.provider.code if letter.provider else "",
        role=Role.PROVIDER_ADMIN if letter.provider else Role.PLATFORM_ADMIN,
        params={"number": letter.number, "fault": fault},
    )
    tasks.open_task(task, now=now)
