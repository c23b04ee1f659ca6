"""The standing of an issued certificate: suspended, revoked, replaced; a file never changes."""

from datetime import datetime

from django.db import transaction

from kualik.certificates.models import Certificate
from kualik.certificates.services.announcing import announce_standing
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

Status = Certificate.Status


def suspend_certificate(
    *, certificate: Certificate, reason: Text, actor: Actor, now: datetime
) -> None:
    """Stop a certificate for the time of a check."""
    before = [Status.VALID]
    _change(certificate, to=Status.SUSPENDED, frm=before, reason=reason, actor=actor, now=now)


def restore_certificate(
    *, certificate: Certificate, reason: Text, actor: Actor, now: datetime
) -> None:
    """Give a suspended certificate its force back."""
    before = [Status.SUSPENDED]
    _change(certificate, to=Status.VALID, frm=before, reason=reason, actor=actor, now=now)


def revoke_certificate(
    *, certificate: Certificate, reason: Text, actor: Actor, now: datetime
) -> None:
    """End a certificate for good."""
    before = [Status.VALID, Status.SUSPENDED]
    _change(certificate, to=Status.REVOKED, frm=before, reason=reason, actor=actor, now=now)


@transaction.atomic
def replace_certificate(
    *,
    certificate: Certificate,
    replacement: Certificate,
    reason: Text,
    actor: Actor,
    now: datetime,
) -> None:
    """Let a sealed certificate of the same person take the place of an earlier one."""
    same = replacement.person_id == certificate.person_id
    if not same or replacement.status != Status.VALID or replacement.pk == certificate.pk:
        raise RuleViolation("replacement_unfit", number=replacement.number)
    before = [Status.VALID, Status.SUSPENDED]
    _change(
        certificate,
        to=Status.REPLACED,
        frm=before,
        reason=reason,
        replaced_by=replacement.number,
        actor=actor,
        now=now,
    )
    Certificate.objects.filter(pk=certificate.pk).update(replaced_by=replacement)


@transaction.atomic
def _change(
    certificate: Certificate,
    *,
    to: Status,
    frm: list[Status],
    reason: Text,
    replaced_by: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    if not (reason.kk.strip() and reason.ru.strip()):
        raise RuleViolation("reason_missing")
    changed = Certificate.objects.filter(pk=certificate.pk, status__in=frm).update(
        status=to,
        status_reason_kk=reason.kk,
        status_reason_ru=reason.ru,
        status_changed_at=now,
    )
    if not changed:
        raise RuleViolation("conflict")
    journal.record(
        subject=f"certificate:{certificate.number}",
        action=f"certificates.{to.value}",
        actor=actor,
        now=now,
        data={"reason": reason},
    )
    announce_standing(certificate, status=to, replaced_by=replaced_by, now=now)
