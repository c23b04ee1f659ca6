"""The fields of a service's rows, of connecting one, and of trying one out."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.core import errors
from kualik.core.language import spoken
from kualik.gateway.models import Peer, Profile
from kualik.gateway.services.profiles import CHOICES, Row, families, faults
from kualik.providers.models import Provider

# A row that is not wanted; an empty field takes the value of the family.
UNUSED = "-"
GROUPS: Mapping[str, str | Promise] = {
    "base": _("The document as a whole"),
    "form": _("What is read"),
    "file": _("Enclosed files"),
    "code": _("Codes of the form"),
    "status": _("Codes of the statuses"),
    "out": _("What is answered"),
    "doc": _("Documents of the answer"),
}
BASE = ("namespace", "qualified", "shape", "signed", "wants_signature", "root", "operation")
CODES = ("kind", "paper", "language", "delivery", "action")
RESULT_WAYS = [
    (Profile.ResultBy.FILE_STORE, _("In the temporary file store, the answer names the file")),
    (Profile.ResultBy.INLINE, _("Inside the answer")),
]
WORDS: Mapping[str, str | Promise] = {
    "children": _("all but the root"),
    "all": _("all"),
    "none": _("none"),
    "text": _("as text"),
    "element": _("as an element"),
    "yes": _("yes"),
    "no": _("no"),
    "portal": _("anybody's good one"),
    "applicant": _("the applicant's own"),
}


class ProfileForm(forms.Form):
    """One field for each row: what is empty follows the family, "-" is not used.

    ``agrees`` stores the proposals that stand in empty fields as agreed.
    """

    use_required_attribute = False
    is_active = forms.BooleanField(label=_("Requests are taken"), required=False)
    result_by = forms.ChoiceField(
        label=_("Where the document goes"), choices=RESULT_WAYS, widget=forms.RadioSelect
    )

    def __init__(self, data: Mapping[str, Any] | None, *, profile: Profile, agrees: bool) -> None:
        self.profile, self.agrees = profile, agrees
        self.rows = families()[profile.family].rows
        kept = {_field(name): value or UNUSED for name, value in profile.mapping.items()}
        initial = {**kept, "is_active": profile.is_active, "result_by": profile.result_by}
        super().__init__(data, initial=initial)
        for row in self.rows.values():
            self.fields[_field(row.name)] = _row_field(row)
        # Every row may be left empty; the page says so once.
        self.one_of = [_field(name) for name in self.rows]

    def groups(self) -> Iterator[tuple[str, list[BoundField], bool]]:
        """Title, fields, and whether one of them has a mistake or waits for an agreement."""
        for group, title in GROUPS.items():
            found = [self[_field(row.name)] for row in self.rows.values() if _group(row) == group]
            if found:
                yield str(title), found, any(field.errors for field in found)

    def mapping(self) -> dict[str, str]:
        """The rows that are agreed."""
        typed = {name: self.cleaned_data.get(_field(name), "") for name in self.rows}
        found = {name: "" if value == UNUSED else value for name, value in typed.items() if value}
        if self.agrees:
            found = {name: row.value for name, row in self.rows.items() if row.value} | found
        return found

    def clean(self) -> dict[str, Any]:
        """Every row that is wrong has its own mistake; what is missing only hinders switching
        on."""
        is_on = self.cleaned_data.get("is_active", False)
        for name, fault in faults(self.profile.family, self.mapping()).items():
            if is_on or fault.code != "gateway_row_missing":
                self.add_error(_field(name) if name in self.rows else None, errors.message(fault))
        if (
            self.profile.family == Profile.Family.OPERATIONS
            and self.cleaned_data.get("result_by") == Profile.ResultBy.FILE_STORE
        ):
            self.add_error("result_by", gettext("This service answers with the document inside."))
        return self.cleaned_data


class ConnectForm(forms.Form):
    """A service of the portal for a provider."""

    use_required_attribute = False
    provider = forms.ModelChoiceField(
        label=_("Provider"), queryset=Provider.objects.none(), empty_label=None
    )
    peer = forms.ModelChoiceField(
        label=_("The other end"), queryset=Peer.objects.none(), empty_label=None
    )
    family = forms.ChoiceField(label=_("Kind of service"))
    service_id = forms.RegexField(
        r"^[\w.:-]+$", label=_("Service id of the register of interactions"), max_length=120
    )
    route_id = forms.RegexField(
        r"^[\w.:-]*$",
        label=_("Route, where providers share a service"),
        max_length=60,
        required=False,
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        fields = self.fields
        providers, peers = Provider.objects.order_by("code"), Peer.objects.order_by("code")
        provider, peer = fields["provider"], fields["peer"]
        if isinstance(provider, forms.ModelChoiceField):
            provider.queryset = providers
            provider.choices = [(row.pk, spoken(row.name)) for row in providers]
        if isinstance(peer, forms.ModelChoiceField):
            peer.queryset = peers
            peer.choices = [(row.pk, f"{row.name} ({row.code})") for row in peers]
        family = fields["family"]
        if isinstance(family, forms.ChoiceField):
            family.choices = [(row.code, spoken(row.name)) for row in families().values()]


class TryForm(forms.Form):
    """A document to be read; it is not kept."""

    use_required_attribute = False
    document = forms.CharField(
        label=_("Document of the portal (XML)"),
        max_length=200_000,
        widget=forms.Textarea({"rows": 14, "spellcheck": "false", "autocomplete": "off"}),
    )


def in_words(row: Row) -> str:
    """The proposal of a row as people read it."""
    return str(WORDS.get(row.value, row.value)) if row.name in CHOICES else row.value


def _field(name: str) -> str:
    return name.replace(".", "__")


def _group(row: Row) -> str:
    if row.name in BASE or row.group in BASE:
        return "base"
    return "code" if row.group in CODES else row.group


def _row_field(row: Row) -> forms.Field:
    hint = _hint(row)
    label = spoken(row.label)
    if row.name in CHOICES:
        options = [("", "–"), *((word, WORDS[word]) for word in CHOICES[row.name])]
        return forms.ChoiceField(label=label, choices=options, required=False, help_text=hint)
    widget = forms.TextInput({"spellcheck": "false", "autocomplete": "off"})
    return forms.CharField(
        label=label, required=False, max_length=300, help_text=hint, widget=widget
    )


def _hint(row: Row) -> str:
    if not row.value:
        return gettext("There is no proposal: it has to be agreed.")
    value = in_words(row)
    if row.is_seen:
        return gettext("Empty: %(value)s, as services known so far write it.") % {"value": value}
    return gettext("Empty: %(value)s, our proposal, not agreed yet.") % {"value": value}
