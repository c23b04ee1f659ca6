"""Making the files: prepared for the person's signature, or documents by the seal alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.adapters.observers import Change, announce
from kualik.cases.models import Request
from kualik.cases.services.overdue import settle_overdue
from kualik.cases.services.telling import tell_issued
from kualik.certificates.models import Certificate, SealPolicy
from kualik.certificates.services.policy import automatic_fault
from kualik.certificates.services.sealing import (
    SealedFile,
    discard_files,
    enter_prepared,
    enter_sealed,
    make_sealed_files,
)
from kualik.certificates.services.standing import replace_certificate
from kualik.certificates.services.volume import watch_later
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM, Actor
from kualik.core.journal import Event as Entry
from kualik.rules import lifecycle, standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Event, Role, State
from kualik.signatures.models import SigningKey

CORRECTED = Text(
    "Деректер түзетілгендіктен орнына жаңа құжат берілді",
    "Данные исправлены, взамен выдан новый документ",
)


def prepare_requests(
    *,
    requests: Sequence[Request],
    key: SigningKey,
    user: User | None,
    actor: Actor,
    now: datetime,
) -> list[Request]:
    """Render and seal the drafts of approved requests for the person's signature; those prepared
    by this call, which stay approved.

    Files are made outside the transaction. A request that somebody moved meanwhile is left out.
    ``user`` is who ordered it, None for the machine. Raises as ``make_sealed_files`` and
    ``enter_prepared`` do.
    """
    waiting = _waiting(requests)
    files = make_sealed_files(
        certificates=_certificates(waiting.values()),
        key=key,
        way=SealPolicy.Way.PERSON,
        user=user,
        now=now,
    )
    try:
        with transaction.atomic():
            # The request's row before the certificate's, as everywhere: no two wait for each other.
            held = _held(waiting.values())
            kept = [file for file in files if waiting[file.certificate.pk].pk in held]
            entered = {row.pk for row in enter_prepared(files=kept, key=key, actor=actor, now=now)}
    except RuleViolation:
        discard_files(files)
        raise
    discard_files([file for file in files if file.certificate.pk not in entered])
    return [request for pk, request in waiting.items() if pk in entered]


def seal_alone(*, requests: Sequence[Request], key: SigningKey, now: datetime) -> list[Request]:
    """Issue approved requests by the organisation's seal alone, with the machine as the actor; the
    requests issued by this call.

    Register, journal and the requests' states change together or not at all. Raises the faults of
    the policy (``seal_by_person_only`` under A57 and without a policy, A57.10-2), then nothing is
    issued, and what ``make_sealed_files`` raises.
    """
    waiting = _waiting(requests)
    for place, request in enumerate(waiting.values()):
        fault = _policy_fault(request, now=now, ahead=place)
        if fault:
            raise RuleViolation(fault, number=request.number)
    files = make_sealed_files(
        certificates=_certificates(waiting.values()),
        key=key,
        way=SealPolicy.Way.AUTOMATIC,
        user=None,
        now=now,
    )
    moved: list[SealedFile] = []
    try:
        with transaction.atomic():
            moved = [
                file
                for file in files
                if move_to_issued(waiting[file.certificate.pk], by=Role.SYSTEM)
            ]
            if len(enter_sealed(files=moved, key=key, now=now)) != len(moved):
                raise RuleViolation("conflict")
            issued = [waiting[file.certificate.pk] for file in moved]
            record_seals(issued, actor=SYSTEM, now=now)
    except RuleViolation:
        discard_files(files)
        raise
    discard_files([file for file in files if file not in moved])
    return issued


def sealable_alone(requests: Sequence[Request], now: datetime) -> list[Request]:
    """Those approved requests that the organisation's seal alone may issue at ``now``."""
    found: list[Request] = []
    for request in _waiting(requests).values():
        if not _policy_fault(request, now=now, ahead=len(found)):
            found.append(request)
    return found


def is_prepared(request: Request, now: datetime) -> bool:
    """Whether the draft has a file to be signed on the present local day, by a key in use."""
    certificate = request.certificate
    return bool(
        certificate is not None
        and certificate.status == Certificate.Status.DRAFT
        and certificate.file
        and certificate.prepared_at
        and local_day(certificate.prepared_at) == local_day(now)
        and certificate.key
        and certificate.key.disabled_at is None
    )


def move_to_issued(request: Request, *, by: Role) -> bool:
    """Write the new state; False when somebody else moved the request."""
    target = lifecycle.transition(State.APPROVED, Event.SEAL, by=by).to
    changed = Request.objects.filter(
        pk=request.pk,
        state=State.APPROVED,
        version=request.version,
        certificate=request.certificate,
    ).update(state=target, version=request.version + 1)
    if changed:
        request.state = target
        request.version += 1
    return bool(changed)


def record_seals(requests: Sequence[Request], *, actor: Actor, now: datetime) -> None:
    """Journal that requests were issued and tell their persons, let corrected documents take the
    place of the earlier ones, and have the volume of the day looked at. Raises
    ``replaced_not_standing``."""
    for request in requests:
        _take_place(request, actor=actor, now=now)
    journal.record_all(
        Entry(subject=f"request:{request.number}", action="cases.seal", actor=actor, at=now)
        for request in requests
    )
    announce([Change(request=row, events=(Event.SEAL,), actor=actor, at=now) for row in requests])
    settle_overdue(requests, actor=actor, now=now)
    tell_issued(requests, actor=actor, now=now)
    for provider in {request.provider for request in requests}:
        watch_later(provider=provider, now=now)


def _take_place(request: Request, *, actor: Actor, now: datetime) -> None:
    """From now on the earlier document says that this one came in its place.

    One that is suspended or revoked is under a decision of its own, which nothing may escape; one
    that was revoked before this was asked for stays as it is.
    """
    if request.replaces_id is None or request.certificate is None:
        return
    earlier = Certificate.objects.get(pk=request.replaces_id)
    is_revoked = earlier.status == Certificate.Status.REVOKED
    if is_revoked and earlier.status_changed_at < request.filed_at:
        return
    if earlier.status != Certificate.Status.VALID:
        raise RuleViolation("replaced_not_standing", number=earlier.number)
    replace_certificate(
        certificate=earlier,
        replacement=Certificate.objects.get(pk=request.certificate.pk),
        reason=CORRECTED,
        actor=actor,
        now=now,
    )


def _policy_fault(request: Request, *, now: datetime, ahead: int) -> str:
    if request.certificate is None:
        return "conflict"
    return automatic_fault(
        provider=request.provider,
        certificate=request.certificate,
        standard=standards.get(request.edition, request.edition_version),
        now=now,
        ahead=ahead,
    )


def _waiting(requests: Iterable[Request]) -> dict[int, Request]:
    """Approved requests by the primary keys of their certificates."""
    return {
        request.certificate_id: request
        for request in requests
        if request.state == State.APPROVED and request.certificate_id is not None
    }


def _certificates(requests: Iterable[Request]) -> list[Certificate]:
    return [request.certificate for request in requests if request.certificate]


def _held(requests: Iterable[Request]) -> set[int]:
    """The requests that nobody moved since they were read, locked until the transaction ends."""
    known = {(row.pk, row.certificate_id, row.version) for row in requests}
    rows = Request.objects.select_for_update().filter(
        pk__in=[pk for pk, _, _ in known], state=State.APPROVED
    )
    found = rows.order_by("pk").values_list("pk", "certificate_id", "version")
    return {row[0] for row in found if row in known}
