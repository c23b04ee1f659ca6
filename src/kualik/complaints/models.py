"""Complaints as cases of their own, with their files and decisions (A57.17-2)."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from kualik.accounts.models import Person, User
from kualik.cases.models import Request
from kualik.providers.models import Provider
from kualik.rules import complaints as law

FILE_FOLDER = "complaints/files"


def file_path(_file: "ComplaintFile", _filename: str) -> str:
    """A name that tells nothing: the person's own may hold anything."""
    return f"{FILE_FOLDER}/{uuid4().hex}"


class Complaint(models.Model):
    """A complaint of a decision, a delay, the queue or somebody's conduct.

    ``person`` is known when the complainant entered the own cabinet or showed a document; a
    complaint is taken without IIN too (APPC, article 93). ``named_number`` is the request as the
    complainant wrote it, ``request`` the one found by it. ``clocks`` are records of
    ``rules.complaints``, one for each term; ``warn_at`` and ``due_at`` are those of the next term
    that runs. ``against`` is the member of staff complained of, ``key`` comes with the form:
    sending it twice files one.
    """

    class State(models.TextChoices):
        REGISTERED = "registered"
        IN_REVIEW = "in_review"
        FORWARDED = "forwarded"
        DECIDED = "decided"
        WITHDRAWN = "withdrawn"

    class Channel(models.TextChoices):
        WEB = "web"
        COUNTER = "counter"
        PHONE = "phone"

    number = models.CharField(max_length=40, unique=True)
    key = models.CharField(max_length=64, unique=True)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="complaints")
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, related_name="complaints"
    )
    request = models.ForeignKey(
        Request, on_delete=models.PROTECT, null=True, related_name="complaints"
    )
    named_number = models.CharField(max_length=64, blank=True)
    subject = models.CharField(
        max_length=12, choices=[(one.code, one.code) for one in law.law().subjects]
    )
    text = models.TextField()
    wish = models.TextField(blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    language = models.CharField(max_length=2, default="kk")
    complainant = models.CharField(max_length=302)
    postal_address = models.CharField(max_length=300, blank=True)
    residence = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    email = models.EmailField(blank=True)
    known_on = models.DateField(null=True)
    ways_were_named = models.BooleanField(default=True)
    is_late = models.BooleanField(default=False)
    late_reason = models.TextField(blank=True)
    received_at = models.DateTimeField()
    registered_on = models.DateField()
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    against = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    handler = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="complaints_handled"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.REGISTERED)
    version = models.PositiveIntegerField(default=1)
    clocks = models.JSONField(default=list)
    warn_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    forwarded_at = models.DateTimeField(null=True)
    forwarded_to = models.CharField(max_length=24, blank=True)
    closed_at = models.DateTimeField(null=True)
    court_note = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["provider", "state", "due_at"], name="complaints_board"),
            models.Index(fields=["person", "-received_at"], name="complaints_own"),
            models.Index(fields=["warn_at"], name="complaints_to_warn"),
        ]

    def __str__(self) -> str:
        return self.number


class ComplaintDecision(models.Model):
    """What a body decided: one of six kinds, with its reasons (APPC, article 100).

    ``body`` is the term's code of who decided; of another body ``outer_number`` and ``outer_on``
    are those of its paper. ``effect`` is what was done with the request. ``is_own`` marks that the
    official complained of satisfied it in full within three days (APPC, article 91, part 4).
    """

    class Effect(models.TextChoices):
        NONE = "none"
        REOPEN = "reopen"
        HASTEN = "hasten"
        REISSUE = "reissue"
        CANCEL = "cancel"

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="decisions")
    body = models.CharField(max_length=16)
    kind = models.CharField(
        max_length=24, choices=[(one.code, one.code) for one in law.law().decisions]
    )
    findings_kk = models.TextField()
    findings_ru = models.TextField()
    effect = models.CharField(max_length=8, choices=Effect.choices, default=Effect.NONE)
    is_own = models.BooleanField(default=False)
    outer_number = models.CharField(max_length=60, blank=True)
    outer_on = models.DateField(null=True)
    letter_number = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["complaint", "body"], name="one_decision_a_body"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}: {self.kind}"


class ComplaintFile(models.Model):
    """A file of a complaint: what the complainant added, or the case as it was sent on."""

    class Purpose(models.TextChoices):
        ADDED = "added"
        CASE = "case"

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="files")
    purpose = models.CharField(max_length=5, choices=Purpose.choices, default=Purpose.ADDED)
    filename = models.CharField(max_length=120)
    content = models.FileField(upload_to=file_path)
    media_type = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"file {self.pk}"


class ComplaintSeries(models.Model):
    """The last complaint number of a provider in a year."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "year"], name="one_complaint_series"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.year}: {self.last}"
