"""What a row says was learned: kind, titles, volume, days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.rules.spelling import mixed_alphabet_letters
from kualik.rules.volumes import check_volume, credits_for, hours_for
from kualik.training.services.cells import (
    MOST_CREDITS,
    MOST_HOURS,
    RowReader,
    Severity,
    completion_of,
    kind_of,
)

# Column under which a broken rule of volume is shown, and how grave it is. The ranges are
# practice and not the act's, so a volume outside them may be let through by a person.
VOLUME_REMARKS: Final[dict[str, tuple[str, Severity]]] = {
    "volume_kind_unknown": ("kind", "error"),
    "volume_out_of_range": ("hours", "warning"),
    "volume_mismatch": ("credits", "error"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeFacts:
    """A programme as far as a list can name it."""

    kind: str
    title_kk: str
    title_ru: str
    specialty_kk: str = ""
    specialty_ru: str = ""
    hours: int
    credits: Decimal

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells a provider's programmes apart."""
        return self.kind, fold_title(self.title_ru), self.hours


@dataclass(frozen=True, slots=True)
class Course:
    """A programme and the day its group started: rows with the same one form one group."""

    programme: ProgrammeFacts
    started_on: date


def fold_title(title: str) -> str:
    """A title without case, spaces and signs at its ends, for comparing."""
    return " ".join(title.casefold().replace("ё", "е").split()).strip(' .«»"')


def read_course(
    reader: RowReader,
    started_on: date | None,
    edition: str,
    programmes: Sequence[ProgrammeFacts] = (),
) -> Course | None:
    """The programme of a row; None with a remark, or when it must still be asked."""
    kind = _read_kind(reader)
    titles = {name: reader.required(name) for name in ("title_kk", "title_ru")}
    for name, title in titles.items():
        if _has_odd_letters(title):
            reader.remark(name, "title_mixed_alphabet", "note")
        reader.require_printable(name, title)
    specialties = {name: reader.text(name) for name in ("specialty_kk", "specialty_ru")}
    for name, specialty in specialties.items():
        reader.require_printable(name, specialty)
    hours, share = _read_volume(reader, kind, edition)
    if not (kind and all(titles.values()) and hours and share and started_on):
        return None
    programme = ProgrammeFacts(kind=kind, hours=hours, credits=share, **titles, **specialties)
    _compare(reader, programme, programmes)
    return Course(programme, started_on)


def read_days(reader: RowReader, today: date) -> tuple[date | None, date | None]:
    """First day and day of full mastery, which cannot lie ahead of ``today``."""
    started_on = reader.day("started_on")
    if not started_on and "started_on" in reader.columns:
        _remark_missing(reader, "started_on")
    source, mastered_on = _mastered(reader)
    if not mastered_on:
        if source in reader.columns:
            _remark_missing(reader, source)
        return started_on, None
    if mastered_on > today:
        reader.remark(source, "not_completed_yet", date=mastered_on)
    if started_on and mastered_on < started_on:
        reader.remark(source, "end_before_start", start=started_on, end=mastered_on)
    return started_on, mastered_on


def _mastered(reader: RowReader) -> tuple[str, date | None]:
    """The field that told the day and the day: the end date, the completion, the group's."""
    if reader.cell("ended_on").text:
        return "ended_on", reader.day("ended_on")
    if "completed" in reader.columns and completion_of(reader.own_text("completed")) == "date":
        return "completed", reader.day("completed")
    return "ended_on", reader.day("ended_on")


def _remark_missing(reader: RowReader, name: str) -> None:
    if not reader.is_refused(name):
        reader.remark(name, "field_missing")


def _read_kind(reader: RowReader) -> str:
    text = reader.required("kind")
    if not text:
        return ""
    kind = kind_of(text)
    if not kind:
        reader.remark("kind", "kind_unknown", value=text[:80])
    return kind


def _read_volume(reader: RowReader, kind: str, edition: str) -> tuple[int | None, Decimal | None]:
    """Hours and credits; one follows from the other where only one is known."""
    hours, share = reader.number("hours"), reader.number("credits")
    if hours is None and share is None:
        if not (reader.is_refused("hours") or reader.is_refused("credits")):
            _remark_no_volume(reader)
        return None, None
    if hours is not None and (hours != int(hours) or hours > MOST_HOURS):
        reader.remark("hours", "number_not_understood")
        return None, None
    if share is not None and share > MOST_CREDITS:
        reader.remark("credits", "number_not_understood")
        return None, None
    if reader.is_refused("hours") or reader.is_refused("credits"):
        return None, None
    return _agreed(reader, kind, None if hours is None else int(hours), share, edition)


def _remark_no_volume(reader: RowReader) -> None:
    name = next((name for name in ("hours", "credits") if name in reader.columns), None)
    if name:
        reader.remark(name, "field_missing")


def _agreed(
    reader: RowReader, kind: str, hours: int | None, share: Decimal | None, edition: str
) -> tuple[int | None, Decimal | None]:
    try:
        if hours is None and share is not None:
            hours = hours_for(share, edition=edition)
        elif share is None and hours is not None:
            share = credits_for(hours, edition=edition)
        if kind and hours is not None and share is not None:
            check_volume(kind=kind, hours=hours, credits=share, edition=edition)
    except RuleViolation as violation:
        name, severity = VOLUME_REMARKS.get(violation.code, ("credits", "error"))
        reader.violation(name, violation, severity)
    return hours, share


def _compare(reader: RowReader, programme: ProgrammeFacts, known: Sequence[ProgrammeFacts]) -> None:
    """Note where the provider's own programme of that title says something else."""
    same = [
        other
        for other in known
        if other.kind == programme.kind
        and fold_title(other.title_ru) == fold_title(programme.title_ru)
    ]
    volumes = sorted({other.hours for other in same})
    if same and programme.hours not in volumes:
        reader.remark(
            "hours", "volume_differs", "note", hours=", ".join(str(hours) for hours in volumes)
        )
    for other in same:
        if other.hours == programme.hours and other.title_kk != programme.title_kk:
            reader.remark("title_kk", "title_differs", "warning", title=other.title_kk)


@lru_cache(maxsize=256)
def _has_odd_letters(title: str) -> bool:
    return bool(mixed_alphabet_letters(title))
