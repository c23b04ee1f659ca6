"""After the decision: seal by portions, write the documents, say what became of each row."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from django.core.files.storage import default_storage

from kualik.cases.models import Request
from kualik.cases.services.sealing import seal_requests
from kualik.certificates.models import Certificate
from kualik.config.issuing.entering import Entered, Office, Order, Outcome
from kualik.core import errors
from kualik.core.clock import local_day
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.rules.standards import Standard
from kualik.training.services import CheckedRow, Remark, remark_text

AT_ONCE = 50
BETWEEN_ROWS = frozenset({"person_doubled", "iin_two_names"})
STANDING = {
    Certificate.Status.SUSPENDED: "certificate_suspended",
    Certificate.Status.REVOKED: "certificate_revoked",
    Certificate.Status.REPLACED: "certificate_replaced",
}
Record = dict[str, object]
log = logging.getLogger(__name__)


def records_of(
    *,
    entered: Entered,
    order: Order,
    standard: Standard,
    office: Office,
    folder: Path,
    now: datetime,
) -> Iterator[Record]:
    """A record for each row, then the summary; a portion's before the next portion is sealed."""
    count: Counter[object] = Counter()
    for start in range(0, len(entered.rows), AT_ONCE):
        part = entered.rows[start : start + AT_ONCE]
        outcome = {row.row: entered.outcome[row.row] for row in part if row.row in entered.outcome}
        made = _make(outcome, office, folder, order.language, now)
        for row in part:
            record = made.get(row.row) or _fault(row, order.language)
            count[record["status"]] += 1
            yield record
    yield _summary(count, standard, order)


def _make(
    outcome: dict[int, Outcome], office: Office, folder: Path, language: str, now: datetime
) -> dict[int, Record]:
    """Seal a portion and write its documents into the folder; a record for each row of it."""
    pks = {row: item.pk for row, item in outcome.items() if isinstance(item, Request)}
    faults = _seal(sorted(pks.values()), office, now)
    requests = Request.objects.select_related("certificate").in_bulk(pks.values())
    records = {}
    for row, item in outcome.items():
        if isinstance(item, RuleViolation):
            records[row] = _refused(row, item, language)
        else:
            records[row] = _written(row, requests[item.pk], faults.get(item.pk), folder, language)
    return records


def _seal(pks: Sequence[int], office: Office, now: datetime) -> dict[int, RuleViolation]:
    """Seal what is approved, also what a stopped run left; request → what stopped its seal."""
    if _try_seal(pks, office, now) is None:
        return {}
    # Sealed together they fail together; alone, only those do that are at fault.
    faults = {pk: _try_seal([pk], office, now) for pk in pks}
    return {pk: fault for pk, fault in faults.items() if fault}


def _try_seal(pks: Sequence[int], office: Office, now: datetime) -> RuleViolation | None:
    """None, or why not all of them were sealed. The decision stands, so nothing may escape."""
    approved = Request.objects.select_related("certificate").filter(
        pk__in=pks, state=State.APPROVED
    )
    actor = office.key.holder.acting_as(Role.AUTHORISED_PERSON)
    try:
        seal_requests(requests=list(approved), key=office.key, actor=actor, now=now)
    except RuleViolation as violation:
        return violation
    except OSError as error:
        return RuleViolation("storage_unwritable", reason=error)
    except Exception as error:
        log.exception("sealing failed")
        return RuleViolation("seal_failed", reason=type(error).__name__)
    return None


def _written(
    row: int, request: Request, fault: RuleViolation | None, folder: Path, language: str
) -> Record:
    """The document as the register has it, written into the folder; else why there is none."""
    certificate = request.certificate
    if certificate is None:
        conflict = fault or RuleViolation("conflict", number=request.number)
        return _refused(row, conflict, language)
    try:
        file = _copy(certificate, fault, folder)
    except RuleViolation as violation:
        return _refused(row, violation, language, number=certificate.number)
    return {
        "row": row,
        "status": "issued",
        "number": certificate.number,
        "code": certificate.code,
        "file": str(file),
    }


def _copy(certificate: Certificate, fault: RuleViolation | None, folder: Path) -> Path:
    """Put a valid document into the folder.

    Raises ``fault`` for a draft, ``certificate_suspended``, ``certificate_revoked``,
    ``certificate_replaced``, ``file_unreadable``, ``out_unwritable``.
    """
    status = Certificate.Status(certificate.status)
    if status in STANDING:
        raise RuleViolation(STANDING[status], number=certificate.number)
    if status != Certificate.Status.VALID:
        raise fault or RuleViolation("conflict", number=certificate.number)
    file = folder / f"{certificate.number}.pdf"
    try:
        with default_storage.open(certificate.file, "rb") as stream:
            content = stream.read()
    except OSError as error:
        raise RuleViolation("file_unreadable", file=file.name) from error
    try:
        file.write_bytes(content)
    except OSError as error:
        raise RuleViolation("out_unwritable", reason=error) from error
    return file


def _refused(row: int, violation: RuleViolation, language: str, *, number: str = "") -> Record:
    known = number or violation.params.get("number")
    return {
        "row": row,
        "status": "refused",
        **({"number": known} if known else {}),
        "column": "",
        "error": violation.code,
        "message": errors.message(violation, language),
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


def _summary(count: Counter[object], standard: Standard, order: Order) -> Record:
    statuses = {status: count[status] for status in ("issued", "refused", "not_completed")}
    in_term = standard.covers(local_day(order.filed_at))
    return {
        "summary": {"rows": count.total(), **statuses},
        "edition": standard.edition,
        "warnings": [] if in_term else ["edition_outside_its_term"],
    }
