"""The provider signs the operator's protocol (A57.10-4): the authorised person's own signature."""

import hashlib
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.certificates.services.signing import (
    SIGNS_FOR,
    PreparedFile,
    as_kept,
    check_person_signature,
    facts_of,
    moment_of,
    unchanged,
)
from kualik.core.tasks import close_task
from kualik.incidents.models import Report
from kualik.incidents.services.changing import State, change
from kualik.incidents.services.recording import close_if_done, record_report, task_key
from kualik.incidents.services.taking import ALL_TASKS
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services import SignerVerdict


def protocol_content(report: Report) -> bytes:
    """The operator's file as it was uploaded. Raises ``protocol_damaged``."""
    content = unchanged(report.protocol.name or "", report.protocol_sha256)
    if not content:
        raise RuleViolation("protocol_damaged", number=report.incident.number)
    return content


def sign_protocol(
    *,
    report: Report,
    signature: bytes,
    user: User,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> Report:
    """Keep the authorised person's detached CMS over the protocol; call it outside transactions.

    Raises ``incident_state_forbids``, ``seal_wrong_person`` for anybody but an authorised person
    of this provider, ``protocol_damaged``, those of ``check_person_signature``, ``conflict``.
    """
    signature = as_kept(signature)
    if report.state != State.TO_SIGN:
        raise RuleViolation("incident_state_forbids", number=report.incident.number)
    is_own = user.provider_id == report.provider_id and user.is_active
    if not (is_own and user.has_role(frozenset({Role.AUTHORISED_PERSON}))):
        raise RuleViolation("seal_wrong_person")
    prepared = PreparedFile(
        number=report.incident.number,
        content=protocol_content(report),
        sha256=report.protocol_sha256,
        signer=user,
        bin=report.provider.bin,
    )
    verdict = check_person_signature(
        prepared=prepared, signature=signature, trust=trust, fetcher=fetcher, now=now
    )
    _keep(report, verdict, signature, user, now)
    return report


@transaction.atomic
def _keep(
    report: Report, verdict: SignerVerdict, signature: bytes, user: User, now: datetime
) -> None:
    """The version says that the file is still the one that was checked."""
    facts = facts_of(verdict, roles=SIGNS_FOR, now=now)
    kept = {
        **facts,
        "certificate_not_after": facts["certificate_not_after"].isoformat(),
        "signed_at": moment_of(verdict, prepared_at=report.protocol_at, now=now).isoformat(),
        "sha256": hashlib.sha256(signature).hexdigest(),
        "document_sha256": report.protocol_sha256,
    }
    change(
        report,
        frm=[State.TO_SIGN],
        state=State.SIGNED,
        signature=signature,
        signature_facts=kept,
        signer=user,
        signed_at=now,
    )
    actor = user.acting_as(Role.AUTHORISED_PERSON)
    data = {name: kept[name] for name in ("sha256", "document_sha256", "serial")}
    record_report(report, "signed", actor=actor, now=now, data=data)
    for kind in ALL_TASKS:
        close_task(key=task_key(kind, report), actor=actor, now=now)
    close_if_done(report.incident, actor=actor, now=now)
