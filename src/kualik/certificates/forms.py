"""The fields of the open check and of the register."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.accounts.forms import SearchField
from kualik.certificates.queries import RegisterFilter
from kualik.certificates.services.wording import PAPER_LABELS, STATUS_LABELS
from kualik.core import errors
from kualik.core.language import spoken
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import KIND_LABELS
from kualik.rules.language import Text
from kualik.signatures.services import REASONS

TYPED_LIMIT = 64
REASON_LIMIT = 300


class CheckCodeForm(forms.Form):
    """The check code as people type it; cleaned to its 16 characters."""

    code = forms.CharField(
        label=_("Check code"),
        help_text=_(
            "16 characters, for example ABCD-1234-EFGH-5678. Capitals and dashes do not matter."
        ),
        max_length=TYPED_LIMIT,
        error_messages={"required": _("Type the check code.")},
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        try:
            return identifiers.parse_code(self.cleaned_data["code"])
        except RuleViolation as violation:
            raise forms.ValidationError(errors.message(violation)) from violation


class CheckNumberForm(forms.Form):
    """A document's number as people type it; cleaned to its one spelling."""

    # The browser checks the pattern alone; that nothing was typed is told in our own words.
    use_required_attribute = False

    number = SearchField(
        label=_("Number of the document"),
        help_text=_("For example DEMO-2026-000123-D."),
        max_length=TYPED_LIMIT,
        error_messages={"required": _("Type the number.")},
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_number(self) -> str:
        try:
            return identifiers.parse_public_number(self.cleaned_data["number"]).text
        except RuleViolation as violation:
            raise forms.ValidationError(errors.message(violation)) from violation


class CheckFileForm(forms.Form):
    """A PDF to look at; it is not kept."""

    file = forms.FileField(
        label=_("PDF file"),
        help_text=_("Up to 20 megabytes. The file is looked at and not kept."),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": "application/pdf,.pdf"}),
        error_messages={"required": _("Choose a file.")},
    )

    def clean_file(self) -> object:
        content = self.cleaned_data["file"]
        if not content.size:
            raise forms.ValidationError(spoken(REASONS["empty"]))
        return content

    def refuse(self, reason: str) -> None:
        """Say why the upload was not taken in, in the words of the file check."""
        self.errors.pop("file", None)
        self.add_error("file", spoken(REASONS[reason]))


class RegisterForm(forms.Form):
    """What to narrow the register to; choices are those the person's register holds."""

    text = SearchField(label=_("Number or name"), max_length=TYPED_LIMIT, required=False)
    year = forms.TypedChoiceField(
        label=_("Year"), coerce=int, empty_value=None, required=False, choices=()
    )
    kind = forms.ChoiceField(label=_("Kind of training"), required=False, choices=())
    paper = forms.ChoiceField(label=_("Document"), required=False, choices=())
    status = forms.ChoiceField(label=_("Status"), required=False, choices=())
    signer = forms.TypedChoiceField(
        label=_("Signed by"), coerce=int, empty_value=None, required=False, choices=()
    )

    def offer(self, years: list[int], signers: Mapping[int, str]) -> None:
        """Fill the choices in the language of the page."""
        offered: dict[str, list[tuple[str, str]]] = {
            "year": [(str(year), str(year)) for year in years],
            "kind": _labelled(KIND_LABELS),
            "paper": _labelled(PAPER_LABELS),
            "status": _labelled(STATUS_LABELS),
            "signer": [(str(pk), name) for pk, name in signers.items()],
        }
        for name, choices in offered.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", gettext("All")), *choices]

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].split())

    def wanted(self) -> RegisterFilter:
        """The filter; an empty one while the form has errors."""
        return RegisterFilter(**self.cleaned_data) if self.is_valid() else RegisterFilter()


class StandingForm(forms.Form):
    """Why the standing of a certificate changes: shown to everyone who checks it."""

    reason_kk = forms.CharField(
        label=_("Reason in Kazakh"),
        max_length=REASON_LIMIT,
        error_messages={"required": _("Give the reason.")},
        widget=forms.Textarea({"rows": 3, "lang": "kk"}),
    )
    reason_ru = forms.CharField(
        label=_("Reason in Russian"),
        max_length=REASON_LIMIT,
        error_messages={"required": _("Give the reason.")},
        widget=forms.Textarea({"rows": 3, "lang": "ru"}),
    )

    def reason(self) -> Text:
        return Text(self.cleaned_data["reason_kk"], self.cleaned_data["reason_ru"])


def _labelled(labels: Mapping[str, Text]) -> list[tuple[str, str]]:
    return [(value, spoken(label)) for value, label in labels.items()]
