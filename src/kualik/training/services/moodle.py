"""A provider's Moodle: where it is, and which of its courses teach which programme."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from kualik.core import jobs, journal
from kualik.core.journal import Actor
from kualik.core.models import Job
from kualik.core.sealing import seal, unseal
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.training.adapters.moodle import (
    ID_NUMBER,
    Moodle,
    MoodleAway,
    MoodleRefused,
    Site,
    missing_functions,
)
from kualik.training.models import MoodleCourse, MoodleSource, Programme

MOODLE_JOB: Final = "training.moodle"
PURPOSE: Final = "moodle"
MOST_COURSES: Final = 200
# A job that nobody took for so long: no worker runs, and the page stops waiting.
PATIENCE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What the provider says of its Moodle; an empty ``token`` keeps the one that is there."""

    url: str
    token: str = field(repr=False)
    iin_field: str = ID_NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFacts:
    """A course by its number there, and what it teaches here since when."""

    course_id: int
    programme: Programme
    started_on: date


def keep_source(
    *, provider: Provider, facts: SourceFacts, actor: Actor, now: datetime
) -> MoodleSource:
    """Ask a Moodle who it is and keep how to reach it.

    RuleViolation ``address_unfit``, ``moodle_away``, ``moodle_token_refused``,
    ``moodle_token_missing`` (a new address needs its token anew), ``moodle_function_closed``,
    ``moodle_other_course`` (by its number another course would be asked there).
    """
    kept = MoodleSource.objects.filter(provider=provider).first()
    token = facts.token
    if not token and kept is not None and kept.url == facts.url:
        token = token_of(kept)
    if not token:
        raise RuleViolation("moodle_token_missing")
    has_moved = kept is not None and kept.url != facts.url
    site = _asked(facts.url, token, courses=list(kept.courses.all()) if kept and has_moved else [])
    return _keep(provider, facts, token, site, actor=actor, now=now)


@transaction.atomic
def forget_source(*, source: MoodleSource, actor: Actor, now: datetime) -> None:
    """Forget a Moodle, its token and its courses; what was imported stays."""
    jobs.cancel(keys=[job_key(course) for course in source.courses.all()])
    _record(source.provider, "moodle_forgotten", {}, actor=actor, now=now)
    source.delete()


def add_course(
    *, source: MoodleSource, facts: CourseFacts, actor: Actor, now: datetime
) -> MoodleCourse:
    """Add a course that Moodle knows.

    RuleViolation ``moodle_course_taken``, ``moodle_course_unknown``, ``moodle_away``,
    ``moodle_courses_too_many``.
    """
    if source.courses.count() >= MOST_COURSES:
        raise RuleViolation("moodle_courses_too_many", limit=MOST_COURSES)
    moodle = open_moodle(source)
    try:
        name = moodle.course_name(facts.course_id)
    except MoodleAway as away:
        raise RuleViolation("moodle_away", why=str(away)) from away
    except MoodleRefused as refused:
        raise refused.violation from refused
    finally:
        moodle.close()
    return _add(source, facts, name, actor=actor, now=now)


@transaction.atomic
def remove_course(*, course: MoodleCourse, actor: Actor, now: datetime) -> None:
    """Ask for a course no more; lists that were made stay."""
    jobs.cancel(keys=[job_key(course)])
    data: dict[str, object] = {"course": course.course_id}
    _record(course.source.provider, "moodle_course_removed", data, actor=actor, now=now)
    course.delete()


def order_list(*, course: MoodleCourse, actor: Actor, now: datetime) -> None:
    """Have a course asked who completed it; the list then waits among the others."""
    payload = {"course": course.pk, "actor": actor.name, "role": actor.role}
    jobs.renew_all(name=MOODLE_JOB, payloads={job_key(course): payload}, now=now)


def being_asked(courses: Iterable[MoodleCourse], *, now: datetime) -> frozenset[int]:
    """The courses that a worker asks, or was told to ask a moment ago."""
    by_key = {job_key(course): course.pk for course in courses}
    work = Job.objects.filter(key__in=list(by_key), done_at=None, failed_at=None)
    found = work.filter(Q(run_at__gt=now - PATIENCE) | Q(leased_until__gt=now))
    return frozenset(by_key[key] for key in found.values_list("key", flat=True))


def job_key(course: MoodleCourse) -> str:
    """The key of the job that asks for a course."""
    return f"{MOODLE_JOB}:{course.pk}"


def open_moodle(source: MoodleSource) -> Moodle:
    """The Moodle of a source."""
    return Moodle(source.url, token_of(source))


def token_of(source: MoodleSource) -> str:
    """Its token. Raises ``iin_key_wrong``."""
    return unseal(bytes(source.token_sealed), purpose=PURPOSE)


def _asked(url: str, token: str, *, courses: Sequence[MoodleCourse]) -> Site:
    """Who a Moodle is, once it is known to be fit and to have the courses."""
    moodle = Moodle(url, token)
    try:
        site = moodle.site()
        missing = missing_functions(site.functions)
        if missing:
            raise RuleViolation("moodle_function_closed", function=", ".join(missing))
        for course in courses:
            _check_course(moodle, course)
    except MoodleAway as away:
        raise RuleViolation("moodle_away", why=str(away)) from away
    except MoodleRefused as refused:
        raise refused.violation from refused
    finally:
        moodle.close()
    return site


def _check_course(moodle: Moodle, course: MoodleCourse) -> None:
    try:
        name = moodle.course_name(course.course_id)
    except MoodleRefused:
        name = ""
    if name != course.name:
        raise RuleViolation("moodle_other_course", course=course.name)


@transaction.atomic
def _keep(
    provider: Provider, facts: SourceFacts, token: str, site: Site, *, actor: Actor, now: datetime
) -> MoodleSource:
    values = {
        "url": facts.url,
        "token_sealed": seal(token, purpose=PURPOSE),
        "iin_field": facts.iin_field,
        "name": site.name,
        "release": site.release,
        "fault": "",
    }
    source, _ = MoodleSource.objects.update_or_create(
        provider=provider, defaults=values, create_defaults={**values, "created_at": now}
    )
    data: dict[str, object] = {"iin_field": facts.iin_field, "release": site.release}
    _record(provider, "moodle_kept", data, actor=actor, now=now)
    return source


@transaction.atomic
def _add(
    source: MoodleSource, facts: CourseFacts, name: str, *, actor: Actor, now: datetime
) -> MoodleCourse:
    try:
        with transaction.atomic():
            course = MoodleCourse.objects.create(
                source=source,
                course_id=facts.course_id,
                name=name,
                programme=facts.programme,
                started_on=facts.started_on,
            )
    except IntegrityError as error:
        raise RuleViolation("moodle_course_taken") from error
    data: dict[str, object] = {"course": facts.course_id, "programme": facts.programme.pk}
    _record(source.provider, "moodle_course_added", data, actor=actor, now=now)
    return course


def _record(
    provider: Provider, action: str, data: dict[str, object], *, actor: Actor, now: datetime
) -> None:
    journal.record(
        subject=f"moodle:{provider.code}",
        action=f"training.{action}",
        actor=actor,
        now=now,
        data=data,
    )
