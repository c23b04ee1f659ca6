"""Letters whose file could not be made: staff hear of them, and have them tried again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.certificates.models import Letter
from kualik.certificates.services.letters.drafting import (
    FAILED_TASK,
    LETTER_JOB,
    failed_task_key,
    letter_job_key,
    order_letter,
)
from kualik.core import errors, journal, tasks
from kualik.core.journal import Actor
from kualik.core.models import Job
from kualik.core.tasks import Task
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role

OF_REQUESTS: Final = "request:"
TECHNICAL: Final = Text(
    "Техникалық ақау; мәліметін әкімші көреді.",
    "Технический сбой; подробности видит администратор.",
    "A technical fault; the administrator sees the details.",
)
State = Letter.State


def faults_of(letters: Iterable[Letter]) -> dict[str, Text]:
    """Why the drafts among ``letters`` have no file and will get none by themselves, by number."""
    drafts = {letter_job_key(row): row.number for row in letters if row.state == State.DRAFT}
    failed = Job.objects.filter(key__in=list(drafts), done_at=None, failed_at__isnull=False)
    return {drafts[job.key]: _in_words(errors.violation_in(job.last_error)) for job in failed}


def tell_failed(letter: Letter, violation: RuleViolation | None, *, now: datetime) -> None:
    """Open the task of who can do something about it: the registrar for the letters of requests,
    else the administrator. ``violation`` None is a technical fault."""
    role = Role.REGISTRAR if letter.about.startswith(OF_REQUESTS) else Role.PROVIDER_ADMIN
    why = _in_words(violation)
    task = Task(
        key=failed_task_key(letter),
        kind=FAILED_TASK,
        subject=f"letter:{letter.number}",
        scope=letter.provider.code if letter.provider else "",
        role=role if letter.provider else Role.PLATFORM_ADMIN,
        params={
            "number": letter.number,
            "reason": {language: why.get(language) for language in LANGUAGES},
        },
    )
    tasks.open_task(task, now=now)


def tell_all_failed(*, now: datetime) -> None:
    """The tasks of all letters whose jobs were given up, whatever the fault was."""
    drafts = Letter.objects.filter(state=State.DRAFT).select_related("provider")
    by_key = {letter_job_key(row): row for row in drafts}
    failed = Job.objects.filter(name=LETTER_JOB, done_at=None, failed_at__isnull=False)
    for job in failed:
        if letter := by_key.get(job.key):
            tell_failed(letter, errors.violation_in(job.last_error), now=now)


def has_its_file(letter: Letter, *, actor: Actor, now: datetime) -> None:
    """Take the task off the list: nothing is left to be done about the letter."""
    tasks.close_task(key=failed_task_key(letter), actor=actor, now=now)


@transaction.atomic
def try_again(*, letter: Letter, actor: Actor, now: datetime) -> None:
    """Have the file of a draft made once more. Raises ``conflict`` for a letter that has one."""
    row = Letter.objects.select_for_update().get(pk=letter.pk)
    if row.state != State.DRAFT:
        raise RuleViolation("conflict", number=row.number)
    journal.record(
        subject=f"letter:{row.number}",
        action="certificates.letter_tried_again",
        actor=actor,
        now=now,
        data={},
    )
    order_letter(letter=row, now=now)


def _in_words(violation: RuleViolation | None) -> Text:
    if violation is None:
        return TECHNICAL
    return Text(*[errors.message(violation, language) for language in LANGUAGES])
