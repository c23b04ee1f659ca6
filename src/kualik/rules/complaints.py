"""Terms of complaints and the kinds of decision on them (A57.17-2; APPC; Law on state services).

Days are working days; counting starts on the day after registration (APPC, article 76). A
complaint that came on a day off is registered on the next working day.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path

from kualik.rules.errors import RuleViolation
from kualik.rules.holidays import ONE_DAY
from kualik.rules.language import Text
from kualik.rules.refusal import MINIMUM_LETTERS, MINIMUM_WORDS, WORD, Appeal
from kualik.rules.standards.source import read
from kualik.rules.workdays import WorkCalendar, calendar_from_record, calendar_to_record

DATA = Path(__file__).resolve().parent / "data" / "complaints.toml"
MONTHS_A_YEAR = 12
DECISION = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Within how many working days somebody must act."""

    code: str
    days: int
    source: str
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is complained of: a decision, a delay, the queue, somebody's conduct."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One of the six kinds (APPC, article 100); with ``reopens`` the request goes on.

    ``satisfies``: in full, so that the official complained of may make it (article 91, part 4);
    ``of_act``: it undoes an act, which a missed term, a queue or conduct is none.
    """

    code: str
    name: Text
    reopens: bool
    satisfies: bool
    of_act: bool

    def fits(self, subject: str) -> bool:
        """Whether a complaint of that subject may be decided so."""
        return not self.of_act or subject == DECISION


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintLaw:
    """One version of the data; ``warn_at_percent`` of a term is the time to hurry."""

    version: int
    warn_at_percent: int
    terms: tuple[Term, ...]
    decisions: tuple[Decision, ...]
    subjects: tuple[Subject, ...]

    def term(self, code: str) -> Term:
        """The term "forward", "provider", "quality_body" or "higher_body"."""
        for term in self.terms:
            if term.code == code:
                return term
        raise RuleViolation("complaint_term_unknown", term=code)

    def subject(self, code: str) -> Subject:
        """What is complained of under that code."""
        for subject in self.subjects:
            if subject.code == code:
                return subject
        raise RuleViolation("complaint_subject_unknown", subject=code)

    def decision(self, code: str) -> Decision:
        """The kind of decision with that code."""
        for decision in self.decisions:
            if decision.code == code:
                return decision
        raise RuleViolation("complaint_decision_unknown", decision=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermClock:
    """A term of one complaint: its last moment and the moment from which on it warns.

    ``registered`` is the day after which it counts; ``ended_at`` is when what it asks for was done.
    """

    term: Term
    registered: date
    warn_at: datetime
    due_at: datetime
    ended_at: datetime | None = None

    def stage(self, now: datetime) -> str:
        """Where the term stands: "in_time", "soon" or "late"; ended: "kept" or "missed"."""
        if self.ended_at is not None:
            return "kept" if self.ended_at <= self.due_at else "missed"
        if now > self.due_at:
            return "late"
        return "soon" if now >= self.warn_at else "in_time"

    def ended(self, at: datetime) -> "TermClock":
        """The same term, done at that moment; one that is done keeps its moment."""
        return self if self.ended_at else replace(self, ended_at=at)


@cache
def law() -> ComplaintLaw:
    """The version in force."""
    root = read(DATA)
    found = ComplaintLaw(
        version=root.integer("version"),
        warn_at_percent=root.integer("warn_at_percent"),
        terms=tuple(
            Term(
                code=node.string("code"),
                days=node.integer("days"),
                source=node.string("source"),
                name=node.text("name"),
            )
            for node in root.tables("terms")
        ),
        decisions=tuple(
            Decision(
                code=node.string("code"),
                name=node.text("name"),
                reopens=node.boolean("reopens"),
                satisfies=node.boolean("satisfies"),
                of_act=node.boolean("of_act"),
            )
            for node in root.tables("decisions")
        ),
        subjects=tuple(
            Subject(code=node.string("code"), name=node.text("name"))
            for node in root.tables("subjects")
        ),
    )
    root.finish()
    return found


def registered_on(received_at: datetime, calendar: WorkCalendar) -> date:
    """The day a complaint is registered: that of its arrival, or the next working day."""
    day = calendar.localise(received_at).date()
    return day if calendar.is_working(day) else calendar.next_working_day(day)


def clock_of(code: str, *, registered: date, calendar: WorkCalendar) -> TermClock:
    """The clock of a term: it ends with the office hours of its last working day."""
    term = law().term(code)
    day = registered
    for _ in range(term.days):
        day = calendar.next_working_day(day)
    first = calendar.hours_on(calendar.next_working_day(registered))
    last = calendar.hours_on(day)
    if first is None or last is None:
        raise RuleViolation("year_not_covered", year=day.year)
    start, due_at = first[0], last[1]
    warn_at = start + (due_at - start) * law().warn_at_percent / 100
    return TermClock(term=term, registered=registered, warn_at=warn_at, due_at=due_at)


def clock_to_record(clock: TermClock, calendar: WorkCalendar) -> dict[str, object]:
    """Inputs and result as JSON values, so that the end can be explained years later."""
    return {
        "term": clock.term.code,
        "days": clock.term.days,
        "law": law().version,
        "registered_on": clock.registered.isoformat(),
        "calendar": calendar_to_record(calendar, clock.registered, clock.due_at.date()),
        "warn_at": clock.warn_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "ended_at": clock.ended_at.isoformat() if clock.ended_at else None,
    }


def clock_from_record(record: Mapping[str, object]) -> TermClock:
    """The clock of a ``clock_to_record``; ``record_unreadable`` when a part is missing."""
    match record:
        case {
            "term": str(code),
            "days": int(days),
            "registered_on": str(registered),
            "warn_at": str(warn_at),
            "due_at": str(due_at),
            "ended_at": (str() | None) as ended_at,
        }:
            return TermClock(
                term=replace(law().term(code), days=days),
                registered=date.fromisoformat(registered),
                warn_at=datetime.fromisoformat(warn_at),
                due_at=datetime.fromisoformat(due_at),
                ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
            )
    raise RuleViolation("record_unreadable", part="clock")


def opening_moment(record: Mapping[str, object]) -> datetime:
    """When the office opened on the day of registration, by the calendar of a stored clock."""
    calendar = record.get("calendar")
    if not isinstance(calendar, dict):
        raise RuleViolation("record_unreadable", part="calendar")
    day = clock_from_record(record).registered
    hours = calendar_from_record(calendar).hours_on(day)
    if hours is None:
        raise RuleViolation("not_a_working_day", day=day)
    return hours[0]


def check_findings(findings: Text) -> None:
    """A decision is reasoned, in both languages (APPC, articles 80 and 100).

    Raises ``complaint_findings_missing`` (language, letters) for a side without sentences or for
    one that is a copy of the other.
    """
    for language, written in (("kk", findings.kk.strip()), ("ru", findings.ru.strip())):
        words = WORD.findall(written)
        if len(words) < MINIMUM_WORDS or sum(map(len, words)) < MINIMUM_LETTERS:
            raise _findings_missing(language)
    if findings.kk.strip() == findings.ru.strip():
        raise _findings_missing("kk")


def _findings_missing(language: str) -> RuleViolation:
    return RuleViolation("complaint_findings_missing", language=language, letters=MINIMUM_LETTERS)


def last_day_to_complain(known_on: date, *, appeal: Appeal, ways_were_named: bool) -> date:
    """The end of the limit: three months from the day the decision became known, six when it
    named no way of appeal (APPC, article 92). Lateness never stops a complaint from being taken."""
    months = appeal.months if ways_were_named else appeal.months_if_not_named
    count = known_on.month - 1 + months
    year, month = known_on.year + count // MONTHS_A_YEAR, count % MONTHS_A_YEAR + 1
    return date(year, month, min(known_on.day, monthrange(year, month)[1]))


def is_limit_over(last: date, *, on: date, calendar: WorkCalendar) -> bool:
    """Whether a limit that ends on ``last`` is over; one that ends on a day off ends on the next
    working day (APPC, article 76)."""
    before = on - ONE_DAY
    while not calendar.is_working(before):
        before -= ONE_DAY
    return before >= last
