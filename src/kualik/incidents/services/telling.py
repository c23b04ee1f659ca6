"""The notice to the operator within one working day, with the proof of it (A57.10-4)."""

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from kualik.accounts.models import User
from kualik.core.clock import ZONE
from kualik.core.journal import SYSTEM, Actor
from kualik.core.tasks import close_task
from kualik.incidents.models import Report
from kualik.incidents.queries import touched_at, what_of
from kualik.incidents.services.changing import State, change
from kualik.incidents.services.recording import (
    TELL_TASK,
    ask_staff,
    record_report,
    task_key,
    working_calendar,
)
from kualik.notifications.models import Message
from kualik.notifications.queries import channels
from kualik.notifications.services.sending import Addresses, Notice, notify_all
from kualik.rules.errors import RuleViolation
from kualik.rules.incidents import one_working_day
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

EVENT: Final = "incident_notice"
EMAIL: Final = "email"
BY_HAND: Final = ("letter", "phone", "portal", "other")
PROTOCOL_TASK, FAILED_TASK = "incident_protocol", "incident_notice_failed"
SOON_TASK, LATE_TASK = "incident_soon", "incident_late"
log = logging.getLogger(__name__)
ARRIVED: Final = (Message.State.SENT, Message.State.DELIVERED)
NOT_OVER: Final = Text("әлі аяқталған жоқ", "ещё продолжается", "not over yet")


@transaction.atomic
def send_notice(*, report: Report, actor: Actor, now: datetime) -> Message:
    """Order the letter to the operator; the operator is told once a server has taken it.

    A letter that is on its way is not sent twice. Raises ``operator_address_unknown``,
    ``incident_state_forbids``.
    """
    if not settings.FAILURE_EMAIL or EMAIL not in channels():
        raise RuleViolation("operator_address_unknown")
    sent = message_of(report)
    if sent is not None and sent.state != Message.State.FAILED:
        return sent
    tries = int(str(report.notice.get("tries", 0))) + 1
    notice = Notice(
        event=EVENT,
        about=f"incident:{report.incident.number}",
        addresses=Addresses(email=settings.FAILURE_EMAIL),
        language="kk",
        params=_values(report, now),
        scope=report.provider.code,
        occasion=f"{report.provider.code}:{tries}",
    )
    (message,) = notify_all(notices=[notice], now=now)
    proof = {"way": EMAIL, "message": message.pk, "tries": tries, "ordered_at": now.isoformat()}
    change(report, frm=[State.TO_TELL], notice=proof)
    record_report(report, "notice_ordered", actor=actor, now=now, data={"message": message.pk})
    return message


def settle_notices(*, now: datetime) -> int:
    """Take down what became of the letters on their way; how many reports went on.

    A report that somebody changed meanwhile is looked at again at the next turn.
    """
    waiting = Report.objects.filter(state=State.TO_TELL, notice__way=EMAIL)
    rows = waiting.select_related("incident", "provider").order_by("pk")
    count = 0
    for report in rows:
        try:
            count += _settle(report, now=now)
        except RuleViolation as violation:
            log.warning("report %s is left to the next turn: %s", report.pk, violation.code)
    return count


@transaction.atomic
def record_notice(
    *,
    report: Report,
    way: str,
    reference: str,
    at: datetime,
    note: str,
    user: User,
    role: Role,
    now: datetime,
) -> Report:
    """Write down that the operator was told in another way: the way, its number and the moment.

    Raises ``notice_way_unknown``, ``incident_in_future``, ``notice_before_incident``,
    ``incident_state_forbids``.
    """
    if way not in BY_HAND:
        raise RuleViolation("notice_way_unknown")
    if at > now:
        raise RuleViolation("incident_in_future")
    if at < report.incident.began_at:
        raise RuleViolation("notice_before_incident")
    proof = {"way": way, "reference": reference, "at": at.isoformat(), "note": note}
    _told(report, proof, at=at, actor=user.acting_as(role), now=now)
    return report


def message_of(report: Report) -> Message | None:
    """The letter of the notice; None where there is none."""
    number = report.notice.get("message")
    return Message.objects.filter(pk=number).first() if number else None


def _settle(report: Report, *, now: datetime) -> bool:
    message = message_of(report)
    if message is None:
        return False
    if message.state in ARRIVED and message.sent_at is not None:
        _told(report, _proof(report, message), at=message.sent_at, actor=SYSTEM, now=now)
        return True
    if message.state == Message.State.FAILED and not report.notice.get("failed"):
        _failed(report, message, now=now)
    return False


@transaction.atomic
def _told(
    report: Report, proof: Mapping[str, object], *, at: datetime, actor: Actor, now: datetime
) -> None:
    calendar = working_calendar(report.provider, now=now)
    due_at = one_working_day(calendar, at)
    change(
        report,
        frm=[State.TO_TELL],
        state=State.TOLD,
        notice=dict(proof),
        told_at=at,
        protocol_due_at=due_at,
    )
    record_report(report, "told", actor=actor, now=now, data=proof)
    for kind in (TELL_TASK, FAILED_TASK, SOON_TASK, LATE_TASK):
        close_task(key=task_key(kind, report), actor=actor, now=now)
    ask_staff(PROTOCOL_TASK, report, role=Role.OFFICE_HEAD, due_at=due_at, now=now)


@transaction.atomic
def _failed(report: Report, message: Message, *, now: datetime) -> None:
    proof = {**report.notice, "failed": message.fault}
    change(report, frm=[State.TO_TELL], notice=proof)
    record_report(report, "notice_failed", actor=SYSTEM, now=now, data={"fault": message.fault})
    due_at = report.notice_due_at
    ask_staff(FAILED_TASK, report, role=Role.OFFICE_HEAD, due_at=due_at, now=now)


def _proof(report: Report, message: Message) -> dict[str, object]:
    """What shows that the operator was told: the letter itself, its mark, who took it and when."""
    part = message.parts.first()
    sent_at = message.sent_at
    return {
        **report.notice,
        "to": message.address,
        "message_id": part.reference if part else "",
        "accepted_at": sent_at.isoformat() if sent_at else "",
        "subject": message.subject,
        "body": message.body,
        "sha256": hashlib.sha256(message.body.encode()).hexdigest(),
    }


def _values(report: Report, now: datetime) -> dict[str, str | Text]:
    incident, provider = report.incident, report.provider
    what = what_of(incident)
    ended = f"{_minute(incident.ended_at)}" if incident.ended_at else ""
    return {
        "number": incident.number,
        "provider_kk": provider.name.kk,
        "provider_ru": provider.name.ru,
        "bin": provider.bin,
        "what_kk": what.kk,
        "what_ru": what.ru,
        "began_at": _minute(incident.began_at),
        "found_at": _minute(incident.found_at),
        "ended_kk": ended or NOT_OVER.kk,
        "ended_ru": ended or NOT_OVER.ru,
        "requests": str(touched_at(incident, now=now).filter(provider=provider).count()),
    }


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%d.%m.%Y %H:%M}"
