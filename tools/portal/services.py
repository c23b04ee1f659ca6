"""The services of the portal and the forms that citizens fill in for them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from tools.people import Person

CATALOGUE = Path(__file__).with_name("services.toml")
FAMILIES = ("universal", "document", "operations")
WAYS = ("push", "sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of one organisation: ``ways`` are how its requests may travel, the usual first."""

    code: str
    family: str
    ways: Sequence[str]
    service_id: str
    namespace: str
    portal_code: str
    name: Mapping[str, str]
    route_id: str = ""

    def called(self, language: str) -> str:
        """The organisation's name, or its code where a program brought none."""
        return self.name.get(language) or self.code

    def to_record(self) -> dict[str, Any]:
        """As it is kept in the books."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a citizen asks for. ``confirmation``: EDS, OTP or SMS; ``action`` is "" or what an
    update does; files are {name, mime, content in base64} or {name, mime, id}."""

    iin: str
    surname: str = ""
    name: str = ""
    patronymic: str = ""
    phone: str = ""
    email: str = ""
    kind: str = ""
    programme_code: str = ""
    programme: str = ""
    started_on: str = ""
    ended_on: str = ""
    hours: str = ""
    paper: str = "certificate"
    language: str = "kk"
    delivery: str = "electronic"
    confirmation: str = "OTP"
    comment: str = ""
    action: str = ""
    files: Sequence[Mapping[str, str]] = field(default=())

    @property
    def full_name(self) -> str:
        """As the portal writes it."""
        return " ".join(part for part in (self.surname, self.name, self.patronymic) if part)

    def to_record(self) -> dict[str, Any]:
        """As it is kept in the books."""
        return asdict(self)


def form_of(given: Mapping[str, Any]) -> Form:
    """A form of what was kept or sent; names of no field are left out. Raises ValueError."""
    known = {one.name for one in fields(Form)}
    values = {name: value for name, value in given.items() if name in known}
    if not str(values.get("iin", "")).isdigit():
        raise ValueError("iin")
    return Form(**values)


def of_person(person: Person) -> dict[str, str]:
    """What the portal knows of a citizen, in capital letters as the registers write names."""
    return {
        "iin": person.iin,
        "surname": person.surname.upper(),
        "name": person.given_name.upper(),
        "patronymic": person.patronymic.upper(),
        "phone": "".join(sign for sign in person.phone if sign.isdigit()),
    }


def service_of(record: Mapping[str, Any]) -> Service:
    """A service of a record. Raises ValueError for no family or way, TypeError for no field."""
    made = Service(
        **{
            "portal_code": "P00.00",
            "name": {},
            "ways": ("sync",) if record.get("family") == "operations" else WAYS,
            **record,
        }
    )
    if made.family not in FAMILIES or not set(made.ways) <= set(WAYS):
        raise ValueError(f"family or way: {made.family} {made.ways}")
    return made


@cache
def catalogue() -> dict[str, Service]:
    """The services of the demonstration by the code of their organisation."""
    rows = tomllib.loads(CATALOGUE.read_text("utf-8"))["service"]
    return {row["code"]: service_of(row) for row in rows}


@cache
def title() -> dict[str, str]:
    """What the service is called."""
    found: dict[str, str] = tomllib.loads(CATALOGUE.read_text("utf-8"))["title"]
    return found
