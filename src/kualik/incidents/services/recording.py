"""The record of an incident: it begins, comes back, ends, and what follows from each (A57.10-4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.tasks import Task, close_task, open_task, tasks_about
from kualik.incidents.models import Incident, IncidentSeries, Report
from kualik.incidents.queries import DECLARED, touched_requests, what_of
from kualik.providers.models import Provider
from kualik.providers.queries import calendar_of
from kualik.providers.services import cancel_failure, end_failure, open_failure
from kualik.rules import identifiers, standards
from kualik.rules.incidents import one_working_day
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.rules.workdays import WorkCalendar

CLAUSE = "A57.10-4"
PREFIX, NUMBER_LETTER = "KUALIK", "N"
MOST_READINGS = 40
TELL_TASK = "incident_tell"
OVER_TASK = "incident_over"
State = Incident.State
ReportState = Report.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What failed, since when, and who noticed it when; ``provider`` None: it touches all."""

    cause: str
    what: Text
    began_at: datetime
    found_at: datetime
    provider: Provider | None = None
    fault: str = ""
    readings: tuple[Mapping[str, object], ...] = ()
    declared_by: User | None = None


@transaction.atomic
def begin_incident(*, finding: Finding, actor: Actor, now: datetime) -> Incident:
    """Enter an incident with a number, name it in the legal clocks, and let the terms run.

    Every provider whom it touches owes a notice within one working day of the finding. Raises
    IntegrityError where one of the same cause lasts.
    """
    pause = open_failure(provider=finding.provider, starts_at=finding.began_at, note=finding.what)
    incident = Incident.objects.create(
        number=_next_number(local_day(finding.found_at).year),
        cause=finding.cause,
        provider=finding.provider,
        began_at=finding.began_at,
        found_at=finding.found_at,
        declared_by=finding.declared_by,
        what_kk=finding.what.kk,
        what_ru=finding.what.ru,
        what_en=finding.what.en,
        fault=finding.fault[:200],
        readings=list(finding.readings)[-MOST_READINGS:],
        pause=pause,
    )
    action = "declared" if finding.declared_by else "found"
    record(incident, action, actor=actor, now=now, data={"cause": finding.cause})
    name_touched(incident, now=now)
    for provider in _providers(incident):
        _owe(incident, provider, now=now)
    return incident


@transaction.atomic
def end_incident(
    *,
    incident: Incident,
    ended_at: datetime,
    actor: Actor,
    now: datetime,
    action: str = "over",
    reason: str = "",
) -> bool:
    """It is over; False when it was already. ``action`` and ``reason`` are what the journal says
    where it was not the probe that found it well again."""
    rows = Incident.objects.filter(pk=incident.pk, state=State.LASTS)
    ended_at = max(ended_at, incident.began_at)
    if not rows.update(state=State.OVER, ended_at=ended_at):
        return False
    incident.state, incident.ended_at = State.OVER, ended_at
    if incident.pause is not None:
        end_failure(pause=incident.pause, ends_at=ended_at)
    record(incident, action, actor=actor, now=now, data={"reason": reason} if reason else None)
    name_touched(incident, now=now)
    close_questions(incident, actor=actor, now=now)
    close_if_done(incident, actor=actor, now=now)
    return True


@transaction.atomic
def rejoin_incident(*, incident: Incident, actor: Actor, now: datetime) -> bool:
    """It failed again so soon that it is the same incident; False when nobody may add to it."""
    rows = Incident.objects.filter(pk=incident.pk, state=State.OVER)
    if not rows.update(state=State.LASTS, ended_at=None):
        return False
    incident.state, incident.ended_at = State.LASTS, None
    if incident.pause is not None:
        end_failure(pause=incident.pause, ends_at=None)
    record(incident, "joined", actor=actor, now=now)
    return True


def add_reading(incident: Incident, reading: Mapping[str, object]) -> None:
    """Keep what a probe answered; the first readings and the last ones stay."""
    kept = [*incident.readings, dict(reading)]
    if len(kept) > MOST_READINGS:
        half = MOST_READINGS // 2
        kept = kept[:half] + kept[-half:]
    incident.readings = kept
    Incident.objects.filter(pk=incident.pk).update(readings=kept)


def name_touched(incident: Incident, *, now: datetime) -> int:
    """Put down the requests whose applicants waited while it lasted; how many they are."""
    found = touched_requests(
        provider=incident.provider,
        began_at=incident.began_at,
        until=incident.ended_at or now,
    )
    incident.requests.set(found)
    return incident.requests.count()


@transaction.atomic
def close_if_done(incident: Incident, *, actor: Actor, now: datetime) -> bool:
    """Close an incident that is over and whose reports are all signed or called off.

    Called off by everybody it was none, and no clock names it any more; one that was declared is
    over with that, while what a probe found lasts until the probe says otherwise.
    """
    reports = Report.objects.filter(incident=incident)
    if reports.exclude(state__in=[ReportState.SIGNED, ReportState.CANCELLED]).exists():
        return False
    is_called_off = not reports.filter(state=ReportState.SIGNED).exists()
    if is_called_off and incident.cause == DECLARED and incident.state == State.LASTS:
        return end_incident(incident=incident, ended_at=now, actor=actor, now=now)
    rows = Incident.objects.filter(pk=incident.pk, state=State.OVER)
    if not rows.update(state=State.CLOSED, closed_at=now):
        return False
    incident.state, incident.closed_at = State.CLOSED, now
    if incident.pause is not None and is_called_off:
        cancel_failure(pause=incident.pause, now=now)
    record(incident, "closed", actor=actor, now=now)
    return True


def close_questions(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Take the questions whether it is over off the list."""
    asked = tasks_about(f"incident:{incident.number}").filter(kind=OVER_TASK, closed_at=None)
    for key in asked.values_list("key", flat=True):
        close_task(key=key, actor=actor, now=now)


def record(
    incident: Incident,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    data: Mapping[str, object] | None = None,
) -> None:
    """Journal what happened to an incident as a whole."""
    journal.record(
        subject=f"incident:{incident.number}",
        action=f"incidents.{action}",
        actor=actor,
        now=now,
        data={**(data or {}), "clause": CLAUSE},
    )


def record_report(
    report: Report,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    data: Mapping[str, object] | None = None,
) -> None:
    """Journal what one provider did about an incident."""
    journal.record(
        subject=f"incident:{report.incident.number}:{report.provider.code}",
        action=f"incidents.{action}",
        actor=actor,
        now=now,
        data={**(data or {}), "clause": CLAUSE},
    )


def working_calendar(provider: Provider, *, now: datetime) -> WorkCalendar:
    """The days on which the terms of a provider run."""
    standard = standards.in_force(local_day(now))
    return calendar_of(provider, default=standard.weekly_hours)


def task_key(kind: str, report: Report) -> str:
    """The key of a task that a report opens."""
    return f"{kind}:{report.pk}"


def ask_staff(
    kind: str, report: Report, *, role: Role, due_at: datetime | None, now: datetime
) -> None:
    """Put work for one provider's report on the list of its staff."""
    what = what_of(report.incident)
    task = Task(
        key=task_key(kind, report),
        kind=kind,
        subject=f"incident:{report.incident.number}",
        scope=report.provider.code,
        role=role,
        params={
            "number": report.incident.number,
            "what": what.ru,
            "due_at": due_at.isoformat() if due_at else "",
        },
    )
    open_task(task, now=now)


def _owe(incident: Incident, provider: Provider, *, now: datetime) -> None:
    calendar = working_calendar(provider, now=now)
    report = Report.objects.create(
        incident=incident,
        provider=provider,
        notice_due_at=one_working_day(calendar, incident.found_at),
    )
    ask_staff(TELL_TASK, report, role=Role.OFFICE_HEAD, due_at=report.notice_due_at, now=now)


def _providers(incident: Incident) -> list[Provider]:
    if incident.provider is not None:
        return [incident.provider]
    return list(Provider.objects.order_by("pk"))


def _next_number(year: int) -> str:
    """The row of the series is locked until commit."""
    IncidentSeries.objects.get_or_create(year=year)
    series = IncidentSeries.objects.select_for_update().get(year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return identifiers.public_number(
        prefix=PREFIX, year=year, sequence=series.last, letter=NUMBER_LETTER
    )
