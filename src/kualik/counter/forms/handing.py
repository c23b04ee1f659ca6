"""The fields of printing and handing out."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.cases.forms.enclosing import ACCEPTED, plain_text
from kualik.certificates.models import Blank, PrinterSetting
from kualik.certificates.services.blanks import Act

REASON_LENGTH = 300


class PrintForm(forms.Form):
    """On which blank, by which printer, and why again where it was printed before."""

    blank = forms.TypedChoiceField(
        label=_("Blank"), help_text=_("Put this very one into the printer."), coerce=int, choices=()
    )
    printer = forms.TypedChoiceField(
        label=_("Printer"), coerce=int, empty_value=None, required=False, choices=()
    )
    reason = forms.CharField(
        label=_("Why it is printed again"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def offer(
        self, blanks: Sequence[Blank], printers: Sequence[PrinterSetting], *, is_again: bool
    ) -> None:
        """Fill the lists; without an earlier print nobody is asked why."""
        named = [(str(row.pk), row.label) for row in blanks]
        machines = [(str(row.pk), row.name) for row in printers]
        self._choose("blank", named)
        self._choose("printer", [*machines, ("", gettext("Without alignment"))])
        if not is_again:
            del self.fields["reason"]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean_reason(self) -> str:
        return plain_text(self.cleaned_data["reason"])


class CameOutForm(forms.Form):
    """What came out of the printer."""

    outcome = forms.ChoiceField(choices=[(one, one) for one in ("good", "spoiled", "nothing")])
    act_number = forms.CharField(
        label=_("Number of the act of writing off"), max_length=60, required=False
    )
    reason = forms.CharField(
        label=_("What happened to the blank"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def clean_act_number(self) -> str:
        return plain_text(self.cleaned_data["act_number"])

    def clean_reason(self) -> str:
        return plain_text(self.cleaned_data["reason"])

    def act(self) -> Act:
        """The values as the service takes them."""
        return Act(number=self.cleaned_data["act_number"], reason=self.cleaned_data["reason"])


class ScanForm(forms.Form):
    """One scan of a signed paper."""

    scan = forms.FileField(
        label=_("Scan of the signed paper"),
        help_text=_("PDF or photo, up to 10 MB."),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ACCEPTED}),
        error_messages={"required": _("Choose a file.")},
    )
