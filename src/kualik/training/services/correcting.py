"""Writing a completion otherwise than its list had it; what was issued before never changes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction

from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.spelling import mixed_alphabet_letters, name_problems, normalise_name, repair
from kualik.training.models import Completion
from kualik.training.services.cells import unprinted_letters

HOLDER: Final = ("holder_kk", "holder_ru")
PARTS: Final = ("family_name", "given_name", "patronymic")
NAMES: Final = (*HOLDER, *PARTS)
DAYS: Final = ("started_on", "mastered_on")
MAY_BE_EMPTY: Final = frozenset({"given_name", "patronymic"})
Values = Mapping[str, str | date]


def corrected_name(field: str, text: str) -> str:
    """A name put in order as an imported one is: look-alike letters of another alphabet repaired.

    Raises the codes of ``rules.spelling.name_problems`` and ``letter_not_printed``.
    """
    name = normalise_name(text)
    if not name and field in MAY_BE_EMPTY:
        return ""
    if all(letter.suggestion for letter in mixed_alphabet_letters(name)):
        name = repair(name)
    for code in name_problems(name):
        raise RuleViolation(code)
    letters = unprinted_letters(name)
    if letters:
        raise RuleViolation("letter_not_printed", letters=letters)
    return name


@transaction.atomic
def correct_completion(
    *, completion: Completion, changes: Values, actor: Actor, now: datetime
) -> Completion:
    """Write new names or days of training; the journal keeps what stood there before.

    ``changes`` are new values by field, those of ``NAMES`` and ``DAYS``; what is as it was counts
    as no change. Raises ``correction_changes_nothing``, ``correction_days_wrong``,
    ``correction_makes_double`` and what ``corrected_name`` raises. A field of any other name is a
    mistake of the program (ValueError).
    """
    row = Completion.objects.select_for_update().get(pk=completion.pk)
    before = {name: getattr(row, name) for name in changes if name in (*NAMES, *DAYS)}
    if len(before) < len(changes):
        raise ValueError(f"no field of a completion to correct: {set(changes) - set(before)}")
    after = {name: _read(name, value) for name, value in changes.items()}
    after = {name: value for name, value in after.items() if value != before[name]}
    if not after:
        raise RuleViolation("correction_changes_nothing")
    for name, value in after.items():
        setattr(row, name, value)
    _check_days(row, today=local_day(now))
    try:
        with transaction.atomic():
            Completion.objects.filter(pk=row.pk).update(**after)
    except IntegrityError as error:
        raise RuleViolation("correction_makes_double") from error
    journal.record(
        subject=f"completion:{row.pk}",
        action="training.corrected",
        actor=actor,
        now=now,
        data={
            "before": {name: str(before[name]) for name in after},
            "after": {name: str(value) for name, value in after.items()},
        },
    )
    return row


def _read(name: str, value: str | date) -> str | date:
    return corrected_name(name, str(value)) if name in NAMES else value


def _check_days(row: Completion, *, today: date) -> None:
    if not row.started_on <= row.mastered_on <= today:
        raise RuleViolation("correction_days_wrong")
