"""Forms of an incident."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.cases.forms.enclosing import plain_text
from kualik.core.clock import ZONE
from kualik.incidents.services.declaring import Seen
from kualik.incidents.services.telling import BY_HAND
from kualik.rules.language import Text

WAYS = {
    "letter": _("By letter"),
    "phone": _("By phone"),
    "portal": _("Through the operator's service desk"),
    "other": _("In another way"),
}
HELP_MOMENT = _("For example 23.11.2026 10:40; by the clock of Kazakhstan.")
FORMATS = ["%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


class PlainField(forms.CharField):
    """Words that a person types freely: no invisible signs, an IIN in them is masked."""

    def clean(self, value: object) -> str:
        return plain_text(str(super().clean(value)).replace("\r\n", "\n"))


class MomentField(forms.DateTimeField):
    """A moment by the clock of Kazakhstan."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            input_formats=FORMATS,
            widget=forms.DateTimeInput({"autocomplete": "off"}, format=FORMATS[0]),
            **more,
        )

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        return found.replace(tzinfo=ZONE) if found else None


class DeclareForm(forms.Form):
    """What somebody saw failing."""

    what_kk = PlainField(
        label=_("What does not work, in Kazakh"),
        help_text=_("Everybody reads this. Name no person and no request."),
        max_length=200,
    )
    what_ru = PlainField(label=_("What does not work, in Russian"), max_length=200)
    what_en = PlainField(label=_("What does not work, in English"), max_length=200)
    began_at = MomentField(label=_("Since when"), help_text=HELP_MOMENT)
    ended_at = MomentField(
        label=_("Until when, if it is over"), help_text=HELP_MOMENT, required=False
    )

    def __init__(self, data: Any = None, *, is_proposed: bool = False, **more: Any) -> None:
        """``is_proposed``: who publishes it adds what is missing."""
        super().__init__(data, **more)
        self.fields["what_en"].required = not is_proposed

    @property
    def seen(self) -> Seen:
        """The words in the three languages of the pages, and when it was."""
        found = self.cleaned_data
        what = Text(found["what_kk"], found["what_ru"], found["what_en"])
        return Seen(what=what, began_at=found["began_at"], ended_at=found["ended_at"])


class EndForm(forms.Form):
    """When a failure was over, and how that is known of one that the system found."""

    ended_at = MomentField(label=_("When was it over?"), help_text=HELP_MOMENT)
    reason = PlainField(
        label=_("Why do you end it by hand?"),
        help_text=_("If the system still finds that it fails, the failure goes on."),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, data: Any = None, *, is_explained: bool, **more: Any) -> None:
        super().__init__(data, **more)
        if not is_explained:
            del self.fields["reason"]


class NoticeForm(forms.Form):
    """How the operator was told, where not by the letter of the system."""

    way = forms.ChoiceField(
        label=_("How was the operator told?"),
        widget=forms.RadioSelect,
        choices=[(way, WAYS[way]) for way in BY_HAND],
    )
    reference = PlainField(
        label=_("Number of the letter or of the operator's ticket, or who took the call"),
        max_length=120,
    )
    at = MomentField(label=_("When?"), help_text=HELP_MOMENT)
    note = PlainField(
        label=_("Note"), required=False, max_length=500, widget=forms.Textarea({"rows": 3})
    )


class MeasuresForm(forms.Form):
    """What was done, for each column of the draft of the protocol."""

    measures_kk = PlainField(
        label=_("What was done, in Kazakh"), max_length=500, widget=forms.Textarea({"rows": 5})
    )
    measures_ru = PlainField(
        label=_("What was done, in Russian"), max_length=500, widget=forms.Textarea({"rows": 5})
    )

    @property
    def done(self) -> Text:
        """The words in the two languages of the acts."""
        return Text(self.cleaned_data["measures_kk"], self.cleaned_data["measures_ru"])


class WordsForm(forms.Form):
    """Why the report is called off."""

    text = PlainField(label=_("Words"), max_length=500, widget=forms.Textarea({"rows": 5}))

    def __init__(self, data: Any = None, *, label: Any, **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["text"].label = label


class ProtocolForm(forms.Form):
    """The operator's protocol as it came back."""

    file = forms.FileField(
        label=_("The operator's protocol (PDF)"),
        help_text=_("One PDF, at most 10 MB."),
        widget=forms.FileInput({"accept": "application/pdf"}),
    )
    number = PlainField(label=_("Number of the protocol"), max_length=60)
    dated = forms.DateField(
        label=_("Day of the protocol"),
        input_formats=["%d.%m.%Y", "%Y-%m-%d"],
        widget=forms.DateInput({"autocomplete": "off"}, format="%d.%m.%Y"),
    )


class SignatureForm(forms.Form):
    """The signature: from NCALayer, or as a file made elsewhere."""

    signature = forms.CharField(required=False, widget=forms.HiddenInput, max_length=400_000)
    file = forms.FileField(
        label=_("Detached signature made elsewhere (.p7s, .cms)"),
        required=False,
        widget=forms.FileInput({"accept": ".p7s,.cms,.sig"}),
    )
