"""Letters as lists on pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kualik.certificates.models import Letter
from kualik.certificates.services.letters.rendering import text_in, title_of
from kualik.certificates.services.wording import LETTER_STATES
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLetter:
    """A line of a list; ``is_signed`` by a person, beside the organisation's seal."""

    number: str
    code: str
    title: Text
    provider: Text
    state_label: Text
    signed_at: datetime | None
    is_signed: bool
    is_void: bool


def shown_letters(letters: Iterable[Letter]) -> list[ShownLetter]:
    """The letters in the order given."""
    return [
        ShownLetter(
            number=row.number,
            code=row.code,
            title=title_of(row),
            provider=text_in(row.facts, "provider_name"),
            state_label=LETTER_STATES[row.state],
            signed_at=row.signed_at,
            is_signed=bool(row.signature),
            is_void=row.state == Letter.State.VOID,
        )
        for row in letters
    ]
