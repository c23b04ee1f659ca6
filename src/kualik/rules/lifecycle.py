"""The life of a request: one table that feeds the service, the buttons, the API and the diagram.

"Overdue" is not a state: it follows from the clock, and an overdue request may still be served.
"""

from dataclasses import dataclass
from enum import StrEnum

from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text


class State(StrEnum):
    """Where a request stands; the value is stored."""

    FILED = "filed"
    ACCEPTED = "accepted"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    ISSUED = "issued"
    HANDED_OVER = "handed_over"
    NOT_ACCEPTED = "not_accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What may happen to a request; the value is stored in the journal."""

    ACCEPT = "accept"
    DECLINE = "decline"
    START_REVIEW = "start_review"
    APPROVE = "approve"
    REFUSE = "refuse"
    SEND_BACK = "send_back"
    SEAL = "seal"
    HAND_OVER = "hand_over"
    WITHDRAW = "withdraw"
    RECORD_WITHDRAWAL = "record_withdrawal"
    REOPEN = "reopen"


class Role(StrEnum):
    """Who acts: the machine, the applicant, or a member of staff."""

    SYSTEM = "system"
    APPLICANT = "applicant"
    REGISTRAR = "registrar"
    CLERK = "clerk"
    OFFICE_HEAD = "office_head"
    AUTHORISED_PERSON = "authorised_person"
    PROVIDER_ADMIN = "provider_admin"
    CONTACT_CENTRE = "contact_centre"
    INSPECTOR = "inspector"
    PLATFORM_ADMIN = "platform_admin"


# Everybody who works on requests and documents, and the inspector, may look at all of them.
READERS = frozenset(
    {
        Role.REGISTRAR,
        Role.CLERK,
        Role.OFFICE_HEAD,
        Role.AUTHORISED_PERSON,
        Role.PROVIDER_ADMIN,
        Role.INSPECTOR,
    }
)
# Who supervises the service or answers for it: figures, and everything about a request at once.
SUPERVISORS = frozenset({Role.INSPECTOR, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN})


@dataclass(frozen=True, slots=True)
class Transition:
    """The state an event leads to, the roles that may cause it, and whether they must say why."""

    to: State
    by: frozenset[Role]
    needs_reason: bool = False


# A clerk takes and hands out at the counter; a registrar or the head of the office decides.
_OFFICE = frozenset({Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD})
_DECIDERS = frozenset({Role.REGISTRAR, Role.OFFICE_HEAD})
_MACHINE = frozenset({Role.SYSTEM})
_REVIEWERS = frozenset({Role.AUTHORISED_PERSON, Role.OFFICE_HEAD})

_WITHDRAW = Transition(State.WITHDRAWN, frozenset({Role.APPLICANT}))
# Staff enter a withdrawal only with its grounds (the person's paper), never to lose a late request.
_RECORD_WITHDRAWAL = Transition(State.WITHDRAWN, _OFFICE, needs_reason=True)
_REOPEN = Transition(State.IN_REVIEW, _MACHINE | {Role.OFFICE_HEAD}, needs_reason=True)

TRANSITIONS: dict[tuple[State, Event], Transition] = {
    # A57.7.2, A303.7.2: the machine accepts at the computed acceptance moment.
    (State.FILED, Event.ACCEPT): Transition(State.ACCEPTED, _OFFICE | _MACHINE),
    # Refusal to accept (Law on state services, art. 19) exists before acceptance only.
    (State.FILED, Event.DECLINE): Transition(State.NOT_ACCEPTED, _OFFICE, needs_reason=True),
    (State.FILED, Event.WITHDRAW): _WITHDRAW,
    (State.FILED, Event.RECORD_WITHDRAWAL): _RECORD_WITHDRAWAL,
    (State.ACCEPTED, Event.START_REVIEW): Transition(State.IN_REVIEW, _OFFICE | _MACHINE),
    (State.ACCEPTED, Event.WITHDRAW): _WITHDRAW,
    (State.ACCEPTED, Event.RECORD_WITHDRAWAL): _RECORD_WITHDRAWAL,
    # The machine approves only what the provider lets it: its own list, unchanged (A303.4).
    (State.IN_REVIEW, Event.APPROVE): Transition(State.APPROVED, _DECIDERS | _MACHINE),
    # A57.9, A303.9.1, A303.9.2: the ground itself is checked by the rules of refusal.
    (State.IN_REVIEW, Event.REFUSE): Transition(State.REFUSED, _DECIDERS, needs_reason=True),
    (State.IN_REVIEW, Event.WITHDRAW): _WITHDRAW,
    (State.IN_REVIEW, Event.RECORD_WITHDRAWAL): _RECORD_WITHDRAWAL,
    # A57.10-2: nothing is issued unsigned. The machine seals alone under A303 only (a reading);
    # which key may seal for an edition is checked where the key is used.
    (State.APPROVED, Event.SEAL): Transition(State.ISSUED, _MACHINE | {Role.AUTHORISED_PERSON}),
    (State.APPROVED, Event.SEND_BACK): Transition(State.IN_REVIEW, _REVIEWERS, needs_reason=True),
    (State.ISSUED, Event.HAND_OVER): Transition(State.HANDED_OVER, _OFFICE | _MACHINE),
    # A57.17-2: a complaint that is upheld brings the request back for a new decision.
    (State.REFUSED, Event.REOPEN): _REOPEN,
    (State.NOT_ACCEPTED, Event.REOPEN): _REOPEN,
}

# Until one of these is left, the person is owed an answer and the legal clock matters.
AWAITING_RESULT = frozenset({State.FILED, State.ACCEPTED, State.IN_REVIEW, State.APPROVED})
OPEN_STATES = AWAITING_RESULT | {State.ISSUED}
# Closed unless a complaint reopens ``refused`` or ``not_accepted``.
FINAL_STATES = frozenset(State) - OPEN_STATES


def transition(state: State, event: Event, *, by: Role, reason: str = "") -> Transition:
    """The move that ``event`` makes from ``state``.

    Errors: ``transition_unknown`` (no such move from this state), ``transition_forbidden``
    (the role may not), ``reason_missing`` (the move must be explained).
    """
    move = TRANSITIONS.get((state, event))
    if move is None:
        raise RuleViolation("transition_unknown", state=state, event=event)
    if by not in move.by:
        raise RuleViolation("transition_forbidden", state=state, event=event, by=by)
    if move.needs_reason and not reason.strip():
        raise RuleViolation("reason_missing", state=state, event=event)
    return move


def allowed_events(state: State, by: Role) -> tuple[Event, ...]:
    """The events ``by`` may cause now, in the order of the table."""
    return tuple(
        event for (source, event), move in TRANSITIONS.items() if source == state and by in move.by
    )


def mermaid() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.FILED}"]
    for (source, event), move in TRANSITIONS.items():
        roles = ", ".join(role for role in Role if role in move.by)
        lines.append(f"    {source} --> {move.to}: {event} ({roles})")
    sources = {source for source, _ in TRANSITIONS}
    lines += [f"    {state} --> [*]" for state in State if state not in sources]
    return "\n".join(lines) + "\n"


STATE_LABELS: dict[State, Text] = {
    State.FILED: Text("Өтініш түсті", "Подано", "Filed"),
    State.ACCEPTED: Text("Қабылданды", "Принято", "Accepted"),
    State.IN_REVIEW: Text("Қаралуда", "На рассмотрении", "In review"),
    State.APPROVED: Text("Мақұлданды, ресімделуде", "Одобрено, оформляется", "Approved"),
    State.ISSUED: Text("Ресімделді", "Оформлено", "Issued"),
    State.HANDED_OVER: Text("Берілді (қолына тапсырылды)", "Выдано", "Handed over"),
    State.NOT_ACCEPTED: Text("Қабылдаудан бас тартылды", "Отказано в приёме", "Not accepted"),
    State.REFUSED: Text("Көрсетуден бас тартылды", "Отказано в оказании услуги", "Refused"),
    State.WITHDRAWN: Text("Кері қайтарып алынды", "Отозвано заявителем", "Withdrawn"),
}

EVENT_LABELS: dict[Event, Text] = {
    Event.ACCEPT: Text("Қабылдау", "Принять", "Accept"),
    Event.DECLINE: Text("Қабылдаудан бас тарту", "Отказать в приёме", "Decline to accept"),
    Event.START_REVIEW: Text("Қарауды бастау", "Начать рассмотрение", "Start the review"),
    Event.APPROVE: Text("Мақұлдау", "Одобрить", "Approve"),
    Event.REFUSE: Text("Дәлелді бас тарту", "Отказать мотивированно", "Refuse"),
    Event.SEND_BACK: Text("Қарауға қайтару", "Вернуть на рассмотрение", "Send back to review"),
    Event.SEAL: Text("ЭЦҚ қойып куәландыру", "Удостоверить ЭЦП", "Seal"),
    Event.HAND_OVER: Text("Қолына тапсыру", "Выдать", "Hand over"),
    Event.WITHDRAW: Text("Өтінішті кері қайтарып алу", "Отозвать заявление", "Withdraw"),
    Event.RECORD_WITHDRAWAL: Text(
        "Өтініштің кері қайтарып алынғанын тіркеу",
        "Зарегистрировать отзыв заявления",
        "Record a withdrawal",
    ),
    Event.REOPEN: Text("Қайта қарау", "Возобновить рассмотрение", "Reopen"),
}
