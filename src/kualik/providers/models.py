"""Organisations that give the service, their offices and the days they are closed."""

from typing import ClassVar

from django.db import models

from kualik.rules.language import Text


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

    ``hours`` maps a weekday ("0" is Monday) to opening and closing, minutes from midnight.
    The five accessibility facts are those of A303.10.e.
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


class Closure(models.Model):
    """A day on which the provider does not work by its own decision."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="closures")
    day = models.DateField()
    reason_kk = models.CharField(max_length=200)
    reason_ru = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "day"], name="one_closure_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reason_ru}"


class Break(models.Model):
    """A technical break or a failure: named by the clock, it never extends the term (A303.7.2)."""

    class Kind(models.TextChoices):
        TECHNICAL_BREAK = "technical_break"
        INCIDENT = "incident"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note_kk = models.CharField(max_length=200)
    note_ru = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_at}"
