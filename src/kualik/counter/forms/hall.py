"""The forms of the reception and of the hall's settings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.core.clock import ZONE, local_day
from kualik.core.errors import message
from kualik.core.language import spoken
from kualik.counter.adapters.ticket_printer import check_address
from kualik.counter.models import Hall, Window
from kualik.counter.queries.offered import lines, priorities
from kualik.counter.services.windows import HallPolicy
from kualik.rules.errors import RuleViolation

LANGUAGES = [("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")]
Choices = list[tuple[str, str | Promise]]


def line_choices() -> Choices:
    """The lines in the visitor's language."""
    return [(code, spoken(line.name)) for code, line in lines().items()]


def priority_choices() -> Choices:
    """Nobody's priority first, then those of the law."""
    named = [(code, spoken(found.name)) for code, found in priorities().items()]
    return [("", _("No priority")), *named]


class TicketForm(forms.Form):
    """A ticket given at the reception; ``key`` makes a second press no second ticket."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    line = forms.ChoiceField(label=_("What the visitor came for"))
    priority = forms.ChoiceField(label=_("Priority"), required=False)
    language = forms.ChoiceField(label=_("Language of the call"), choices=LANGUAGES)

    def __init__(self, data: Mapping[str, object] | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        offer(self, "line", line_choices())
        offer(self, "priority", priority_choices())


class PaperForm(TicketForm):
    """A number that was given on paper while the system was away."""

    number = forms.CharField(
        label=_("Number on the paper"),
        max_length=7,
        help_text=_("As it stands on the paper: Latin letters and digits."),
    )
    at = forms.TimeField(
        label=_("When the number was given"),
        help_text=_("Today, to the minute: the waiting counts from there."),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    field_order = ("number", "at", "line", "priority", "language", "key")

    def clean_number(self) -> str:
        return str(self.cleaned_data["number"]).strip().upper()

    def moment(self, now: datetime) -> datetime:
        """The time of today that was entered."""
        at: time = self.cleaned_data["at"]
        return datetime.combine(local_day(now), at, tzinfo=ZONE)


class PolicyForm(forms.Form):
    """How the queue of an office works (``Hall``)."""

    recalls = forms.IntegerField(
        label=_("Calls before a visitor counts as absent"), min_value=1, max_value=9
    )
    return_minutes = forms.IntegerField(
        label=_("Minutes in which an absent visitor may come back"), min_value=1, max_value=60
    )
    slot_minutes = forms.IntegerField(
        label=_("Minutes of a bookable time"), min_value=5, max_value=60
    )
    slot_places = forms.IntegerField(
        label=_("People who may book the same time"),
        help_text=_("0: no booking"),
        min_value=0,
        max_value=50,
    )
    printer = forms.RegexField(
        label=_("Ticket printer"),
        regex=r"^tcp://[A-Za-z0-9.\-]+:[0-9]{1,5}$",
        required=False,
        max_length=120,
        help_text=_("tcp://address:port; empty when the browser prints."),
    )

    def clean_printer(self) -> str:
        """Only addresses at which printers listen."""
        address: str = self.cleaned_data["printer"]
        if not address:
            return ""
        try:
            check_address(address)
        except RuleViolation as violation:
            raise forms.ValidationError(message(violation)) from violation
        return address

    @classmethod
    def of(cls, hall: Hall | None) -> "PolicyForm":
        """The form with what holds now."""
        found = hall or HallPolicy()
        return cls(initial={name: getattr(found, name) for name in cls.base_fields})

    def policy(self) -> HallPolicy:
        """What was entered."""
        return HallPolicy(**self.cleaned_data)


class WindowForm(forms.Form):
    """One window: whom it serves, and whether it is in use."""

    number = forms.IntegerField(label=_("Number of the window"), min_value=1, max_value=99)
    lines = forms.MultipleChoiceField(
        label=_("Serves"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing marked: everybody."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, data: Mapping[str, object] | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        offer(self, "lines", line_choices())

    @classmethod
    def of(cls, window: Window) -> "WindowForm":
        """The form of a window that is there, its number fixed."""
        form = cls(
            initial={
                "number": window.number,
                "lines": window.lines,
                "is_active": window.is_active,
            },
            prefix=f"w{window.number}",
        )
        form.fields["number"].widget = forms.HiddenInput()
        return form


def offer(form: forms.Form, name: str, choices: Sequence[tuple[str, str | Promise]]) -> None:
    """Set the choices of one field of ``form``."""
    field = form.fields[name]
    if isinstance(field, (forms.ChoiceField, forms.MultipleChoiceField)):
        field.choices = list(choices)
