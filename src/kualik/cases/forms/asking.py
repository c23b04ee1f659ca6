"""The forms by which an applicant asks, and by which staff say what a claim is about."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.cases.forms.enclosing import ScansField, visible_text
from kualik.cases.forms.office import DAY_FORMATS, day_widget, offer
from kualik.cases.models import Request
from kualik.cases.services.application import DELIVERIES, LANGUAGES, Wish
from kualik.cases.services.claiming import Claim
from kualik.certificates.services.wording import PAPER_LABELS
from kualik.core import errors
from kualik.core.clock import local_day
from kualik.core.language import spoken
from kualik.providers.models import Provider
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import KIND_LABELS
from kualik.rules.identifiers import mask_iin, replace_iins
from kualik.rules.language import Text
from kualik.rules.phones import e164
from kualik.rules.standards import Result
from kualik.training.models import Completion, Group, Programme
from kualik.training.services.entering import Entry

TITLE_LENGTH = 500
COMMENT_LENGTH = 1000
MOST_HOURS = 5000
OTHER = ""


class PlainField(forms.CharField):
    """Words as ``visible_text`` lets them through; what becomes a claim has its IINs masked before,
    where it is kept."""

    def to_python(self, value: object) -> str:
        return visible_text(super().to_python(value) or "")


class WishForm(forms.Form):
    """How the document is wanted: the choices are those of the edition in force."""

    paper = forms.ChoiceField(
        label=_("Document"),
        help_text=_("The certificate is the usual document; a reference has the same facts."),
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(label=_("Language of notices"), widget=forms.RadioSelect)
    delivery = forms.ChoiceField(label=_("How to receive it"), widget=forms.RadioSelect)
    note = PlainField(
        label=_("What has changed since the refusal"),
        help_text=_("In your own words; do not write your IIN."),
        required=False,
        max_length=COMMENT_LENGTH,
        widget=forms.Textarea({"rows": 4}),
    )
    scans = ScansField(
        label=_("Confirming documents"),
        help_text=_("PDF or a photo, up to 5 files of 10 MB."),
        required=False,
    )

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        results: Sequence[Result],
        language: str,
        kept: Mapping[str, object],
        answers_refusal: bool = False,
    ) -> None:
        super().__init__(data)
        self.answers_refusal = answers_refusal
        if not answers_refusal:
            del self.fields["note"], self.fields["scans"]
        papers = {row.paper: spoken(row.title) for row in results}
        offer(self, "paper", list(papers.items()))
        offer(self, "language", _spoken(LANGUAGES))
        offer(self, "delivery", _spoken(DELIVERIES))
        self.initial = {
            "paper": next(iter(papers), ""),
            "language": language if language in LANGUAGES else "kk",
            "delivery": Request.Delivery.ELECTRONIC.value,
            **kept,
        }

    def typed(self) -> dict[str, str]:
        """What the valid form says, as the draft keeps it."""
        given = self.cleaned_data
        names = ("paper", "language", "delivery")
        note = replace_iins(str(given.get("note", "")), mask_iin)
        return {**{name: str(given[name]) for name in names}, "note": note}


class ProviderForm(forms.Form):
    """At which provider the training was; by its code."""

    provider = forms.ChoiceField(label=_("Where did you study?"))

    def __init__(self, data: Mapping[str, object] | None, *, providers: Sequence[Provider]) -> None:
        super().__init__(data)
        rows = [(row.code, spoken(row.name)) for row in providers]
        offer(self, "provider", [("", _("Choose")), *rows])


class ClaimForm(forms.Form):
    """What a person whom no list names says of the training."""

    # What is needed depends on the programme, so the browser cannot tell.
    use_required_attribute = False

    # One of the two is needed, and the rest follows from it: none of them is "optional".
    one_of = frozenset({"programme", "title", "kind", "hours"})

    programme = forms.ChoiceField(
        label=_("Programme"),
        help_text=_("Choose it, or write its name below if it is not in the list."),
        required=False,
    )
    title = PlainField(
        label=_("Title of the programme"),
        help_text=_("Only if it is not in the list above."),
        max_length=TITLE_LENGTH,
        required=False,
    )
    kind = forms.ChoiceField(
        label=_("Kind of training"),
        help_text=_("Only if the programme is not in the list above."),
        required=False,
        widget=forms.RadioSelect,
    )
    started_on = forms.DateField(
        label=_("First day of training"), input_formats=DAY_FORMATS, widget=day_widget()
    )
    ended_on = forms.DateField(
        label=_("Last day of training"), input_formats=DAY_FORMATS, widget=day_widget()
    )
    hours = forms.IntegerField(
        label=_("Hours"),
        help_text=_("Not needed for a programme of the list."),
        min_value=1,
        max_value=MOST_HOURS,
        required=False,
    )
    phone = forms.CharField(
        label=_("Phone"),
        help_text=_("For messages about this request."),
        max_length=32,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    comment = PlainField(
        label=_("Comment"),
        max_length=COMMENT_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    paper = forms.ChoiceField(label=_("Document"), widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language of notices"), widget=forms.RadioSelect)
    delivery = forms.ChoiceField(label=_("How to receive it"), widget=forms.RadioSelect)

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        programmes: Sequence[Programme],
        now: datetime,
        initial: Mapping[str, object] | None = None,
    ) -> None:
        results = standards.in_force(local_day(now)).results
        kinds = list(dict.fromkeys(row.kind for row in results))
        papers = list(dict.fromkeys(row.paper for row in results))
        given = {"paper": papers[0], "delivery": Request.Delivery.ELECTRONIC.value}
        super().__init__(data, initial={**given, **(initial or {})})
        self._today = local_day(now)
        self._programmes = {str(row.pk): row for row in programmes if row.kind in kinds}
        titles = [
            (pk, _("%(title)s, %(hours)s h") % {"title": spoken(row.title), "hours": row.hours})
            for pk, row in self._programmes.items()
        ]
        offer(self, "programme", [(OTHER, _("It is not in the list")), *titles])
        offer(self, "kind", [(kind, spoken(KIND_LABELS[kind])) for kind in kinds])
        offer(self, "paper", [(paper, spoken(PAPER_LABELS[paper])) for paper in papers])
        offer(self, "language", _spoken(LANGUAGES))
        offer(self, "delivery", _spoken(DELIVERIES))

    def clean_phone(self) -> str:
        phone = e164(self.cleaned_data["phone"])
        if not phone:
            raise forms.ValidationError(errors.message(RuleViolation("phone_unreadable")))
        return phone

    def clean_ended_on(self) -> date:
        day: date = self.cleaned_data["ended_on"]
        if day > self._today:
            raise forms.ValidationError(_("The training has not ended yet."))
        return day

    def clean(self) -> dict[str, object]:
        given = self.cleaned_data
        if not given.get("programme"):
            if "title" in given and not given["title"]:
                self.add_error("title", _("Choose the programme or type its title."))
            if "kind" in given and not given["kind"]:
                self.add_error("kind", _("Choose the kind of training."))
        started, ended = given.get("started_on"), given.get("ended_on")
        if isinstance(started, date) and isinstance(ended, date) and started > ended:
            self.add_error("ended_on", _("The last day is before the first."))
        return given

    def claim(self) -> Claim:
        """What the valid form says."""
        given = self.cleaned_data
        programme = self._programmes.get(given["programme"])
        return Claim(
            title=spoken(programme.title) if programme else given["title"],
            kind=programme.kind if programme else given["kind"],
            started_on=given["started_on"],
            ended_on=given["ended_on"],
            hours=given["hours"] or (programme.hours if programme else 0),
            comment=given["comment"],
            phone=given["phone"],
            email=given["email"],
        )

    def wish(self) -> Wish:
        """How the valid form wants the document."""
        given = self.cleaned_data
        return Wish(paper=given["paper"], language=given["language"], delivery=given["delivery"])


class LinkForm(forms.Form):
    """The record of training that a claim is about."""

    completion = forms.TypedChoiceField(
        label=_("Record of training"), coerce=int, widget=forms.RadioSelect
    )

    def __init__(
        self, data: Mapping[str, object] | None, *, completions: Sequence[Completion]
    ) -> None:
        super().__init__(data)
        offer(self, "completion", [(str(row.pk), _training(row)) for row in completions])
        self._completions = {row.pk: row for row in completions}

    def chosen(self) -> Completion:
        """The completion of the valid form."""
        return self._completions[self.cleaned_data["completion"]]


class EntryForm(forms.Form):
    """A completed programme that no list names, entered in a group of the provider."""

    group = forms.TypedChoiceField(label=_("Group"), coerce=int)
    holder_kk = forms.CharField(
        label=_("Full name in Kazakh"), max_length=302, widget=forms.TextInput({"lang": "kk"})
    )
    holder_ru = forms.CharField(
        label=_("Full name in Russian"), max_length=302, widget=forms.TextInput({"lang": "ru"})
    )
    mastered_on = forms.DateField(
        label=_("Day of full mastery"), input_formats=DAY_FORMATS, widget=day_widget()
    )
    protocol = PlainField(label=_("Protocol"), max_length=120, required=False)

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        groups: Sequence[Group],
        initial: Mapping[str, object],
    ) -> None:
        super().__init__(data, initial=dict(initial))
        rows = [(str(row.pk), spoken(row.label)) for row in groups]
        offer(self, "group", [("", _("Choose")), *rows])
        self._groups = {row.pk: row for row in groups}

    def chosen(self) -> Group:
        """The group of the valid form."""
        return self._groups[self.cleaned_data["group"]]

    def entry(self, request: Request) -> Entry:
        """What the valid form enters for the person of a request."""
        given = self.cleaned_data
        return Entry(
            holder_kk=given["holder_kk"],
            holder_ru=given["holder_ru"],
            mastered_on=given["mastered_on"],
            protocol=given["protocol"],
            phone=request.phone,
            email=request.email,
        )


def _spoken(labels: Mapping[str, Text]) -> list[tuple[str, str | Promise]]:
    return [(str(value), spoken(label)) for value, label in labels.items()]


def _training(row: Completion) -> str:
    days = f"{row.started_on:%d.%m.%Y} – {row.mastered_on:%d.%m.%Y}"
    return f"{spoken(row.programme.title)}, {days}"
