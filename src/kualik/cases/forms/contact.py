"""What a caller can name: a number of a request, an IIN or a phone."""

from django import forms
from django.utils.translation import gettext_lazy as _

SOUGHT_LENGTH = 40


class ContactForm(forms.Form):
    """One field for all three, sent by POST: what is typed may be an IIN."""

    sought = forms.CharField(
        label=_("Number of the request, IIN or phone"),
        help_text=_("As the caller says it. What you type is not kept; that you looked is."),
        max_length=SOUGHT_LENGTH,
        widget=forms.TextInput({"autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )
