"""The directory as open data: JSON with everything, CSV with one row for each office."""

import csv
from collections.abc import Sequence
from io import StringIO

from kualik.providers.queries.directory import Listing, Reception
from kualik.rules.language import LANGUAGES, Text

LICENCE = "CC BY 4.0"
LICENCE_ADDRESS = "https://creativecommons.org/licenses/by/4.0/"
# What a spreadsheet would take for a formula; phones begin so too, but their shape is checked.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "code",
    "bin",
    "kind",
    *(f"{field}_{language}" for field in ("name", "city") for language in LANGUAGES),
    "accreditation",
    "accreditation_until",
    "site",
    *(f"{field}_{language}" for field in ("office", "address") for language in LANGUAGES),
    "is_main",
    "phones",
    "windows",
    "latitude",
    "longitude",
    "hours",
    "hours_ahead",
    "ramp",
    "call_button",
    "tactile_path",
    "waiting_hall",
    "sample_stand",
    "closures",
    "licence",
)


def open_records(listings: Sequence[Listing]) -> dict[str, object]:
    """The whole directory with its licence; it changes with the day, not with the moment."""
    return {
        "licence": {"name": LICENCE, "address": LICENCE_ADDRESS},
        "providers": [open_record(listing) for listing in listings],
    }


def open_record(listing: Listing) -> dict[str, object]:
    """A provider as open data; nothing here depends on the moment of the look."""
    provider = listing.provider
    return {
        "code": provider.code,
        "bin": provider.bin,
        "kind": provider.kind,
        "name": _by_language(listing.name),
        "city": _by_language(listing.city),
        "accreditation": provider.accreditation,
        "accreditation_until": _day(provider.accreditation_until),
        "site": provider.site,
        "offices": [_office(office) for office in listing.offices],
        "closures": [day.isoformat() for day, _ in listing.closures],
    }


def open_table(listings: Sequence[Listing]) -> str:
    """The same as CSV (RFC 4180), one row for each office, in the order of ``COLUMNS``."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for listing in listings:
        for office in listing.offices:
            row = _row(listing, office)
            writer.writerow([_cell(column, row[column]) for column in COLUMNS])
    return text.getvalue()


def _office(office: Reception) -> dict[str, object]:
    return {
        "name": _by_language(office.name),
        "address": _by_language(office.address),
        "is_main": office.is_main,
        "phones": list(office.phones),
        "windows": office.windows,
        "position": _position(office),
        "hours": str(office.hours),
        "hours_ahead": [
            {"from": since.isoformat(), "hours": str(hours)} for since, hours in office.changes
        ],
        "accessibility": {fact.code: fact.holds for fact in office.access},
    }


def _row(listing: Listing, office: Reception) -> dict[str, object]:
    provider, place = listing.provider, office.position or ("", "")
    return {
        "code": provider.code,
        "bin": provider.bin,
        "kind": provider.kind,
        **_columns("name", listing.name),
        **_columns("city", listing.city),
        "accreditation": provider.accreditation,
        "accreditation_until": _day(provider.accreditation_until),
        "site": provider.site,
        **_columns("office", office.name),
        **_columns("address", office.address),
        "is_main": office.is_main,
        "phones": "; ".join(office.phones),
        "windows": office.windows,
        "latitude": place[0],
        "longitude": place[1],
        "hours": str(office.hours),
        "hours_ahead": "; ".join(f"{since}: {hours}" for since, hours in office.changes),
        **{fact.code: fact.holds for fact in office.access},
        "closures": "; ".join(day.isoformat() for day, _ in listing.closures),
        "licence": f"{LICENCE} {LICENCE_ADDRESS}",
    }


def _cell(column: str, value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str) and column != "phones" and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return str(value)


def _position(office: Reception) -> dict[str, float] | None:
    if office.position is None:
        return None
    return {"latitude": office.position[0], "longitude": office.position[1]}


def _columns(field: str, text: Text) -> dict[str, str]:
    return {f"{field}_{language}": text.get(language) for language in LANGUAGES}


def _by_language(text: Text) -> dict[str, str]:
    return {language: text.get(language) for language in LANGUAGES}


def _day(value: object) -> str:
    return "" if value is None else str(value)
