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
    """One number of the register: a draft, a document, or a void entry.

    ``facts`` is the canonical record frozen by the decision. A draft with a ``file`` is prepared:
    its file bears the organisation's seal and waits for the authorised person's signature, until
    the end of the day of ``prepared_at``. The file of a document never changes.
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
    prepared_at = models.DateTimeField(null=True)
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
            models.Index(fields=["provider", "status_changed_at", "id"], name="register_changes"),
        ]

    def __str__(self) -> str:
        return self.number


class SealPolicy(models.Model):
    """How a provider's documents get their signature; without a row the person signs each one.

    ``automatic`` is possible under A303 only: a recorded reading of article 49 of the Digital
    Code, taken over by ``reading_by``. ``opens`` and ``closes`` are minutes from midnight in the
    office's zone; quotas are documents a day, empty for no limit. With ``decides_alone`` the
    machine also approves a request for a programme that the provider's own list names.
    """

    class Way(models.TextChoices):
        PERSON = "person"
        AUTOMATIC = "automatic"

    provider = models.OneToOneField(Provider, on_delete=models.PROTECT, related_name="seal_policy")
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.PERSON)
    kinds = models.JSONField(default=list)
    opens = models.PositiveSmallIntegerField(default=0)
    closes = models.PositiveSmallIntegerField(default=24 * 60)
    daily_quota = models.PositiveIntegerField(null=True)
    person_quota = models.PositiveIntegerField(null=True)
    needs_two_persons = models.BooleanField(default=False)
    decides_alone = models.BooleanField(default=False)
    reading_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reading_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(way="automatic")
                | (models.Q(reading_by__isnull=False) & models.Q(daily_quota__isnull=False)),
                name="automatic_only_within_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.way}"


class PersonSignature(models.Model):
    """The authorised person's own signature over the final file (A57.10-2), kept beside it.

    ``file`` is a detached CMS; ``document_sha256`` names the bytes it covers. The facts are those
    of the signer's certificate on the day of the check, without the IIN. ``level`` and
    ``lasts_until`` are those of its own lasting proof (CAdES B-T, B-LT, B-LTA).
    """

    certificate = models.OneToOneField(
        Certificate, on_delete=models.PROTECT, related_name="person_signature"
    )
    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    file = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    document_sha256 = models.CharField(max_length=64)
    person = models.CharField(max_length=300)
    organisation = models.CharField(max_length=300)
    bin = models.CharField(max_length=12)
    role = models.CharField(max_length=32)
    serial = models.CharField(max_length=64)
    algorithm = models.CharField(max_length=40)
    certificate_not_after = models.DateTimeField()
    signed_at = models.DateTimeField()
    accepted_at = models.DateTimeField(db_index=True)
    level = models.CharField(max_length=5, default="B-B")
    lasts_until = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.certificate_id}: {self.serial[:16]}"


class Preservation(models.Model):
    """How far the proof of a document reaches without us (PAdES B-T, B-LT, B-LTA).

    ``file`` holds the issued file with time-stamps and revocation data added behind its end; the
    issued bytes are its beginning, unchanged. ``lasts_until`` is the end of the newest
    time-stamp's certificate: before it another one is added.
    """

    class Level(models.TextChoices):
        B = "B-B"
        T = "B-T"
        LT = "B-LT"
        LTA = "B-LTA"

    certificate = models.OneToOneField(
        Certificate, on_delete=models.PROTECT, related_name="preservation"
    )
    level = models.CharField(max_length=5, choices=Level.choices, default=Level.B)
    file = models.CharField(max_length=120, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    stamped_at = models.DateTimeField(null=True)
    lasts_until = models.DateTimeField(null=True, db_index=True)
    tried_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.certificate_id}: {self.level}"
