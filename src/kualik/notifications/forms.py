"""What a provider says of a web hook, and adds to letters."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.core.language import spoken
from kualik.notifications.adapters.outbound import LONGEST_URL
from kualik.notifications.services.adding import LONGEST
from kualik.notifications.services.hook_keeping import HookFacts
from kualik.notifications.services.hooks import hook_events
from kualik.rules.language import LANGUAGES, Text


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


class OwnWordsForm(forms.Form):
    """What a provider adds to the letters of an event, in the three languages."""

    kk = forms.CharField(
        label=_("In Kazakh"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 3, "lang": "kk"}),
    )
    ru = forms.CharField(
        label=_("In Russian"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 3, "lang": "ru"}),
    )
    en = forms.CharField(
        label=_("In English"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 3, "lang": "en"}),
    )

    @staticmethod
    def shown(words: Text | None) -> dict[str, str]:
        """What stands there now."""
        return {language: words.get(language) for language in LANGUAGES} if words else {}

    def words(self) -> Text:
        """What was typed."""
        return Text(*(self.cleaned_data[language] for language in LANGUAGES))
