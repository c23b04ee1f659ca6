"""Telling a person something: a row and a job in the transaction of the act it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import Person
from kualik.core import jobs, journal
from kualik.core.journal import Actor
from kualik.core.tasks import close_task
from kualik.notifications.adapters.phones import e164
from kualik.notifications.models import Message
from kualik.notifications.queries import channels
from kualik.notifications.services.wording import Event, Values, end_of_quiet, events, write
from kualik.rules.errors import RuleViolation

EMAIL_JOB = "notifications.email"
SMS_JOB = "notifications.sms"
JOBS: Mapping[str, str] = {Message.Channel.EMAIL: EMAIL_JOB, Message.Channel.SMS: SMS_JOB}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a person may be reached; empty: not there. ``sms`` is a phone number."""

    email: str = ""
    sms: str = ""


@transaction.atomic
def notify(
    *,
    event: str,
    about: str,
    addresses: Addresses,
    language: str,
    params: Values,
    now: datetime,
    person: Person | None = None,
    scope: str = "",
) -> list[Message]:
    """Write what is to be sent, by each channel that the event, the person and the site have.

    ``about`` is a journal subject, ``scope`` the staff that learns of a failure. One event about
    one thing is told once: a repeated call adds nothing and returns what is there. A number that
    is no phone number is passed over. Raises KeyError for an event or a value that is missing.
    """
    told = events()[event]
    written = [
        _written(told, channel, address, about=about, language=language, params=params, now=now)
        for channel, address in _reachable(told, addresses)
    ]
    for message in written:
        message.person, message.scope = person, scope
    Message.objects.bulk_create(written, ignore_conflicts=True)
    kept = list(Message.objects.filter(key__in=[message.key for message in written]).order_by("pk"))
    for message in kept:
        _enqueue(message, told, now=now)
    return kept


@transaction.atomic
def send_again(*, message: Message, actor: Actor, now: datetime) -> None:
    """Send once more what failed or what nobody knows the end of; staff answer for a second copy.

    Raises ``message_not_failed``; a message that held a secret is never sent again.
    """
    told = events()[message.event]
    stuck = Message.objects.filter(
        pk=message.pk, state__in=[Message.State.FAILED, Message.State.UNSURE]
    )
    if told.secret or not stuck.update(
        state=Message.State.WAITING, fault="", give_up_at=now + told.patience, claimed_at=None
    ):
        raise RuleViolation("message_not_failed")
    message.parts.all().delete()
    message.refresh_from_db()
    for kind in ("failed", "unsure"):
        close_task(key=f"message_{kind}:{message.pk}", actor=actor, now=now)
    name, key = JOBS[message.channel], _job_key(message)
    jobs.renew_all(name=name, payloads={key: {"message": message.pk}}, now=now)
    journal.record(
        subject=message.about[:64],
        action="message_sent_again",
        actor=actor,
        now=now,
        data={"message": message.pk, "event": message.event, "channel": message.channel},
    )


def _reachable(told: Event, addresses: Addresses) -> list[tuple[str, str]]:
    wanted = {
        Message.Channel.SMS.value: e164(addresses.sms),
        Message.Channel.EMAIL.value: addresses.email.strip(),
    }
    own = channels()
    return [
        (channel, address)
        for channel, address in wanted.items()
        if address and channel in own and channel in told.texts
    ]


def _written(
    told: Event,
    channel: str,
    address: str,
    *,
    about: str,
    language: str,
    params: Values,
    now: datetime,
) -> Message:
    text = write(told, channel=channel, language=language, values=params)
    begins_at = _first_moment(told, channel, now=now)
    return Message(
        key=f"{told.name}:{about}:{channel}",
        channel=channel,
        address=address,
        event=told.name,
        language=language,
        subject=text.subject,
        body=text.body,
        masked_body=text.masked_body,
        about=about,
        created_at=now,
        give_up_at=begins_at + told.patience,
    )


def _first_moment(told: Event, channel: str, *, now: datetime) -> datetime:
    return now if told.at_once else end_of_quiet(channel, now=now) or now


def _enqueue(message: Message, told: Event, *, now: datetime) -> None:
    jobs.enqueue(
        name=JOBS[message.channel],
        key=_job_key(message),
        payload={"message": message.pk},
        now=now,
        run_at=_first_moment(told, message.channel, now=now),
        # The message is given up by the job itself, which then tells staff.
        patience=told.patience + jobs.LONGEST_PAUSE,
    )


def _job_key(message: Message) -> str:
    return f"{JOBS[message.channel]}:{message.pk}"
