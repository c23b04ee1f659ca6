"""The forms of the office, and that of the status page."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.accounts.forms import SearchField
from kualik.accounts.models import User
from kualik.cases.forms.enclosing import plain_text
from kualik.cases.queries import Search, by_name
from kualik.cases.services.filing import Filing
from kualik.core import errors
from kualik.core.clock import local_day
from kualik.core.language import spoken
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import STATE_LABELS, State
from kualik.rules.standards import Ground, Standard
from kualik.training.models import Completion, Group, Programme

Write = Callable[[str, Text], list[tuple[Text, Text]]]
DAY_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"]
FACTS_LENGTH = 4000
PORTAL_NUMBER: Final = "[0-9]{14,20}"


def day_widget() -> forms.DateInput:
    """The browser's own picker of a date."""
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


def offer(form: forms.Form, name: str, choices: Sequence[tuple[str, str | Promise]]) -> None:
    """Set the choices of one field of ``form``."""
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = list(choices)


def kept_filters(form: type[forms.Form], given: QueryDict) -> QueryDict:
    """The fields of ``form`` in an address without the page, the language and empty values."""
    kept = QueryDict(mutable=True)
    for name in form.base_fields:
        value = given.get(name)
        if isinstance(value, str) and value:
            kept[name] = value
    return kept


class NumberField(SearchField):
    """Takes a number of the e-government portal too: a run of digits too long to be an IIN with a
    slip in it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["pattern"] = f"{PORTAL_NUMBER}|{self.widget.attrs['pattern']}"

    def validate(self, value: str) -> None:
        if not re.fullmatch(PORTAL_NUMBER, value):
            super().validate(value)


class SearchForm(forms.Form):
    """The filters of the list; groups and programmes are those of the person's provider."""

    text = NumberField(label=_("Number or name"), required=False, max_length=120)
    state = forms.ChoiceField(label=_("State"), required=False)
    term = forms.ChoiceField(
        label=_("Term"),
        required=False,
        choices=[("", _("Any")), ("overdue", _("Overdue")), ("today", _("Due today"))],
    )
    group = forms.TypedChoiceField(label=_("Group"), required=False, coerce=int, empty_value=None)
    programme = forms.TypedChoiceField(
        label=_("Programme"), required=False, coerce=int, empty_value=None
    )
    filed_from = forms.DateField(
        label=_("Filed from"), required=False, input_formats=DAY_FORMATS, widget=day_widget()
    )
    filed_to = forms.DateField(
        label=_("Filed to"), required=False, input_formats=DAY_FORMATS, widget=day_widget()
    )

    def __init__(self, data: Mapping[str, object], *, user: User) -> None:
        super().__init__(data)
        states = [(state.value, spoken(STATE_LABELS[state])) for state in State]
        choices: list[tuple[str, str | Promise]] = [
            ("", _("Any")),
            ("awaiting", _("Awaiting a result")),
            ("undecided", _("Not decided yet")),
            *states,
        ]
        offer(self, "state", choices)
        programmes = Programme.objects.filter(provider=user.provider_id).order_by("title_ru")
        titles = [(str(row.pk), _programme_label(row)) for row in programmes]
        groups = Group.objects.filter(provider=user.provider_id).select_related("programme")
        names = [(str(row.pk), spoken(row.label)) for row in groups.order_by("-pk")]
        offer(self, "programme", [("", _("Any")), *titles])
        offer(self, "group", [("", _("Any")), *names])
        if user.provider_id is None:
            del self.fields["group"], self.fields["programme"]

    def in_words(self) -> list[str]:
        """The filters that are set, as the page names them."""
        said = []
        for name, value in self.data.items():
            field = self.fields.get(name)
            if isinstance(field, forms.ChoiceField):
                said += [label for key, label in _pairs(field) if key == value and value]
            elif field is not None and value:
                said.append(str(value))
        return said

    def wanted(self) -> Search:
        """What the valid form asks for."""
        return Search(**self.cleaned_data)


class ReasonForm(forms.Form):
    """A reason in both languages of the register."""

    reason_kk = forms.CharField(
        label=_("Reason in Kazakh"), max_length=300, widget=forms.Textarea({"rows": 3})
    )
    reason_ru = forms.CharField(
        label=_("Reason in Russian"), max_length=300, widget=forms.Textarea({"rows": 3})
    )

    def reason(self) -> Text:
        """Both texts of the valid form."""
        given = self.cleaned_data
        return Text(plain_text(given["reason_kk"]), plain_text(given["reason_ru"]))


class WithdrawalForm(forms.Form):
    """Why a request is entered as withdrawn."""

    reason = forms.CharField(
        label=_("Grounds of the withdrawal"),
        help_text=_("Number and date of the person's paper, and what it says."),
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
    )

    def clean_reason(self) -> str:
        return plain_text(self.cleaned_data["reason"])


class RefusalForm(forms.Form):
    """A ground of the request's own edition, and what was found, in both languages."""

    ground = forms.ChoiceField(label=_("Ground of the refusal"), widget=forms.RadioSelect)
    facts_kk = forms.CharField(
        label=_("What was found, in Kazakh"),
        help_text=_("Facts of this request, in whole sentences; the ground alone is not enough."),
        max_length=FACTS_LENGTH,
        widget=forms.Textarea({"rows": 5, "lang": "kk"}),
    )
    facts_ru = forms.CharField(
        label=_("What was found, in Russian"),
        max_length=FACTS_LENGTH,
        widget=forms.Textarea({"rows": 5, "lang": "ru"}),
    )

    def __init__(
        self, data: Mapping[str, object] | None, *, offered: Sequence[Ground], write: Write
    ) -> None:
        super().__init__(data)
        choices = [(ground.code, f"{spoken(ground.text)} ({ground.clause})") for ground in offered]
        offer(self, "ground", choices)
        self._write = write
        self.lines: list[tuple[Text, Text]] = []

    def facts(self) -> Text:
        """What was found, of the valid form; it goes into the journal and onto the paper."""
        given = self.cleaned_data
        return Text(plain_text(given["facts_kk"]), plain_text(given["facts_ru"]))

    def clean(self) -> dict[str, object]:
        """Write the refusal itself, so that its own rules speak (A57.9, A303.9.1, A303.9.2), and
        those of its paper."""
        given = self.cleaned_data
        if {"ground", "facts_kk", "facts_ru"} <= given.keys():
            try:
                self.lines = self._write(given["ground"], self.facts())
            except RuleViolation as violation:
                language = violation.params.get("language")
                field = f"facts_{language}" if language else None
                self.add_error(field, errors.message(violation))
        return given


class FilingForm(forms.Form):
    """Requests of a group's people, entered by the registrar from their applications."""

    completions = forms.ModelMultipleChoiceField(Completion.objects.none(), label=_("People"))
    paper = forms.ChoiceField(label=_("Document"), widget=forms.RadioSelect)
    language = forms.ChoiceField(
        label=_("Language of the applications"), choices=[("kk", "Қазақша"), ("ru", "Русский")]
    )
    application_number = forms.CharField(label=_("Number of the applications"), max_length=60)
    application_on = forms.DateField(
        label=_("Date of the applications"), input_formats=DAY_FORMATS, widget=day_widget()
    )
    edition = forms.ChoiceField(label=_("Edition of the standard"))
    filed_at = forms.DateTimeField(
        label=_("Moment of filing"),
        help_text=_("Leave empty for now. An older application keeps its own moment."),
        required=False,
        input_formats=MOMENT_FORMATS,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        group: Group,
        completions: QuerySet[Completion],
        now: datetime,
    ) -> None:
        super().__init__(data)
        self._now = now
        field = self.fields["completions"]
        if isinstance(field, forms.ModelMultipleChoiceField):
            field.queryset = completions
        self.initial = {"completions": [row.pk for row in completions], "language": "kk"}
        kind = group.programme.kind
        papers, editions = _offered(kind, on=local_day(now))
        offer(self, "paper", list(papers.items()))
        offer(self, "edition", list(editions.items()))
        fitting = (name for name in editions if _gives(standards.get(name), kind))
        self.initial |= {"paper": next(iter(papers), ""), "edition": next(fitting, "")}

    def clean(self) -> dict[str, object]:
        given = self.cleaned_data
        filed_at = self.moment_of_filing()
        day, edition = local_day(filed_at), given.get("edition")
        if filed_at > self._now:
            self.add_error("filed_at", errors.message(RuleViolation("filed_in_future")))
        elif edition and not standards.get(edition).covers(day):
            text = _(
                "%(edition)s was not in force when the request was filed. "
                "For an older application enter its own moment of filing below."
            )
            self.add_error("edition", text % {"edition": edition})
        written_on = given.get("application_on")
        if isinstance(written_on, date) and written_on > day:
            self.add_error("application_on", _("An application cannot be dated after its filing."))
        return given

    def moment_of_filing(self) -> datetime:
        """The moment given, now when none was."""
        given = self.cleaned_data.get("filed_at")
        return given if isinstance(given, datetime) else self._now

    def filings(self) -> list[Filing]:
        """What the valid form asks to file, in the order of the people."""
        given = self.cleaned_data
        return [
            Filing(
                completion=completion,
                paper=given["paper"],
                language=given["language"],
                application_number=given["application_number"],
                application_on=given["application_on"],
            )
            for completion in by_name(given["completions"])
        ]


class StatusForm(forms.Form):
    """Number of a request and the second factor."""

    number = forms.CharField(
        label=_("Number of the request"),
        help_text=_("As on the receipt, for example DEMO-2026-Z000001-K."),
        max_length=64,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
    )
    code = forms.CharField(
        label=_("Last four digits of the phone, or the code of the receipt"),
        help_text=_("The phone given in the application; the code also came in the first message."),
        max_length=32,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
    )


def _pairs(field: forms.ChoiceField) -> list[tuple[str, str]]:
    choices = field.choices
    if callable(choices) or isinstance(choices, Mapping):
        return []
    return [(str(key), str(label)) for key, label in choices]


def _programme_label(programme: Programme) -> str:
    return f"{spoken(programme.title)} ({programme.hours})"


def _offered(kind: str, *, on: date) -> tuple[dict[str, str], dict[str, str]]:
    """Papers that some edition gives for ``kind``, and all editions, the one in force first."""
    newest = [versions[-1] for versions in standards.load_all().values()]
    newest.sort(key=lambda standard: (not standard.covers(on), standard.in_force_from))
    papers: dict[str, str] = {}
    for result in (result for standard in newest for result in standard.results):
        if result.kind == kind:
            papers.setdefault(result.paper, spoken(result.title))
    return papers, {standard.edition: _edition_label(standard) for standard in newest}


def _gives(standard: Standard, kind: str) -> bool:
    return any(result.kind == kind for result in standard.results)


def _edition_label(standard: Standard) -> str:
    since, until = standard.in_force_from, standard.in_force_to
    days = f"{since:%d.%m.%Y} – {until:%d.%m.%Y}" if until else f"{since:%d.%m.%Y} –"
    return f"{standard.edition}: {standard.act.number}, {days}"
