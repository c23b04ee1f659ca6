"""Who holds keys on the demonstration: the list that the simulators of NCALayer and phone read.

The people are those of the demonstration's data, so the list is the same at every start; it holds
no keys. The simulators issue them by the test authority.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kualik.accounts.queries import ROLE_LABELS
from kualik.demo.people import people
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role

Row = dict[str, Any]
# What the certificate of a member of staff says; the others on the list are individuals.
STAFF_ROLES = {
    Role.AUTHORISED_PERSON: "first_head",
    Role.OFFICE_HEAD: "right_to_sign",
    Role.REGISTRAR: "employee",
}
# Place in a provider's hundred of invented people → what became of their request (demo.story).
COMPLETED = Text("құжатын ала алады", "может получить документ", "may receive a document")
GRADUATES = {
    57: COMPLETED,
    59: COMPLETED,
    1: Text("куәлігі бар", "есть свидетельство", "holds a certificate"),
    28: Text("куәлігі қол қоюды күтіп тұр", "документ ждёт подписи", "waits for the signature"),
    54: Text("өтініші берілді", "заявление подано", "has applied"),
}
STRANGER = 950
UNKNOWN = Text("жүйеде құжаты жоқ", "документов в системе нет", "has no document here")


def write_cast(*, path: Path, data: Row, apart: int) -> None:
    """Write the list as JSON; each provider has ``apart`` numbers of invented people."""
    rows = [*_staff(data["provider"])]
    for place, provider in enumerate(data["provider"]):
        rows += _graduates(data["people"], provider, first=place * apart)
    rows.append(_graduate(data["people"], STRANGER, "stranger", UNKNOWN))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def _staff(providers: Sequence[Row]) -> Iterator[Row]:
    """The authorised persons of all providers first."""
    for role, usage in STAFF_ROLES.items():
        for provider in providers:
            for member in provider["staff"]:
                if member["role"] == role:
                    yield _member(member, provider, usage)


def _member(member: Row, provider: Row, usage: str) -> Row:
    role, name = ROLE_LABELS[Role(member["role"])], Text(**provider["name"])
    return {
        "id": f"{member['role']}-{provider['code']}".lower().replace("_", "-"),
        **_named(member["name"]),
        "iin": member["iin"],
        "organisation": provider["name"]["kk"],
        "bin": provider["bin"],
        "roles": [usage],
        "label": _label(role, name),
    }


def graduate_id(provider_code: str, place: int) -> str:
    """The name under which the simulators know a graduate."""
    return f"graduate-{provider_code}-{place}".lower()


def _graduates(words: Row, provider: Row, *, first: int) -> Iterator[Row]:
    for place, state in GRADUATES.items():
        person = graduate_id(provider["code"], place)
        yield _graduate(words, first + place, person, state, Text(**provider["name"]))


def _graduate(words: Row, index: int, person: str, *about: Text) -> Row:
    [(iin, name, phone)] = people(words, first=index, count=1)
    return {
        "id": person,
        **_named(name),
        "iin": iin,
        "phone": phone,
        "organisation": "",
        "bin": "",
        "roles": ["individual"],
        "label": _label(*about),
    }


def _named(full_name: str) -> dict[str, str]:
    surname, given_name, *rest = full_name.split()
    return {"surname": surname, "given_name": given_name, "patronymic": " ".join(rest)}


def _label(*parts: Text) -> dict[str, str]:
    return {code: " · ".join(part.get(code) for part in parts) for code in LANGUAGES}
