"""Up to the decision: import, file and approve, all or nothing."""

import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeGuard

from django.db import transaction

from kualik.accounts.models import User
from kualik.accounts.queries import authorised_person
from kualik.cases.models import LIVE_STATES, Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.sealing import SEAL_ORDERED
from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor, Event
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.rules.standards import Standard
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import organisation_key
from kualik.training.models import Completion, ImportDraft
from kualik.training.services import (
    CheckedRow,
    GroupDefaults,
    answer_for_group,
    confirm_import,
    discard_import,
    preview_import,
    start_import,
)

PROGRAM = Actor(name="program:kualik issue", role=Role.SYSTEM.value)
DECIDERS = (Role.REGISTRAR, Role.OFFICE_HEAD)
UNUSUAL = frozenset({"volume_out_of_range"})
# What a list lacks is given by the option of its name but for these.
OPTIONS = {"started_on": "--start", "ended_on": "--end"}
Outcome = Request | RuleViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the office asks for with a list."""

    content: bytes
    filename: str
    provider: Provider
    defaults: GroupDefaults
    paper: str
    edition: str
    filed_at: datetime
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """In whose place the program decides, whom the documents name as their signer (A57.10-2), and
    the organisation's key that seals."""

    decider: User
    role: Role
    signer: User
    key: SigningKey

    @property
    def actor(self) -> Actor:
        """Who decides, as the journal names them."""
        return self.decider.acting_as(self.role)


@dataclass(frozen=True, slots=True)
class Entered:
    """The rows as judged, and what became of those that were imported, by row."""

    rows: tuple[CheckedRow, ...]
    outcome: dict[int, Outcome]


def find_office(provider: Provider, now: datetime) -> Office:
    """The first registrar, else the head of the office; the signer; the key in force.

    Raises ``no_decider``, ``no_authorised_person``, ``no_organisation_key``.
    """
    for role in DECIDERS:
        user = User.objects.filter(provider=provider, is_active=True, grants__role=role).first()
        if user is not None:
            signer = authorised_person(provider, on=local_day(now))
            key = organisation_key(provider=provider, now=now)
            return Office(decider=user, role=role, signer=signer, key=key)
    raise RuleViolation("no_decider", provider=provider.code)


def enter(*, order: Order, standard: Standard, office: Office, now: datetime) -> Entered:
    """Import, file and approve in one transaction.

    Raises RuleViolation when the list cannot be used, ``storage_unwritable``; nothing is kept.
    """
    try:
        draft = start_import(
            provider=order.provider,
            actor=office.actor,
            filename=order.filename,
            content=order.content,
            now=now,
        )
    except OSError as error:
        raise RuleViolation("storage_unwritable", reason=error) from error
    try:
        with transaction.atomic():
            answer_for_group(draft=draft, defaults=order.defaults)
            rows = _judge(draft, standard, today=local_day(now))
            result = confirm_import(
                draft=draft,
                actor=office.actor,
                now=now,
                edition=standard.edition,
                accept_attention={row.row for row in rows if _is_unusual_only(row)},
            )
            outcome = _decide(dict(result.completions), order, standard, office, now)
            _note_the_program(draft, list(outcome.values()), office, now)
            return Entered(rows, outcome)
    except RuleViolation:
        draft.refresh_from_db()
        discard_import(draft=draft, actor=office.actor, now=now)
        raise


def _note_the_program(
    draft: ImportDraft, outcome: Sequence[Outcome], office: Office, now: datetime
) -> None:
    """Write down that the program acted in the place of the registrar and ordered the seals."""
    numbers = [
        item.certificate.number
        for item in outcome
        if isinstance(item, Request) and item.state == State.APPROVED and item.certificate
    ]
    facts = {"through": "kualik issue", "os_user": _os_user(), "key": office.key.serial}
    persons = {"registrar": office.decider.pk, "signer": office.signer.pk}
    run = Event(
        subject=f"import:{draft.pk}",
        action="cases.issued_by_program",
        actor=PROGRAM,
        at=now,
        data={**facts, **persons, "count": len(numbers)},
    )
    orders = (
        Event(
            subject=f"certificate:{number}",
            action=SEAL_ORDERED,
            actor=PROGRAM,
            at=now,
            data={**facts, "import": draft.pk},
        )
        for number in numbers
    )
    journal.record_all([run, *orders])


def _os_user() -> str:
    """The account of the machine that runs the program; its number when it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _is_unusual_only(row: CheckedRow) -> bool:
    """Whether nothing but the volume is unusual: its ranges are practice, no act sets them."""
    warnings = {remark.code for remark in row.remarks if remark.severity == "warning"}
    return row.verdict == "attention" and warnings <= UNUSUAL


def _judge(draft: ImportDraft, standard: Standard, *, today: date) -> tuple[CheckedRow, ...]:
    checked = preview_import(draft=draft, today=today, edition=standard.edition).checked
    if checked.missing:
        options = (OPTIONS.get(name, f"--{name.replace('_', '-')}") for name in checked.missing)
        raise RuleViolation("list_needs_answers", fields=", ".join(options))
    return checked.rows


def _decide(
    completions: dict[int, int],
    order: Order,
    standard: Standard,
    office: Office,
    now: datetime,
) -> dict[int, Outcome]:
    """Sheet row → its request, approved now or earlier, or the rule that forbids it."""
    known = _known_requests(completions)
    outcome: dict[int, Outcome] = {}
    fresh: dict[int, Filing] = {}
    found = Completion.objects.select_related("person", "programme").in_bulk(completions.values())
    for row, pk in completions.items():
        try:
            standard.result(found[pk].programme.kind, order.paper)
        except RuleViolation as violation:
            outcome[row] = violation
            continue
        if pk in known:
            outcome[row] = _asked_for(known[pk], order.paper)
        else:
            fresh[row] = Filing(completion=found[pk], paper=order.paper, language="kk")
    filed = file_requests(
        provider=order.provider,
        filings=list(fresh.values()),
        channel=Request.Channel.REGISTRAR,
        filed_at=order.filed_at,
        edition=standard.edition,
        actor=office.actor,
        now=now,
    )
    outcome |= dict(zip(fresh, filed, strict=True))
    waiting = [item for item in outcome.values() if _is_undecided(item)]
    approve_requests(requests=waiting, user=office.decider, role=office.role, now=now)
    return outcome


def _known_requests(completions: dict[int, int]) -> dict[int, Request]:
    """The live requests of completions that an earlier run brought, by completion."""
    live = Request.objects.filter(completion__in=completions.values(), state__in=LIVE_STATES)
    # A corrected document's request comes after the one whose document it replaces.
    related = live.order_by("pk").select_related(
        "certificate", "replaces", "completion__person", "completion__programme", "provider"
    )
    return {request.completion_id: request for request in related if request.completion_id}


def _asked_for(known: Request, paper: str) -> Outcome:
    """A known request, if it is for the paper that is asked for now.

    A revoked document is no result of the service, and after it a person decides, who sees what
    was revoked (ADR 0024): the program neither answers with it nor approves what follows it.
    """
    revoked = _revoked_for(known)
    if revoked is not None:
        return RuleViolation("certificate_revoked", number=revoked.number)
    if known.paper == paper:
        return known
    return RuleViolation("request_exists", number=known.number)


def _revoked_for(known: Request) -> Certificate | None:
    """The revoked document of a request, or the one after which it waits for its decision."""
    found = known.replaces if _is_undecided(known) else known.certificate
    is_revoked = found is not None and found.status == Certificate.Status.REVOKED
    return found if is_revoked else None


def _is_undecided(item: Outcome) -> TypeGuard[Request]:
    undecided = {State.FILED, State.ACCEPTED, State.IN_REVIEW}
    return isinstance(item, Request) and State(item.state) in undecided
