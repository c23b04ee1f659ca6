"""Training volume: hours against credits and the range of each kind, by edition of the standard.

The figures are data (``data/volumes.toml``); none stands in the acts at hand, so each is marked
to be checked against the order in force.
"""

import tomllib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from kualik.rules.errors import RuleViolation

_SOURCE = Path(__file__).parent / "data" / "volumes.toml"


@dataclass(frozen=True, slots=True)
class VolumeRange:
    """Least and greatest volume of one kind of training, in hours, both included."""

    min_hours: int
    max_hours: int
    source: str
    check: bool


@dataclass(frozen=True, slots=True)
class EditionVolumes:
    """What one edition counts by: accepted hours per credit (the first converts) and ranges."""

    hours_per_credit: tuple[int, ...]
    credit_places: int
    ranges: dict[str, VolumeRange]
    source: str
    check: bool


def parse_volumes(text: str, *, name: str = "volumes.toml") -> dict[str, EditionVolumes]:
    """The data file read and validated; ``ValueError`` names the file, the table and the key."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name}: {error}") from error
    return {edition: _edition(name, edition, table) for edition, table in tables.items()}


def _edition(name: str, edition: str, table: dict[str, object]) -> EditionVolumes:
    where = f"{name}: [{edition}]"
    per_credit = table.get("hours_per_credit")
    if not isinstance(per_credit, list) or not per_credit:
        raise ValueError(f"{where} hours_per_credit: a list of whole numbers is needed")
    figures = tuple(_whole(where, "hours_per_credit", item) for item in per_credit)
    ranges = {
        kind: _range(f"{name}: [{edition}.{kind}]", inner)
        for kind, inner in table.items()
        if isinstance(inner, dict)
    }
    known = {"hours_per_credit", "credit_places", "source", "check", *ranges}
    _refuse_unknown(where, table, known)
    places = _whole(where, "credit_places", table.get("credit_places"))
    return EditionVolumes(figures, places, ranges, *_provenance(where, table))


def _range(where: str, table: dict[str, object]) -> VolumeRange:
    _refuse_unknown(where, table, {"min_hours", "max_hours", "source", "check"})
    low = _whole(where, "min_hours", table.get("min_hours"))
    high = _whole(where, "max_hours", table.get("max_hours"))
    if low > high:
        raise ValueError(f"{where} min_hours: greater than max_hours")
    return VolumeRange(low, high, *_provenance(where, table))


def _refuse_unknown(where: str, table: dict[str, object], known: set[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise ValueError(f"{where} {unknown[0]}: unknown key")


def _whole(where: str, key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{where} {key}: a whole number above zero is needed")
    return value


def _provenance(where: str, table: dict[str, object]) -> tuple[str, bool]:
    source, check = table.get("source"), table.get("check")
    if not isinstance(source, str) or not source.strip():
        raise ValueError(f"{where} source: missing")
    if not isinstance(check, bool):
        raise ValueError(f"{where} check: true or false is needed")
    return source, check


@cache
def _volumes() -> dict[str, EditionVolumes]:
    return parse_volumes(_SOURCE.read_text(encoding="utf-8"))


def edition_volumes(edition: str) -> EditionVolumes:
    """The volume data of an edition; ``volume_edition_unknown`` where there is none."""
    found = _volumes().get(edition)
    if found is None:
        raise RuleViolation("volume_edition_unknown", edition=edition)
    return found


def credits_for(hours: int, *, edition: str = "A303") -> Decimal:
    """Credits that ``hours`` make, rounded to the places of the edition, without idle zeros."""
    data = edition_volumes(edition)
    return Decimal(credits_text(_credits(hours, data.hours_per_credit[0], data.credit_places)))


def hours_for(credits: Decimal, *, edition: str = "A303") -> int:
    """Hours that ``credits`` make; ``volume_not_whole_hours`` where that is a fraction."""
    if not credits.is_finite():
        raise RuleViolation("volume_not_whole_hours", credits=str(credits))
    hours = credits * edition_volumes(edition).hours_per_credit[0]
    if hours != hours.to_integral_value():
        raise RuleViolation("volume_not_whole_hours", credits=str(credits))
    return int(hours)


def check_volume(*, kind: str, hours: int, credits: Decimal, edition: str = "A303") -> None:
    """Hours and credits agree and lie in the range of the kind.

    Credits agree when they are exactly hours ÷ (hours per credit), or that quotient rounded to
    the edition's places where it has no exact decimal.
    Errors: ``volume_edition_unknown``, ``volume_kind_unknown`` (A303 has no retraining: A57.5.2),
    ``volume_out_of_range``, ``volume_mismatch``.
    """
    data = edition_volumes(edition)
    limits = data.ranges.get(kind)
    if limits is None:
        raise RuleViolation("volume_kind_unknown", kind=kind, edition=edition)
    if not limits.min_hours <= hours <= limits.max_hours:
        raise RuleViolation(
            "volume_out_of_range",
            kind=kind,
            hours=hours,
            min_hours=limits.min_hours,
            max_hours=limits.max_hours,
        )
    if not any(
        credits.is_finite() and credits == _credits(hours, per_credit, data.credit_places)
        for per_credit in data.hours_per_credit
    ):
        raise RuleViolation(
            "volume_mismatch",
            hours=hours,
            credits=str(credits),
            expected_credits=str(credits_for(hours, edition=edition)),
            hours_per_credit=data.hours_per_credit[0],
        )


def _credits(hours: int, per_credit: int, places: int) -> Decimal:
    quotient = Decimal(hours) / Decimal(per_credit)
    return quotient.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def credits_text(credits: Decimal) -> str:
    """As the facts of a certificate have it, without idle zeros: 4.00 → "4", 1.50 → "1.5"."""
    return f"{credits.normalize():f}"
