"""Official papers that are no certificates, and the links that show documents."""

from typing import ClassVar

from django.db import models

from kualik.accounts.models import Person, User
from kualik.certificates.models.register import Certificate
from kualik.providers.models import Provider
from kualik.signatures.models import SigningKey


class LetterSeries(models.Model):
    """The last letter number in a year; ``scope`` is a provider's code, empty for the operator."""

    scope = models.CharField(max_length=16, blank=True)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "year"], name="one_letter_series"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.year}: {self.last}"


class Letter(models.Model):
    """An official paper that is no certificate: a refusal, a notice, a decision, a report.

    ``about`` is a journal subject (``request:DEMO-2026-000001-Z``), ``facts`` what its sheet needs,
    frozen. It is a document when ``signed``: by the authorised person (A57.10-2), whose detached
    CMS is ``signature``; or, for uniform papers without a declaration of will under A303, by the
    organisation's seal alone. ``provider`` is empty for the operator's own papers.
    """

    class Kind(models.TextChoices):
        REFUSAL = "refusal"
        NOT_ACCEPTED = "not_accepted"
        NOTICE = "notice"
        DECISION = "decision"
        TRANSCRIPT = "transcript"
        REPORT = "report"

    class State(models.TextChoices):
        DRAFT = "draft"
        PREPARED = "prepared"
        SIGNED = "signed"
        VOID = "void"

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, related_name="letters"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="letters")
    number = models.CharField(max_length=40, unique=True)
    code = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    edition = models.CharField(max_length=8)
    about = models.CharField(max_length=80)
    facts = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    signer = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, null=True, related_name="+")
    prepared_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=120, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    signature = models.CharField(max_length=120, blank=True)
    signature_facts = models.JSONField(default=dict)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["about", "kind"],
                condition=~models.Q(kind="transcript") & ~models.Q(state="void"),
                name="one_letter_of_a_kind",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="signed")
                | (models.Q(signed_at__isnull=False) & ~models.Q(file="")),
                name="letter_signed_only_when_sealed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["about"], name="letters_about"),
            models.Index(fields=["provider", "state"], name="letters_waiting"),
        ]

    def __str__(self) -> str:
        return self.number


class Share(models.Model):
    """A link by which the owner shows documents to somebody, until a day.

    ``token_hash`` is the SHA-256 of the secret in the address. Without ``certificate`` all
    documents of the person are shown.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="shares")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, null=True, related_name="shares"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=100, blank=True)
    with_files = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    opened = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "-created_at"], name="shares_own")]

    def __str__(self) -> str:
        return f"{self.person_id} until {self.ends_at:%Y-%m-%d}"
