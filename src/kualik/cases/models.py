"""The request for the service, from filing to the result, and what people add to it."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from kualik.accounts.models import Person, User
from kualik.certificates.models import Certificate
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import OPEN_STATES, State
from kualik.training.models import Completion

# A completion with a request in one of these states has its document or is on the way to it.
LIVE_STATES = sorted(state.value for state in (*OPEN_STATES, State.HANDED_OVER))
ATTACHMENT_FOLDER = "cases/attachments"


def attachment_path(_attachment: "Attachment", _filename: str) -> str:
    """A name that tells nothing: the person's own may hold anything."""
    return f"{ATTACHMENT_FOLDER}/{uuid4().hex}"


class Mandate(models.Model):
    """A power of attorney: ``representative`` acts for somebody else (A57.8.head, A303.8.head).

    ``principal`` is empty until the one named by ``principal_hash`` is known to us. It counts when
    ``checked``: by a clerk of ``provider`` who saw the scan, or by the principal's own signature.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        CHECKED = "checked"
        REFUSED = "refused"
        REVOKED = "revoked"

    representative = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="mandates")
    principal = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, related_name="mandates_given"
    )
    principal_hash = models.CharField(max_length=64, db_index=True)
    principal_name = models.CharField(max_length=302)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="mandates")
    document_number = models.CharField(max_length=60)
    issued_by = models.CharField(max_length=200)
    issued_on = models.DateField()
    valid_until = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=120, blank=True)
    evidence = models.JSONField(default=dict)
    reason_kk = models.CharField(max_length=500, blank=True)
    reason_ru = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"mandate {self.pk} {self.state}"


class Request(models.Model):
    """An application for a document; it keeps the edition it was filed under for ever.

    ``accepted_at`` and ``due_at`` are the legal clock's answers, ``clock`` its inputs, so that
    the explanation can be computed again years later. A request of somebody whom no list names
    has no ``completion`` until staff find it; ``claim`` is what the person says of the training:
    "title", "kind", "started_on", "ended_on" (ISO days), "hours" (0 if not told), "comment",
    "holder", "phone", "email"; beside a completion it is the
    person's "comment" alone. ``application_number`` and ``application_on`` are those of the paper
    application, of the wish to correct, or of the portal that sent it. ``replaces`` is the standing
    document in whose place a corrected one is asked for, or the revoked one after which it is asked
    for anew; such a request lives beside the one that document came from.
    """

    class Channel(models.TextChoices):
        COUNTER = "counter"
        WEB = "web"
        GATEWAY = "gateway"
        SMS_ANSWER = "sms-answer"
        REGISTRAR = "registrar"

    class Delivery(models.TextChoices):
        """How the person wants the document (A57.4, A303.4)."""

        ELECTRONIC = "electronic"
        PAPER = "paper"
        BOTH = "both"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="requests")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    completion = models.ForeignKey(
        Completion, on_delete=models.PROTECT, null=True, related_name="requests"
    )
    claim = models.JSONField(null=True)
    mandate = models.ForeignKey(
        Mandate, on_delete=models.PROTECT, null=True, related_name="requests"
    )
    number = models.CharField(max_length=40, unique=True)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    application_number = models.CharField(max_length=60, blank=True)
    application_on = models.DateField(null=True)
    edition = models.CharField(max_length=8)
    edition_version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=2)
    paper = models.CharField(max_length=12)
    language = models.CharField(max_length=2, default="kk")
    delivery = models.CharField(
        max_length=10, choices=Delivery.choices, default=Delivery.ELECTRONIC
    )
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
    replaces = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, null=True, related_name="replacements"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["completion"],
                condition=models.Q(state__in=LIVE_STATES, replaces=None),
                name="one_live_request_per_completion",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=models.Q(state__in=LIVE_STATES),
                name="one_live_replacement_a_document",
            ),
            models.CheckConstraint(
                condition=models.Q(completion__isnull=False) | models.Q(claim__isnull=False),
                name="request_is_about_a_training",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "state", "due_at"], name="board"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def title(self) -> Text:
        """What was learned: the programme's title, or the person's words for it."""
        if self.completion is not None:
            return self.completion.programme.title
        return Text(self.claimed("title"), self.claimed("title"))

    @property
    def holder(self) -> Text:
        """The full name as each language's column prints it."""
        if self.completion is not None:
            return Text(self.completion.holder_kk, self.completion.holder_ru)
        return Text(self.claimed("holder"), self.claimed("holder"))

    @property
    def phone(self) -> str:
        """The number that stood in the list or in the claim; confirmed for nobody by that."""
        return self.completion.phone if self.completion else self.claimed("phone")

    @property
    def email(self) -> str:
        """The address of the list or of the claim."""
        return self.completion.email if self.completion else self.claimed("email")

    def claimed(self, name: str) -> str:
        """What the person said under a name of the claim; empty if nothing."""
        return str((self.claim or {}).get(name, ""))


class FormerDecision(models.Model):
    """A refusal that an upheld complaint took back (A57.17-2): the request is decided anew, what
    had been decided, and when, stays in the figures of its time. ``state`` is the one it led to."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="former_decisions")
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in State])
    refusal = models.JSONField()
    decided_at = models.DateTimeField()
    undone_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.request} {self.decided_at:%Y-%m-%d}"


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


class Evidence(models.Model):
    """How a request was confirmed by its applicant (A57.8.1, A57.8.2, A303.8.1, A303.8.2).

    ``content`` is the canonical text that the person saw and agreed to, ``sha256`` its digest.
    ``level`` is "eds", "idp", "otp", "sms", "counter" or "gateway", ``way`` the page or carrier;
    ``facts`` by level: the certificate's serial and owner, the confirmed number (masked), the
    message and its answer, the record of identification with the document's kind and end, the
    portal's message with what its signatures say.
    ``signature`` is a CMS over ``content``; a confirmation without it is never called a signature.
    """

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="evidence")
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    level = models.CharField(max_length=8)
    way = models.CharField(max_length=24)
    facts = models.JSONField(default=dict)
    signature = models.BinaryField(null=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.request_id}: {self.level}"


class Correction(models.Model):
    """Somebody's wish that the data of a completed programme be written otherwise.

    ``wanted`` holds the new values by the name of the completion's field, ``before`` what stood
    there when it was asked for; it stops nothing else.
    """

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="corrections")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="corrections")
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="corrections")
    number = models.CharField(max_length=40, unique=True)
    wanted = models.JSONField()
    before = models.JSONField(default=dict)
    note = models.CharField(max_length=1000, blank=True)
    language = models.CharField(max_length=2, default="kk")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    filed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reason_kk = models.CharField(max_length=500, blank=True)
    reason_ru = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["completion"],
                condition=models.Q(state="open"),
                name="one_open_correction_per_completion",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["provider", "state"], name="corrections_open")]

    def __str__(self) -> str:
        return self.number


class Attachment(models.Model):
    """A scan that somebody sent; PDF, PNG or JPEG, looked at before it is kept.

    It belongs to one of a request, a correction, a mandate; while a draft is being written it
    belongs to the draft's person alone. ``purpose`` is what it is shown for.
    """

    class Purpose(models.TextChoices):
        TRAINING = "training"
        NAME = "name"
        MANDATE = "mandate"
        OTHER = "other"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="attachments")
    request = models.ForeignKey(
        Request, on_delete=models.PROTECT, null=True, related_name="attachments"
    )
    correction = models.ForeignKey(
        Correction, on_delete=models.PROTECT, null=True, related_name="attachments"
    )
    mandate = models.ForeignKey(
        Mandate, on_delete=models.PROTECT, null=True, related_name="attachments"
    )
    draft = models.ForeignKey(
        "Draft", on_delete=models.SET_NULL, null=True, related_name="attachments"
    )
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    filename = models.CharField(max_length=120)
    content = models.FileField(upload_to=attachment_path)
    media_type = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"attachment {self.pk}"


class Draft(models.Model):
    """A form that a person began: kept when the connection or the session is lost.

    ``key`` comes with the form: sending it twice files once, and ``result`` names what was filed
    (a number). ``kind`` is the form, ``data`` what was typed so far.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="drafts")
    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=64, unique=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(db_index=True)
    result = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.key[:8]}"


class HumanReview(models.Model):
    """A person's demand that somebody look again at what a machine decided (Digital Code, 43)."""

    class Outcome(models.TextChoices):
        OPEN = "open"
        CONFIRMED = "confirmed"
        CHANGED = "changed"

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="human_review")
    why = models.CharField(max_length=1000, blank=True)
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices, default=Outcome.OPEN)
    answer_kk = models.CharField(max_length=1000, blank=True)
    answer_ru = models.CharField(max_length=1000, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.request_id}: {self.outcome}"
