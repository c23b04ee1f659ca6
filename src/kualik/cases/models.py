"""The request for the service, from filing to the result."""

from typing import ClassVar

from django.db import models

from kualik.accounts.models import Person, User
from kualik.certificates.models import Certificate
from kualik.providers.models import Provider
from kualik.rules.lifecycle import OPEN_STATES, State
from kualik.training.models import Completion

# A completion with a request in one of these states has its document or is on the way to it.
LIVE_STATES = sorted(state.value for state in (*OPEN_STATES, State.HANDED_OVER))


class Request(models.Model):
    """An application for a document; it keeps the edition it was filed under for ever.

    ``accepted_at`` and ``due_at`` are the legal clock's answers, ``clock`` its inputs, so that
    the explanation can be computed again years later.
    """

    class Channel(models.TextChoices):
        COUNTER = "counter"
        WEB = "web"
        GATEWAY = "gateway"
        SMS_ANSWER = "sms-answer"
        REGISTRAR = "registrar"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="requests")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="requests")
    number = models.CharField(max_length=40, unique=True)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    application_number = models.CharField(max_length=60, blank=True)
    application_on = models.DateField(null=True)
    edition = models.CharField(max_length=8)
    edition_version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=2)
    paper = models.CharField(max_length=12)
    language = models.CharField(max_length=2, default="kk")
    filed_at = models.DateTimeField()
    accepted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    clock = models.JSONField(default=dict)
    state = models.CharField(
        max_length=12, choices=[(state.value, state.value) for state in State], default=State.FILED
    )
    version = models.PositiveIntegerField(default=1)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    refusal = models.JSONField(null=True)
    certificate = models.OneToOneField(
        Certificate, on_delete=models.PROTECT, null=True, related_name="request"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["completion"],
                condition=models.Q(state__in=LIVE_STATES),
                name="one_live_request_per_completion",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "state", "due_at"], name="board"),
        ]

    def __str__(self) -> str:
        return self.number


class RequestSeries(models.Model):
    """The last request number of a provider in a year."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "year"], name="one_request_series"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.year}: {self.last}"
