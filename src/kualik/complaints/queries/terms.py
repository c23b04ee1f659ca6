"""The clocks of a complaint, and what happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kualik.accounts.models import User
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.core import journal
from kualik.core.models import JournalEntry
from kualik.rules.complaints import TermClock, clock_from_record, opening_moment
from kualik.rules.language import Text

State = Complaint.State
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
STEP_LABELS: dict[str, Text] = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the timeline; ``by`` is a member of staff's name, for the staff only."""

    at: datetime
    action: str
    label: Text
    role: str
    by: str
    reason: str


def clocks_of(complaint: Complaint) -> list[TermClock]:
    """The terms of a complaint in the order in which they began."""
    return [clock_from_record(record) for record in complaint.clocks]


def running_clocks(complaint: Complaint) -> list[TermClock]:
    """The terms that still run, the first to end first."""
    running = [clock for clock in clocks_of(complaint) if clock.ended_at is None]
    return sorted(running, key=lambda clock: clock.due_at)


def registered_at(complaint: Complaint) -> datetime:
    """When it counts as registered: at once, or when the office opened on the next working day."""
    opens_at = opening_moment(complaint.clocks[0])
    same_day = complaint.received_at.astimezone(opens_at.tzinfo).date() == complaint.registered_on
    return complaint.received_at if same_day else opens_at


def timeline(complaint: Complaint) -> list[Step]:
    """What happened to a complaint, oldest first."""
    entries = journal.history(f"complaint:{complaint.number}")
    names = _names(entries)
    return [
        Step(
            at=entry.at,
            action=entry.action,
            label=STEP_LABELS.get(entry.action, Text(entry.action, entry.action)),
            role=entry.role,
            by=names.get(entry.actor, ""),
            reason=str(entry.data.get("reason", "")),
        )
        for entry in entries
    ]


def _names(entries: Sequence[JournalEntry]) -> dict[str, str]:
    keys = {entry.actor.removeprefix("user:") for entry in entries if "user:" in entry.actor}
    staff = User.objects.filter(pk__in=[key for key in keys if key.isdigit()])
    return {f"user:{user.pk}": user.full_name for user in staff}
