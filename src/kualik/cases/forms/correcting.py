"""What is to be written otherwise, and the office's answer."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.cases.forms.enclosing import ScansField, plain_text
from kualik.cases.forms.office import DAY_FORMATS, day_widget
from kualik.cases.services.correcting import names_of, wanted_names
from kualik.cases.services.printing import check_printable
from kualik.core import errors
from kualik.rules.errors import RuleViolation
from kualik.training.models import Completion
from kualik.training.services import corrected_name
from kualik.training.services.correcting import HOLDER, NAMES

NOTE_LENGTH = 1000
# Far more than a name may have: our own rule speaks before the field does.
TYPED_LENGTH = 1000


class NameField(forms.CharField):
    """A name; cleaned as a list's names are."""

    widget = forms.TextInput({"autocomplete": "off", "spellcheck": "false"})

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(max_length=TYPED_LENGTH, **kwargs)
        self.name = name

    def clean(self, value: object) -> str:
        typed = str(super().clean(value))
        try:
            return corrected_name(self.name, typed)
        except RuleViolation as violation:
            raise forms.ValidationError(errors.message(violation)) from violation


class CorrectionForm(forms.Form):
    """The names as they should be, what else is wrong, and the paper that proves it."""

    holder_kk = NameField("holder_kk", label=_("Full name in the Kazakh text of the document"))
    holder_ru = NameField("holder_ru", label=_("Full name in the Russian text of the document"))
    family_name = NameField("family_name", label=_("Surname"))
    given_name = NameField("given_name", label=_("Given name"), required=False)
    patronymic = NameField("patronymic", label=_("Patronymic"), required=False)
    note = forms.CharField(
        label=_("What else is wrong"),
        help_text=_("For example the title of the programme or a date."),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 3}),
    )
    scans = ScansField(
        label=_("Document with the right data"),
        help_text=_(
            "Identity card, marriage certificate or another paper. Photo or PDF, up to 10 MB each."
        ),
    )

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        completion: Completion,
        typed: Mapping[str, object],
        scans: int,
    ) -> None:
        super().__init__(data, initial={**names_of(completion), **typed})
        self._completion = completion
        self._scans = scans
        self.wanted: dict[str, str] = {}

    def clean_note(self) -> str:
        return plain_text(self.cleaned_data["note"])

    def clean(self) -> dict[str, object]:
        """Find out what would change; the wish is about something, and it is proven."""
        given = self.cleaned_data
        if set(NAMES) <= given.keys():
            self.wanted = wanted_names(self._completion, {name: given[name] for name in NAMES})
            if not (self.wanted or given.get("note")):
                self.add_error(None, errors.message(RuleViolation("correction_empty")))
            self._try_sheets()
        return given

    def _try_sheets(self) -> None:
        """A name that no sheet holds is told at its field."""
        for name in HOLDER:
            if name in self.wanted:
                try:
                    check_printable(self._completion, {name: self.wanted[name]})
                except RuleViolation as violation:
                    self.add_error(name, errors.message(violation))


class AcceptanceForm(forms.Form):
    """The days of training, where the note was about them."""

    started_on = forms.DateField(
        label=_("First day of training"), input_formats=DAY_FORMATS, widget=day_widget()
    )
    mastered_on = forms.DateField(
        label=_("Last day of training"), input_formats=DAY_FORMATS, widget=day_widget()
    )

    def __init__(self, data: Mapping[str, object] | None, *, completion: Completion) -> None:
        days = {"started_on": completion.started_on, "mastered_on": completion.mastered_on}
        super().__init__(data, initial=days)

    def days(self) -> dict[str, date]:
        """Those days of the valid form that differ from what stands there."""
        return {
            name: day
            for name, day in self.cleaned_data.items()
            if isinstance(day, date) and day != self.initial[name]
        }
