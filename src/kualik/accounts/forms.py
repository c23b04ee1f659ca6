"""The forms of the sign-in, and the field that never takes an IIN."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from kualik.rules.identifiers import IIN_RUN, holds_iin

CODE_DIGITS = 6
NOT_BY_IIN = _("Do not search by IIN: it would stay in the address of the page.")


class SearchField(forms.CharField):
    """Words to look for that are sent in an address; the browser itself holds an IIN back.

    One that comes all the same is the error ``iin``: the view answers by a redirect without it.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"pattern": rf"(?!.*(?:{IIN_RUN})).*", "title": NOT_BY_IIN}

    def validate(self, value: str) -> None:
        super().validate(value)
        if holds_iin(value):
            raise forms.ValidationError(NOT_BY_IIN, code="iin")


class SignInForm(forms.Form):
    """E-mail address and password; the address in small letters, as accounts keep it."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class CodeField(forms.CharField):
    """Six digits, with or without spaces between them."""

    def to_python(self, value: object) -> str:
        return "".join(str(super().to_python(value)).split())


class CodeForm(forms.Form):
    """The code that the authenticator app shows now."""

    code = CodeField(
        label=_("Code from the app"),
        help_text=_("6 digits"),
        validators=[
            RegexValidator(rf"^[0-9]{{{CODE_DIGITS}}}\Z", _("The code is 6 digits.")),
        ],
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "9"}
        ),
    )
