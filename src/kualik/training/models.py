"""What a provider teaches, to whom, and the lists that say who completed it."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from kualik.accounts.models import Person
from kualik.providers.models import Provider
from kualik.rules.facts import KINDS
from kualik.rules.language import Text

LIST_FOLDER = "training/lists"


def list_path(_draft: "ImportDraft", _filename: str) -> str:
    """A name that tells nothing: the office's own may hold names or numbers of people."""
    return f"{LIST_FOLDER}/{uuid4().hex}"


class Programme(models.Model):
    """An educational programme; ``kind`` is pd, cc or rt (A57.5, A303.5)."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="programmes")
    kind = models.CharField(max_length=2, choices=[(kind, kind) for kind in KINDS])
    title_kk = models.CharField(max_length=500)
    title_ru = models.CharField(max_length=500)
    specialty_kk = models.CharField(max_length=200, blank=True)
    specialty_ru = models.CharField(max_length=200, blank=True)
    hours = models.PositiveSmallIntegerField()
    credits = models.DecimalField(max_digits=5, decimal_places=2)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "kind", "title_ru", "hours"], name="one_programme"
            ),
            models.CheckConstraint(
                condition=models.Q(hours__gt=0, credits__gt=0), name="programme_has_volume"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.title_ru} ({self.hours})"

    @property
    def title(self) -> Text:
        """The title in both languages of the register."""
        return Text(self.title_kk, self.title_ru)


class Group(models.Model):
    """People taught together; it ended on the day the last of them mastered the programme."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="groups")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(max_length=200)
    started_on = models.DateField()
    ended_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "started_on", "name"], name="one_group"),
            models.CheckConstraint(
                condition=models.Q(ended_on__gte=models.F("started_on")),
                name="group_ends_after_start",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["provider", "-ended_on"], name="group_recent")]

    def __str__(self) -> str:
        return self.name

    @property
    def own_name(self) -> str:
        """The office's own name where it says more than the programme's title, in one language."""
        return "" if self.name.startswith(self.programme.title_ru[:100]) else self.name

    @property
    def label(self) -> Text:
        """What was learned, when, and the own name, if any: as lists tell groups apart."""
        days = f"{self.started_on:%d.%m.%Y} – {self.ended_on:%d.%m.%Y}"
        said = ", ".join(filter(None, (days, self.own_name)))
        return Text(f"{self.programme.title_kk}, {said}", f"{self.programme.title_ru}, {said}")


class Completion(models.Model):
    """Full mastery of a programme by a person: it starts the term of A57.3.1 and A303.3.1.

    Names are kept as the document prints them; ``Person`` may be renamed later.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="completions")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="completions")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="completions")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="completions")
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100, blank=True)
    patronymic = models.CharField(max_length=100, blank=True)
    holder_kk = models.CharField(max_length=302)
    holder_ru = models.CharField(max_length=302)
    phone = models.CharField(max_length=32, blank=True)
    email = models.EmailField(blank=True)
    workplace = models.CharField(max_length=300, blank=True)
    position = models.CharField(max_length=200, blank=True)
    result = models.CharField(max_length=60, blank=True)
    protocol = models.CharField(max_length=120, blank=True)
    started_on = models.DateField()
    mastered_on = models.DateField()
    hours = models.PositiveSmallIntegerField()
    credits = models.DecimalField(max_digits=5, decimal_places=2)
    study_form = models.CharField(max_length=60, blank=True)
    source_row = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "person"], name="one_completion_a_group"),
            models.UniqueConstraint(
                fields=["person", "programme", "mastered_on"], name="one_completion_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(mastered_on__gte=models.F("started_on")),
                name="completion_mastered_after_start",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "-mastered_on"], name="completion_recent"),
        ]

    def __str__(self) -> str:
        return f"completion {self.pk}"


class ImportDraft(models.Model):
    """An uploaded list before its import, or one that a learning system was asked for.

    The file is private and deleted with the import; what stays is its name, hash and counts.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="imports")
    uploaded_by = models.CharField(max_length=120)
    filename = models.CharField(max_length=200)
    content = models.FileField(upload_to=list_path, blank=True)
    sha256 = models.CharField(max_length=64)
    sheet = models.CharField(max_length=100, blank=True)
    mapping = models.JSONField(default=dict)
    defaults = models.JSONField(default=dict)
    moodle_course = models.ForeignKey(
        "MoodleCourse", on_delete=models.SET_NULL, null=True, related_name="lists"
    )
    created_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["provider", "-created_at"], name="import_recent")]

    def __str__(self) -> str:
        return f"import {self.pk}"


class HeaderMapping(models.Model):
    """What an office said a header means; ``field`` is empty when the column is not used."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="headers")
    header = models.CharField(max_length=200)
    field = models.CharField(max_length=32, blank=True)
    chosen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "header"], name="one_meaning_a_header"),
        ]

    def __str__(self) -> str:
        return f"{self.header} → {self.field}"


class MoodleSource(models.Model):
    """A provider's learning system that is asked for who completed a course.

    ``iin_field`` is where an IIN stands there: "idnumber" or the short name of a profile field;
    ``token_sealed`` the web service token; ``name`` and ``release`` are what it says of itself.
    """

    provider = models.OneToOneField(Provider, on_delete=models.PROTECT, related_name="moodle")
    url = models.CharField(max_length=300)
    token_sealed = models.BinaryField()
    iin_field = models.CharField(max_length=60, default="idnumber")
    name = models.CharField(max_length=200, blank=True)
    release = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.url


class MoodleCourse(models.Model):
    """A course there and the programme it teaches here, to the group that began on a day.

    ``outcome`` counts its learners as they were asked last; ``fault`` is the code of what stood in
    the way, with ``fault_params``.
    """

    source = models.ForeignKey(MoodleSource, on_delete=models.CASCADE, related_name="courses")
    course_id = models.PositiveIntegerField()
    name = models.CharField(max_length=300)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    started_on = models.DateField()
    asked_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)
    fault = models.CharField(max_length=60, blank=True)
    fault_params = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "course_id"], name="one_moodle_course"),
        ]

    def __str__(self) -> str:
        return self.name
