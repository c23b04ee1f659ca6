"""The choice of the low-vision version."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.core.looks import CHOICES

LABELS = {
    "size": {
        "100": _("Usual"),
        "150": _("Larger, one and a half times"),
        "200": _("Largest, twice the usual"),
    },
    "colours": {
        "usual": _("Usual"),
        "white": _("Black on white"),
        "black": _("White on black"),
        "yellow": _("Yellow on black"),
        "blue": _("Dark blue on light blue"),
    },
    "spacing": {"usual": _("Usual"), "wide": _("Wide"), "widest": _("Widest")},
    "letters": {"plain": _("Without serifs"), "serif": _("With serifs")},
    "pictures": {"on": _("Shown"), "off": _("Not shown")},
}
QUESTIONS = {
    "size": _("Size of the letters"),
    "colours": _("Colours"),
    "spacing": _("Space between letters and lines"),
    "letters": _("Form of the letters"),
    "pictures": _("Pictures"),
}


class LookForm(forms.Form):
    """One question for each choice that ``core.looks`` offers."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, values in CHOICES.items():
            self.fields[name] = forms.ChoiceField(
                label=QUESTIONS[name],
                choices=[(value, LABELS[name][value]) for value in values],
                widget=forms.RadioSelect,
            )
