"""Invented people: the same ones at every start."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kualik.rules.identifiers import check_digit

DATA = Path(__file__).parent / "data" / "demonstration.toml"
Words = Mapping[str, Sequence[str]]
Person = tuple[str, str, str]


def read_data() -> dict[str, Any]:
    """The organisations, programmes and words of the demonstration."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def staff_iins() -> list[str]:
    """The IINs of all providers' staff; an account knows its own only as a hash."""
    return [member["iin"] for row in read_data()["provider"] for member in row["staff"]]


def people(words: Words, *, first: int, count: int) -> Iterator[Person]:
    """IIN, full name and phone of ``count`` people, the ``first`` one by number."""
    for index in range(first, first + count):
        yield (
            invented_iin(index),
            full_name(words, index),
            f"+7 700 {index % 900 + 100} {index:04d}",
        )


def full_name(words: Words, index: int) -> str:
    """Surname, given name and patronymic of the person with that number."""
    is_woman = index % 3 != 0
    given = words["women" if is_woman else "men"]
    family = words["families"][index * 7 % len(words["families"])] + ("а" if is_woman else "")
    father = words["fathers"][index % len(words["fathers"])] + ("қызы" if is_woman else "ұлы")
    return f"{family} {given[index * 5 % len(given)]} {father}"


def invented_iin(index: int) -> str:
    """Twelve digits with a right check digit; the serial part begins with 9, unlike real ones."""
    year, month, day = 68 + index % 30, index % 12 + 1, index * 11 % 28 + 1
    century = 4 if index % 3 else 3
    bodies = (
        f"{year:02d}{month:02d}{day:02d}{century}{serial:04d}"
        for serial in range(9000 + index % 900, 9999)
    )
    return next(body + str(digit) for body in bodies if (digit := check_digit(body)) is not None)
