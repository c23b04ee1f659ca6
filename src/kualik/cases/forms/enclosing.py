"""Fields for scans and for words that a person types freely."""

import unicodedata
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from kualik.rules.identifiers import mask_iin, replace_iins

ACCEPTED = "application/pdf,image/png,image/jpeg"


class ScansInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__({"accept": ACCEPTED, "multiple": True})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[object]:
        return list(files.getlist(name)) if isinstance(files, MultiValueDict) else []


class ScansField(forms.Field):
    """The files chosen now; those that came before belong to the draft already, which counts."""

    widget = ScansInput

    def validate(self, value: object) -> None:
        """That there is one at all is seen once they are kept."""


def plain_text(text: str) -> str:
    """Words without invisible and direction signs, an IIN in them masked; line ends stay."""
    visible = (sign for sign in text if sign == "\n" or unicodedata.category(sign)[0] != "C")
    return replace_iins("".join(visible).strip(), mask_iin)
