"""What figures are asked for: whose, of which period."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.core import errors
from kualik.core.clock import local_day
from kualik.core.language import spoken
from kualik.oversight.queries.figures import (
    Period,
    Scope,
    days,
    ended_months,
    month_of,
    offered_periods,
    period_of,
)
from kualik.providers.models import Office, Provider
from kualik.rules.errors import RuleViolation

MONTHS_SHOWN = 24
DAY_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]
Choices = list[tuple[str, str]]


def _day_field() -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(required=False, input_formats=DAY_FORMATS, widget=widget)


class FiguresForm(forms.Form):
    """The filter; without anything chosen: all that the person sees, of the present month."""

    provider = forms.ChoiceField(label=_("Provider"), required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)
    period = forms.ChoiceField(label=_("Period"), required=False)
    first = _day_field()
    last = _day_field()

    def __init__(
        self, data: Mapping[str, object], *, providers: Sequence[Provider], now: datetime
    ) -> None:
        super().__init__(data)
        self._providers, self._now = list(providers), now
        offices = Office.objects.filter(provider__in=self._providers).select_related("provider")
        self._offices = list(offices.order_by("provider__code", "pk"))
        named: Choices = [(one.code, spoken(one.name)) for one in self._providers]
        self._offer("provider", [("", gettext("All")), *named], is_one=len(named) < 2)
        places: Choices = [(str(one.pk), self._office_label(one)) for one in self._offices]
        self._offer("office", [("", gettext("All")), *places], is_one=len(places) < 2)
        periods = [(one.code, spoken(one.label)) for one in self._periods(now)]
        self._offer("period", periods)
        self.fields["first"].label, self.fields["last"].label = _("Or from"), _("To")

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = self.cleaned_data
        office, provider = self._office(), str(given.get("provider") or "")
        if office is not None and provider and office.provider.code != provider:
            self.add_error("office", _("This office belongs to another provider."))
        if bool(given.get("first")) != bool(given.get("last")):
            self.add_error("last", _("Give both days, or a period instead."))
        elif given.get("first") and not self.errors:
            try:
                self.period_wanted()
            except RuleViolation as violation:
                self.add_error("last", errors.message(violation))
        return given

    def scope(self) -> Scope:
        """Whose figures the valid form asks for."""
        office, code = self._office(), self.cleaned_data.get("provider")
        if office is not None:
            return Scope((office.provider,), office)
        chosen = [one for one in self._providers if not code or one.code == code]
        return Scope(tuple(chosen))

    def is_whole(self, scope: Scope) -> bool:
        """Whether that is everything the person sees."""
        return scope.office is None and len(scope.providers) == len(self._providers)

    def period_wanted(self) -> Period:
        """Of which days."""
        given = self.cleaned_data
        if given.get("first") and given.get("last"):
            return days(given["first"], given["last"])
        code = given.get("period")
        return period_of(code) if code else month_of(local_day(self._now))

    def _office(self) -> Office | None:
        wanted = self.cleaned_data.get("office")
        return next((one for one in self._offices if wanted and str(one.pk) == wanted), None)

    def _periods(self, now: datetime) -> list[Period]:
        """Those on offer, and the older one that an address names."""
        offered = offered_periods(now)
        with suppress(RuleViolation):
            named = period_of(str(self.data.get("period", "")))
            offered += [] if named in offered else [named]
        return offered

    def _office_label(self, office: Office) -> str:
        name = spoken(office.name)
        return name if len(self._providers) == 1 else f"{office.provider.code}: {name}"

    def _offer(self, name: str, choices: Choices, *, is_one: bool = False) -> None:
        """Set the choices; a question with one answer is not asked."""
        field = self.fields[name]
        if is_one:
            del self.fields[name]
        elif isinstance(field, forms.ChoiceField):
            field.choices = choices


class MonthForm(forms.Form):
    """One of the ended months."""

    month = forms.ChoiceField(label=_("Month"))

    def __init__(self, data: Mapping[str, object] | None, *, months: Sequence[Period]) -> None:
        super().__init__(data)
        field = self.fields["month"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(one.code, spoken(one.label)) for one in months]

    def wanted(self) -> Period:
        """The month of the valid form."""
        return period_of(self.cleaned_data["month"])


def public_months(now: datetime) -> list[Period]:
    """Those of which everybody may see figures."""
    return ended_months(now, MONTHS_SHOWN)
