"""Letters as lists on pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kualik.certificates.models import Letter
from kualik.certificates.services.letters.failing import faults_of
from kualik.certificates.services.letters.rendering import text_in, title_of
from kualik.certificates.services.wording import ACTION_LABELS, LETTER_STATES
from kualik.rules.language import Text

NOT_MADE = Text("Жасалмады", "Не удалось подготовить", "Could not be made")
LETTER_ACTIONS: dict[str, Text] = {
    "certificates.letter_drafted": Text("Нөмір берілді", "Присвоен номер", "Number given"),
    "certificates.letter_prepared": ACTION_LABELS["certificates.prepared"],
    "certificates.letter_discarded": ACTION_LABELS["certificates.discarded"],
    "certificates.letter_sealed": ACTION_LABELS["certificates.sealed"],
    "certificates.letter_signed": Text(
        "Қол қойылды, күшіне енді", "Подписано и имеет силу", "Signed and in force"
    ),
    "certificates.letter_reassigned": Text(
        "Қол қоюшы ауыстырылды", "Сменён подписывающий", "Another signer was named"
    ),
    "certificates.letter_tried_again": Text(
        "Қайта дайындауға жіберілді", "Направлено на повторную подготовку", "Ordered once more"
    ),
    "certificates.letter_voided": Text("Қайтарып алынды", "Отозвано", "Taken back"),
}


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


def states_of(letters: Iterable[Letter]) -> dict[str, Text]:
    """Where each letter stands, by number: one whose file could not be made is not being made."""
    rows = list(letters)
    faults = faults_of(rows)
    return {
        row.number: NOT_MADE if row.number in faults else LETTER_STATES[row.state] for row in rows
    }


def shown_letters(letters: Iterable[Letter]) -> list[ShownLetter]:
    """The letters in the order given."""
    rows = list(letters)
    states = states_of(rows)
    return [
        ShownLetter(
            number=row.number,
            code=row.code,
            title=title_of(row),
            provider=text_in(row.facts, "provider_name"),
            state_label=states[row.number],
            signed_at=row.signed_at,
            is_signed=bool(row.signature),
            is_void=row.state == Letter.State.VOID,
        )
        for row in rows
    ]
