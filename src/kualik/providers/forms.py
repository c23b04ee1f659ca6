"""The fields of the house: organisation, offices, hours, closed periods, photos, breaks."""

from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.core.language import spoken
from kualik.providers.models import Office, Photo, Provider
from kualik.providers.queries import ClosedPeriod, Wanted, cities
from kualik.providers.services import FACTS, OwnFacts, PlaceFacts
from kualik.rules import standards
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.workdays import Minutes, WeeklyHours

DAY_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"]
PICTURES = "image/jpeg,image/png,image/webp"
IN_LANGUAGES = {
    "name": (_("Name in Kazakh"), _("Name in Russian"), _("Name in English")),
    "city": (_("City in Kazakh"), _("City in Russian"), _("City in English")),
    "address": (_("Address in Kazakh"), _("Address in Russian"), _("Address in English")),
    "reason": (_("Reason in Kazakh"), _("Reason in Russian"), _("Reason in English")),
    "note": (
        _("What will be done, in Kazakh"),
        _("What will be done, in Russian"),
        _("What will be done, in English"),
    ),
    "alt": (
        _("What is seen on it, in Kazakh"),
        _("What is seen on it, in Russian"),
        _("What is seen on it, in English"),
    ),
}


def words_of(cleaned: Mapping[str, Any], field: str) -> Text:
    """The text of three fields."""
    return Text(*(str(cleaned[f"{field}_{language}"]) for language in LANGUAGES))


def _in_languages(field: str, length: int, *, needs_english: bool = True) -> dict[str, forms.Field]:
    return {
        f"{field}_{language}": forms.CharField(
            label=label,
            max_length=length,
            required=needs_english or language != "en",
            widget=forms.TextInput({"lang": language}),
        )
        for language, label in zip(LANGUAGES, IN_LANGUAGES[field], strict=True)
    }


def _day_widget() -> forms.DateInput:
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class _Form(forms.Form):
    """Mistakes are told in our own words, in the language of the page."""

    use_required_attribute = False


class OrganisationForm(_Form):
    """What the organisation says of itself."""

    accreditation = forms.CharField(label=_("Accreditation"), max_length=200, required=False)
    accreditation_until = forms.DateField(
        label=_("Last day of the accreditation"),
        required=False,
        input_formats=DAY_FORMATS,
        widget=_day_widget(),
    )
    licence = forms.CharField(label=_("Licence"), max_length=200, required=False)
    site = forms.URLField(
        label=_("Web site"), max_length=200, required=False, assume_scheme="https"
    )
    field_order = [f"{field}_{language}" for field in ("name", "city") for language in LANGUAGES]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_in_languages("name", 300) | _in_languages("city", 80))
        self.order_fields(self.field_order)

    @staticmethod
    def shown(provider: Provider) -> dict[str, object]:
        """What the form holds at first."""
        names = [f"{field}_{language}" for field in ("name", "city") for language in LANGUAGES]
        names += ["accreditation", "accreditation_until", "licence", "site"]
        return {name: getattr(provider, name) for name in names}

    def facts(self) -> OwnFacts:
        """What was entered."""
        cleaned = self.cleaned_data
        return OwnFacts(
            name=words_of(cleaned, "name"),
            city=words_of(cleaned, "city"),
            accreditation=cleaned["accreditation"],
            accreditation_until=cleaned["accreditation_until"],
            licence=cleaned["licence"],
            site=cleaned["site"],
        )


class PlaceForm(_Form):
    """How an office is found and reached."""

    phones = forms.CharField(
        label=_("Phones"),
        help_text=_("One in a line, for example +7 727 300 00 01."),
        widget=forms.Textarea({"rows": 3, "inputmode": "tel"}),
        error_messages={"required": _("Give at least one phone number.")},
    )
    windows = forms.IntegerField(label=_("Number of windows"), min_value=1, max_value=99, initial=1)
    position = forms.CharField(
        label=_("Latitude and longitude"),
        help_text=_("In degrees, for example 43.2380, 76.9452. Without them: the city's."),
        max_length=40,
        required=False,
    )
    field_order = [f"{field}_{language}" for field in ("name", "address") for language in LANGUAGES]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_in_languages("name", 200) | _in_languages("address", 300))
        self.order_fields(self.field_order)

    @staticmethod
    def shown(office: Office) -> dict[str, object]:
        """What the form holds at first."""
        names = [f"{field}_{language}" for field in ("name", "address") for language in LANGUAGES]
        has_place = office.latitude is not None and office.longitude is not None
        return {
            **{name: getattr(office, name) for name in names},
            "phones": "\n".join(office.phones),
            "windows": office.windows,
            "position": f"{office.latitude}, {office.longitude}" if has_place else "",
        }

    def clean_phones(self) -> tuple[str, ...]:
        lines = (line.strip() for line in self.cleaned_data["phones"].splitlines())
        return tuple(line for line in lines if line)

    def clean_position(self) -> tuple[Decimal, Decimal] | None:
        text = self.cleaned_data["position"].strip()
        if not text:
            return None
        parts = text.replace(";", " ").replace(", ", " ").split()
        try:
            latitude, longitude = (round(Decimal(part.replace(",", ".")), 5) for part in parts)
        except (ArithmeticError, ValueError) as error:
            raise forms.ValidationError(
                gettext("Two numbers, such as 43.2380, 76.9452.")
            ) from error
        return latitude, longitude

    def facts(self) -> PlaceFacts:
        """What was entered."""
        cleaned = self.cleaned_data
        return PlaceFacts(
            name=words_of(cleaned, "name"),
            address=words_of(cleaned, "address"),
            phones=cleaned["phones"],
            windows=cleaned["windows"],
            position=cleaned["position"],
        )


class HoursForm(_Form):
    """Weekly hours and the day from which they are valid; both empty: a day of rest."""

    valid_from = forms.DateField(
        label=_("Valid from"),
        help_text=_("Tomorrow at the earliest. Requests filed before keep the term they have."),
        input_formats=DAY_FORMATS,
        widget=_day_widget(),
        error_messages={"required": _("Give the day.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, name in WEEKDAYS.items():
            for part, label in (("opens", _("opening")), ("closes", _("closing"))):
                self.fields[f"{part}_{day}"] = forms.TimeField(
                    label=f"{name}, {label}",
                    required=False,
                    # Not the browser's own picker: it may ask for a.m. and p.m.
                    widget=forms.TimeInput({"inputmode": "numeric", "size": 5}, format="%H:%M"),
                    error_messages={"invalid": _("Write the time like 08:30.")},
                )

    @staticmethod
    def shown(hours: WeeklyHours, valid_from: date | None) -> dict[str, object]:
        """What the form holds at first."""
        found: dict[str, object] = {"valid_from": valid_from}
        for day, span in enumerate(hours.days):
            if span is not None:
                found[f"opens_{day}"], found[f"closes_{day}"] = map(_clock, span)
        return found

    @property
    def rows(self) -> Iterator[tuple[str, forms.BoundField, forms.BoundField]]:
        """Name of the day and its two fields."""
        for day, name in WEEKDAYS.items():
            yield str(name), self[f"opens_{day}"], self[f"closes_{day}"]

    def clean(self) -> dict[str, Any]:
        for day in WEEKDAYS:
            opens, closes = self._ends(day)
            if (opens is None) != (closes is None):
                wanted = "opens" if opens is None else "closes"
                self.add_error(f"{wanted}_{day}", gettext("Give both times or none."))
            elif opens is not None and closes is not None and opens >= closes:
                self.add_error(f"closes_{day}", gettext("Closing is later than opening."))
        if not self.errors and not self.hours():
            self.add_error(None, gettext("The hours need at least one working day."))
        return self.cleaned_data

    def hours(self) -> dict[int, Minutes]:
        """What was entered, as ``change_hours`` takes it."""
        found = {}
        for day in WEEKDAYS:
            opens, closes = self._ends(day)
            if opens is not None and closes is not None:
                found[day] = (_minutes(opens), _minutes(closes))
        return found

    def _ends(self, day: int) -> tuple[time | None, time | None]:
        return self.cleaned_data.get(f"opens_{day}"), self.cleaned_data.get(f"closes_{day}")


class AccessForm(_Form):
    """Which of the five facts of A303.10.e hold."""

    accessible = forms.MultipleChoiceField(
        label=_("What the office has"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "accessible", [(code, spoken(name)) for code, name in fact_names().items()])


class PhotoForm(_Form):
    """A picture of one fact, with words for those who do not see it."""

    photo = forms.FileField(
        label=_("Photo"),
        help_text=_(
            "JPEG, PNG or WebP, up to 5 megabytes. Place, time and device are removed from it. "
            "No faces of visitors."
        ),
        widget=forms.FileInput({"accept": PICTURES}),
        error_messages={"required": _("Choose a photo."), "empty": _("The file is empty.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_in_languages("alt", 200))

    @staticmethod
    def shown(photo: Photo | None) -> dict[str, object]:
        """The words of the picture that is shown already."""
        return {f"alt_{name}": getattr(photo, f"alt_{name}", "") for name in LANGUAGES}


class ClosureForm(_Form):
    """A closed period; ``begins_on`` is the first day of the one that it takes the place of."""

    first = forms.DateField(
        label=_("First day"),
        help_text=_("Tomorrow at the earliest."),
        input_formats=DAY_FORMATS,
        widget=_day_widget(),
        error_messages={"required": _("Give the day.")},
    )
    last = forms.DateField(
        label=_("Last day"),
        help_text=_("Empty: one day."),
        required=False,
        input_formats=DAY_FORMATS,
        widget=_day_widget(),
    )
    begins_on = forms.DateField(
        required=False, input_formats=DAY_FORMATS, widget=forms.HiddenInput()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_in_languages("reason", 200, needs_english=False))

    @staticmethod
    def shown(period: ClosedPeriod | None) -> dict[str, object]:
        """The period that is to be corrected."""
        if period is None:
            return {}
        words = {f"reason_{name}": getattr(period.reason, name) for name in LANGUAGES}
        days = {"first": period.first, "last": period.last}
        return {**days, **words, "begins_on": period.first.isoformat()}


class BreakForm(_Form):
    """A planned technical break of the whole installation."""

    starts_at = forms.DateTimeField(
        label=_("Begins"),
        input_formats=MOMENT_FORMATS,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": _("Give the day and the time.")},
    )
    ends_at = forms.DateTimeField(
        label=_("Ends"),
        input_formats=MOMENT_FORMATS,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": _("Give the day and the time.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_in_languages("note", 200))


class DirectoryForm(_Form):
    """What to narrow the directory to."""

    # No word that they are optional: they are filters.
    one_of = frozenset({"city", "open", "fact"})

    city = forms.ChoiceField(label=_("City"), required=False)
    open = forms.BooleanField(label=_("Open now"), required=False)
    fact = forms.MultipleChoiceField(
        label=_("For visitors with disabilities"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [(city.kk, city.get(language)) for city in cities(language)]
        _offer(self, "city", [("", gettext("All cities")), *places])
        _offer(self, "fact", [(code, spoken(name)) for code, name in fact_names().items()])

    def wanted(self) -> Wanted:
        """What was chosen; nothing where the address names what there is not."""
        if not self.is_valid():
            return Wanted()
        cleaned = self.cleaned_data
        return Wanted(
            city=cleaned["city"], is_open=cleaned["open"], facts=frozenset(cleaned["fact"])
        )


def fact_names() -> dict[str, Text]:
    """The five facts of A303.10.e by code, in the order of the act."""
    listed = standards.get("A303").items_of("accessibility")
    return {item.code: item.name for item in listed if item.code in FACTS}


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
