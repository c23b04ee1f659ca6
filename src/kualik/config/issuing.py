"""The whole job without a browser: a list is imported, filed, decided and sealed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypeGuard

from django.core.files.storage import default_storage
from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.models import LIVE_STATES, Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.sealing import seal_requests
from kualik.core import errors
from kualik.core.clock import local_day
from kualik.providers.models import Provider
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.rules.standards import Standard
from kualik.signatures.queries import usable_key
from kualik.training.models import Completion, ImportDraft
from kualik.training.services import (
    CheckedRow,
    GroupDefaults,
    Remark,
    answer_for_group,
    confirm_import,
    discard_import,
    preview_import,
    remark_text,
    start_import,
)

AT_ONCE = 50
DECIDERS = (Role.REGISTRAR, Role.OFFICE_HEAD)
BETWEEN_ROWS = frozenset({"person_doubled", "iin_two_names"})
UNUSUAL = frozenset({"volume_out_of_range"})
Record = dict[str, object]


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


def find_decider(provider: Provider) -> tuple[User, Role]:
    """The first registrar, else the head of the office; ``no_decider`` when there is neither."""
    for role in DECIDERS:
        user = User.objects.filter(provider=provider, is_active=True, grants__role=role).first()
        if user is not None:
            return user, role
    raise RuleViolation("no_decider", provider=provider.code)


def issue_list(*, order: Order, folder: Path, now: datetime) -> Iterator[Record]:
    """A record for each row of the list, in the list's order, then the summary.

    Raises RuleViolation when the list cannot be used; then nothing was written.
    """
    standard = (
        standards.get(order.edition)
        if order.edition
        else standards.in_force(local_day(order.filed_at))
    )
    if order.defaults.kind:
        standard.result(order.defaults.kind, order.paper)
    rows, issued = _enter(order, standard, now)
    _seal([item for item in issued.values() if isinstance(item, Request)], now)
    folder.mkdir(parents=True, exist_ok=True)
    records = [
        _fault(row, order.language)
        if row.row not in issued
        else _written(row.row, issued[row.row], folder, order.language)
        for row in rows
    ]
    yield from records
    yield _summary(records, standard, order)


def _enter(
    order: Order, standard: Standard, now: datetime
) -> tuple[tuple[CheckedRow, ...], dict[int, Request | RuleViolation]]:
    """Import, file and approve in one transaction: the rows as judged and what became of each."""
    user, role = find_decider(order.provider)
    actor = user.acting_as(role)
    usable_key(provider=order.provider, now=now)
    draft = start_import(
        provider=order.provider,
        actor=actor,
        filename=order.filename,
        content=order.content,
        now=now,
    )
    try:
        with transaction.atomic():
            answer_for_group(draft=draft, defaults=order.defaults)
            rows = _judge(draft, standard, today=local_day(now))
            result = confirm_import(
                draft=draft,
                actor=actor,
                now=now,
                edition=standard.edition,
                accept_attention={row.row for row in rows if _is_unusual_only(row)},
            )
            return rows, _decide(dict(result.completions), order, standard, user, role, now)
    except RuleViolation:
        draft.refresh_from_db()
        discard_import(draft=draft, actor=actor, now=now)
        raise


def _is_unusual_only(row: CheckedRow) -> bool:
    """Whether nothing but the volume is unusual: its ranges are practice, no act sets them."""
    warnings = {remark.code for remark in row.remarks if remark.severity == "warning"}
    return row.verdict == "attention" and warnings <= UNUSUAL


def _judge(draft: ImportDraft, standard: Standard, *, today: date) -> tuple[CheckedRow, ...]:
    checked = preview_import(draft=draft, today=today, edition=standard.edition).checked
    if checked.missing:
        raise RuleViolation("list_needs_answers", fields=", ".join(checked.missing))
    return checked.rows


def _decide(
    completions: dict[int, int],
    order: Order,
    standard: Standard,
    user: User,
    role: Role,
    now: datetime,
) -> dict[int, Request | RuleViolation]:
    """Sheet row → its request, approved now or earlier, or the rule that forbids it."""
    known = _known_requests(completions)
    outcome: dict[int, Request | RuleViolation] = {}
    fresh: dict[int, Filing] = {}
    found = Completion.objects.select_related("person", "programme").in_bulk(completions.values())
    for row, pk in completions.items():
        try:
            standard.result(found[pk].programme.kind, order.paper)
        except RuleViolation as violation:
            outcome[row] = violation
            continue
        if pk in known:
            outcome[row] = known[pk]
        else:
            fresh[row] = Filing(completion=found[pk], paper=order.paper, language="kk")
    filed = file_requests(
        provider=order.provider,
        filings=list(fresh.values()),
        channel=Request.Channel.REGISTRAR,
        filed_at=order.filed_at,
        edition=standard.edition,
        actor=user.acting_as(role),
        now=now,
    )
    outcome |= dict(zip(fresh, filed, strict=True))
    waiting = [item for item in outcome.values() if _is_undecided(item)]
    approve_requests(requests=waiting, user=user, role=role, now=now)
    return outcome


def _known_requests(completions: dict[int, int]) -> dict[int, Request]:
    """The live requests of completions that an earlier run brought, by completion."""
    live = Request.objects.filter(completion__in=completions.values(), state__in=LIVE_STATES)
    related = live.select_related(
        "certificate", "completion__person", "completion__programme", "provider"
    )
    return {request.completion_id: request for request in related}


def _is_undecided(item: Request | RuleViolation) -> TypeGuard[Request]:
    undecided = {State.FILED, State.ACCEPTED, State.IN_REVIEW}
    return isinstance(item, Request) and State(item.state) in undecided


def _seal(requests: list[Request], now: datetime) -> None:
    """Seal what is approved, also what a stopped run left."""
    approved = [request for request in requests if request.state == State.APPROVED]
    if not approved:
        return
    key = usable_key(provider=approved[0].provider, now=now)
    actor = key.holder.acting_as(Role.AUTHORISED_PERSON)
    for start in range(0, len(approved), AT_ONCE):
        part = approved[start : start + AT_ONCE]
        seal_requests(requests=part, key=key, actor=actor, now=now)


def _written(row: int, outcome: Request | RuleViolation, folder: Path, language: str) -> Record:
    if isinstance(outcome, RuleViolation):
        return {
            "row": row,
            "status": "refused",
            "column": "",
            "error": outcome.code,
            "message": errors.message(outcome, language),
        }
    certificate = outcome.certificate
    if certificate is None:
        raise RuleViolation("conflict", number=outcome.number)
    certificate.refresh_from_db()
    file = folder / f"{certificate.number}.pdf"
    with default_storage.open(certificate.file, "rb") as stream:
        file.write_bytes(stream.read())
    return {
        "row": row,
        "status": "issued",
        "number": certificate.number,
        "code": certificate.code,
        "file": str(file),
    }


def _fault(row: CheckedRow, language: str) -> Record:
    """What is wrong in the row itself first, the gravest first; then all of it cell by cell."""
    order = {"error": 0, "warning": 1, "note": 2}

    def rank(remark: Remark) -> tuple[bool, int]:
        return remark.code in BETWEEN_ROWS, order[remark.severity]

    faults = [
        {
            "column": remark.column,
            "error": remark.code,
            "message": remark_text(remark, language),
        }
        for remark in sorted(row.remarks, key=rank)
    ]
    status = "not_completed" if row.verdict == "skipped" else "refused"
    return {"row": row.row, "status": status, **(faults[0] if faults else {}), "faults": faults}


def _summary(records: list[Record], standard: Standard, order: Order) -> Record:
    count = {
        status: sum(record["status"] == status for record in records)
        for status in ("issued", "refused", "not_completed")
    }
    in_term = standard.covers(local_day(order.filed_at))
    return {
        "summary": {"rows": len(records), **count},
        "edition": standard.edition,
        "warnings": [] if in_term else ["edition_outside_its_term"],
    }
