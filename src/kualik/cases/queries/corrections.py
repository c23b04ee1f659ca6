"""Wishes to have data written otherwise, and what differs between two spellings."""

import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet

from kualik.accounts.models import Person, User
from kualik.cases.models import Correction, Request
from kualik.certificates.models import Certificate
from kualik.training.models import Completion
from kualik.training.services.correcting import HOLDER

Standing = Certificate.Status


class Piece(NamedTuple):
    """A stretch of a text that is the same in the other one, or not."""

    text: str
    is_other: bool


class Letters(NamedTuple):
    """Letters at ``place`` (from 1, in the text they stood in) and what comes instead.

    Either side may be empty. ``is_latin`` tells look-alikes of two alphabets apart.
    """

    place: int
    before: str
    after: str
    is_latin: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a completion as it is and as it shall be, with what differs."""

    field: str
    before: str
    after: str
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    letters: tuple[Letters, ...]


def corrections_of(person: Person) -> QuerySet[Correction]:
    """What a person asked to correct, the last first."""
    return _related().filter(person=person).order_by("-filed_at", "-pk")


def corrections_visible_to(user: User) -> QuerySet[Correction]:
    """Those about the provider of a member of staff; none for the others."""
    if user.provider_id is None:
        return Correction.objects.none()
    return _related().filter(provider=user.provider_id)


def own_completion(person: Person, pk: int) -> Completion | None:
    """A completion of the person, by its primary key."""
    rows = Completion.objects.select_related("programme", "provider", "person")
    return rows.filter(person=person, pk=pk).first()


def open_correction(completion: Completion) -> Correction | None:
    """The wish about a completion that is not answered yet."""
    return Correction.objects.filter(completion=completion, state=Correction.State.OPEN).first()


def requests_about(completion: Completion) -> QuerySet[Request]:
    """The requests for a document about a completion, the last filed first."""
    rows = Request.objects.select_related("certificate", "provider", "replaces")
    return rows.filter(completion=completion).order_by("-filed_at", "-pk")


def replacement_ordered_by(correction: Correction) -> Request | None:
    """The request for the corrected document that an accepted wish led to."""
    return (
        requests_about(correction.completion)
        .filter(application_number=correction.number)
        .exclude(replaces=None)
        .first()
    )


def standing_documents(completion: Completion) -> list[Certificate]:
    """The documents about a completion that have force or are suspended."""
    rows = Certificate.objects.filter(
        request__completion=completion, status__in=[Standing.VALID, Standing.SUSPENDED]
    )
    return list(rows.select_related("request").order_by("pk"))


def one_sided(before: dict[str, str], after: dict[str, str]) -> str:
    """The full name that stays as it was while that of the other language's text changes, by its
    field; empty where both change or none does."""
    changed = [name for name in HOLDER if after.get(name, before.get(name)) != before.get(name)]
    return next(name for name in HOLDER if name not in changed) if len(changed) == 1 else ""


def changes_of(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    """What ``after`` writes otherwise than ``before``, field by field in its order."""
    return [
        change(name, before.get(name, ""), text)
        for name, text in after.items()
        if before.get(name, "") != text
    ]


def change(field: str, before: str, after: str) -> Change:
    """Two spellings beside each other."""
    old: list[Piece] = []
    new: list[Piece] = []
    letters: list[Letters] = []
    place = 1
    for is_other, left, right in _stretches(before, after):
        old += [Piece(left, is_other)] if left else []
        new += [Piece(right, is_other)] if right else []
        if is_other:
            letters.append(Letters(place, left, right, _is_latin(left) != _is_latin(right)))
        place += len(left)
    return Change(field, before, after, tuple(old), tuple(new), tuple(letters))


def _stretches(before: str, after: str) -> list[tuple[bool, str, str]]:
    """What is the same and what is not, by the fewest letters changed, added and left out."""
    stretches: list[tuple[bool, str, str]] = []
    for left, right in _pairs(before, after):
        is_other = left != right
        if stretches and stretches[-1][0] == is_other:
            _, earlier_left, earlier_right = stretches.pop()
            left, right = earlier_left + left, earlier_right + right
        stretches.append((is_other, left, right))
    return stretches


def _pairs(before: str, after: str) -> list[tuple[str, str]]:
    """Letters beside each other; an empty text where one has none."""
    costs = [[*range(len(after) + 1)]]
    for row, left in enumerate(before, start=1):
        line = [row]
        for column, right in enumerate(after, start=1):
            beside = costs[-1][column - 1] + (left != right)
            line.append(min(beside, costs[-1][column] + 1, line[-1] + 1))
        costs.append(line)
    pairs: list[tuple[str, str]] = []
    row, column = len(before), len(after)
    while row or column:
        left, right = before[row - 1 : row], after[column - 1 : column]
        cost = costs[row][column]
        if row and column and cost == costs[row - 1][column - 1] + (left != right):
            row, column = row - 1, column - 1
        elif row and cost == costs[row - 1][column] + 1:
            row, right = row - 1, ""
        else:
            column, left = column - 1, ""
        pairs.append((left, right))
    return pairs[::-1]


def _related() -> QuerySet[Correction]:
    return Correction.objects.select_related(
        "provider", "person", "completion__programme", "completion__group", "decided_by"
    )


def _is_latin(text: str) -> bool:
    return any(unicodedata.name(sign, "").startswith("LATIN") for sign in text)
