"""The forms of the work at the window; what a scanner or a keyboard fills first comes first."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.accounts.forms import IinField
from kualik.accounts.models import Person
from kualik.accounts.queries import identity_documents
from kualik.accounts.services import PersonFacts
from kualik.cases.forms.asking import ClaimForm
from kualik.cases.forms.enclosing import plain_text
from kualik.cases.forms.mandating import FIELDS, HiddenIinInput
from kualik.cases.forms.office import DAY_FORMATS, day_widget
from kualik.cases.models import Request
from kualik.cases.services.counter_filing import DIGITAL
from kualik.cases.services.mandating import MandateFacts, check_facts, end_without_term
from kualik.core import clock, errors
from kualik.core.language import spoken
from kualik.counter.services.identifying import FEWEST_SIGNS, Shown
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation

NAMES = ("family_name", "given_name", "patronymic")
NAME_LENGTH, NUMBER_LENGTH = 100, 40
USUAL = "identity_card"
# The faults of a shown document, by the field they are about.
AT_FIELD = {
    "identity_document_number": "number",
    "identity_document_expired": "valid_until",
    "identity_document_unknown": "document",
    "own_case": "iin",
    "person_names_needed": "family_name",
}
AT_PRINCIPAL = {"person_names_needed": "principal_name"}


class IdentifyForm(forms.Form):
    """The document in the clerk's hands; the names only of somebody the register does not know."""

    iin = IinField(help_text=_("Scan the document or type the 12 digits."))
    number = forms.CharField(
        label=_("Number of the document"),
        min_length=FEWEST_SIGNS,
        max_length=NUMBER_LENGTH,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    document = forms.ChoiceField(label=_("Document shown"))
    valid_until = forms.DateField(
        label=_("Valid until"),
        help_text=_("If the document names a day."),
        required=False,
        input_formats=DAY_FORMATS,
        widget=day_widget(),
    )
    family_name = forms.CharField(label=_("Family name"), max_length=NAME_LENGTH)
    given_name = forms.CharField(label=_("Given name"), max_length=NAME_LENGTH)
    patronymic = forms.CharField(label=_("Patronymic"), max_length=NAME_LENGTH, required=False)

    def __init__(
        self, *args: Any, needs_names: bool, only_iin: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(code, spoken(text)) for code, text in identity_documents().items()]
        kinds = [(code, text) for code, text in kinds if code != DIGITAL]
        self.fields["document"] = forms.ChoiceField(
            label=_("Document shown"), choices=kinds, initial=USUAL
        )
        for name in NAMES if not needs_names else ():
            del self.fields[name]
        for name, field in self.fields.items():
            field.required = field.required and (name == "iin" or not only_iin)
        first = next(iter(NAMES)) if needs_names else "iin"
        self.fields[first].widget.attrs["autofocus"] = True

    def facts(self) -> PersonFacts:
        """The person as the document names them."""
        given = self.cleaned_data
        return PersonFacts(given["iin"], *(plain_text(given.get(name, "")) for name in NAMES))

    def shown(self) -> Shown:
        """The document."""
        given = self.cleaned_data
        return Shown(
            kind=given["document"], number=given["number"], valid_until=given["valid_until"]
        )


class WindowClaimForm(ClaimForm):
    """A training that no list names, as the person at the window tells it; a phone is welcome and
    not demanded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].required = False
        self.fields["programme"].widget.attrs["autofocus"] = True
        self.initial["delivery"] = Request.Delivery.PAPER.value

    def clean_phone(self) -> str:
        return super().clean_phone() if self.cleaned_data["phone"] else ""


class RepresentForm(forms.Form):
    """What the original of a power of attorney says; the name of a principal the register knows is
    taken from there by ``find_name``."""

    principal_iin = IinField(
        label=_("IIN of the principal"),
        help_text=_("12 digits, as the power of attorney has it."),
        widget=HiddenIinInput({"autofocus": True}),
    )
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
    principal_name = forms.CharField(
        label=_("Full name of the principal"),
        help_text=_("Only where the register does not know the IIN yet."),
        max_length=302,
        required=False,
    )

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        representative: Person,
        provider: Provider,
        find_name: Callable[[str], str],
    ) -> None:
        super().__init__(data)
        self._representative, self._provider = representative, provider
        self._find_name = find_name

    def clean(self) -> dict[str, Any]:
        """Let the rules speak at the field they are about."""
        given = self.cleaned_data
        if "issued_on" in given and given.get("valid_until", "wrong") is None:
            given["valid_until"] = end_without_term(given["issued_on"])
        if set(self.fields) <= given.keys():
            try:
                check_facts(self.facts(), representative=self._representative, now=clock.now())
                # Who is in the register shows only after the whole paper was typed.
                given["principal_name"] = self._named(given)
            except RuleViolation as violation:
                field = AT_PRINCIPAL.get(violation.code, FIELDS.get(violation.code))
                self.add_error(field, errors.message(violation))
        return given

    def _named(self, given: Mapping[str, Any]) -> str:
        typed = plain_text(given["principal_name"])
        name = self._find_name(given["principal_iin"]) or typed
        if not name:
            raise RuleViolation("person_names_needed")
        return name

    def facts(self) -> MandateFacts:
        """What the valid form says of the paper."""
        given = self.cleaned_data
        return MandateFacts(
            principal_iin=given["principal_iin"],
            principal_name=given["principal_name"],
            provider=self._provider,
            document_number=plain_text(given["document_number"]),
            issued_by=plain_text(given["issued_by"]),
            issued_on=given["issued_on"],
            valid_until=given["valid_until"],
        )
