"""The forms of the import: the file, its columns, what is said once for the group."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from kualik.accounts.forms import SearchField
from kualik.core import errors
from kualik.core.language import spoken
from kualik.notifications.adapters.outbound import LONGEST_URL
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import KIND_LABELS
from kualik.rules.language import Text
from kualik.rules.volumes import check_volume
from kualik.training.adapters.grid import MAX_BYTES
from kualik.training.adapters.moodle import ID_NUMBER
from kualik.training.models import Programme
from kualik.training.services import ColumnMapping, GroupDefaults, fields
from kualik.training.services.cells import unprinted_letters
from kualik.training.services.moodle import CourseFacts, SourceFacts
from kualik.training.services.programmes import ProgrammeFacts

NAME_FIELDS: Final = frozenset({"full_name", "full_name_given_first", "family_name"})
DATES: Final = ("started_on", "ended_on")
ASKED: Final = ("kind", "title_kk", "title_ru", "hours", "credits", *DATES)
SPECIALTIES: Final = ("specialty_kk", "specialty_ru")
PRINTED: Final = ("title_kk", "title_ru", *SPECIALTIES)
# Hours and credits follow from each other, so only one of them must be said.
REQUIRED: Final = frozenset(ASKED) - {"credits"}


class GroupSearchForm(forms.Form):
    """Words of a title or of a group's name."""

    q = SearchField(
        label=_lazy("Search by title or group"),
        required=False,
        max_length=200,
        widget=forms.SearchInput,
    )


class UploadForm(forms.Form):
    """The list as the office has it."""

    file = forms.FileField(
        label=_lazy("File with the list"),
        help_text=_lazy("XLSX or CSV, up to 5 MB and 5,000 people"),
        max_length=400,
        widget=forms.FileInput({"accept": ".xlsx,.csv"}),
        error_messages={
            "required": _lazy("Choose a file."),
            "empty": _lazy("The file is empty."),
        },
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            violation = RuleViolation("list_too_large", megabytes=MAX_BYTES // 1024 // 1024)
            raise forms.ValidationError(errors.message(violation))
        return file


class ColumnsForm(forms.Form):
    """The meaning of each column; ``changes`` holds only those set otherwise than found."""

    def __init__(self, *args: Any, mapping: ColumnMapping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mapping = mapping
        choices = [("", _("Do not use"))]
        choices += [(name, spoken(text)) for name, text in fields().items()]
        for match in mapping.columns:
            self.fields[match.letter] = forms.ChoiceField(
                label=_("Column %(letter)s holds") % {"letter": match.letter},
                choices=choices,
                required=False,
                initial=match.field or "",
            )

    def clean(self) -> dict[str, Any]:
        taken: dict[str, str] = {}
        for letter, name in list(self.cleaned_data.items()):
            if name and name in taken:
                told = {"letter": taken[name]}
                self.add_error(letter, _("Column %(letter)s holds this already.") % told)
            taken.setdefault(name, letter)
        if "iin" not in taken:
            self.add_error(None, _("Say which column holds the IIN."))
        if not NAME_FIELDS & set(taken):
            self.add_error(None, _("Say which column holds the surname or the whole name."))
        return self.cleaned_data

    def changes(self) -> dict[str, str | None]:
        """Column letter → field, None for a column that is no longer used."""
        return {
            match.letter: self.cleaned_data[match.letter] or None
            for match in self.mapping.columns
            if self.cleaned_data[match.letter] != (match.field or "")
        }


def programme_label(programme: Programme) -> str:
    """A programme by title, kind and volume."""
    told = {
        "title": spoken(programme.title),
        "kind": spoken(KIND_LABELS[programme.kind]),
        "hours": programme.hours,
    }
    return _("%(title)s (%(kind)s, %(hours)s h)") % told


class DayField(forms.DateField):
    """A day chosen from the browser's calendar or typed as 20.11.2026."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d", "%d.%m.%Y"], **kwargs)


class GroupForm(forms.Form):
    """What the list does not hold; a programme of the provider's own may fill most of it."""

    programme = forms.ChoiceField(
        label=_lazy("Your programme"),
        help_text=_lazy("Fills kind, titles, volume and specialty; leave empty for a new one."),
        required=False,
    )
    kind = forms.ChoiceField(label=_lazy("Kind of training"), required=False)
    title_kk = forms.CharField(
        label=_lazy("Title in Kazakh"), max_length=500, widget=forms.Textarea({"rows": 2})
    )
    title_ru = forms.CharField(
        label=_lazy("Title in Russian"), max_length=500, widget=forms.Textarea({"rows": 2})
    )
    hours = forms.IntegerField(label=_lazy("Hours"), min_value=1, max_value=9999)
    credits = forms.DecimalField(
        label=_lazy("Credits"),
        help_text=_lazy("Left empty, they follow from the hours."),
        min_value=0,
        max_value=999,
        max_digits=5,
        decimal_places=2,
    )
    started_on = DayField(label=_lazy("First day of training"))
    ended_on = DayField(
        label=_lazy("Day of full mastery"),
        help_text=_lazy("The term of the service counts from it."),
    )
    specialty_kk = forms.CharField(label=_lazy("Specialty in Kazakh"), max_length=200)
    specialty_ru = forms.CharField(label=_lazy("Specialty in Russian"), max_length=200)
    group_name = forms.CharField(
        label=_lazy("Name of the group"),
        help_text=_lazy("Left empty, it is made of the title and the first day."),
        max_length=200,
    )

    def __init__(
        self,
        *args: Any,
        asked: Collection[str],
        listed: Collection[str],
        programmes: Iterable[Programme],
        edition: str,
        **kwargs: Any,
    ) -> None:
        """``asked`` must be said, ``listed`` stands in the list itself and is not shown."""
        super().__init__(*args, **kwargs)
        self.edition = edition
        self.own = {str(programme.pk): programme for programme in programmes}
        self._choose(asked, listed)
        given = {result.kind for result in standards.get(edition).results}
        kinds = [(kind, spoken(text)) for kind, text in KIND_LABELS.items() if kind in given]
        own = [(pk, programme_label(programme)) for pk, programme in self.own.items()]
        self._offer("kind", [("", _("Choose")), *kinds])
        self._offer("programme", [("", _("A new programme")), *own])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields.get(name)
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def _choose(self, asked: Collection[str], listed: Collection[str]) -> None:
        """Keep the questions that the list leaves open."""
        keep = set(asked) | (set(SPECIALTIES) - set(listed)) | {"group_name"}
        if "hours" in asked:
            keep.add("credits")
        if {"title_ru", "title_kk"} <= keep and self.own:
            keep.add("programme")
        for name, field in list(self.fields.items()):
            if name not in keep:
                del self.fields[name]
            field.required = name in REQUIRED

    def clean(self) -> dict[str, Any]:
        programme = self.own.get(self.cleaned_data.get("programme", ""))
        for name in self.fields:
            left_empty = name not in self.errors or self.has_error(name, "required")
            if left_empty and not self.cleaned_data.get(name) and hasattr(programme, name):
                self.cleaned_data[name] = getattr(programme, name)
                self.errors.pop(name, None)
        self._check_letters()
        self._check_days()
        self._check_volume()
        return self.cleaned_data

    def _check_letters(self) -> None:
        """One line of letters that the certificate's font has."""
        for name in PRINTED:
            text = " ".join(str(self.cleaned_data.get(name) or "").split())
            letters = unprinted_letters(text)
            if letters:
                told = {"letters": letters}
                self.add_error(name, _("The document cannot show: %(letters)s.") % told)
            elif text:
                self.cleaned_data[name] = text

    def _check_days(self) -> None:
        first, last = (self.cleaned_data.get(name) for name in DATES)
        if first and last and last < first:
            self.add_error("ended_on", _("The last day lies before the first."))

    def _check_volume(self) -> None:
        kind, hours, share = (self.cleaned_data.get(name) for name in ("kind", "hours", "credits"))
        if not (kind and hours and share):
            return
        try:
            check_volume(kind=kind, hours=hours, credits=share, edition=self.edition)
        except RuleViolation as violation:
            # An unusual volume is for the person who looks at the rows to decide.
            if violation.code != "volume_out_of_range":
                name = "kind" if violation.code == "volume_kind_unknown" else "credits"
                self.add_error(name, errors.message(violation))

    def defaults(self) -> GroupDefaults:
        """The answers as the check takes them."""
        answers = {name: self.cleaned_data.get(name) for name in (*ASKED, *SPECIALTIES)}
        given = {name: value for name, value in answers.items() if value}
        return GroupDefaults(**given, group_name=self.cleaned_data.get("group_name", ""))


class MoodleForm(forms.Form):
    """Where the provider's Moodle is."""

    url = forms.CharField(
        label=_lazy("Address of Moodle"),
        help_text=_lazy("As in the browser, without what follows the site: https://lms.example.kz"),
        max_length=LONGEST_URL,
        widget=forms.URLInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    token = forms.CharField(
        label=_lazy("Web service token"),
        help_text=_lazy("Kept sealed and never shown again."),
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    iin_field = forms.CharField(
        label=_lazy("Field that holds the IIN"),
        help_text=_lazy("idnumber, or the short name of a profile field"),
        max_length=60,
        initial=ID_NUMBER,
    )

    def __init__(self, *args: Any, has_token: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_token:
            self.fields["token"].required = False
            self.fields["token"].help_text = _(
                "Kept sealed and never shown again. Left empty, the present one stays."
            )

    def facts(self) -> SourceFacts:
        """What was said; the address without a slash at its end."""
        told = self.cleaned_data
        return SourceFacts(
            url=told["url"].strip().rstrip("/"), token=told["token"], iin_field=told["iin_field"]
        )


class MoodleCourseForm(forms.Form):
    """A course there and the programme it teaches here."""

    course_id = forms.IntegerField(
        label=_lazy("Number of the course"),
        help_text=_lazy("The number after id= in the address of the course's page"),
        min_value=1,
        max_value=2_147_483_647,
    )
    started_on = DayField(
        label=_lazy("First day of training"),
        help_text=_lazy("Who completed the course before it is left out."),
    )

    def __init__(self, *args: Any, programmes: Iterable[Programme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = {str(programme.pk): programme for programme in programmes}
        choices = [(pk, programme_label(programme)) for pk, programme in self.own.items()]
        self.fields["programme"] = forms.ChoiceField(
            label=_lazy("Your programme"), choices=[("", _("Choose")), *choices]
        )

    def facts(self) -> CourseFacts:
        """What was said."""
        told = self.cleaned_data
        return CourseFacts(
            course_id=told["course_id"],
            programme=self.own[told["programme"]],
            started_on=told["started_on"],
        )


class ProgrammeForm(forms.Form):
    """A programme as its documents name it."""

    kind = forms.ChoiceField(label=_lazy("Kind of training"))
    title_kk = forms.CharField(label=_lazy("Title in Kazakh"), max_length=500)
    title_ru = forms.CharField(label=_lazy("Title in Russian"), max_length=500)
    specialty_kk = forms.CharField(
        label=_lazy("Speciality in Kazakh"), max_length=200, required=False
    )
    specialty_ru = forms.CharField(
        label=_lazy("Speciality in Russian"), max_length=200, required=False
    )
    hours = forms.IntegerField(label=_lazy("Academic hours"), min_value=1, max_value=9999)
    credits = forms.DecimalField(
        label=_lazy("Credits"), max_digits=5, decimal_places=2, min_value=Decimal("0.01")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(kind, spoken(label)) for kind, label in KIND_LABELS.items()]
        self.fields["kind"] = forms.ChoiceField(label=_lazy("Kind of training"), choices=choices)

    def facts(self) -> ProgrammeFacts:
        """The programme that was typed."""
        told = self.cleaned_data
        return ProgrammeFacts(
            kind=told["kind"],
            title=Text(told["title_kk"], told["title_ru"]),
            specialty=Text(told["specialty_kk"], told["specialty_ru"]),
            hours=told["hours"],
            credits=told["credits"],
        )
