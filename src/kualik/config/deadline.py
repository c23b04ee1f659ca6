"""``kualik deadline``: the legal clock on the command line, without database and without Django.

Exit status 0 with the answer on standard output; 2 with one line on standard error when the input
cannot be used.
"""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import NoReturn

from kualik.rules import clock_steps, standards
from kualik.rules.deadline import Deadline, compute
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.rules.workdays import ALMATY, WeeklyHours, WorkCalendar

MESSAGES = {
    "edition_unknown": "there is no edition {edition}",
    "hours_unreadable": "the hours cannot be read: {part}",
    "year_not_covered": "the calendar covers {first} to {last}, not {year}",
}

LABELS = {
    "kk": ("Қабылданады", "Беру мерзімі"),
    "ru": ("Принимается", "Срок выдачи"),
    "en": ("Accepted", "Due"),
}


class _Parser(argparse.ArgumentParser):
    """Fails with one line, as the contract of the command asks."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Answers one question of the clock; returns the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    parser = _build_parser()
    options = parser.parse_args(arguments)
    try:
        deadline = compute(
            edition=options.edition,
            calendar=WorkCalendar(_hours(options.edition, options.hours)),
            filed_at=options.filed,
            mastered_on=options.mastered,
        )
    except RuleViolation as violation:
        template = MESSAGES.get(violation.code)
        parser.error(template.format(**violation.params) if template else str(violation))
    answer = _as_json(deadline) if options.json else _as_text(deadline, options.language)
    sys.stdout.write(answer + "\n")
    return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="kualik deadline",
        description="When a request is accepted and when its result is due, step by step.",
        allow_abbrev=False,
    )
    parser.add_argument("--edition", required=True, help="edition of the standard: A57 or A303")
    parser.add_argument(
        "--filed", required=True, type=_moment, help="2026-11-21T15:10; Almaty time without offset"
    )
    parser.add_argument("--mastered", type=_day, help="day of full mastery: 2026-11-20")
    parser.add_argument("--hours", help='"Mon-Fri 08:30-17:30; Sat 09:00-14:00"; default: edition')
    parser.add_argument("--language", choices=LANGUAGES, default="kk", help="language of the text")
    parser.add_argument("--json", action="store_true", help="print JSON in all three languages")
    return parser


def _moment(value: str) -> datetime:
    # A bare date would be read as midnight and answer for another moment than the one meant.
    if "T" not in value and " " not in value:
        raise argparse.ArgumentTypeError(f"not a date with a time: {value!r}")
    try:
        moment = datetime.fromisoformat(value)
        named = moment if moment.utcoffset() is not None else moment.replace(tzinfo=ALMATY)
        return named.astimezone(ALMATY)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"not a date with a time: {value!r}") from None


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a date: {value!r}") from None


def _hours(edition: str, text: str | None) -> WeeklyHours:
    standard = standards.get(edition)
    return WeeklyHours.of(standard.weekly_hours) if text is None else WeeklyHours.parse(text)


def _as_json(deadline: Deadline) -> str:
    answer = {
        "accepted_at": deadline.accepted_at.isoformat(),
        "due_at": deadline.due_at.isoformat(),
        "steps": [step.to_record() for step in deadline.steps],
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _as_text(deadline: Deadline, language: str) -> str:
    accepted, due = LABELS[language]
    lines = [
        f"{accepted}: {clock_steps.moment_text(deadline.accepted_at).get(language)}",
        f"{due}: {clock_steps.moment_text(deadline.due_at).get(language)}",
        "",
    ]
    for number, step in enumerate(deadline.steps, start=1):
        lines.append(f"{number}. {step.text.get(language)} [{step.clause}]")
    return "\n".join(lines)
