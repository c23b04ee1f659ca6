"""The forms of entering, of the consent and of staff, and the field that never takes an IIN."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.accounts.queries import ROLE_LABELS
from kualik.accounts.queries.tokens import SCOPE_LABELS, Scope
from kualik.accounts.services.staffing import PROVIDER_ROLES
from kualik.core.errors import message
from kualik.core.language import spoken
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import IIN_RUN, holds_iin, parse_iin
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role
from kualik.rules.phones import e164

CODE_DIGITS = 6
DAY_FORMATS = ["%d.%m.%Y", "%Y-%m-%d"]
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


class IinField(forms.CharField):
    """An IIN, with or without spaces; the value is the twelve digits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("IIN"))
        super().__init__(max_length=32, **kwargs)
        self.widget.attrs |= {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}

    def clean(self, value: object) -> str:
        """The digits; empty where none are required. Errors in the words of the table."""
        text = super().clean(value)
        if not text:
            return ""
        try:
            return parse_iin(text).value
        except RuleViolation as violation:
            raise forms.ValidationError(message(violation), code=violation.code) from violation


class PhoneField(forms.CharField):
    """A mobile number, however it is spelled; the value is E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile number"))
        super().__init__(max_length=32, **kwargs)
        self.widget = forms.TextInput({"type": "tel", "autocomplete": "tel", "maxlength": "32"})

    def clean(self, value: object) -> str:
        """The number. Error: ``phone_unreadable``, also for an IIN in the wrong field: its twelve
        digits would do for a number of another country, and be kept."""
        typed = super().clean(value)
        number = e164(typed)
        if not number or _is_iin(typed):
            violation = RuleViolation("phone_unreadable")
            raise forms.ValidationError(message(violation), code=violation.code)
        return number


def _is_iin(text: str) -> bool:
    try:
        parse_iin(text)
    except RuleViolation:
        return False
    return True


class PhoneForm(forms.Form):
    """A number that its owner wants to have confirmed."""

    phone = PhoneField(help_text=_("For example, +7 701 234 56 78"))


class SentCodeForm(forms.Form):
    """The code that came to the phone."""

    code = CodeField(
        label=_("Code from the message"),
        help_text=_("6 digits"),
        validators=[
            RegexValidator(rf"^[0-9]{{{CODE_DIGITS}}}\Z", _("The code is 6 digits.")),
        ],
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "9"}
        ),
    )


class AgreeForm(forms.Form):
    """The consent to a text, named by its digest."""

    agrees = forms.BooleanField(
        label=_("I have read the text and agree to the processing of my personal data."),
        error_messages={"required": _("Tick the box if you agree.")},
    )
    sha256 = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    """The withdrawal of the consent."""

    understands = forms.BooleanField(
        label=_("I understand that the cabinet closes at once."),
        error_messages={"required": _("Tick the box to withdraw the consent.")},
    )


class StaffForm(forms.Form):
    """Name, position in three languages and roles of a member of staff."""

    full_name = forms.CharField(label=_("Full name"), max_length=150)
    position_kk = forms.CharField(label=_("Position in Kazakh"), max_length=150)
    position_ru = forms.CharField(label=_("Position in Russian"), max_length=150)
    position_en = forms.CharField(label=_("Position in English"), max_length=150, required=False)

    field_order = ("email", "full_name", "iin")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [role for role in Role if role in PROVIDER_ROLES]
        choices = [(role.value, spoken(ROLE_LABELS[role])) for role in offered]
        self.fields["roles"] = forms.MultipleChoiceField(
            label=_("Roles"), choices=choices, widget=forms.CheckboxSelectMultiple
        )

    def position(self) -> Text:
        """The position in the three languages."""
        return Text(*(self.cleaned_data[f"position_{code}"] for code in LANGUAGES))

    def chosen(self) -> frozenset[Role]:
        """The roles ticked."""
        return frozenset(Role(name) for name in self.cleaned_data["roles"])


class AbsenceForm(forms.Form):
    """Days on which somebody is away; ``people`` are those whose absence may be entered."""

    from_day = forms.DateField(
        label=_("First day"),
        input_formats=DAY_FORMATS,
        widget=forms.DateInput({"autocomplete": "off"}, format=DAY_FORMATS[0]),
        help_text=_("For example 23.11.2026."),
    )
    to_day = forms.DateField(
        label=_("Last day"),
        input_formats=DAY_FORMATS,
        widget=forms.DateInput({"autocomplete": "off"}, format=DAY_FORMATS[0]),
    )

    field_order = ("user", "from_day", "to_day")

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"] = forms.ModelChoiceField(people, label=_("Name"), empty_label=None)
        self.order_fields(self.field_order)


class InviteForm(StaffForm):
    """A new member of staff."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput({"spellcheck": "false"})
    )
    iin = IinField(
        required=False,
        help_text=_("By it an electronic signature finds the account. It is kept as a hash alone."),
    )


class PasswordForm(forms.Form):
    """A password of one's own, typed twice."""

    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 8 characters, not only digits."),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same password again"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        typed = str(self.cleaned_data["again"])
        if typed != self.cleaned_data.get("password"):
            raise forms.ValidationError(_("The two passwords differ."))
        return typed


class TermForm(forms.Form):
    """How long a token works."""

    days = forms.TypedChoiceField(
        label=_("Works for"),
        coerce=int,
        initial=180,
        choices=[
            (30, _("30 days")),
            (90, _("90 days")),
            (180, _("180 days")),
            (365, _("365 days")),
        ],
        widget=forms.RadioSelect,
    )


class TokenForm(TermForm):
    """A token of another system: its name, what it opens, how long it works."""

    name = forms.CharField(
        label=_("Name of the token"),
        help_text=_("Which system uses it, for example: learning system, test."),
        max_length=100,
    )

    field_order = ("name", "scopes", "days")

    def __init__(self, *args: Any, offered: list[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"] = forms.MultipleChoiceField(
            label=_("What it opens"),
            choices=[(scope.value, spoken(SCOPE_LABELS[scope])) for scope in offered],
            widget=forms.CheckboxSelectMultiple,
        )
        self.order_fields(self.field_order)

    def clean_name(self) -> str:
        """Error for an IIN: the name is shown to others."""
        name = str(self.cleaned_data["name"])
        if holds_iin(name):
            raise forms.ValidationError(_("Write no IIN here."))
        return name

    def chosen(self) -> frozenset[Scope]:
        """The scopes ticked."""
        return frozenset(Scope(name) for name in self.cleaned_data["scopes"])
