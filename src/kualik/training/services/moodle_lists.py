"""Asking a Moodle course who completed it: the answer is a list like any other, to be looked at.

Moodle wants a question for each learner, so a large course is asked in slices, between which a
worker does what people wait for. What was answered so far is kept by the learner's number there,
without an IIN.
"""

import csv
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as day_time
from io import StringIO
from typing import Final

from django.core.cache import cache
from django.db import transaction

from kualik.accounts.services import find_persons
from kualik.core import jobs
from kualik.core.clock import ZONE, local_day
from kualik.core.jobs import Later, NotNow, Payload
from kualik.core.journal import SYSTEM, Actor
from kualik.core.tasks import Task, open_task
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_iin, restore_leading_zeros
from kualik.rules.lifecycle import Role
from kualik.training.adapters.grid import MAX_ROWS
from kualik.training.adapters.moodle import Learner, Moodle, MoodleAway, MoodleRefused
from kualik.training.models import Completion, ImportDraft, MoodleCourse
from kualik.training.services.check import GroupDefaults
from kualik.training.services.importing import (
    LIST_TASK,
    answer_for_group,
    discard_import,
    start_import,
)
from kualik.training.services.moodle import MOODLE_JOB, job_key, open_moodle
from kualik.training.services.recognise import ColumnMapping, ColumnMatch, fields

NIGHT_JOB: Final = "training.moodle_night"
NIGHT: Final = day_time(2)
SLICE_SECONDS: Final = 15.0
KEPT_SECONDS: Final = 60 * 60
COLUMNS: Final = (
    "iin",
    "family_name",
    "given_name",
    "patronymic",
    "ended_on",
    "result",
    "email",
    "phone",
)
SHORTEST_NUMBER: Final = 9
# Rows are numbered as in the file, whose first one names the columns.
FIRST_ROW: Final = 2


@dataclass(frozen=True, slots=True)
class _Answered:
    """Learner → the moment of completion: None not completed or no learner, 0 without a time."""

    moments: Mapping[int, int | None]
    is_whole: bool


def run_moodle_job(payload: Payload, now: datetime) -> None:
    """Ask one course. Raises Later when there is more to ask, NotNow when Moodle is away."""
    rows = MoodleCourse.objects.select_related("source", "source__provider", "programme")
    course = rows.filter(pk=int(str(payload["course"]))).first()
    if course is None:
        return
    actor = Actor(str(payload["actor"]), str(payload["role"]))
    moodle = open_moodle(course.source)
    try:
        is_whole = _ask(moodle, course, actor=actor, now=now)
    except MoodleAway as away:
        _keep_fault(course, RuleViolation("moodle_away", why=str(away)), now=now)
        raise NotNow(f"Moodle: {away}") from None
    except MoodleRefused as refused:
        _keep_fault(course, refused.violation, now=now)
        return
    except RuleViolation as violation:
        _keep_fault(course, violation, now=now)
        return
    finally:
        moodle.close()
    if not is_whole:
        raise Later(now, "more learners to ask")


def run_night_job(_payload: Payload, now: datetime) -> None:
    """Ask every course of every provider."""
    payloads = {
        job_key(course): {"course": course.pk, "actor": SYSTEM.name, "role": SYSTEM.role}
        for course in MoodleCourse.objects.order_by("pk")
    }
    jobs.renew_all(name=MOODLE_JOB, payloads=payloads, now=now)


def night_of(now: datetime) -> datetime:
    """When this day's courses are asked, or now where that is over."""
    return max(now, datetime.combine(local_day(now), NIGHT, tzinfo=ZONE))


def _ask(moodle: Moodle, course: MoodleCourse, *, actor: Actor, now: datetime) -> bool:
    """Ask for what is not known yet; False when the slice ended before the learners did."""
    learners = moodle.learners(course.course_id, iin_field=course.source.iin_field)
    _check_iins(moodle, course, learners)
    known = _known(course, learners)
    asked = [learner for learner in learners if learner.id not in known]
    answered = _completions(moodle, course, asked)
    if not answered.is_whole:
        return False
    done = [one for one in asked if answered.moments[one.id] is not None]
    days = {one.id: _day(answered.moments[one.id]) for one in done}
    # Who completed it before this group began belongs to an earlier one.
    ours = [one for one in done if not (day := days[one.id]) or day >= course.started_on]
    results = _results(moodle, course) if ours else {}
    outcome = {
        "learners": len(learners),
        "new": len(ours),
        "known": len(known),
        "unfinished": len(asked) - len(done),
        "earlier": len(done) - len(ours),
        "unseen": [place for place, one in enumerate(ours[:MAX_ROWS], FIRST_ROW) if not one.iin],
    }
    listed = [_row(one, days[one.id], results.get(one.id, "")) for one in ours[:MAX_ROWS]]
    _keep_list(course, listed, outcome, actor=actor, now=now)
    cache.delete(_progress_key(course))
    return True


def _check_iins(moodle: Moodle, course: MoodleCourse, learners: Sequence[Learner]) -> None:
    """Raises ``moodle_no_iin`` where Moodle shows the IIN of nobody but the owner of the token."""
    owner = moodle.site().owner
    others = [learner for learner in learners if learner.id != owner]
    if others and not any(learner.iin for learner in others):
        raise RuleViolation("moodle_no_iin", field=course.source.iin_field)


def _completions(moodle: Moodle, course: MoodleCourse, learners: Sequence[Learner]) -> _Answered:
    key = _progress_key(course)
    moments: dict[int, int | None] = dict(cache.get(key, {}))
    until = time.monotonic() + SLICE_SECONDS
    try:
        for learner in learners:
            if learner.id in moments:
                continue
            if time.monotonic() >= until:
                return _Answered(moments, is_whole=False)
            found = moodle.completion(course.course_id, learner.id)
            moments[learner.id] = found.at if found and found.is_complete else None
    finally:
        cache.set(key, moments, KEPT_SECONDS)
    return _Answered(moments, is_whole=True)


def _known(course: MoodleCourse, learners: Sequence[Learner]) -> set[int]:
    """The learners whose completion is here already: Moodle need not be asked for them again."""
    by_iin = {iin: one.id for one in learners if (iin := _whole_iin(one.iin))}
    persons = {person.pk: iin for iin, person in find_persons(iins=set(by_iin)).items()}
    found = Completion.objects.filter(
        provider=course.source.provider,
        programme=course.programme,
        mastered_on__gte=course.started_on,
        person__in=list(persons),
    )
    return {by_iin[persons[pk]] for pk in found.values_list("person", flat=True)}


def _whole_iin(text: str) -> str:
    """The twelve digits, zeros lost at the front put back; empty for what is no IIN."""
    digits = restore_leading_zeros(int(text)) if _is_number(text) else text
    try:
        return parse_iin(digits).value
    except RuleViolation:
        return ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) >= SHORTEST_NUMBER


def _results(moodle: Moodle, course: MoodleCourse) -> dict[int, str]:
    """The gradebook may be closed to the token: then nobody has a result."""
    try:
        return moodle.results(course.course_id)
    except MoodleRefused:
        return {}


def _day(moment: int | None) -> date | None:
    return local_day(datetime.fromtimestamp(moment, UTC)) if moment else None


def _row(learner: Learner, day: date | None, result: str) -> list[str]:
    """In the order of COLUMNS; what follows the first given name is the patronymic."""
    given, _, patronymic = learner.given_name.partition(" ")
    return [
        learner.iin,
        learner.family_name,
        given,
        patronymic,
        f"{day:%d.%m.%Y}" if day else "",
        result,
        learner.email,
        learner.phone,
    ]


@transaction.atomic
def _keep_list(
    course: MoodleCourse,
    rows: Sequence[Sequence[str]],
    outcome: Mapping[str, object],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Lay the list among those that wait for the office, in place of the course's earlier one.

    A list that says nothing new stays as it is, with what the office answered for it.
    """
    content = _content(rows)
    # Held: what the office imports at this moment is no list that waits.
    lists = course.lists.select_for_update(no_key=True)
    waiting = lists.filter(imported_at=None).order_by("pk").last()
    is_new = waiting is None or waiting.sha256 != hashlib.sha256(content).hexdigest()
    if waiting is not None and is_new:
        discard_import(draft=waiting, actor=actor, now=now)
    if rows and is_new:
        draft = _draft(course, content, actor=actor, now=now)
        _tell(course, draft, len(rows), now=now)
    MoodleCourse.objects.filter(pk=course.pk).update(
        asked_at=now, outcome=dict(outcome), fault="", fault_params={}
    )


def _draft(course: MoodleCourse, content: bytes, *, actor: Actor, now: datetime) -> ImportDraft:
    programme = course.programme
    draft = start_import(
        provider=course.source.provider,
        actor=actor,
        filename=f"Moodle: {course.name}",
        content=content,
        now=now,
        mapping=_mapping(),
    )
    ImportDraft.objects.filter(pk=draft.pk).update(moodle_course=course)
    defaults = GroupDefaults(
        kind=programme.kind,
        title_kk=programme.title_kk,
        title_ru=programme.title_ru,
        specialty_kk=programme.specialty_kk,
        specialty_ru=programme.specialty_ru,
        hours=programme.hours,
        credits=programme.credits,
        started_on=course.started_on,
    )
    answer_for_group(draft=draft, defaults=defaults)
    return draft


def _mapping() -> ColumnMapping:
    columns = [
        ColumnMatch(place, _header(name), name, "chosen") for place, name in enumerate(COLUMNS)
    ]
    return ColumnMapping("", 1, tuple(columns))


def _header(name: str) -> str:
    label = fields()[name]
    return f"{label.kk} / {label.ru}"


def _content(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow([_header(name) for name in COLUMNS])
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _tell(course: MoodleCourse, draft: ImportDraft, count: int, *, now: datetime) -> None:
    task = Task(
        key=f"{LIST_TASK}:{draft.pk}",
        kind=LIST_TASK,
        subject=f"import:{draft.pk}",
        scope=course.source.provider.code,
        role=Role.REGISTRAR,
        params={"course": course.name, "count": count},
    )
    open_task(task, now=now)


def _keep_fault(course: MoodleCourse, violation: RuleViolation, *, now: datetime) -> None:
    params = {name: str(value) for name, value in violation.params.items()}
    MoodleCourse.objects.filter(pk=course.pk).update(
        asked_at=now, fault=violation.code, fault_params=params
    )


def _progress_key(course: MoodleCourse) -> str:
    return f"training:moodle:{course.pk}:{course.course_id}"
