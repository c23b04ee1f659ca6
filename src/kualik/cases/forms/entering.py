"""The forms of entering by a code, and of confirming a number at the counter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.accounts.forms import IinField, PhoneField
from kualik.accounts.queries import identity_documents
from kualik.accounts.services import PersonFacts
from kualik.cases.forms.enclosing import plain_text
from kualik.cases.services.entering import LAST, Shown
from kualik.core.language import spoken

NAME_LENGTH = 100
FEWEST_SIGNS = 4


class EnterByCodeForm(forms.Form):
    """Who wants to enter, and to which own number the code shall go."""

    iin = IinField(help_text=_("12 digits"))
    phone = PhoneField(
        label=_("Your own mobile number"), help_text=_("For example, +7 701 234 56 78")
    )


class CounterPhoneForm(forms.Form):
    """A person at the counter: IIN, number, and the document that was shown."""

    iin = IinField(help_text=_("12 digits, as in the document"))
    phone = PhoneField(help_text=_("The person reads the code from this phone to you."))
    document = forms.ChoiceField(label=_("Document shown"))
    number = forms.CharField(
        label=_("Number of the document"),
        help_text=_("Its last four characters are kept."),
        min_length=FEWEST_SIGNS,
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    family_name = forms.CharField(
        label=_("Family name"),
        help_text=_("The names only where the system does not know the IIN yet."),
        max_length=NAME_LENGTH,
        required=False,
    )
    given_name = forms.CharField(label=_("Given name"), max_length=NAME_LENGTH, required=False)
    patronymic = forms.CharField(label=_("Patronymic"), max_length=NAME_LENGTH, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(code, spoken(text)) for code, text in identity_documents().items()]
        self.fields["document"] = forms.ChoiceField(label=_("Document shown"), choices=kinds)

    def facts(self) -> PersonFacts:
        """The person as the document names them."""
        names = ("family_name", "given_name", "patronymic")
        given = self.cleaned_data
        return PersonFacts(given["iin"], *(plain_text(given[name]) for name in names))

    def shown(self) -> Shown:
        """The document."""
        number = "".join(sign for sign in self.cleaned_data["number"] if sign.isalnum())
        return Shown(kind=self.cleaned_data["document"], last=number[-LAST:])
