"""The register of certificates."""

from typing import ClassVar

from django.db import models

from kualik.accounts.models import Person, User
from kualik.providers.models import Provider
from kualik.signatures.models import SigningKey


class NumberSeries(models.Model):
    """The last number a provider gave in a year; its row is the lock against gaps."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "year"], name="one_series_a_year"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.year}: {self.last}"


class Certificate(models.Model):
    """One number of the register: a draft that waits for its seal, a document, or a void entry.

    ``facts`` is the canonical record frozen by the decision; ``file`` is rendered and sealed
    once and never again.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        VALID = "valid"
        SUSPENDED = "suspended"
        REVOKED = "revoked"
        REPLACED = "replaced"
        VOID = "void"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="certificates")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="certificates")
    number = models.CharField(max_length=40, unique=True)
    code = models.CharField(max_length=16, unique=True)
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=2)
    paper = models.CharField(max_length=12)
    holder = models.CharField(max_length=300)
    programme = models.CharField(max_length=600)
    issued_on = models.DateField()
    facts = models.JSONField()
    facts_sha256 = models.CharField(max_length=64)
    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    status_reason_kk = models.CharField(max_length=300, blank=True)
    status_reason_ru = models.CharField(max_length=300, blank=True)
    status_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, null=True, related_name="+")
    sealed_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=120, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    replaced_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaces"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "year", "sequence"], name="one_sequence_a_year"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "void"])
                | (models.Q(sealed_at__isnull=False) & ~models.Q(file="")),
                name="standing_only_when_sealed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "status", "-id"], name="register_by_status"),
        ]

    def __str__(self) -> str:
        return self.number
