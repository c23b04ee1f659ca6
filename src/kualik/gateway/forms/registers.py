"""What a person answers on the own page of registers."""

from collections.abc import Iterable

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kualik.providers.models import Provider


class AllowForm(forms.Form):
    """Which of the organisations may look, those that the person asked for something."""

    provider = forms.TypedChoiceField(label=_("Organisation"), coerce=int)

    def __init__(self, providers: Iterable[Provider], data: QueryDict | None = None) -> None:
        super().__init__(data)
        language = get_language() or "kk"
        field = self.fields["provider"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(row.pk, row.name.get(language)) for row in providers]
