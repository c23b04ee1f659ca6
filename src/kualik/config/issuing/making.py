"""After the decision: seal by portions, write the documents, say what became of each row.

Where the organisation's seal is enough (A303.4), the program issues. Elsewhere it prepares, and
the authorised person signs (A57.10-2); only on a demonstration a test key plays that person.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from django.core.files.storage import default_storage

from kualik.accounts.services import is_own_iin
from kualik.cases.models import Request
from kualik.cases.services.sealing import (
    is_prepared,
    prepare_requests,
    seal_alone,
    sealable_alone,
)
from kualik.cases.services.trial_signing import sign_on_trial, trial_iins
from kualik.certificates.models import Certificate, PersonSignature
from kualik.config.issuing.entering import PROGRAM, Entered, Office, Order, Outcome
from kualik.core import errors
from kualik.core.clock import local_day
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import State
from kualik.rules.standards import Standard
from kualik.training.services import CheckedRow, Remark, remark_text

AT_ONCE = 50
BETWEEN_ROWS = frozenset({"person_doubled", "iin_two_names"})
STANDING = {
    Certificate.Status.SUSPENDED: "certificate_suspended",
    Certificate.Status.REVOKED: "certificate_revoked",
    Certificate.Status.REPLACED: "certificate_replaced",
}
STATUSES = ("issued", "prepared", "refused", "not_completed")
AWAITS = "awaits_person_signature"
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
    requests = _read(pks.values())
    records = {}
    for row, item in outcome.items():
        if isinstance(item, RuleViolation):
            records[row] = _refused(row, item, language)
            continue
        request, fault = requests[item.pk], faults.get(item.pk)
        if fault is None and is_prepared(request, now):
            records[row] = _prepared(row, request, language)
        else:
            records[row] = _written(row, request, fault, folder, language)
    return records


def _read(pks: Iterable[int]) -> dict[int, Request]:
    return Request.objects.select_related("certificate__key", "provider").in_bulk(pks)


def _seal(pks: Sequence[int], office: Office, now: datetime) -> dict[int, RuleViolation]:
    """Seal what is approved, also what a stopped run left; request → what stopped its seal."""
    faults: dict[int, RuleViolation] = {}
    if _try_seal(pks, office, now) is not None:
        # Sealed together they fail together; alone, only those do that are at fault.
        tried = {pk: _try_seal([pk], office, now) for pk in pks}
        faults = {pk: fault for pk, fault in tried.items() if fault}
    return faults | _sign([pk for pk in pks if pk not in faults], office, now)


def _try_seal(pks: Sequence[int], office: Office, now: datetime) -> RuleViolation | None:
    """None, or why not all of them were sealed. The decision stands, so nothing may escape."""
    try:
        found = _read(pks)
        approved = [found[pk] for pk in pks if found[pk].state == State.APPROVED]
        alone = sealable_alone(approved, now)
        seal_alone(requests=alone, key=office.key, now=now)
        others = [row for row in approved if row not in alone and not is_prepared(row, now)]
        prepare_requests(requests=others, key=office.key, user=None, actor=PROGRAM, now=now)
    except RuleViolation as violation:
        return violation
    except OSError as error:
        return RuleViolation("storage_unwritable", reason=error)
    except Exception as error:
        log.exception("sealing failed")
        return RuleViolation("seal_failed", reason=type(error).__name__)
    return None


def _sign(pks: Sequence[int], office: Office, now: datetime) -> dict[int, RuleViolation]:
    """On a demonstration the signer is played by a test key; elsewhere the documents wait."""
    iins = [iin for iin in trial_iins() if is_own_iin(office.signer, iin)]
    if not iins:
        return {}
    requests = _read(pks)
    numbers = {row.certificate.number: pk for pk, row in requests.items() if row.certificate}
    outcomes = sign_on_trial(requests=list(requests.values()), iins=iins, now=now)
    return {
        numbers[outcome.number]: outcome.violation
        for outcome in outcomes
        if outcome.violation and not outcome.is_issued
    }


def _prepared(row: int, request: Request, language: str) -> Record:
    """A document that is no document before the authorised person has signed it."""
    number = request.certificate.number if request.certificate else ""
    violation = RuleViolation(AWAITS, number=number)
    return {
        "row": row,
        "status": "prepared",
        "number": number,
        "error": violation.code,
        "message": errors.message(violation, language),
    }


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
        beside = _copy_signature(certificate, folder)
    except RuleViolation as violation:
        return _refused(row, violation, language, number=certificate.number)
    return {
        "row": row,
        "status": "issued",
        "number": certificate.number,
        "code": certificate.code,
        "file": str(file),
        **({"signature": str(beside)} if beside else {}),
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
    return _put(certificate.file, folder / f"{certificate.number}.pdf")


def _copy_signature(certificate: Certificate, folder: Path) -> Path | None:
    """Put the person's signature beside the document; None for one that the seal alone certifies.

    Raises ``file_unreadable``, ``out_unwritable``.
    """
    entry = PersonSignature.objects.filter(certificate=certificate).first()
    return _put(entry.file, folder / f"{certificate.number}.pdf.p7s") if entry else None


def _put(stored: str, file: Path) -> Path:
    try:
        with default_storage.open(stored, "rb") as stream:
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
    statuses = {status: count[status] for status in STATUSES}
    in_term = standard.covers(local_day(order.filed_at))
    return {
        "summary": {"rows": count.total(), **statuses},
        "edition": standard.edition,
        "warnings": [] if in_term else ["edition_outside_its_term"],
    }
