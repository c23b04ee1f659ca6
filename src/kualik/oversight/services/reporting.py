"""The monthly report: drafted once for an ended month, signed by the authorised person.

It names nobody: who waited longest is told by the ticket, as the hall called it.
"""

from collections.abc import Mapping
from datetime import datetime

from kualik.certificates.models import Letter
from kualik.certificates.queries import letters_about
from kualik.certificates.services.letters import draft_letter
from kualik.core.clock import local_day
from kualik.core.errors import message
from kualik.core.jobs import Payload
from kualik.core.journal import SYSTEM, Actor
from kualik.core.models import StaffTask
from kualik.core.tasks import Task, close_task, open_task
from kualik.oversight.queries.figures import (
    Period,
    Scope,
    Table,
    ended_months,
    figures_of,
    said,
    tables_of,
)
from kualik.papers.services import printed
from kualik.providers.models import Provider
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role

REPORT_JOB = "oversight.reports"
UNSIGNED, FAILED = "report_without_signer", "report_failed"
TASK_KINDS = (UNSIGNED, FAILED)
RETRIED = 3
# How the columns of a table share the sheet, where the first is not simply the wide one.
SHARES: Mapping[str, tuple[int, ...]] = {
    "worst": (28, 15, 66, 18, 22, 58, 48),
    "grounds": (200, 30, 25),
}


def run_reports_job(_payload: Payload, now: datetime) -> None:
    """The report of the month before for every organisation that has none yet.

    Where it cannot be made, say because nobody could sign it, the organisation's administrator is
    told, and it is tried again every day for as long as it is one of the last three months.
    """
    last, *earlier = ended_months(now, RETRIED)
    for provider in Provider.objects.order_by("pk"):
        wanted = [month for month in earlier if _is_asked_for(provider, month)]
        for month in (*wanted, last):
            _try_report(provider, month, now)


def _try_report(provider: Provider, month: Period, now: datetime) -> None:
    try:
        make_report(provider=provider, month=month, actor=SYSTEM, now=now)
    except RuleViolation as violation:
        task = _task(provider, month, violation)
        _close_tasks(provider, month, but=task.key, now=now)
        open_task(task, now=now)
    else:
        _close_tasks(provider, month, now=now)


def _is_asked_for(provider: Provider, month: Period) -> bool:
    keys = [_key(kind, provider, month) for kind in TASK_KINDS]
    return StaffTask.objects.filter(key__in=keys, closed_at=None).exists()


def _close_tasks(provider: Provider, month: Period, *, now: datetime, but: str = "") -> None:
    for kind in TASK_KINDS:
        key = _key(kind, provider, month)
        if key != but:
            close_task(key=key, actor=SYSTEM, now=now)


def _key(kind: str, provider: Provider, month: Period) -> str:
    return f"{kind}:{provider.code}:{month.code}"


def make_report(*, provider: Provider, month: Period, actor: Actor, now: datetime) -> Letter:
    """The report of an ended month as a letter on its way to the seal and the signature; the one
    that stands is returned as it is.

    Raises ``period_not_over``, ``period_not_a_month``, ``no_authorised_person``.
    """
    if month.code != f"{month.first:%Y-%m}":
        raise RuleViolation("period_not_a_month")
    if not month.is_over(now):
        raise RuleViolation("period_not_over", period=month.code)
    about = subject_of(provider, month)
    known = letters_about(about).exclude(state=Letter.State.VOID).first()
    if known is not None:
        return known
    figures = figures_of(Scope((provider,)), month, now=now)
    return draft_letter(
        kind=Letter.Kind.REPORT,
        provider=provider,
        person=None,
        about=about,
        edition=standards.in_force(month.last).edition,
        facts={
            "period": month.label,
            "tables": [_record(table) for table in tables_of(figures)],
            "made_on": local_day(now),
        },
        signer=None,
        actor=actor,
        now=now,
    )


def subject_of(provider: Provider, month: Period) -> str:
    """What the letter is about: ``report:DEMO-2026-10``."""
    return f"report:{provider.code}-{month.code}"


def months_to_report(provider: Provider, *, now: datetime, count: int) -> list[Period]:
    """The last ended months without a report."""
    months = ended_months(now, count)
    subjects = {subject_of(provider, month): month for month in months}
    made = Letter.objects.filter(about__in=list(subjects)).exclude(state=Letter.State.VOID)
    for about in made.values_list("about", flat=True):
        del subjects[about]
    return list(subjects.values())


def _record(table: Table) -> dict[str, object]:
    return {
        "code": table.code,
        "title": _sides(table.title),
        "columns": [_sides(column) for column in table.columns],
        "rows": [
            [_sides(Text(said(cell, "kk"), said(cell, "ru"))) for cell in row] for row in table.rows
        ],
        "note": _sides(table.note),
        "shares": list(SHARES.get(table.code, ())),
    }


def _sides(text: Text) -> dict[str, str]:
    return {"kk": printed(text.kk), "ru": printed(text.ru)}


def _task(provider: Provider, month: Period, violation: RuleViolation) -> Task:
    kind = UNSIGNED if violation.code == "no_authorised_person" else FAILED
    month_names = {f"month_{side}": month.label.get(side) for side in LANGUAGES}
    reasons = {f"why_{side}": message(violation, side) for side in LANGUAGES}
    return Task(
        key=_key(kind, provider, month),
        kind=kind,
        subject=f"provider:{provider.code}",
        scope=provider.code,
        role=Role.PROVIDER_ADMIN,
        params={**month_names, **(reasons if kind == FAILED else {})},
    )
