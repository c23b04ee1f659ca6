"""Finding failures: tries in a row, one incident a cause, and the gaps in which nobody could try.

The process that tries leaves its sign in the table of probes, under the code "worker". Where it
could leave none for minutes, either it was away itself or the database was; both are found when
there is somebody to find them, and written down as having begun when all was last well.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task, close_task, open_task
from kualik.incidents.adapters.probes import Trial, Unwell
from kualik.incidents.adapters.signs import forget_away, noted_away
from kualik.incidents.models import Incident, Probe, Report
from kualik.incidents.queries import DECLARED, Cause, causes, coded, fault_text, is_planned, lasting
from kualik.incidents.services.recording import (
    Finding,
    add_reading,
    begin_incident,
    end_incident,
    rejoin_incident,
)
from kualik.rules.lifecycle import Role

WORKER, DATABASE = "worker", "database"
# Found by what is missing, or by a person.
NEVER_TRIED = (WORKER, DATABASE, DECLARED)
MINUTE = timedelta(minutes=1)
# Two turns of a minute may begin some seconds less than a minute apart.
TURN = timedelta(seconds=55)
WARNING_TASK = "probe_ill"
Answer = Callable[[Trial, datetime], str]


def claim_turn(*, now: datetime) -> datetime | None:
    """Take the turn of this minute and leave the sign: when the turn before it was taken.

    None where another process took the turn. The first turn of all follows upon itself.
    """
    row, is_new = Probe.objects.get_or_create(
        code=WORKER, defaults={"since": now, "tried_at": now, "well_at": now, "passes": 1}
    )
    if is_new:
        return now
    before = row.tried_at
    turn = Probe.objects.filter(code=WORKER, tried_at=before)
    if now - before < TURN or not turn.update(tried_at=now, well_at=now, is_well=True):
        return None
    return before


def run_trials(
    *, trials: Sequence[Trial], clock: Callable[[], datetime], answer: Answer | None = None
) -> None:
    """Try the parts whose time has come, and draw the conclusions; call it outside transactions.

    ``answer`` makes a try, by default here and now, however long it takes.
    """
    ask = answer or fault_of
    rows = {row.code: row for row in Probe.objects.all()}
    for trial in trials:
        if _is_due(trial, rows.get(trial.code), clock()):
            take_reading(trial=trial, fault=ask(trial, clock()), now=clock())


@transaction.atomic
def end_untried(*, trials: Sequence[Trial], now: datetime) -> int:
    """End the incidents of parts that the installation no longer has, and forget their readings.

    A key that was disabled or has expired, a time-stamp authority or a channel that was taken out:
    no try will ever find them well again. How many incidents ended.
    """
    Probe.objects.exclude(code__in=[WORKER, *(trial.code for trial in trials)]).delete()
    tried = {(trial.cause, trial.provider.pk if trial.provider else None) for trial in trials}
    found = Incident.objects.filter(state=Incident.State.LASTS).exclude(cause__in=NEVER_TRIED)
    gone = [
        row for row in found.select_related("pause") if (row.cause, row.provider_id) not in tried
    ]
    return sum(
        end_incident(incident=row, ended_at=now, actor=SYSTEM, now=now, action="untried")
        for row in gone
    )


@transaction.atomic
def take_reading(*, trial: Trial, fault: str, now: datetime) -> Incident | None:
    """Write down what a part answered; the incident that lasts after it, if one does."""
    row = _counted(trial.code, fault, now)
    cause = causes()[trial.cause]
    if not cause.is_failure:
        _warn(row, cause, now)
        return None
    incident = lasting(cause=cause.code, provider=trial.provider)
    if incident is not None:
        return _follow(incident, row, cause, now)
    if row.failures < cause.fails or _is_excused(trial, cause, now):
        return None
    return _begin(trial, cause, row, now)


def note_gap(*, before: datetime, now: datetime) -> Incident | None:
    """What kept everybody from trying since ``before``, now that somebody tries again.

    With the sign of the database it was the database, else the process that tries. A gap shorter
    than the tries that a failure takes is none, nor one that began or ended in an announced break.
    """
    away = noted_away()
    cause = causes()[DATABASE if away else WORKER]
    is_gap = now - before > cause.fails * MINUTE
    found = None
    is_announced = any(is_planned(provider=None, now=at) for at in (before + MINUTE, now))
    if is_gap and not is_announced:
        found_at = max(away.since, before) if away else now
        fault = coded("database_error", away.fault) if away else ""
        found = _record_gap(cause, before, found_at, fault, now)
    if away:
        forget_away()
    _end_silence(now)
    return found


@transaction.atomic
def notice_silence(*, now: datetime) -> Incident | None:
    """The process that tries leaves no sign: an incident, noticed by whoever asks for the health.

    Where it never left one, nothing is known of it and nothing is said.
    """
    cause = causes()[WORKER]
    row = Probe.objects.filter(code=WORKER).first()
    if row is None or now - row.tried_at <= cause.fails * MINUTE:
        return None
    known = lasting(cause=WORKER, provider=None)
    if known is not None or is_planned(provider=None, now=now):
        return known
    finding = Finding(
        cause=WORKER,
        what=cause.what,
        began_at=row.tried_at,
        found_at=now,
        readings=(_reading(row.tried_at, ""), _reading(now, "no_sign")),
    )
    return _begin_or_join(finding, cause, now)


def _record_gap(
    cause: Cause, before: datetime, found_at: datetime, fault: str, now: datetime
) -> Incident | None:
    known = lasting(cause=cause.code, provider=None)
    if known is None:
        finding = Finding(
            cause=cause.code,
            what=cause.what,
            began_at=before,
            found_at=found_at,
            fault=fault,
            readings=(
                _reading(before, ""),
                _reading(found_at, fault or "no_try"),
                _reading(now, ""),
            ),
        )
        known = _begin_or_join(finding, cause, now)
    if known is not None:
        end_incident(incident=known, ended_at=now, actor=SYSTEM, now=now)
    return known


def _end_silence(now: datetime) -> None:
    known = lasting(cause=WORKER, provider=None)
    if known is not None:
        add_reading(known, _reading(now, ""))
        end_incident(incident=known, ended_at=now, actor=SYSTEM, now=now)


def _is_due(trial: Trial, row: Probe | None, now: datetime) -> bool:
    cause = causes()[trial.cause]
    if row is None or not row.is_well or row.passes < cause.passes:
        return True
    return now - row.tried_at >= cause.every - (MINUTE - TURN)


def fault_of(trial: Trial, now: datetime) -> str:
    """What a part says when it is tried (``queries.faults``); empty: it works."""
    try:
        trial.attempt(now=now)
    except Unwell as unwell:
        return str(unwell) or "no_reason"
    return ""


def _counted(code: str, fault: str, now: datetime) -> Probe:
    Probe.objects.get_or_create(
        code=code, defaults={"since": now, "tried_at": now, "is_well": not fault}
    )
    row = Probe.objects.select_for_update().get(code=code)
    is_well = not fault
    if row.is_well != is_well:
        row.since = now
    row.is_well, row.tried_at, row.fault = is_well, now, fault
    row.failures = 0 if is_well else row.failures + 1
    row.passes = row.passes + 1 if is_well else 0
    row.well_at = now if is_well else row.well_at
    row.save()
    return row


def _follow(incident: Incident, row: Probe, cause: Cause, now: datetime) -> Incident | None:
    """An incident that lasts: a new answer is kept, and enough good ones end it."""
    last = incident.readings[-1] if incident.readings else {}
    if last.get("fault") != row.fault:
        add_reading(incident, _reading(now, row.fault))
    if row.is_well and row.passes >= cause.passes:
        end_incident(incident=incident, ended_at=row.since, actor=SYSTEM, now=now)
        return None
    return incident


def _begin(trial: Trial, cause: Cause, row: Probe, now: datetime) -> Incident | None:
    finding = Finding(
        cause=cause.code,
        what=cause.what,
        provider=trial.provider,
        began_at=row.since,
        found_at=now,
        fault=row.fault,
        readings=(
            *([_reading(row.well_at, "")] if row.well_at else []),
            _reading(row.since, row.fault),
        ),
    )
    return _begin_or_join(finding, cause, now)


def _begin_or_join(finding: Finding, cause: Cause, now: datetime) -> Incident | None:
    """One incident a cause: what fails again soon joins the last one, unless that is reported."""
    known = _recent(cause, finding)
    if known is not None and rejoin_incident(incident=known, actor=SYSTEM, now=now):
        for reading in finding.readings:
            add_reading(known, reading)
        return known
    try:
        with transaction.atomic():
            return begin_incident(finding=finding, actor=SYSTEM, now=now)
    except IntegrityError:
        # Another process found it at the same moment.
        return lasting(cause=cause.code, provider=finding.provider)


def _recent(cause: Cause, finding: Finding) -> Incident | None:
    over = Incident.objects.filter(
        cause=cause.code,
        provider=finding.provider,
        state=Incident.State.OVER,
        ended_at__gte=finding.began_at - cause.joins,
    )
    reported = Report.objects.filter(state=Report.State.SIGNED).values("incident")
    return over.exclude(pk__in=reported).select_related("pause").order_by("-ended_at").first()


def _is_excused(trial: Trial, cause: Cause, now: datetime) -> bool:
    """A mere consequence of another incident, or an announced break, opens nothing."""
    above = Incident.objects.filter(state=Incident.State.LASTS, cause__in=sorted(cause.under))
    return above.exists() or is_planned(provider=trial.provider, now=now)


def _warn(row: Probe, cause: Cause, now: datetime) -> None:
    key = f"{WARNING_TASK}:{row.code}"
    if row.is_well:
        close_task(key=key, actor=SYSTEM, now=now)
    elif row.failures == cause.fails:
        task = Task(
            key=key,
            kind=WARNING_TASK,
            role=Role.PLATFORM_ADMIN,
            params={"what": asdict(cause.what), "reason": asdict(fault_text(row.fault))},
        )
        open_task(task, now=now)


def _reading(at: datetime, fault: str) -> dict[str, object]:
    return {"at": at.isoformat(), "well": not fault, "fault": fault}
