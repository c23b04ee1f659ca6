"""The fields of the ledger of blanks."""

from collections.abc import Iterable
from decimal import Decimal

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.certificates.models import PrinterSetting
from kualik.certificates.services.blanks import BLANK_STATES, Act, Delivery
from kualik.core.language import spoken
from kualik.rules.identifiers import mask_iin, replace_iins

MOST = 5000
TENTHS = 10


class NumberWidget(forms.TextInput):
    """Digits are typed, not counted up and down."""

    def __init__(self) -> None:
        super().__init__({"inputmode": "numeric", "autocomplete": "off", "class": "k-short"})


class SeriesField(forms.CharField):
    """The letters before the number of a blank."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Series"),
            max_length=8,
            widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
        )

    def clean(self, value: object) -> str:
        return str(super().clean(value)).upper()


class DeliveryForm(forms.Form):
    """A delivery of blanks as its paper says it."""

    series = SeriesField()
    first = forms.IntegerField(label=_("First number"), min_value=1, widget=NumberWidget())
    last = forms.IntegerField(label=_("Last number"), min_value=1, widget=NumberWidget())
    digits = forms.IntegerField(
        label=_("Digits in a number, with the zeros"),
        initial=6,
        min_value=1,
        max_value=9,
        widget=NumberWidget(),
    )
    document = forms.CharField(
        label=_("By which paper"), help_text=_("For example a delivery note."), max_length=120
    )
    received_on = forms.DateField(
        label=_("Day of the delivery"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_document(self) -> str:
        return replace_iins(self.cleaned_data["document"], mask_iin)

    def delivery(self) -> Delivery:
        """The values as the service takes them."""
        return Delivery(**self.cleaned_data)


class GiveForm(forms.Form):
    """To whom which blanks are given."""

    holder = forms.TypedChoiceField(label=_("To whom"), coerce=int, choices=())
    series = SeriesField()
    first = forms.IntegerField(label=_("First number"), min_value=1, widget=NumberWidget())
    count = forms.IntegerField(
        label=_("How many in a row"), min_value=1, max_value=MOST, widget=NumberWidget()
    )

    def offer(self, staff: Iterable[User]) -> None:
        """Fill the list of those who may hold blanks."""
        field = self.fields["holder"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(str(user.pk), user.full_name) for user in staff]


class WriteOffForm(forms.Form):
    """The act of writing a blank off."""

    act_number = forms.CharField(
        label=_("Number of the act of writing off"),
        max_length=60,
        error_messages={"required": _("Give the number of the act.")},
    )
    reason = forms.CharField(
        label=_("What happened to the blank"),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Give the reason.")},
    )

    def clean_act_number(self) -> str:
        return replace_iins(self.cleaned_data["act_number"], mask_iin)

    def clean_reason(self) -> str:
        return replace_iins(self.cleaned_data["reason"], mask_iin)

    def act(self) -> Act:
        """The values as the services take them."""
        return Act(number=self.cleaned_data["act_number"], reason=self.cleaned_data["reason"])


class CountForm(forms.Form):
    """What somebody counted in the evening."""

    counted = forms.IntegerField(
        label=_("Clean blanks counted"),
        help_text=_("Those in the safe and those with the staff together."),
        min_value=0,
        widget=NumberWidget(),
    )
    remark = forms.CharField(
        label=_("Remark"),
        help_text=_("Needed when the number differs from the ledger."),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def clean_remark(self) -> str:
        return replace_iins(self.cleaned_data["remark"], mask_iin)


class FindBlankForm(forms.Form):
    """What the list is narrowed to."""

    number = forms.IntegerField(
        label=_("Number"), min_value=1, required=False, widget=NumberWidget()
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=())

    def offer(self) -> None:
        """Fill the states in the language of the page."""
        field = self.fields["state"]
        if isinstance(field, forms.ChoiceField):
            named = [(state, spoken(text)) for state, text in BLANK_STATES.items()]
            field.choices = [("", gettext("All")), *named]


class PrinterForm(forms.Form):
    """A printer and how far it moves the text."""

    name = forms.CharField(
        label=_("Name of the printer"), help_text=_("For example “Window 2”."), max_length=60
    )
    right = forms.DecimalField(
        label=_("Move to the right, mm"),
        help_text=_("To the left with a minus, for example -1.5."),
        decimal_places=1,
        max_digits=4,
        initial=0,
        localize=True,
    )
    down = forms.DecimalField(
        label=_("Move down, mm"),
        help_text=_("Up with a minus."),
        decimal_places=1,
        max_digits=4,
        initial=0,
        localize=True,
    )

    @staticmethod
    def shown(printer: PrinterSetting | None) -> dict[str, object]:
        """The values of a printer as the fields show them."""
        if printer is None:
            return {}
        shifts = {name: Decimal(getattr(printer, name)) / TENTHS for name in ("right", "down")}
        return {"name": printer.name, **shifts}

    def tenths(self, name: str) -> int:
        """A shift in tenths of a millimetre."""
        return int(self.cleaned_data[name] * TENTHS)
