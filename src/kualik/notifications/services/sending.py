"""Telling a person something: a row and a job in the transaction of the act it tells of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kualik.accounts.models import Person
from kualik.core import jobs, journal
from kualik.core.journal import Actor
from kualik.core.tasks import close_task
from kualik.notifications.models import Message
from kualik.notifications.queries import channels
from kualik.notifications.services.adding import words_among
from kualik.notifications.services.wording import (
    Event,
    Values,
    end_of_quiet,
    events,
    with_words,
    write,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.phones import e164

EMAIL_JOB = "notifications.email"
SMS_JOB = "notifications.sms"
JOBS: Mapping[str, str] = {Message.Channel.EMAIL: EMAIL_JOB, Message.Channel.SMS: SMS_JOB}
BATCH = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a person may be reached; empty: not there. ``sms`` is a phone number."""

    email: str = ""
    sms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event to tell one person of.

    ``about`` is a journal subject, ``scope`` the staff that learns of a failure. ``occasion``
    tells apart what may happen to one thing again, such as a second decision after a complaint.
    """

    event: str
    about: str
    addresses: Addresses
    language: str
    params: Values
    person: Person | None = None
    scope: str = ""
    occasion: str = ""


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
    """Write what is to be sent of one event, see ``notify_all``."""
    notice = Notice(
        event=event,
        about=about,
        addresses=addresses,
        language=language,
        params=params,
        person=person,
        scope=scope,
    )
    return notify_all(notices=[notice], now=now)


@transaction.atomic
def notify_all(*, notices: Sequence[Notice], now: datetime) -> list[Message]:
    """Write what is to be sent, by each channel that the event, the person and the site have.

    One event about one thing is told once: a repeated call adds nothing and returns what is
    there. A number that is no phone number is passed over. The number of statements grows with
    hundreds of notices, not with each. Raises KeyError for an event or a value that is missing.
    """
    added = words_among({(notice.scope, notice.event) for notice in notices})
    written = [
        _written(notice, events()[notice.event], channel, address, added, now=now)
        for notice in notices
        for channel, address in _reachable(events()[notice.event], notice.addresses)
    ]
    Message.objects.bulk_create(written, ignore_conflicts=True, batch_size=BATCH)
    kept: list[Message] = []
    for start in range(0, len(written), BATCH):
        keys = [message.key for message in written[start : start + BATCH]]
        kept += Message.objects.filter(key__in=keys).order_by("pk")
    _enqueue(kept, now=now)
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


@transaction.atomic
def forget_unsent(*, before: datetime) -> int:
    """Take back what was written before a moment and nobody began to send; how many messages.

    For the invented past of a demonstration, of which nobody shall hear.
    """
    old = list(Message.objects.filter(state=Message.State.WAITING, created_at__lt=before))
    for start in range(0, len(old), BATCH):
        part = old[start : start + BATCH]
        jobs.cancel(keys=[_job_key(message) for message in part])
        Message.objects.filter(pk__in=[message.pk for message in part]).delete()
    return len(old)


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
    notice: Notice,
    told: Event,
    channel: str,
    address: str,
    added: Mapping[tuple[str, str], Text],
    *,
    now: datetime,
) -> Message:
    own = added.get((notice.scope, notice.event)) if channel == Message.Channel.EMAIL else None
    text = write(told, channel=channel, language=notice.language, values=notice.params)
    begins_at = _first_moment(told, channel, now=now)
    parts = (told.name, notice.about, notice.occasion, channel)
    return Message(
        key=":".join(part for part in parts if part),
        channel=channel,
        address=address,
        person=notice.person,
        event=told.name,
        language=notice.language,
        subject=text.subject,
        body=with_words(text.body, own.get(notice.language)) if own else text.body,
        masked_body=text.masked_body,
        about=notice.about,
        scope=notice.scope,
        created_at=now,
        give_up_at=begins_at + told.patience,
    )


def _first_moment(told: Event, channel: str, *, now: datetime) -> datetime:
    return now if told.at_once else end_of_quiet(channel, now=now) or now


def _enqueue(messages: Sequence[Message], *, now: datetime) -> None:
    alike: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for message in messages:
        alike[message.channel, message.event].append(message)
    for (channel, event), rows in alike.items():
        told = events()[event]
        jobs.enqueue_all(
            name=JOBS[channel],
            payloads={_job_key(message): {"message": message.pk} for message in rows},
            now=now,
            run_at=_first_moment(told, channel, now=now),
            # The message is given up by the job itself, which then tells staff.
            patience=told.patience + jobs.LONGEST_PAUSE,
        )


def _job_key(message: Message) -> str:
    return f"{JOBS[message.channel]}:{message.pk}"
