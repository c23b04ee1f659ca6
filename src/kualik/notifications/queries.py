"""What is asked of the outbox and of the answers that came in."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from kualik.accounts.models import Person
from kualik.notifications.models import InboundSms, Message

Channel = Message.Channel
ANSWERED_FOR = timedelta(days=90)


def channels() -> frozenset[str]:
    """The channels that this installation has a carrier for."""
    carriers = {Channel.EMAIL: settings.EMAIL_URL, Channel.SMS: settings.SMS_URL}
    return frozenset(channel.value for channel, carrier in carriers.items() if carrier)


def messages_about(about: str) -> QuerySet[Message]:
    """What was sent, or is to be, about one thing; oldest first."""
    return Message.objects.filter(about=about).order_by("pk")


def sms_to(*, phone: str, person: Person | None, event: str, until: datetime) -> QuerySet[Message]:
    """The short messages of an event that a number was sent in the quarter before ``until``, and
    those that its person was sent elsewhere, the newest first: what an answer may answer."""
    to_them = Q(address=phone) | Q(person=person) if person else Q(address=phone)
    lately = Q(created_at__gt=until - ANSWERED_FOR, created_at__lte=until)
    sent = Message.objects.filter(to_them, lately, channel=Channel.SMS, event=event)
    return sent.exclude(state=Message.State.FAILED).order_by("-pk")


def inbound_sms(pk: int) -> InboundSms:
    """An answer that came in. Raises InboundSms.DoesNotExist."""
    return InboundSms.objects.get(pk=pk)


def counts_by_event(*, scope: str | None, since: datetime) -> dict[str, dict[str, int]]:
    """How many messages of each event are in each state; of one organisation, or of all where
    ``scope`` is None."""
    rows = Message.objects.filter(created_at__gte=since)
    if scope is not None:
        rows = rows.filter(scope=scope)
    found: dict[str, dict[str, int]] = {}
    for row in rows.values("event", "state").annotate(count=Count("pk")):
        found.setdefault(row["event"], {})[row["state"]] = row["count"]
    return found
