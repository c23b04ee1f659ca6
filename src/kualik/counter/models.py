"""The hall: tickets, windows, who waited how long for whom, and what was handed out."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from kualik.accounts.models import Person, User
from kualik.cases.models import Mandate, Request
from kualik.certificates.models import Blank
from kualik.providers.models import Office

SLIP_FOLDER = "counter/slips"


def slip_path(_hand_over: "HandOver", _filename: str) -> str:
    """A name that tells nothing."""
    return f"{SLIP_FOLDER}/{uuid4().hex}"


class Hall(models.Model):
    """How the queue of an office works; without a row the office has no queue.

    ``stamp`` grows with every change of the queue, so that screens ask for the rest only when it
    did. Minutes are whole; ``slot_places`` people may book each slot, 0 for no booking. ``printer``
    is ``tcp://host:port`` of a ticket printer, empty when the browser prints. Screens paired with
    another ``pairing`` than the present one are none of the hall's any more.
    """

    office = models.OneToOneField(Office, on_delete=models.PROTECT, related_name="hall")
    recalls = models.PositiveSmallIntegerField(default=3)
    return_minutes = models.PositiveSmallIntegerField(default=10)
    slot_minutes = models.PositiveSmallIntegerField(default=15)
    slot_places = models.PositiveSmallIntegerField(default=1)
    printer = models.CharField(max_length=120, blank=True)
    stamp = models.PositiveBigIntegerField(default=0)
    pairing = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"hall of office {self.office_id}"


class Window(models.Model):
    """A window of the hall. ``lines`` are the codes of what it serves; empty: everything.

    ``seen_at`` is when its page last asked for anything, ``away_from`` and ``away_until`` the last
    gap between two such moments: what proves that the page could not be reached.
    """

    class State(models.TextChoices):
        CLOSED = "closed"
        OPEN = "open"
        PAUSED = "paused"

    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="counter_windows")
    number = models.PositiveSmallIntegerField()
    lines = models.JSONField(default=list)
    state = models.CharField(max_length=6, choices=State.choices, default=State.CLOSED)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    away_from = models.DateTimeField(null=True)
    away_until = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "number"], name="one_window_a_number"),
            models.UniqueConstraint(
                fields=["user"],
                condition=~models.Q(state="closed"),
                name="one_window_a_clerk",
            ),
            models.CheckConstraint(
                condition=models.Q(state="closed") | models.Q(user__isnull=False),
                name="somebody_sits_at_an_open_window",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office_id}/{self.number}"


class Shift(models.Model):
    """A period in which somebody sat at a window, open or paused."""

    window = models.ForeignKey(Window, on_delete=models.PROTECT, related_name="shifts")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="shifts")
    state = models.CharField(max_length=6, choices=Window.State.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["window"], condition=models.Q(ended_at=None), name="one_running_shift"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.window_id} {self.state} {self.started_at}"


class Visit(models.Model):
    """Somebody's ticket of one day.

    Waiting runs from ``waiting_from`` (``queries.waiting.first_moment``) to ``handed_in_at``
    (A57.3.2, A303.3.2), serving from there to ``ended_at`` (A57.3.3, A303.3.3); the call is
    neither. ``handed_in_noted_at`` is when a moment of handing in that lay back and that nothing
    proves was entered; ``is_recorded_later``: at least one moment was entered after it passed.
    What took too long has a cause of ``data/reasons.toml``; the clerk's own words about it stay
    with the visit. ``asked_later_at``: the visitor let others pass. ``place_at`` orders the line:
    the moment of the ticket, or the slot booked. ``window`` is where the person was called to;
    while waiting the window that the person was passed to. ``line`` is the one of the number,
    ``passed_line`` the other line that the person was passed to. ``key`` makes a second tap no
    second ticket. ``token_hash`` is the SHA-256 of the secret in the phone's address.
    """

    class State(models.TextChoices):
        BOOKED = "booked"
        WAITING = "waiting"
        CALLED = "called"
        SERVING = "serving"
        HELD = "held"
        MISSED = "missed"
        DONE = "done"
        LEFT = "left"

    class Source(models.TextChoices):
        KIOSK = "kiosk"
        RECEPTION = "reception"
        PHONE = "phone"
        BOOKING = "booking"
        PAPER = "paper"

    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="visits")
    day = models.DateField()
    line = models.CharField(max_length=24)
    passed_line = models.CharField(max_length=24, blank=True)
    number = models.CharField(max_length=8)
    sequence = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=9, choices=Source.choices)
    language = models.CharField(max_length=2, default="kk")
    priority = models.CharField(max_length=24, blank=True)
    key = models.CharField(max_length=64, unique=True)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    phone = models.CharField(max_length=16, blank=True)
    slot_at = models.DateTimeField(null=True)
    ticket_at = models.DateTimeField(null=True)
    waiting_from = models.DateTimeField(null=True)
    asked_later_at = models.DateTimeField(null=True)
    place_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices)
    version = models.PositiveIntegerField(default=1)
    window = models.ForeignKey(Window, on_delete=models.PROTECT, null=True, related_name="visits")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    called_at = models.DateTimeField(null=True)
    calls = models.PositiveSmallIntegerField(default=0)
    return_until = models.DateTimeField(null=True)
    handed_in_at = models.DateTimeField(null=True)
    handed_in_noted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_recorded_later = models.BooleanField(default=False)
    outcome = models.CharField(max_length=24, blank=True)
    waiting_cause = models.CharField(max_length=24, blank=True)
    serving_cause = models.CharField(max_length=24, blank=True)
    waiting_reason = models.CharField(max_length=300, blank=True)
    serving_reason = models.CharField(max_length=300, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="visits")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, related_name="+")
    requests: ClassVar = models.ManyToManyField(Request, related_name="visits", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["office", "day", "line", "sequence"], name="one_ticket_a_number"
            ),
            models.UniqueConstraint(
                fields=["window"],
                condition=models.Q(state__in=["called", "serving"]),
                name="one_visit_at_a_window",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["office", "day", "state", "place_at"], name="line_of_a_day"),
            models.Index(fields=["office", "line", "state", "ended_at"], name="ended_of_a_line"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"


class Period(models.Model):
    """How long a visit was in a state, where and with whom.

    ``is_recorded_later``: its beginning or its end was entered after that moment.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="periods")
    state = models.CharField(max_length=7, choices=Visit.State.choices)
    window = models.ForeignKey(Window, on_delete=models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    is_recorded_later = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["visit"], condition=models.Q(ended_at=None), name="one_running_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.state} {self.started_at}"


class Identification(models.Model):
    """How the clerk made sure who stands at the window (A57.8.1, A303.8.1).

    ``kind`` is one of ``accounts.queries.identity_documents``, ``number_sealed`` the document's
    number (AES-256-GCM), ``number_end`` its last three signs. What came from the digital documents
    service is in ``facts`` until ``expires_at``; then only that it was seen remains.
    """

    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, null=True, related_name="identifications"
    )
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identifications")
    kind = models.CharField(max_length=24)
    number_sealed = models.BinaryField(max_length=128)
    number_end = models.CharField(max_length=3)
    valid_until = models.DateField(null=True)
    facts = models.JSONField(default=dict)
    expires_at = models.DateTimeField(null=True, db_index=True)
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"


class DocumentAsk(models.Model):
    """A question to the digital documents service, which the person allows in the app (A303.10.c).

    ``reference`` is the service's name for the question; ``iin_hash`` whose document is asked for.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        ALLOWED = "allowed"
        DENIED = "denied"
        EXPIRED = "expired"
        FAILED = "failed"

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, related_name="asks")
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    iin_hash = models.CharField(max_length=64)
    iin_sealed = models.BinaryField(max_length=64)
    kind = models.CharField(max_length=32)
    reference = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.ASKED)
    fault = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    identification = models.OneToOneField(
        Identification, on_delete=models.PROTECT, null=True, related_name="ask"
    )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class HandOver(models.Model):
    """Who got a document on paper, and what proves it (A57.10-2).

    ``way`` "slip": signed by the receiver on the printed slip whose scan may be kept; "code": a
    code sent to the number confirmed for the receiver was said at the window, ``evidence`` tells.
    """

    class Way(models.TextChoices):
        SLIP = "slip"
        CODE = "code"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="hand_overs")
    blank = models.OneToOneField(
        Blank, on_delete=models.PROTECT, null=True, related_name="hand_over"
    )
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, related_name="hand_overs")
    number = models.CharField(max_length=40, unique=True)
    receiver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, related_name="+")
    way = models.CharField(max_length=4, choices=Way.choices)
    evidence = models.JSONField(default=dict)
    scan = models.FileField(upload_to=slip_path, blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    handed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number
