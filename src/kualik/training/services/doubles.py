"""People who stand in a list twice, and one IIN under two names."""

from collections import defaultdict
from collections.abc import Iterable

from kualik.rules.spelling import repair
from kualik.training.services.cells import RowReader
from kualik.training.services.course import fold_title
from kualik.training.services.people import PersonRead

Pair = tuple[RowReader, PersonRead]


def find_doubles(rows: Iterable[Pair]) -> None:
    """Add the remarks of rows that share an IIN.

    Under two names all of them are refused, for nobody can tell whose number it is. Under one
    name and for one programme the first right row stays and the others are refused.
    """
    by_iin: dict[str, list[Pair]] = defaultdict(list)
    for reader, person in rows:
        if person.iin:
            by_iin[person.iin].append((reader, person))
    for pairs in by_iin.values():
        if len(pairs) < 2:
            continue
        if _are_several([person for _, person in pairs if person.family_name]):
            _remark_two_names(pairs)
        else:
            _remark_doubles(pairs)


def _remark_two_names(pairs: list[Pair]) -> None:
    numbers = [reader.row.number for reader, _ in pairs]
    for reader, _ in pairs:
        others = ", ".join(str(number) for number in numbers if number != reader.row.number)
        reader.remark("iin", "iin_two_names", rows=others)


def _remark_doubles(pairs: list[Pair]) -> None:
    first: dict[tuple[str, ...], RowReader] = {}
    for reader, _ in pairs:
        if reader.has_errors:
            continue
        course = tuple(fold_title(reader.text(name)) for name in ("kind", "title_ru", "hours"))
        kept = first.setdefault(course, reader)
        if kept is not reader:
            reader.remark("iin", "person_doubled", row=kept.row.number)
            kept.remark("iin", "person_doubled_below", "note", row=reader.row.number)


def _are_several(people: list[PersonRead]) -> bool:
    """Whether the names differ by more than look-alike letters or a patronymic left out."""
    names = {_folded(f"{person.family_name} {person.given_name}") for person in people}
    patronymics = {_folded(person.patronymic) for person in people if person.patronymic}
    return len(names) > 1 or len(patronymics) > 1


def _folded(name: str) -> str:
    return repair(name).casefold().replace("ё", "е")
