"""The course of a request for other programs, as the status page would tell it."""

from kualik.cases.services.following.course import Course
from kualik.core.clock import local_iso
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import STATE_LABELS

Record = dict[str, object]


def to_record(course: Course) -> Record:
    """The public part: times as ISO 8601 with offset, texts by language; docs/status.md names the
    fields."""
    overdue = course.overdue
    return {
        "number": course.number,
        "state": course.state.value,
        "state_text": _by_language(STATE_LABELS[course.state]),
        "document": _by_language(course.document),
        "programme": _by_language(course.programme),
        "provider": _by_language(course.provider),
        "filed_at": local_iso(course.clock.filed_at),
        "accepted_at": local_iso(course.clock.accepted_at),
        "due_at": local_iso(course.clock.due_at),
        "is_waiting": course.is_waiting,
        "overdue": overdue
        and {
            "since": local_iso(overdue.since),
            "meaning": _by_language(overdue.silence),
            "goes_on": _by_language(overdue.goes_on),
        },
        "usual_minutes": None if course.usual is None else int(course.usual.total_seconds() // 60),
        "steps": [
            {
                "at": local_iso(stage.at),
                "action": stage.action,
                "what": _by_language(stage.what),
                "who": _by_language(stage.who),
            }
            for stage in course.stages
        ],
        "next": {
            "what": _by_language(course.turn.what),
            "who": _by_language(course.turn.who),
            "by": course.turn.by and local_iso(course.turn.by),
        },
        "clock": [step.to_record() for step in course.clock.steps],
    }


def _by_language(text: Text) -> dict[str, str]:
    return {language: text.get(language) for language in LANGUAGES}
