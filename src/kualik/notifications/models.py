"""What is sent to people and what they answer."""

from typing import ClassVar

from django.db import models

from kualik.accounts.models import Person
from kualik.providers.models import Provider


class Message(models.Model):
    """One message to one address: written in the transaction of the act it tells of, sent later.

    ``key`` makes it the only one of its kind; ``about`` is a journal subject such as
    ``request:DEMO-2026-000001``; ``scope`` is whose staff learns that it cannot be sent. ``body``
    is rendered when the row is written. Where it holds a secret, ``masked_body`` takes its place
    at the end, whatever the end. ``fault`` is for staff and names neither address nor text.
    """

    class Channel(models.TextChoices):
        EMAIL = "email"
        SMS = "sms"

    class State(models.TextChoices):
        """``sending``: a try has begun and its end is not written; ``unsure``: it never will be,
        so a second copy would be a risk; a receipt or a person may still tell."""

        WAITING = "waiting"
        SENDING = "sending"
        UNSURE = "unsure"
        SENT = "sent"
        DELIVERED = "delivered"
        FAILED = "failed"

    key = models.CharField(max_length=150, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = models.CharField(max_length=254)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="messages")
    event = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    masked_body = models.TextField(blank=True)
    about = models.CharField(max_length=80)
    scope = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    carrier = models.CharField(max_length=40, blank=True)
    fault = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["about", "id"], name="messages_about"),
            models.Index(fields=["address", "event", "id"], name="messages_to"),
            models.Index(
                fields=["give_up_at"],
                name="messages_on_the_way",
                condition=models.Q(state__in=["waiting", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.event} {self.state}"


class OwnWords(models.Model):
    """What a provider adds to the letter of an event, before its end, in all three languages."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="own_words")
    event = models.CharField(max_length=40)
    kk = models.CharField(max_length=300)
    ru = models.CharField(max_length=300)
    en = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "event"], name="own_words_once_an_event"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.event}"


class MessagePart(models.Model):
    """A part of a message that the carrier took; ``reference`` is the carrier's number of it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    total = models.PositiveSmallIntegerField()
    carrier = models.CharField(max_length=40)
    reference = models.CharField(max_length=80)
    taken_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="one_message_part"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["carrier", "reference"], name="parts_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.number}/{self.total}"


class InboundSms(models.Model):
    """A short message that came in, whoever sent it; kept once however often it is delivered."""

    carrier = models.CharField(max_length=40)
    reference = models.CharField(max_length=80)
    phone = models.CharField(max_length=20)
    text = models.CharField(max_length=1000)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["carrier", "reference"], name="one_inbound_sms"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.reference}"


class InboundPiece(models.Model):
    """A part of a long message that came in, until the others are there.

    ``group`` is the number that its sender's phone gave to all the parts of one message.
    """

    carrier = models.CharField(max_length=40)
    phone = models.CharField(max_length=20)
    group = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    total = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=400)
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["carrier", "phone", "group", "total", "number"], name="one_inbound_piece"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.number}/{self.total}"


class Hook(models.Model):
    """An address of another system that wants to hear of events (web hook).

    ``events`` are the names it asked for; ``secret_sealed`` signs what it gets, the one before
    stays valid beside it until ``previous_ends_at``. ``failures`` counts the tries in a row that
    failed: until ``quiet_until`` nobody asks that address again, and after too many it is
    ``paused_at`` and a person is told.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="hooks")
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=300)
    events = models.JSONField(default=list)
    secret_sealed = models.BinaryField()
    previous_sealed = models.BinaryField(default=b"")
    previous_ends_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120)
    failures = models.PositiveSmallIntegerField(default=0)
    quiet_until = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class HookDelivery(models.Model):
    """One event for one hook: written in the transaction of the act, delivered later.

    ``key`` names the event for ever: a delivery played again carries the same, so that its receiver
    may know it. ``body`` is what is sent, without an IIN. Of the answer only the status is kept.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    hook = models.ForeignKey(Hook, on_delete=models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=120)
    event = models.CharField(max_length=40)
    about = models.CharField(max_length=80)
    body = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    fault = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hook", "key"], name="one_delivery_a_hook"),
        ]
        indexes: ClassVar = [models.Index(fields=["hook", "state", "id"], name="deliveries_open")]

    def __str__(self) -> str:
        return f"{self.event} {self.state}"
