"""The forms of an applicant who follows the own request, and of who looks at it again."""

from collections.abc import Mapping

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.cases.forms.office import offer
from kualik.cases.models import HumanReview
from kualik.rules.language import Text

WHY_LENGTH = ANSWER_LENGTH = 1000
Outcome = HumanReview.Outcome


class AskReviewForm(forms.Form):
    """Why a person shall look at the decision; nobody has to say."""

    why = forms.CharField(
        label=_("What is wrong with the decision"),
        help_text=_("You need not explain. Do not write your IIN."),
        max_length=WHY_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 4}),
    )


class ReviewForm(forms.Form):
    """The answer to the demand; only some may change the decision."""

    outcome = forms.ChoiceField(label=_("What you decide"), widget=forms.RadioSelect)
    answer_kk = forms.CharField(
        label=_("Answer in Kazakh"), max_length=ANSWER_LENGTH, widget=forms.Textarea({"rows": 4})
    )
    answer_ru = forms.CharField(
        label=_("Answer in Russian"), max_length=ANSWER_LENGTH, widget=forms.Textarea({"rows": 4})
    )

    def __init__(self, data: Mapping[str, object] | None, *, may_change: bool) -> None:
        super().__init__(data)
        choices: list[tuple[str, str | Promise]] = [
            (Outcome.CONFIRMED.value, _("The decision stands"))
        ]
        if may_change:
            changed = _("The decision is changed: the document is cancelled")
            choices.append((Outcome.CHANGED.value, changed))
        offer(self, "outcome", choices)

    def answer(self) -> Text:
        """The answer in both languages."""
        return Text(self.cleaned_data["answer_kk"], self.cleaned_data["answer_ru"])
