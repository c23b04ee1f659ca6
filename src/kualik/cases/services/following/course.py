"""Where a request stands, how it came there and what comes next, safe for the applicant's eyes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from kualik.accounts.queries import ROLE_LABELS
from kualik.cases.models import Evidence, Request
from kualik.cases.queries import Step, clock_of, status_code, timeline
from kualik.cases.queries.answering import Answerable, answerable_of
from kualik.cases.queries.timeline import STEP_LABELS, TAKEN_UP_EARLY
from kualik.cases.services.following.deciding import (
    Automatic,
    Refused,
    automatic_of,
    refused_of,
)
from kualik.cases.services.following.papers import Paper, papers_of
from kualik.cases.services.following.usual import usual_time
from kualik.cases.services.following.words import Turn, label_of, sentence, turn_of
from kualik.cases.services.sealing import sealing_by_machine
from kualik.rules import deadline, lifecycle, standards
from kualik.rules.deadline import Deadline
from kualik.rules.language import Text
from kualik.rules.lifecycle import AWAITING_RESULT, Event, Role, State
from kualik.rules.refusal import appeal

FILED, OVERDUE = "cases.filed", "cases.overdue"
PASSING = frozenset({f"cases.{Event.ACCEPT}", f"cases.{Event.START_REVIEW}"})
A_MINUTE = timedelta(minutes=1)
# What ends the wait for an answer.
ANSWERS = frozenset(
    f"cases.{event}"
    for event in (
        Event.SEAL,
        Event.REFUSE,
        Event.DECLINE,
        Event.WITHDRAW,
        Event.RECORD_WITHDRAWAL,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What happened, when, and in which role somebody did it; never a name."""

    at: datetime
    action: str
    what: Text
    who: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """An answer that did not come: what that means (APPC art. 91 p. 2) and who answers for it."""

    since: datetime
    silence: Text
    goes_on: Text
    appeal: Text
    answerable: Answerable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The whole course of a request at one moment.

    ``usual`` is the provider's usual office time to the document. ``code``, ``refused``,
    ``automatic``, ``papers`` and ``confirmed`` are for the owner and the office alone; no name of
    the applicant and no document's number is anywhere here.
    """

    number: str
    state: State
    label: Text
    document: Text
    programme: Text
    provider: Text
    clock: Deadline
    stages: tuple[Stage, ...]
    turn: Turn
    usual: timedelta | None
    is_waiting: bool
    overdue: Overdue | None
    may_withdraw: bool
    code: str
    confirmed: Text
    refused: Refused | None
    automatic: Automatic | None
    papers: tuple[Paper, ...]


def follow(request: Request, *, now: datetime) -> Course:
    """The course of ``request`` as it stands at ``now``."""
    state, clock, steps = State(request.state), clock_of(request), timeline(request)
    standard = standards.get(request.edition, request.edition_version)
    is_waiting = state in AWAITING_RESULT
    is_overdue = is_waiting and deadline.is_overdue(clock, now)
    return Course(
        number=request.number,
        state=state,
        label=label_of(request),
        document=standard.result(request.kind, request.paper).title,
        programme=request.title,
        provider=request.provider.name,
        clock=clock,
        stages=_stages(steps, clock, is_overdue=is_overdue),
        turn=turn_of(request, is_sealed_alone=bool(sealing_by_machine([request])), now=now),
        usual=usual_time(request.provider, now=now) if is_waiting else None,
        is_waiting=is_waiting,
        overdue=_overdue(request, clock) if is_overdue else None,
        may_withdraw=Event.WITHDRAW in lifecycle.allowed_events(state, Role.APPLICANT),
        code=status_code(request),
        confirmed=_confirmed(request),
        refused=refused_of(request, now=now),
        automatic=automatic_of(request, steps),
        papers=tuple(papers_of(request)),
    )


def _stages(steps: Sequence[Step], clock: Deadline, *, is_overdue: bool) -> tuple[Stage, ...]:
    """The steps that concern the applicant, and the end of a term that was missed."""
    stages = [
        Stage(
            # An older application that staff entered later was filed when it was handed in.
            at=clock.filed_at if step.action == FILED else step.at,
            action=step.action,
            what=step.label,
            who=ROLE_LABELS[Role(step.role)] if step.role else Text("", ""),
        )
        for step, following in zip_longest(steps, steps[1:])
        if step.action in STEP_LABELS and not _is_passing(step, following)
    ]
    answers = [step.at for step in steps if step.action in ANSWERS]
    if is_overdue or (answers and answers[0] > clock.due_at):
        missed = Stage(
            at=clock.due_at, action=OVERDUE, what=sentence("overdue", "step"), who=Text("", "")
        )
        before = max(1, sum(stage.at <= clock.due_at for stage in stages))
        stages.insert(before, missed)
    return tuple(stages)


def _is_passing(step: Step, following: Step | None) -> bool:
    """Whether a step tells the applicant nothing: the office began before its time, or it passed
    through a state on the way to the next one in the same minute."""
    if step.label == TAKEN_UP_EARLY:
        return True
    if step.action not in PASSING or following is None or following.action not in STEP_LABELS:
        return False
    return following.at - step.at < A_MINUTE


def _overdue(request: Request, clock: Deadline) -> Overdue:
    return Overdue(
        since=clock.due_at,
        silence=appeal().silence,
        goes_on=sentence("overdue", "goes_on"),
        appeal=appeal().text(),
        answerable=answerable_of(request.provider),
    )


def _confirmed(request: Request) -> Text:
    """How the request was confirmed; empty for one that staff entered from a paper."""
    evidence = Evidence.objects.filter(request=request).first()
    if evidence is None:
        return Text("", "")
    # Who entered by a key and pressed a button has confirmed; that is no signature.
    is_signed = evidence.signature is not None or evidence.level != "eds"
    return sentence("levels", evidence.level if is_signed else "key")
