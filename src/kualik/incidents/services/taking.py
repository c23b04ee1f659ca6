"""What the provider adds to its report: measures, the operator's protocol, or its calling off."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.adapters.scans import MOST_PAGES, UnfitScan, read_scan
from kualik.cases.services.attaching import plain_name
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.sweeping import sweep_folder
from kualik.core.tasks import close_task
from kualik.incidents.models import PROTOCOL_FOLDER, Report
from kualik.incidents.services.changing import State, change
from kualik.incidents.services.recording import (
    TELL_TASK,
    ask_staff,
    close_if_done,
    record_report,
    task_key,
)
from kualik.incidents.services.telling import (
    FAILED_TASK,
    LATE_TASK,
    PROTOCOL_TASK,
    SOON_TASK,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

SIGN_TASK = "incident_to_sign"
ALL_TASKS = (TELL_TASK, FAILED_TASK, PROTOCOL_TASK, SIGN_TASK, SOON_TASK, LATE_TASK)
PDF = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorsProtocol:
    """The operator's file with its number and day."""

    filename: str
    content: bytes
    number: str
    dated: date


def take_protocol(
    *, report: Report, given: OperatorsProtocol, user: User, role: Role, now: datetime
) -> Report:
    """Keep the protocol that the operator drew; until it is signed another file may take its place.

    Call it outside transactions: the file is stored first. Raises ``protocol_not_pdf``, those of a
    scan (``scan_unreadable``, ``scan_encrypted``, ``scan_active``, ``scan_too_long``),
    ``protocol_day_wrong``, ``incident_state_forbids``.
    """
    _check_file(given.content)
    incident = report.incident
    if not local_day(incident.began_at) <= given.dated <= local_day(now):
        raise RuleViolation("protocol_day_wrong")
    stored = Report(pk=report.pk)
    stored.protocol.save("protocol", ContentFile(given.content), save=False)
    name = stored.protocol.name or ""
    try:
        return _keep(report, given, name, user.acting_as(role), now)
    except Exception:
        default_storage.delete(name)
        raise


@transaction.atomic
def _keep(
    report: Report, given: OperatorsProtocol, name: str, actor: Actor, now: datetime
) -> Report:
    """Name the stored file in the report; the one before goes once that holds."""
    before = report.protocol.name or ""
    digest = hashlib.sha256(given.content).hexdigest()
    change(
        report,
        frm=[State.TOLD, State.TO_SIGN],
        state=State.TO_SIGN,
        protocol=name,
        protocol_name=plain_name(given.filename, extension=".pdf"),
        protocol_number=given.number,
        protocol_on=given.dated,
        protocol_sha256=digest,
        protocol_at=now,
    )
    report.refresh_from_db()
    if before:
        transaction.on_commit(partial(default_storage.delete, before))
    record_report(report, "protocol_taken", actor=actor, now=now, data={"sha256": digest})
    close_task(key=task_key(PROTOCOL_TASK, report), actor=actor, now=now)
    due_at = report.protocol_due_at
    ask_staff(SIGN_TASK, report, role=Role.AUTHORISED_PERSON, due_at=due_at, now=now)
    return report


@transaction.atomic
def write_measures(*, report: Report, done: Text, user: User, role: Role, now: datetime) -> Report:
    """Write down what was done about the failure, for each column of the draft of the protocol."""
    open_states = [State.TO_TELL, State.TOLD, State.TO_SIGN]
    change(report, frm=open_states, measures_kk=done.kk, measures_ru=done.ru)
    record_report(report, "measures", actor=user.acting_as(role), now=now)
    return report


@transaction.atomic
def cancel_report(*, report: Report, reason: str, user: User, role: Role, now: datetime) -> Report:
    """Call a report off with a reason: it was no failure of the system after all.

    Once the operator was told it is not called off: the operator's protocol will say so.
    """
    change(report, frm=[State.TO_TELL], state=State.CANCELLED, remark=reason)
    actor = user.acting_as(role)
    record_report(report, "cancelled", actor=actor, now=now, data={"reason": reason})
    for kind in ALL_TASKS:
        close_task(key=task_key(kind, report), actor=actor, now=now)
    close_if_done(report.incident, actor=actor, now=now)
    return report


def sweep_protocols(*, now: datetime) -> int:
    """Delete stored protocols that no report names, left by what stopped half-way; how many."""
    named = Report.objects.exclude(protocol="").values_list("protocol", flat=True)
    return sweep_folder(PROTOCOL_FOLDER, named, now=now)


def _check_file(content: bytes) -> None:
    try:
        scan = read_scan(content)
    except UnfitScan as unfit:
        if unfit.code == "scan_type_refused":
            raise RuleViolation("protocol_not_pdf") from unfit
        raise RuleViolation(unfit.code, pages=MOST_PAGES) from unfit
    if scan.media_type != PDF:
        raise RuleViolation("protocol_not_pdf")
