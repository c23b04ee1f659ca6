"""What is written on a complaint, and what the office does with one."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.accounts.forms import SearchField
from kualik.accounts.models import User
from kualik.cases.forms.enclosing import ScansField, plain_text
from kualik.cases.forms.office import DAY_FORMATS, day_widget, offer
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.complaints.queries import (
    EFFECT_LABELS,
    STATE_LABELS,
    Wanted,
    bodies,
    handlers_for,
    staff_of,
)
from kualik.complaints.services.deciding import Ruling
from kualik.core import errors
from kualik.core.clock import local_day
from kualik.core.language import spoken
from kualik.providers.models import Provider
from kualik.rules.complaints import check_findings, last_day_to_complain, law
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.phones import e164
from kualik.rules.refusal import appeal
from kualik.rules.spelling import NAME_LIMIT, name_problems, normalise_name

TEXT_LENGTH = 8000
SHORT_LENGTH = 1000
REST = ("known_on", "late_reason", "scans", "residence")
WAYS = ("phone", "email", "postal_address")
LANGUAGES = [("kk", "Қазақша"), ("ru", "Русский")]
# A complaint is refused for no sign in a name (APPC, article 93): only what hides or overflows.
LEFT_AS_TYPED = frozenset({"name_mixed_alphabet", "name_sign", "name_digits"})
HELP_SCANS = _("Up to five files: PDF or photo, up to 10 MB each.")


class PlainField(forms.CharField):
    """Words that a person types freely: no invisible signs, an IIN in them is masked."""

    def clean(self, value: object) -> str:
        return plain_text(str(super().clean(value)).replace("\r\n", "\n"))


def words_field(*, rows: int, length: int, **more: Any) -> PlainField:
    """A field of several lines."""
    return PlainField(max_length=length, widget=forms.Textarea({"rows": rows}), **more)


class ComplaintForm(forms.Form):
    """A complaint as APPC, article 93, wants it; nothing but the essentials is required."""

    one_of = WAYS

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    subject = forms.ChoiceField(label=_("What do you complain of?"), widget=forms.RadioSelect)
    provider = forms.ChoiceField(label=_("Which organisation do you complain of?"))
    named_number = PlainField(
        label=_("Number of your request"),
        help_text=_("As on the receipt, for example DEMO-2026-Z000001-K."),
        required=False,
        max_length=64,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
    )
    text = words_field(
        label=_("What happened?"),
        rows=7,
        length=TEXT_LENGTH,
        min_length=20,
        help_text=_("When, where, who, and what you consider wrong. In your own words."),
    )
    wish = words_field(label=_("What should be done?"), rows=3, length=SHORT_LENGTH, required=False)
    known_on = forms.DateField(
        label=_("When did you learn of it?"),
        required=False,
        input_formats=DAY_FORMATS,
        widget=day_widget(),
    )
    late_reason = words_field(
        label=_("If more than three months have passed: why?"),
        rows=3,
        length=SHORT_LENGTH,
        required=False,
        help_text=_("A late complaint is taken too; for a good reason the term is restored."),
    )
    scans = ScansField(label=_("Papers to show"), help_text=HELP_SCANS, required=False)
    complainant = PlainField(
        label=_("Your surname, given name and patronymic"),
        max_length=NAME_LIMIT,
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        help_text=_(
            "Phone, e-mail or postal address: one of the three is needed for the number of the "
            "complaint and the decision."
        ),
        required=False,
        max_length=32,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        widget=forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}),
    )
    postal_address = PlainField(
        label=_("Postal address"),
        max_length=300,
        required=False,
        widget=forms.TextInput({"autocomplete": "street-address"}),
    )
    residence = PlainField(
        label=_("Place of living, if it is another"), max_length=300, required=False
    )
    language = forms.ChoiceField(label=_("Language of the answer"), choices=LANGUAGES)

    def __init__(
        self, data: Mapping[str, object] | None, files: Any = None, *, now: datetime, **more: Any
    ) -> None:
        super().__init__(data, files, **more)
        self._today = local_day(now)
        offer(self, "subject", [(one.code, spoken(one.name)) for one in law().subjects])
        listed = [(row.code, spoken(row.name)) for row in Provider.objects.order_by("name_kk")]
        offer(self, "provider", [("", _("Choose")), *listed])

    def first_fields(self) -> list[forms.BoundField]:
        """What everybody fills in."""
        return [field for field in self.visible_fields() if field.name not in REST]

    def rest_fields(self) -> list[forms.BoundField]:
        """What most people have no need of: folded on the page."""
        return [self[name] for name in REST]

    @property
    def is_rest_open(self) -> bool:
        """Whether something was typed there, or the term seems to be over already, so that the
        reason should be told."""
        known = self.initial.get("learned_on")
        if any(self.initial.get(name) for name in REST):
            return True
        return isinstance(known, date) and self._today > last_day_to_complain(
            known, appeal=appeal(), ways_were_named=True
        )

    def clean_provider(self) -> Provider:
        """The organisation of the code that was chosen."""
        return Provider.objects.get(code=self.cleaned_data["provider"])

    def clean_complainant(self) -> str:
        """A name as any other person's; mixed alphabets are left to who typed it."""
        name = normalise_name(self.cleaned_data["complainant"])
        for code in name_problems(name):
            if code not in LEFT_AS_TYPED:
                raise forms.ValidationError(errors.message(RuleViolation(code)))
        return name

    def clean_phone(self) -> str:
        """The number as carriers write it."""
        typed = str(self.cleaned_data["phone"])
        found = e164(typed)
        if typed.strip() and not found:
            violation = RuleViolation("phone_unreadable")
            raise forms.ValidationError(errors.message(violation))
        return found

    def clean_known_on(self) -> date | None:
        """A day that has come."""
        day = self.cleaned_data["known_on"]
        if isinstance(day, date) and day > self._today:
            raise forms.ValidationError(_("This day has not come yet."))
        return day if isinstance(day, date) else None

    def clean(self) -> dict[str, Any]:
        """The decision must reach the person somehow (APPC, article 93)."""
        given = self.cleaned_data
        is_wrong = any(name in self.errors for name in WAYS)
        if not is_wrong and not any(given.get(name) for name in WAYS):
            self.add_error(
                "phone", _("Write a phone, an e-mail or a postal address for the answer.")
            )
        return given


class RegistrationForm(ComplaintForm):
    """A complaint that came at the counter or by phone, written down by staff."""

    channel = forms.ChoiceField(
        label=_("How did it come?"),
        widget=forms.RadioSelect,
        choices=[("counter", _("At the counter or by post")), ("phone", _("By phone"))],
    )
    against = forms.ModelChoiceField(
        User.objects.none(), label=_("Member of staff complained of"), required=False
    )
    is_identified = forms.BooleanField(
        label=_("An identity document was shown: it is the applicant of this request"),
        required=False,
    )
    ways_were_named = forms.BooleanField(
        label=_("The decision said where and until when to complain"), required=False, initial=True
    )

    field_order = (
        "key",
        "channel",
        "subject",
        "provider",
        "named_number",
        "is_identified",
        "ways_were_named",
        "against",
    )

    def __init__(
        self, data: Mapping[str, object] | None, files: Any = None, *, user: User, **more: Any
    ) -> None:
        super().__init__(data, files, **more)
        self.initial["channel"] = "phone" if user.provider_id is None else "counter"
        field, provider = self.fields["against"], user.provider
        if user.provider_id is None:
            del self.fields["against"], self.fields["is_identified"]
            offer(self, "channel", [("phone", _("By phone"))])
        elif isinstance(field, forms.ModelChoiceField):
            field.queryset = User.objects.filter(provider=user.provider_id).order_by("full_name")
        if provider is not None:
            offer(self, "provider", [(provider.code, spoken(provider.name))])
            self.initial["provider"] = provider.code


class StatusForm(forms.Form):
    """Number of a complaint and the code of its receipt."""

    number = forms.CharField(
        label=_("Number of the complaint"),
        help_text=_("As on the receipt, for example DEMO-2026-S000001-K."),
        max_length=64,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
    )
    code = forms.CharField(
        label=_("Code from the receipt"),
        max_length=32,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
    )


class SearchForm(forms.Form):
    """The filters of the list of complaints."""

    text = SearchField(label=_("Number or name"), required=False, max_length=120)
    state = forms.ChoiceField(label=_("State"), required=False)
    subject = forms.ChoiceField(label=_("Subject"), required=False)
    term = forms.ChoiceField(
        label=_("Term"),
        required=False,
        choices=[("", _("Any")), ("late", _("Overdue")), ("soon", _("Ends soon"))],
    )
    received_from = forms.DateField(
        label=_("Received from"), required=False, input_formats=DAY_FORMATS, widget=day_widget()
    )

    def __init__(self, data: Mapping[str, object]) -> None:
        super().__init__(data)
        states = [(code, spoken(label)) for code, label in STATE_LABELS.items()]
        offer(self, "state", [("", _("Any")), ("open", _("Not closed yet")), *states])
        subjects = [(one.code, spoken(one.name)) for one in law().subjects]
        offer(self, "subject", [("", _("Any")), *subjects])

    def wanted(self) -> Wanted:
        """What the valid form asks for."""
        return Wanted(**self.cleaned_data)


class AssignForm(forms.Form):
    """Who handles a complaint: nobody whose decision or conduct it is of is offered."""

    against = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Member of staff complained of"),
        help_text=_("Leave empty when nobody is named."),
        required=False,
    )
    handler = forms.ModelChoiceField(User.objects.none(), label=_("Who handles the complaint"))

    def __init__(self, data: Mapping[str, object] | None, *, complaint: Complaint) -> None:
        super().__init__(data, initial={"against": complaint.against_id})
        choices = {"against": staff_of(complaint), "handler": handlers_for(complaint)}
        for name, people in choices.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = people


class ForwardForm(forms.Form):
    """Where the complaint goes with its case."""

    to = forms.ChoiceField(label=_("To which body"), widget=forms.RadioSelect)

    def __init__(self, data: Mapping[str, object] | None) -> None:
        super().__init__(data)
        offer(self, "to", [(body.code, spoken(body.name)) for body in bodies().bodies])


class DecisionForm(forms.Form):
    """One of six kinds with its reasons; ``effects`` are those the request's state leaves open."""

    kind = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    findings_kk = PlainField(
        label=_("What was found and why so decided, in Kazakh"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea({"rows": 6, "lang": "kk"}),
    )
    findings_ru = PlainField(
        label=_("What was found and why so decided, in Russian"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea({"rows": 6, "lang": "ru"}),
    )
    effect = forms.ChoiceField(
        label=_("What happens with the document, if the complaint is upheld"),
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        kinds: tuple[str, ...] = (),
        effects: tuple[str, ...] = (),
    ) -> None:
        super().__init__(data)
        offered = [one for one in law().decisions if not kinds or one.code in kinds]
        offer(self, "kind", [(one.code, spoken(one.name)) for one in offered])
        if len(effects) > 1:
            offer(self, "effect", [(code, spoken(EFFECT_LABELS[code])) for code in effects])
            self.initial["effect"] = effects[0]
        else:
            del self.fields["effect"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if {"findings_kk", "findings_ru"} <= given.keys():
            try:
                check_findings(Text(given["findings_kk"], given["findings_ru"]))
            except RuleViolation as violation:
                field = f"findings_{violation.params['language']}"
                self.add_error(field, errors.message(violation))
        return given

    def ruling(self) -> Ruling:
        """What the valid form decides; the effect counts only where the kind has one."""
        given = self.cleaned_data
        upholds = law().decision(given["kind"]).reopens
        return Ruling(
            kind=given["kind"],
            findings=Text(given["findings_kk"], given["findings_ru"]),
            effect=given.get("effect", "") if upholds else ComplaintDecision.Effect.NONE,
        )


class BodyDecisionForm(DecisionForm):
    """The decision of the body that the complaint was sent to."""

    outer_number = forms.CharField(label=_("Number of its decision"), max_length=60)
    outer_on = forms.DateField(
        label=_("Date of its decision"), input_formats=DAY_FORMATS, widget=day_widget()
    )


class NoteForm(forms.Form):
    """Why a complaint is entered as withdrawn, or what the court said."""

    note = words_field(label=_("Grounds"), rows=4, length=SHORT_LENGTH)
