"""What was decided and by whom: a refusal with its way on, or the machine with its reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kualik.cases.models import HumanReview, Request
from kualik.cases.queries import Step
from kualik.cases.services.following.words import sentence
from kualik.core.clock import local_day
from kualik.core.models import JournalEntry
from kualik.rules import standards
from kualik.rules.clock_steps import day_text, plain_text
from kualik.rules.complaints import last_day_to_complain
from kualik.rules.language import Text
from kualik.rules.lifecycle import Event, Role, State
from kualik.rules.refusal import appeal

REFUSED = frozenset({State.REFUSED, State.NOT_ACCEPTED})
APPROVED = f"cases.{Event.APPROVE}"
HAS_RESULT = frozenset({State.APPROVED, State.ISSUED, State.HANDED_OVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refusal as it was made, with what to mend and until when to complain (A57.9, A303.9)."""

    ground: Text
    clause: str
    facts: Text
    mend: Text
    decided_on: date
    appeal: Text
    appeal_until: date
    is_late_to_appeal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """A decision by the machine alone: why, and what a person said of it (Digital Code, 43)."""

    decided_at: datetime
    factors: tuple[Text, ...]
    review: HumanReview | None

    @property
    def may_ask(self) -> bool:
        """Whether a person may still be asked to look."""
        return self.review is None


def refused_of(request: Request, *, now: datetime) -> Refused | None:
    """The refusal in force; None for a request that stands otherwise."""
    record = request.refusal
    if not record or request.state not in REFUSED:
        return None
    decided_on = date.fromisoformat(record["decided_on"])
    until = last_day_to_complain(decided_on, appeal=appeal(), ways_were_named=True)
    return Refused(
        ground=Text(**record["text"]),
        clause=record["clause"],
        facts=Text(**record["facts"]),
        mend=sentence("mend", record["ground"]),
        decided_on=decided_on,
        appeal=Text(**record["appeal"]),
        appeal_until=until,
        is_late_to_appeal=local_day(now) > until,
    )


def automatic_of(request: Request, steps: Sequence[Step]) -> Automatic | None:
    """The approval by the machine; None when a person decided, or nobody yet. One that a person
    was asked to look at stays to be seen, whatever became of it."""
    review = HumanReview.objects.filter(request=request).first()
    approvals = [step for step in steps if step.action == APPROVED]
    by_machine = [step for step in approvals if step.role == Role.SYSTEM]
    stands = request.state in HAS_RESULT and approvals[-1:] == by_machine[-1:]
    if not by_machine or not (stands or review):
        return None
    return Automatic(decided_at=by_machine[-1].at, factors=_factors(request), review=review)


def _factors(request: Request) -> tuple[Text, ...]:
    """What the decision rested on, as the journal kept it then."""
    standard = standards.get(request.edition, request.edition_version)
    document = standard.result(request.kind, request.paper).title
    grounds = _grounds(request)
    found = [sentence("factors", "given", document=document), sentence("factors", "alone")]
    if grounds:
        mastered_on = day_text(date.fromisoformat(str(grounds["mastered_on"])))
        hours = [plain_text(str(grounds[name])) for name in ("hours", "hours_from", "hours_to")]
        found = [
            sentence("factors", "listed", mastered_on=mastered_on),
            sentence("factors", "unchanged"),
            sentence("factors", "volume", hours=hours[0], least=hours[1], most=hours[2]),
            *found,
        ]
    return tuple(found)


def _grounds(request: Request) -> Mapping[str, object]:
    entries = JournalEntry.objects.filter(subject=f"request:{request.number}", action=APPROVED)
    entry = entries.filter(role=Role.SYSTEM).order_by("-sequence").first()
    found: Mapping[str, object] = entry.data.get("grounds", {}) if entry else {}
    return found
