"""The fields of the open check and of the register."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.accounts.forms import SearchField
from kualik.certificates.models import SealPolicy
from kualik.certificates.queries import RegisterFilter
from kualik.certificates.services.policy import MINUTES_A_DAY, Limits, limit_faults
from kualik.certificates.services.sharing import LABEL_LENGTH
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


class SealPolicyForm(forms.Form):
    """How documents are signed, and the limits of the automatic way.

    ``is_taken`` says that the reading was taken over before.
    """

    # What is needed depends on the way, so the browser cannot tell.
    use_required_attribute = False

    way = forms.ChoiceField(
        label=_("Who signs"),
        choices=[
            ("person", _("The authorised person signs each document with the own signature")),
            ("automatic", _("The organisation's key seals uniform documents by itself")),
        ],
        widget=forms.RadioSelect,
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of training sealed automatically"),
        choices=[("pd", _("Professional development")), ("cc", _("Certification course"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    opens = forms.TimeField(
        label=_("Automatic sealing from"), widget=forms.TimeInput({"type": "time"}), required=False
    )
    closes = forms.TimeField(
        label=_("Automatic sealing until"),
        help_text=_("Empty: until the end of the day."),
        widget=forms.TimeInput({"type": "time"}),
        required=False,
    )
    daily_quota = forms.IntegerField(
        label=_("Documents a day sealed automatically, at most"),
        help_text=_("Needed when the organisation's key seals by itself."),
        min_value=1,
        max_value=100_000,
    )
    person_quota = forms.IntegerField(
        label=_("Documents a day signed by one person, at most"),
        min_value=1,
        max_value=100_000,
        required=False,
    )
    needs_two_persons = forms.BooleanField(
        label=_("Who decided on a document may not sign it"), required=False
    )
    decides_alone = forms.BooleanField(
        label=_("The system approves by itself what our own list names"),
        help_text=_(
            "Only requests under the order in force whose applicants confirmed the data of our "
            "list unchanged. Who saves this takes it over for the organisation; any applicant may "
            "demand that a person looks again."
        ),
        required=False,
    )
    takes_reading = forms.BooleanField(
        label=_("I take over this reading for the organisation"), required=False
    )

    @staticmethod
    def shown(policy: SealPolicy | None) -> dict[str, object]:
        """The values of a policy as the fields show them."""
        if policy is None:
            return {"way": "person", "opens": time()}
        names = (
            "way",
            "kinds",
            "daily_quota",
            "person_quota",
            "needs_two_persons",
            "decides_alone",
        )
        values = {name: getattr(policy, name) for name in names}
        closes = None if policy.closes == MINUTES_A_DAY else _time_of(policy.closes)
        return {**values, "opens": _time_of(policy.opens), "closes": closes}

    def __init__(self, *args: Any, is_taken: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_taken = is_taken

    def clean_way(self) -> str:
        way: str = self.cleaned_data["way"]
        self.fields["daily_quota"].required = way == SealPolicy.Way.AUTOMATIC
        return way

    def clean(self) -> dict[str, Any]:
        """Everything that the automatic way lacks is said at once."""
        data = self.cleaned_data
        if data.get("way") != SealPolicy.Way.AUTOMATIC:
            return data
        limits = self.limits()
        fields = {
            "reading_not_taken": "takes_reading",
            "quota_missing": "daily_quota",
            "limits_empty": "opens" if limits.kinds else "kinds",
        }
        for code in limit_faults(limits, is_taken=self.is_taken or data["takes_reading"]):
            if fields[code] not in self.errors:
                self.add_error(fields[code], errors.message(RuleViolation(code)))
        return data

    def limits(self) -> Limits:
        """The limits as the service takes them; a field with an error limits nothing."""
        data = self.cleaned_data
        opens, closes = data.get("opens"), data.get("closes")
        return Limits(
            way=SealPolicy.Way(data["way"]),
            kinds=data.get("kinds", []),
            opens=_minutes_of(opens) if opens else 0,
            closes=_minutes_of(closes) if closes else MINUTES_A_DAY,
            daily_quota=data.get("daily_quota"),
            person_quota=data.get("person_quota"),
            needs_two_persons=data["needs_two_persons"],
            decides_alone=data["decides_alone"],
        )


class ShareForm(forms.Form):
    """How long a link works, what it shows, and what the owner calls it.

    With a ``number`` the owner may choose between that document and all of them.
    """

    days = forms.TypedChoiceField(
        label=_("How long the link works"),
        coerce=int,
        choices=[("1", _("1 day")), ("7", _("7 days")), ("30", _("30 days")), ("90", _("90 days"))],
        initial="7",
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how long the link works.")},
    )
    scope = forms.ChoiceField(
        label=_("What it shows"),
        choices=[("this", _("This document")), ("all", _("All my documents, new ones too"))],
        initial="this",
        widget=forms.RadioSelect,
    )
    may = forms.ChoiceField(
        label=_("What may be done"),
        choices=[
            ("look", _("Look: what the document says and whether it is in force")),
            ("take", _("Look and download the PDF")),
        ],
        initial="look",
        widget=forms.RadioSelect,
    )
    label = forms.CharField(
        label=_("Name of the link, for yourself"),
        help_text=_("For example, to whom you give it. Nobody else sees it."),
        max_length=LABEL_LENGTH,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    key = forms.RegexField(r"^[A-Za-z0-9_-]{16,64}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, number: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not number:
            del self.fields["scope"]

    def clean_label(self) -> str:
        label = " ".join(self.cleaned_data["label"].split())
        if identifiers.holds_iin(label):
            raise forms.ValidationError(gettext("Do not write an IIN here."))
        return label


def _time_of(minutes: int) -> time:
    return time(*divmod(minutes, 60))


def _minutes_of(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _labelled(labels: Mapping[str, Text]) -> list[tuple[str, str]]:
    return [(value, spoken(label)) for value, label in labels.items()]
