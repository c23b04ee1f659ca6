"""Incidents and reports as people may see them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from kualik.accounts.models import User
from kualik.cases.queries.timeline import staff_named
from kualik.core import journal
from kualik.incidents.models import Incident, Proposal, Report
from kualik.incidents.queries.causes import causes
from kualik.providers.models import Break, Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

SEES_ALL = frozenset({Role.INSPECTOR, Role.PLATFORM_ADMIN})
ACTIONS = {
    "incidents.found": Text("Жүйе ақауды өзі тапты", "Найдено системой", "Found by the system"),
    "incidents.declared": Text("Қызметкер хабарлады", "Заявлено сотрудником", "Declared by staff"),
    "incidents.declared_again": Text(
        "Қызметкер тағы хабарлады", "Заявлено ещё раз", "Declared once more"
    ),
    "incidents.joined": Text("Ақау қайталанды", "Сбой повторился", "It failed again"),
    "incidents.over": Text("Ақау жойылды", "Сбой закончился", "It is over"),
    "incidents.untried": Text(
        "Ақау аяқталды: бұл бөлік енді қолданылмайды",
        "Сбой закончился: эта часть больше не используется",
        "It is over: this part is no longer in use",
    ),
    "incidents.ended_by_hand": Text(
        "Ақаудың аяқталғанын қызметкер жазды",
        "Конец сбоя записан сотрудником",
        "A member of staff recorded its end",
    ),
    "incidents.notice_ordered": Text(
        "Операторға хат жіберуге тапсырылды",
        "Письмо оператору поставлено в отправку",
        "A letter to the operator was ordered",
    ),
    "incidents.notice_failed": Text(
        "Операторға хат жіберілмеді", "Письмо оператору не ушло", "The letter did not leave"
    ),
    "incidents.told": Text("Операторға хабарланды", "Оператор уведомлён", "The operator is told"),
    "incidents.measures": Text(
        "Не істелгені жазылды", "Записано, что сделано", "What was done is written down"
    ),
    "incidents.protocol_taken": Text(
        "Оператордың хаттамасы жүктелді",
        "Загружен протокол оператора",
        "The operator's protocol is here",
    ),
    "incidents.signed": Text(
        "Хаттамаға қол қойылды", "Протокол подписан", "The protocol is signed"
    ),
    "incidents.cancelled": Text("Есеп жойылды", "Отчёт отменён", "The report is called off"),
    "incidents.closed": Text("Аяқталды", "Закрыт", "Closed"),
    "incidents.archived": Text("Мұрағат алынды", "Архив выгружен", "The archive was taken"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the course of an incident; ``by`` is a member of staff's name, ``reason`` in the
    words of who gave it."""

    at: datetime
    action: str
    label: Text
    by: str
    reason: str


def what_of(incident: Incident) -> Text:
    """What fails, in three languages."""
    return Text(incident.what_kk, incident.what_ru, incident.what_en)


def lasting(*, cause: str, provider: Provider | None) -> Incident | None:
    """The incident of a cause that lasts, of everybody or of one provider."""
    found = Incident.objects.filter(cause=cause, provider=provider, state=Incident.State.LASTS)
    return found.first()


def current(now: datetime) -> list[Incident]:
    """What lasts at ``now``, the oldest first, for the banner and the public page."""
    found = Incident.objects.filter(state=Incident.State.LASTS, began_at__lte=now)
    return list(found.select_related("provider").order_by("began_at", "pk"))


def history_since(moment: datetime) -> QuerySet[Incident]:
    """What was over after a moment, the last first; what was called off by everybody was none."""
    found = Incident.objects.exclude(state=Incident.State.LASTS).filter(ended_at__gte=moment)
    return (
        found.filter(pause__cancelled_at=None)
        .select_related("provider")
        .order_by("-began_at", "-pk")
    )


def effect_of(incident: Incident) -> Text | None:
    """What the failure means for applicants; None of one that somebody declared."""
    cause = causes().get(incident.cause)
    return cause.effect if cause else None


def is_planned(*, provider: Provider | None, now: datetime) -> bool:
    """Whether an announced technical break lasts at ``now``: what fails then is no incident."""
    concerned = Q(provider=None) if provider is None else Q(provider=None) | Q(provider=provider)
    planned = Break.objects.filter(concerned, kind=Break.Kind.TECHNICAL_BREAK, cancelled_at=None)
    return planned.filter(starts_at__lte=now).filter(Q(ends_at=None) | Q(ends_at__gte=now)).exists()


def incidents_visible_to(user: User) -> QuerySet[Incident]:
    """Those of everybody and of one's own provider; all for the staff of the platform."""
    found = Incident.objects.select_related("provider", "declared_by", "pause")
    if user.provider_id is not None:
        return found.filter(Q(provider=None) | Q(provider=user.provider_id))
    return found if user.has_role(SEES_ALL) else found.none()


def reports_visible_to(user: User) -> QuerySet[Report]:
    """The reports of one's own provider; all for the staff of the platform."""
    found = Report.objects.select_related("incident__provider", "provider", "signer")
    if user.provider_id is not None:
        return found.filter(provider=user.provider_id)
    return found if user.has_role(SEES_ALL) else found.none()


def proposals_visible_to(user: User) -> QuerySet[Proposal]:
    """What clerks of one's own provider saw and nobody decided on, the first one first."""
    found = Proposal.objects.filter(provider=user.provider_id, state=Proposal.State.OPEN)
    return found.select_related("provider", "proposed_by").order_by("pk")


def report_visible_to(user: User, *, number: str, code: str) -> Report | None:
    """One provider's report of one incident; None for a foreign or an unknown one."""
    return reports_visible_to(user).filter(incident__number=number, provider__code=code).first()


def course(incident: Incident, *, report: Report | None) -> list[Step]:
    """What happened to an incident and to one provider's report of it, the oldest first."""
    entries = journal.history(f"incident:{incident.number}")
    if report is not None:
        subject = f"incident:{incident.number}:{report.provider.code}"
        entries = sorted(entries + journal.history(subject), key=lambda entry: entry.at)
    names = staff_named(entries)
    return [
        Step(
            at=entry.at,
            action=entry.action,
            label=ACTIONS.get(entry.action, Text(entry.action, entry.action)),
            by=names.get(entry.actor, ""),
            reason=str(entry.data.get("reason", "")),
        )
        for entry in entries
    ]
