"""Rows whose IIN the register has under another spelling of the name."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from kualik.accounts.models import Person
from kualik.accounts.services import find_persons
from kualik.rules.spelling import repair
from kualik.training.adapters.grid import column_letter
from kualik.training.services.cells import Remark
from kualik.training.services.check import CheckedList, CheckedRow, CompletionValues

NAMES: Final = ("full_name", "full_name_given_first", "family_name")
# Below it the name is another person's, and who that is, is not told to whoever typed a number.
ALIKE: Final = 0.7
NAME_OF_ANOTHER: Final = "name_of_another"


def mark_other_spellings(checked: CheckedList) -> CheckedList:
    """The list with a warning on rows whose name differs from the register's for that IIN.

    A patronymic left out on one side and ё for е make no difference. A name that is like the
    row's is quoted, so that the office can choose; another one is not.
    """
    persons = find_persons(iins={row.values.iin for row in checked.rows if row.values})
    return replace(checked, rows=tuple(_marked(row, checked, persons) for row in checked.rows))


def _marked(row: CheckedRow, checked: CheckedList, persons: Mapping[str, Person]) -> CheckedRow:
    values = row.values
    person = persons.get(values.iin) if values else None
    if values is None or person is None or _is_same(values, person):
        return row
    is_alike = _likeness(values, person) >= ALIKE
    code = "name_spelled_otherwise" if is_alike else NAME_OF_ANOTHER
    match = next((one for one in checked.mapping.columns if one.field in NAMES), None)
    letter, field = (column_letter(match.index), match.field) if match else ("", "full_name")
    params = {"name": person.full_name} if is_alike else {}
    remark = Remark(letter, field or "full_name", code, "warning", params)
    return replace(row, verdict="attention", remarks=(*row.remarks, remark))


def _is_same(values: CompletionValues, person: Person) -> bool:
    if _folded(f"{values.family_name} {values.given_name}") != _folded(
        f"{person.family_name} {person.given_name}"
    ):
        return False
    patronymics = {_folded(name) for name in (values.patronymic, person.patronymic) if name}
    return len(patronymics) < 2


def _likeness(values: CompletionValues, person: Person) -> float:
    """From 0 to 1."""
    read = f"{values.family_name} {values.given_name}"
    kept = f"{person.family_name} {person.given_name}"
    return SequenceMatcher(None, _folded(read), _folded(kept)).ratio()


def _folded(name: str) -> str:
    return " ".join(repair(name).casefold().replace("ё", "е").split())
