"""What a provider says of a web hook."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.core.language import spoken
from kualik.notifications.adapters.outbound import LONGEST_URL
from kualik.notifications.services.hook_keeping import HookFacts
from kualik.notifications.services.hooks import hook_events


class HookForm(forms.Form):
    """Name, address and events."""

    name = forms.CharField(
        label=_("Name of the hook"),
        help_text=_("For your own people: which system listens."),
        max_length=100,
    )
    url = forms.CharField(
        label=_("Address"),
        help_text=_("Begins with https and leads to a server in the public network."),
        max_length=LONGEST_URL,
        widget=forms.URLInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, f"{spoken(text)} ({name})") for name, text in hook_events().items()]
        self.fields["events"] = forms.MultipleChoiceField(
            label=_("Events"), choices=choices, widget=forms.CheckboxSelectMultiple
        )

    def facts(self) -> HookFacts:
        """What was said."""
        told = self.cleaned_data
        return HookFacts(name=told["name"], url=told["url"], events=told["events"])
