"""A power of attorney as a person enters it, and the clerk's answer to it."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.accounts.forms import IinField
from kualik.accounts.models import Person
from kualik.cases.forms.correcting import NameField
from kualik.cases.forms.enclosing import ScansField, plain_text
from kualik.cases.forms.office import DAY_FORMATS, day_widget, offer
from kualik.cases.queries.mandates import refusal_reasons
from kualik.cases.services.mandating import MandateFacts, check_facts, end_without_term, hash_of
from kualik.core import clock, errors
from kualik.core.language import spoken
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

FIELDS = {
    "mandate_days_wrong": "issued_on",
    "mandate_expired": "valid_until",
    "mandate_too_long": "valid_until",
    "mandate_for_oneself": "principal_iin",
}
REMARK_LENGTH = 250


class HiddenIinInput(forms.TextInput):
    """A typed IIN never comes back into the page."""

    def format_value(self, value: object) -> None:
        return None


class MandateForm(forms.Form):
    """For whom, at which provider, and what the paper says."""

    principal_iin = IinField(
        label=_("IIN of the person you act for"),
        help_text=_("12 digits. It is not shown again."),
        widget=HiddenIinInput,
    )
    principal_name = NameField("holder_kk", label=_("Full name of that person"))
    provider = forms.ChoiceField(label=_("Provider"))
    document_number = forms.CharField(label=_("Number of the power of attorney"), max_length=60)
    issued_by = forms.CharField(
        label=_("Who certified it"),
        help_text=_("For example the notary's name and licence."),
        max_length=200,
    )
    issued_on = forms.DateField(
        label=_("Date of issue"), input_formats=DAY_FORMATS, widget=day_widget()
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        help_text=_("Leave it empty if the paper names no term: one year from its issue is taken."),
        required=False,
        input_formats=DAY_FORMATS,
        widget=day_widget(),
    )
    scans = ScansField(
        label=_("Scan of the power of attorney"),
        help_text=_("All pages. Photo or PDF, up to 10 MB each."),
    )

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        representative: Person,
        typed: Mapping[str, object],
    ) -> None:
        super().__init__(data, initial=dict(typed))
        self._representative = representative
        self._kept_hash = str(typed.get("principal_hash", ""))
        self.fields["principal_iin"].required = not self._kept_hash
        providers = Provider.objects.order_by("name_ru")
        names = [(str(row.pk), spoken(row.name)) for row in providers]
        offer(self, "provider", [("", _("Choose")), *names])

    def clean_provider(self) -> Provider:
        return Provider.objects.get(pk=self.cleaned_data["provider"])

    def clean_document_number(self) -> str:
        return plain_text(self.cleaned_data["document_number"])

    def clean_issued_by(self) -> str:
        return plain_text(self.cleaned_data["issued_by"])

    def clean(self) -> dict[str, object]:
        """Let the rules speak at the field they are about."""
        given = self.cleaned_data
        if "issued_on" in given and given.get("valid_until", "wrong") is None:
            given["valid_until"] = end_without_term(given["issued_on"])
        if set(self.fields) - {"scans"} <= given.keys():
            try:
                check_facts(self.facts(), representative=self._representative, now=clock.now())
            except RuleViolation as violation:
                self.add_error(FIELDS.get(violation.code), errors.message(violation))
        return given

    def facts(self) -> MandateFacts:
        """What the valid form says of the paper."""
        given = self.cleaned_data
        said = {name: given[name] for name in self.fields if name != "scans"}
        kept = "" if given["principal_iin"] else self._kept_hash
        return MandateFacts(**said, principal_hash=kept)

    def typed(self) -> dict[str, object]:
        """What may be kept of the form while it is not right yet: all of it, the IIN as a hash."""
        names = ("principal_name", "provider", "document_number", "issued_by")
        days = ("issued_on", "valid_until")
        said = {name: plain_text(str(self.data.get(name, ""))[:302]) for name in (*names, *days)}
        # A number that was mistyped is of somebody else than the one before it.
        if self.data.get("principal_iin"):
            iin = self.cleaned_data.get("principal_iin", "")
            self._kept_hash = hash_of(iin) if iin else ""
        return {**said, "principal_hash": self._kept_hash}

    @property
    def has_iin(self) -> bool:
        """Whether an IIN was entered before, so that its field may stay empty."""
        return bool(self._kept_hash)


class MandateCheckForm(forms.Form):
    """The IIN that stands in the scan."""

    principal_iin = IinField(
        label=_("IIN of the principal, as the scan has it"),
        help_text=_("Type it from the scan; it is compared with what the representative entered."),
        widget=HiddenIinInput,
    )


class MandateRefusalForm(forms.Form):
    """Why the paper is not accepted."""

    ground = forms.ChoiceField(label=_("Reason"), widget=forms.RadioSelect)
    remark_kk = forms.CharField(
        label=_("In your own words, in Kazakh"),
        required=False,
        max_length=REMARK_LENGTH,
        widget=forms.Textarea({"rows": 2, "lang": "kk"}),
    )
    remark_ru = forms.CharField(
        label=_("In your own words, in Russian"),
        required=False,
        max_length=REMARK_LENGTH,
        widget=forms.Textarea({"rows": 2, "lang": "ru"}),
    )

    def __init__(self, data: Mapping[str, object] | None) -> None:
        super().__init__(data)
        reasons = refusal_reasons().items()
        offer(self, "ground", [(code, spoken(text)) for code, text in reasons])

    def remark(self) -> Text:
        """The own words of the valid form."""
        given = self.cleaned_data
        return Text(plain_text(given["remark_kk"]), plain_text(given["remark_ru"]))
