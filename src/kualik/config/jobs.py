"""The work a worker can do, what comes back every day, and the sign that a worker lives."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.contrib.sessions.models import Session

from kualik.accounts.services import forget_codes
from kualik.accounts.services.commands import forget_answers
from kualik.cases.services.answering import run_answer_job
from kualik.cases.services.attaching import sweep_attachments
from kualik.cases.services.deciding_alone import DECIDE_JOB, run_decide_job
from kualik.cases.services.drafting import forget_drafts
from kualik.cases.services.entering import MOVED_JOB, run_moved_job
from kualik.cases.services.mandating import ASKED_JOB, run_asked_job
from kualik.cases.services.offering import run_offer_job
from kualik.cases.services.overdue import OVERDUE_JOB, report_overdue
from kualik.cases.services.sealing import SEAL_JOB, run_seal_job
from kualik.certificates.services.blanks import COUNT_JOB, run_count_job
from kualik.certificates.services.letters import (
    LETTER_JOB,
    SUCCEED_JOB,
    run_letter_job,
    run_succeed_job,
)
from kualik.certificates.services.preserving import (
    PRESERVE_JOB,
    RENEW_JOB,
    run_preserve_job,
    run_renew_job,
)
from kualik.certificates.services.volume import WATCH_JOB, run_watch_job
from kualik.complaints.services.sweeping import sweep_files
from kualik.complaints.services.watching import WATCH_JOB as COMPLAINT_JOB
from kualik.complaints.services.watching import run_watch_job as run_complaint_job
from kualik.core import jobs
from kualik.core.clock import ZONE, local_day
from kualik.core.jobs import Clock, Handler, Payload
from kualik.counter.services.asking import FORGET_DOCUMENTS_JOB
from kualik.counter.services.asking import run_forget_job as run_forget_documents_job
from kualik.counter.services.warning import WATCH_JOB as HALL_JOB
from kualik.counter.services.warning import run_watch_job as run_hall_job
from kualik.gateway.services.answering import ANSWER_JOB as PORTAL_ANSWER_JOB
from kualik.gateway.services.answering import run_answer_job as run_portal_answer_job
from kualik.gateway.services.answering import run_renew_job as run_portal_renew_job
from kualik.gateway.services.consents import FOLLOW_JOB as CONSENT_JOB
from kualik.gateway.services.consents import FORGET_JOB as FORGET_CONSENTS_JOB
from kualik.gateway.services.consents import run_follow_job as run_consent_job
from kualik.gateway.services.consents import run_forget_job as run_forget_consents_job
from kualik.gateway.services.handling import HANDLE_JOB, run_handle_job
from kualik.gateway.services.outbox import RENEW_JOB as PORTAL_RENEW_JOB
from kualik.gateway.services.outbox import SEND_JOB, run_send_job
from kualik.gateway.services.polling import POLL_JOB, run_poll_job
from kualik.gateway.services.receiving import forget_refused
from kualik.incidents.services.taking import sweep_protocols
from kualik.incidents.services.watching import watch_terms
from kualik.notifications.services.delivering import (
    give_up_overdue,
    report_silence,
    worker_handlers,
)
from kualik.notifications.services.hooks import (
    HOOK_JOB,
    forget_deliveries,
    order_lost,
    run_hook_job,
)
from kualik.notifications.services.receiving import ANSWER_JOB
from kualik.oversight.services.house_watching import HOUSE_JOB, run_house_job
from kualik.oversight.services.reconciling import BOOKS_JOB, run_books_job
from kualik.oversight.services.reporting import REPORT_JOB, run_reports_job
from kualik.signatures.services.challenges import forget_challenges
from kualik.signatures.services.phone import forget_phone_signings
from kualik.training.services import forget_lists, sweep_lists
from kualik.training.services.dry_run import (
    CHECK_JOB,
    IMPORT_JOB,
    run_check_job,
    run_import_job,
)
from kualik.training.services.importing import IMPORTED_JOB
from kualik.training.services.moodle import MOODLE_JOB
from kualik.training.services.moodle_lists import (
    NIGHT_JOB,
    night_of,
    run_moodle_job,
    run_night_job,
)

FORGET_JOB = "training.forget_lists"
SWEEP_JOB = "signatures.sweep_entries"
TEND_JOB = "notifications.tend"
INCIDENT_JOB = "incidents.watch"
# By then the job of the hall has ended the day before; a report freezes what it counts.
DAY_SETTLED = time(6)
SILENT_AFTER = timedelta(seconds=60)


def run_forget_job(_payload: Payload, now: datetime) -> None:
    """Discard lists and forms that nobody ended and files that nothing refers to; take up the
    deliveries that were lost."""
    forget_lists(now=now)
    sweep_lists(now=now)
    forget_drafts(now=now)
    sweep_attachments(now=now)
    sweep_files(now=now)
    sweep_protocols(now=now)
    forget_deliveries(now=now)
    order_lost(now=now)
    forget_refused(now=now)


def run_sweep_job(_payload: Payload, now: datetime) -> None:
    """Remove what is over: challenges, codes, browser sessions, answers whose keys come no more."""
    forget_challenges(now=now)
    forget_phone_signings(now=now)
    forget_codes(now=now)
    forget_answers(now=now)
    Session.objects.filter(expire_date__lte=now).delete()


def run_overdue_job(_payload: Payload, now: datetime) -> None:
    """Tell of the requests whose term ran out, the persons and the office."""
    report_overdue(now=now)


def run_tend_job(_payload: Payload, now: datetime) -> None:
    """End the messages that nobody could send in time; tell of a carrier that is away."""
    give_up_overdue(now=now)
    report_silence(now=now)


def run_incident_job(_payload: Payload, now: datetime) -> None:
    """Warn of the terms of a failure: the notice to the operator and the protocol (A57.10-4)."""
    watch_terms(now=now)


HANDLERS: Mapping[str, Handler] = {
    SEAL_JOB: run_seal_job,
    LETTER_JOB: run_letter_job,
    SUCCEED_JOB: run_succeed_job,
    WATCH_JOB: run_watch_job,
    COUNT_JOB: run_count_job,
    PRESERVE_JOB: run_preserve_job,
    RENEW_JOB: run_renew_job,
    CHECK_JOB: run_check_job,
    IMPORT_JOB: run_import_job,
    IMPORTED_JOB: run_offer_job,
    ANSWER_JOB: run_answer_job,
    DECIDE_JOB: run_decide_job,
    FORGET_JOB: run_forget_job,
    SWEEP_JOB: run_sweep_job,
    TEND_JOB: run_tend_job,
    INCIDENT_JOB: run_incident_job,
    COMPLAINT_JOB: run_complaint_job,
    HALL_JOB: run_hall_job,
    OVERDUE_JOB: run_overdue_job,
    MOVED_JOB: run_moved_job,
    FORGET_DOCUMENTS_JOB: run_forget_documents_job,
    CONSENT_JOB: run_consent_job,
    FORGET_CONSENTS_JOB: run_forget_consents_job,
    ASKED_JOB: run_asked_job,
    BOOKS_JOB: run_books_job,
    REPORT_JOB: run_reports_job,
    HOUSE_JOB: run_house_job,
    HANDLE_JOB: run_handle_job,
    SEND_JOB: run_send_job,
    POLL_JOB: run_poll_job,
    HOOK_JOB: run_hook_job,
    MOODLE_JOB: run_moodle_job,
    NIGHT_JOB: run_night_job,
    PORTAL_ANSWER_JOB: run_portal_answer_job,
    PORTAL_RENEW_JOB: run_portal_renew_job,
    **worker_handlers(),
}
# Proof has days, and another system may be slow to answer; seals and everything else come first.
LAST = (SEND_JOB, POLL_JOB, HOOK_JOB, MOODLE_JOB, PRESERVE_JOB)
LINES = {name: HANDLERS[name] for name in LAST}
OURS = {name: handler for name, handler in HANDLERS.items() if name not in LAST}


def enqueue_daily(*, now: datetime) -> None:
    """The jobs of the day, the hour and the minute, each once however often this is called."""
    day = local_day(now).isoformat()
    for name in (FORGET_JOB, SWEEP_JOB, RENEW_JOB, BOOKS_JOB, HOUSE_JOB, COUNT_JOB):
        jobs.enqueue(name=name, key=f"{name}:{day}", payload={}, now=now)
    for name in (
        TEND_JOB,
        INCIDENT_JOB,
        COMPLAINT_JOB,
        OVERDUE_JOB,
        SUCCEED_JOB,
        FORGET_DOCUMENTS_JOB,
        FORGET_CONSENTS_JOB,
    ):
        jobs.enqueue(name=name, key=f"{name}:{now:%Y-%m-%dT%H}", payload={}, now=now)
    for name in (HALL_JOB, POLL_JOB):
        jobs.enqueue(name=name, key=f"{name}:{now:%Y-%m-%dT%H:%M}", payload={}, now=now)
    night = night_of(now)
    jobs.enqueue(name=NIGHT_JOB, key=f"{NIGHT_JOB}:{day}", payload={}, now=now, run_at=night)
    settled_at = max(now, datetime.combine(local_day(now), DAY_SETTLED, tzinfo=ZONE))
    jobs.enqueue(name=REPORT_JOB, key=f"{REPORT_JOB}:{day}", payload={}, now=now, run_at=settled_at)


def beat(*, now: datetime) -> None:
    """Leave a sign of life, for the machine this worker runs on."""
    _touch(settings.WORKER_HEARTBEAT, now)


def worker_state(*, now: datetime) -> Literal["alive", "silent"]:
    """Whether a worker of this machine left a sign of life within a minute."""
    return "alive" if _is_heard(settings.WORKER_HEARTBEAT, now, SILENT_AFTER) else "silent"


def run_one(*, worker: str, clock: Clock) -> bool:
    """One waiting job; False when none waits. Those of ``LAST`` are left to the process that has
    them for itself, while one of this machine lives."""
    if _is_heard(_lines_heartbeat(), clock(), jobs.LEASE):
        return jobs.run_one(handlers=OURS, worker=worker, clock=clock)
    return jobs.run_one(handlers=HANDLERS, worker=worker, clock=clock, last=LAST)


def run_one_of_lines(*, worker: str, clock: Clock) -> bool:
    """One waiting job of ``LAST``; False when none waits. Whoever asks does no other work."""
    _touch(_lines_heartbeat(), clock())
    return jobs.run_one(handlers=LINES, worker=worker, clock=clock)


def _lines_heartbeat() -> Path:
    return Path(settings.WORKER_HEARTBEAT.with_name("lines-heartbeat"))


def _touch(sign: Path, now: datetime) -> None:
    sign.touch(mode=0o600)
    os.utime(sign, (now.timestamp(), now.timestamp()))


def _is_heard(sign: Path, now: datetime, within: timedelta) -> bool:
    try:
        beaten = sign.stat().st_mtime
    except OSError:
        return False
    return now - datetime.fromtimestamp(beaten, UTC) <= within
