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
    """Words without invisible and direction signs, an IIN in them masked."""
    return replace_iins(visible_text(text), mask_iin)


def visible_text(text: str) -> str:
    """Words without signs that nobody sees: directions, controls, what a font has for itself; line
    ends and tabs stay."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(sign for sign in composed if sign in "\n\t" or _is_seen(sign)).strip()


def _is_seen(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] != "C" and category not in ("Zl", "Zp")
