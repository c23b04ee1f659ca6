"""Organisations that give the service, their offices and the days they are closed."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from kualik.rules.language import Text

PHOTO_FOLDER = "offices"


def photo_path(_photo: "Photo", _filename: str) -> str:
    """A name that tells nothing."""
    return f"{PHOTO_FOLDER}/{uuid4().hex}.jpg"


class Provider(models.Model):
    """An organisation of row 1 of the standard (A57.1, A303.1)."""

    class Kind(models.TextChoices):
        EDUCATION = "education"
        SCIENCE = "science"

    code = models.CharField(max_length=12, unique=True)
    bin = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name_kk = models.CharField(max_length=300)
    name_ru = models.CharField(max_length=300)
    name_en = models.CharField(max_length=300)
    city_kk = models.CharField(max_length=80)
    city_ru = models.CharField(max_length=80)
    city_en = models.CharField(max_length=80)
    accreditation = models.CharField(max_length=200, blank=True)
    accreditation_until = models.DateField(null=True, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    site = models.URLField(blank=True)

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> Text:
        """The name in the three languages."""
        return Text(self.name_kk, self.name_ru, self.name_en)

    @property
    def city(self) -> Text:
        """The city in the three languages."""
        return Text(self.city_kk, self.city_ru, self.city_en)


class Office(models.Model):
    """A place where the provider receives people.

    ``hours`` maps a weekday ("0" is Monday) to opening and closing, minutes from midnight; they are
    valid until the first of ``changes`` begins. ``latitude`` and ``longitude`` are degrees of
    WGS 84, both or none. The five accessibility facts are those of A303.10.e.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="offices")
    is_main = models.BooleanField(default=False)
    name_kk = models.CharField(max_length=200)
    name_ru = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    address_kk = models.CharField(max_length=300)
    address_ru = models.CharField(max_length=300)
    address_en = models.CharField(max_length=300)
    phones = models.JSONField(default=list)
    hours = models.JSONField(default=dict)
    windows = models.PositiveSmallIntegerField(default=1)
    latitude = models.DecimalField(max_digits=7, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    has_ramp = models.BooleanField(default=False)
    has_call_button = models.BooleanField(default=False)
    has_tactile_path = models.BooleanField(default=False)
    has_waiting_hall = models.BooleanField(default=False)
    has_sample_stand = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider"],
                condition=models.Q(is_main=True),
                name="one_main_office",
            ),
        ]

    def __str__(self) -> str:
        return self.name_ru

    @property
    def name(self) -> Text:
        """The name in the three languages."""
        return Text(self.name_kk, self.name_ru, self.name_en)

    @property
    def address(self) -> Text:
        """The address in the three languages."""
        return Text(self.address_kk, self.address_ru, self.address_en)


class HoursChange(models.Model):
    """Weekly hours of an office that are valid from a day on (A57.7.1, A303.7.1).

    ``hours`` is written as that of ``Office``; empty: those of the standard in force.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="changes")
    valid_from = models.DateField()
    hours = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "valid_from"], name="one_change_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.office_id} from {self.valid_from}"


class Photo(models.Model):
    """A picture of one accessibility fact of an office (A303.10.e), JPEG without metadata.

    ``width`` and ``height`` are pixels; ``sha256`` is that of the kept file. A row is never
    changed: another picture is another row.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="photos")
    fact = models.CharField(max_length=16)
    content = models.FileField(upload_to=photo_path)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    alt_kk = models.CharField(max_length=200)
    alt_ru = models.CharField(max_length=200)
    alt_en = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "fact"], name="one_photo_a_fact"),
        ]

    def __str__(self) -> str:
        return f"{self.office_id} {self.fact}"

    @property
    def alt(self) -> Text:
        """What is seen on the picture, for those who do not see it."""
        return Text(self.alt_kk, self.alt_ru, self.alt_en)


class Closure(models.Model):
    """A day on which the provider does not work by its own decision.

    ``begins_on`` is the first day of the closed period that the day belongs to; None: the day
    stands alone.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="closures")
    day = models.DateField()
    begins_on = models.DateField(null=True)
    reason_kk = models.CharField(max_length=200)
    reason_ru = models.CharField(max_length=200)
    reason_en = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "day"], name="one_closure_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reason_ru}"

    @property
    def reason(self) -> Text:
        """Why the provider is closed; the English words may be missing."""
        return Text(self.reason_kk, self.reason_ru, self.reason_en)


class Break(models.Model):
    """A technical break or a failure: named by the clock, it never extends the term (A303.7.2).

    ``ends_at`` is empty while a failure lasts; ``provider`` empty means that it concerns everybody.
    ``announced_at`` is when a planned break was put on the site; ``cancelled_at`` when it was taken
    back, so that the clock does not name it.
    """

    class Kind(models.TextChoices):
        TECHNICAL_BREAK = "technical_break"
        INCIDENT = "incident"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, related_name="breaks"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    note_kk = models.CharField(max_length=200)
    note_ru = models.CharField(max_length=200)
    note_en = models.CharField(max_length=200, blank=True)
    announced_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lte=models.F("ends_at")), name="break_ends_later"
            ),
            models.UniqueConstraint(
                fields=["starts_at", "ends_at"],
                condition=models.Q(kind="technical_break", cancelled_at=None),
                name="one_planned_break",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_at}"

    @property
    def note(self) -> Text:
        """What is done in the break; the English words may be missing."""
        return Text(self.note_kk, self.note_ru, self.note_en)
