"""The clocks of a complaint, and what happened to it."""

from datetime import datetime

from kualik.accounts.queries.looks import LOOKED
from kualik.cases.queries.timeline import Step, staff_named
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.rules.complaints import TermClock, clock_from_record, opening_moment
from kualik.rules.language import Text

State = Complaint.State
FORWARD = "forward"
Effect = ComplaintDecision.Effect
STATE_LABELS: dict[str, Text] = {
    State.REGISTERED: Text("Тіркелді", "Зарегистрирована", "Registered"),
    State.IN_REVIEW: Text("Қаралуда", "На рассмотрении", "Being handled"),
    State.FORWARDED: Text(
        "Жоғары тұрған органға жіберілді", "Направлена в вышестоящий орган", "Sent on"
    ),
    State.DECIDED: Text("Шешім қабылданды", "Решение принято", "Decided"),
    State.WITHDRAWN: Text("Кері қайтарып алынды", "Отозвана", "Withdrawn"),
}
RECEIVED = Text("Келіп түсті", "Поступила", "Received")
REGISTERED = "complaints.registered"
RECEIPT = Text("Шағым келіп түсті", "Жалоба поступила", "Received")
TO_REGISTER = Text("Шағым тіркеледі", "Жалоба будет зарегистрирована", "Will be registered")
STEP_LABELS: dict[str, Text] = {
    "complaints.received": RECEIPT,
    "complaints.registered": Text("Шағым тіркелді", "Жалоба зарегистрирована", "Registered"),
    "complaints.assigned": Text(
        "Шағымды қарайтын адам тағайындалды",
        "Назначен рассматривающий жалобу",
        "A handler is named",
    ),
    "complaints.taken_up": Text("Қарау басталды", "Начато рассмотрение", "Taken up"),
    "complaints.forwarded": Text(
        "Шағым іспен бірге жоғары тұрған органға жіберілді",
        "Жалоба с делом направлена в вышестоящий орган",
        "Sent on with the case",
    ),
    "complaints.decided": Text("Шешім қабылданды", "Принято решение", "Decided"),
    "complaints.body_decided": Text(
        "Жоғары тұрған органның шешімі тіркелді",
        "Внесено решение вышестоящего органа",
        "The decision of the higher body is entered",
    ),
    "complaints.withdrawn": Text("Шағым кері қайтарып алынды", "Жалоба отозвана", "Withdrawn"),
    "complaints.court_noted": Text("Сот туралы белгі қойылды", "Внесена отметка о суде", "Court"),
    "complaints.exported": Text("Іс көшірмесі алынды", "Получена копия дела", "The case exported"),
}
# What the complainant need not see among the steps.
FOR_STAFF_ALONE = frozenset({"complaints.exported"})
EFFECT_LABELS: dict[str, Text] = {
    Effect.NONE: Text(
        "Өтініш бойынша ештеңе өзгермейді", "По заявлению ничего не меняется", "Nothing changes"
    ),
    Effect.REOPEN: Text(
        "Өтінішті қарау қайта басталды",
        "Рассмотрение заявления возобновлено",
        "The request is considered anew",
    ),
    Effect.HASTEN: Text(
        "Өтініш кезектен тыс қаралады",
        "Заявление рассматривается вне очереди",
        "The request is decided before all others",
    ),
    Effect.REISSUE: Text(
        "Түзетілген құжат беріледі",
        "Оформляется исправленный документ",
        "A corrected document is issued",
    ),
    Effect.CANCEL: Text(
        "Берілген құжаттың күші жойылды", "Выданный документ отменён", "The document is revoked"
    ),
}


def clocks_of(complaint: Complaint) -> list[TermClock]:
    """The terms of a complaint in the order in which they began."""
    return [clock_from_record(record) for record in complaint.clocks]


def running_clocks(complaint: Complaint) -> list[TermClock]:
    """The terms that still run, the first to end first."""
    running = [clock for clock in clocks_of(complaint) if clock.ended_at is None]
    return sorted(running, key=lambda clock: clock.due_at)


def answer_clock(complaint: Complaint) -> TermClock | None:
    """The term of the answer, the provider's or the body's; None when no answer is waited for."""
    return next((one for one in running_clocks(complaint) if one.term.code != FORWARD), None)


def forward_clock(complaint: Complaint) -> TermClock | None:
    """The earlier term of article 91, part 4, as long as it runs."""
    return next((one for one in running_clocks(complaint) if one.term.code == FORWARD), None)


def registered_at(complaint: Complaint) -> datetime:
    """When it is registered: as journalled, else when the office opens on the next working day."""
    for entry in journal.history(f"complaint:{complaint.number}"):
        if entry.action == REGISTERED and local_day(entry.at) == complaint.registered_on:
            return entry.at
    return opening_moment(complaint.clocks[0])


def label_of(complaint: Complaint, *, now: datetime) -> Text:
    """Its state in words; what came on a day off is not registered before the next working day."""
    is_waiting = complaint.state == State.REGISTERED and complaint.registered_on > local_day(now)
    return RECEIVED if is_waiting else STATE_LABELS[complaint.state]


def timeline(complaint: Complaint, *, now: datetime) -> list[Step]:
    """What happened to a complaint, oldest first; a registration still to come is told as such."""
    history = journal.history(f"complaint:{complaint.number}")
    entries = [entry for entry in history if entry.action != LOOKED]
    names = staff_named(entries)
    registered = registered_at(complaint)
    steps = [
        Step(
            at=entry.at,
            action=entry.action,
            label=_label(entry.action, is_early=entry.at < registered),
            role=entry.role,
            by=names.get(entry.actor, ""),
            reason=journal.reason_of(entry),
        )
        for entry in entries
    ]
    is_told = any(step.action == REGISTERED and step.at == registered for step in steps)
    is_over = complaint.closed_at is not None and complaint.closed_at < registered
    if not is_told and not is_over:
        label = TO_REGISTER if registered > now else STEP_LABELS[REGISTERED]
        steps.append(
            Step(at=registered, action=REGISTERED, label=label, role="", by="", reason=None)
        )
    return sorted(steps, key=lambda step: step.at)


def _label(action: str, *, is_early: bool) -> Text:
    """What was journalled as registered before its day was received."""
    if action == REGISTERED and is_early:
        return RECEIPT
    return STEP_LABELS.get(action, Text(action, action))
