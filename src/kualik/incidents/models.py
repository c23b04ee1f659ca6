"""Failures of the system: what failed, whom it touched, who was told, and the protocol."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.providers.models import Break, Provider

PROTOCOL_FOLDER = "incidents/protocols"
PROBE_FOLDER = "incidents/probes"


def protocol_path(_report: "Report", _filename: str) -> str:
    """A name that tells nothing."""
    return f"{PROTOCOL_FOLDER}/{uuid4().hex}"


class Probe(models.Model):
    """What the system last found when it tried one of its parts.

    ``since`` is when the present answer began; ``failures`` and ``passes`` count the tries in a row
    without and with success.
    """

    code = models.CharField(max_length=32, unique=True)
    is_well = models.BooleanField(default=True)
    since = models.DateTimeField()
    tried_at = models.DateTimeField()
    well_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    passes = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.code} {'well' if self.is_well else 'ill'}"


class Incident(models.Model):
    """One failure with one cause (A57.10-4).

    ``cause`` is a probe's code, or "declared"; ``provider`` empty means that it touched all.
    ``found_at`` is when the system or a person noticed it; the terms run from there. ``readings``
    are what the probe answered, each ``{"at", "well", "fault"}``, one for each change. ``pause`` is
    the row that the legal clock names in its steps; it never extends a term.
    """

    class State(models.TextChoices):
        LASTS = "lasts"
        OVER = "over"
        CLOSED = "closed"

    number = models.CharField(max_length=40, unique=True)
    cause = models.CharField(max_length=32)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, related_name="incidents"
    )
    state = models.CharField(max_length=6, choices=State.choices, default=State.LASTS)
    began_at = models.DateTimeField()
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    declared_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    what_kk = models.CharField(max_length=500)
    what_ru = models.CharField(max_length=500)
    what_en = models.CharField(max_length=500, blank=True)
    fault = models.CharField(max_length=200, blank=True)
    readings = models.JSONField(default=list)
    pause = models.OneToOneField(
        Break, on_delete=models.PROTECT, null=True, related_name="incident"
    )
    requests: ClassVar = models.ManyToManyField(Request, related_name="incidents", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cause"],
                condition=models.Q(state="lasts", provider=None) & ~models.Q(cause="declared"),
                name="one_incident_a_cause",
            ),
            models.UniqueConstraint(
                fields=["cause", "provider"],
                condition=models.Q(state="lasts", provider__isnull=False)
                & ~models.Q(cause="declared"),
                name="one_incident_a_cause_and_provider",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "began_at"], name="incidents_lasting")]

    def __str__(self) -> str:
        return f"{self.number} {self.cause}"


class Proposal(models.Model):
    """A failure that a clerk saw, for the head of the office to publish or to decline.

    ``incident`` is what came of it; nobody outside the provider's staff reads the words before.
    """

    class State(models.TextChoices):
        OPEN = "open"
        PUBLISHED = "published"
        DECLINED = "declined"

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="proposed_incidents"
    )
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    what_kk = models.CharField(max_length=500)
    what_ru = models.CharField(max_length=500)
    what_en = models.CharField(max_length=500, blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="proposals"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "proposed_by", "began_at"],
                condition=models.Q(state="open"),
                name="one_open_proposal_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.state}"


class IncidentSeries(models.Model):
    """The last incident number in a year."""

    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Report(models.Model):
    """What one provider owes of an incident: the notice to the operator, and the protocol signed.

    Two terms of one working day: ``notice_due_at`` from the finding, ``protocol_due_at`` from the
    notice. ``notice`` names the proof that the operator was told (way, message, moment);
    ``protocol`` is the operator's file, ``signature`` the authorised person's CMS over it.
    ``measures`` are what was done, in the two languages of the draft; ``remark`` is why the report
    was called off.
    """

    class State(models.TextChoices):
        TO_TELL = "to_tell"
        TOLD = "told"
        TO_SIGN = "to_sign"
        SIGNED = "signed"
        CANCELLED = "cancelled"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="reports")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="reports")
    state = models.CharField(max_length=9, choices=State.choices, default=State.TO_TELL)
    version = models.PositiveIntegerField(default=1)
    notice_due_at = models.DateTimeField()
    notice = models.JSONField(default=dict)
    told_at = models.DateTimeField(null=True)
    protocol_due_at = models.DateTimeField(null=True)
    protocol = models.FileField(upload_to=protocol_path, blank=True)
    protocol_name = models.CharField(max_length=120, blank=True)
    protocol_number = models.CharField(max_length=60, blank=True)
    protocol_on = models.DateField(null=True)
    protocol_sha256 = models.CharField(max_length=64, blank=True)
    protocol_at = models.DateTimeField(null=True)
    signer = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    signature = models.BinaryField(null=True)
    signature_facts = models.JSONField(default=dict)
    signed_at = models.DateTimeField(null=True)
    measures_kk = models.CharField(max_length=500, blank=True)
    measures_ru = models.CharField(max_length=500, blank=True)
    remark = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "provider"], name="one_report_a_provider"),
            models.CheckConstraint(
                condition=~models.Q(state="signed") | models.Q(signature__isnull=False),
                name="protocol_signed_only_with_signature",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.provider_id} {self.state}"
