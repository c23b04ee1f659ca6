"""The people of the demonstration and their keys, for the simulators.

``kualik demo`` writes who they are (``simulators/people.json`` in the folder of the data). Their
keys are issued here by the test authority, which has to know them to speak for them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")

from django.conf import settings

from kualik.signatures.adapters.test_authority import (
    OWNER,
    Hierarchy,
    Leaf,
    Revocation,
    Role,
    Scheme,
    Subject,
    open_hierarchy,
    register,
)

SCHEMES = (Scheme.RSA, Scheme.GOST512)
BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who holds keys; ``roles`` are names of ``Role`` in lower case."""

    id: str
    surname: str
    given_name: str
    patronymic: str
    iin: str
    organisation: str
    bin: str
    roles: tuple[str, ...]
    labels: Mapping[str, str]
    phone: str = ""

    @property
    def name(self) -> str:
        """Surname, given name and patronymic."""
        return " ".join(part for part in (self.surname, self.given_name, self.patronymic) if part)

    def label(self, language: str) -> str:
        """Who that is, in a language of the pages."""
        return self.labels.get(language) or self.labels["kk"]

    def subject(self) -> Subject:
        """The person as a certificate names them, in capital letters."""
        return Subject(
            surname=self.surname.upper(),
            given_name=self.given_name.upper(),
            patronymic=self.patronymic.upper(),
            iin=self.iin,
            organisation=self.organisation.upper(),
            bin=self.bin,
            mark=OWNER,
        )

    def usages(self) -> tuple[Role, ...]:
        """The roles as object identifiers; those of an organisation stand after its own one."""
        named = tuple(Role[role.upper()] for role in self.roles)
        return (Role.LEGAL_ENTITY, *named) if self.bin else named


def people_file() -> Path:
    """Where the demonstration wrote its people."""
    return Path(settings.VAR) / "simulators" / "people.json"


def read_people(path: Path | None = None) -> dict[str, Person]:
    """The people by id, in the order of the file. Raises OSError when there is no file."""
    rows = json.loads((path or people_file()).read_text(encoding="utf-8"))
    found = [_person(row) for row in rows]
    return {person.id: person for person in found}


def _person(row: dict[str, object]) -> Person:
    labels, roles = row["label"], row["roles"]
    if not isinstance(labels, dict) or not isinstance(roles, list):
        raise ValueError("not a row of people.json")
    return Person(
        id=str(row["id"]),
        surname=str(row["surname"]),
        given_name=str(row["given_name"]),
        patronymic=str(row["patronymic"]),
        iin=str(row["iin"]),
        organisation=str(row["organisation"]),
        bin=str(row["bin"]),
        roles=tuple(map(str, roles)),
        labels=labels,
        phone=str(row.get("phone", "")),
    )


@dataclass(slots=True)
class KeyRing:
    """The keys of the people, each issued when it is first asked for."""

    held: dict[tuple[str, Scheme, bool], Leaf] = field(default_factory=dict)
    authorities: dict[Scheme, Hierarchy] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def key(
        self, person: Person, *, scheme: Scheme, now: datetime, is_revoked: bool = False
    ) -> Leaf:
        """The person's key; a revoked one is another key, known as revoked to the authority."""
        with self.lock:
            wanted = (person.id, scheme, is_revoked)
            if wanted not in self.held:
                self.held[wanted] = self._issued(person, scheme, now, is_revoked=is_revoked)
            return self.held[wanted]

    def authority(self, scheme: Scheme, *, now: datetime) -> Hierarchy:
        """The test authority of the installation, made when there is none."""
        if scheme not in self.authorities:
            self.authorities[scheme] = open_hierarchy(
                _directory(scheme),
                scheme=scheme,
                now=now,
                base_url=f"{settings.TEST_AUTHORITY_URL}/{scheme.value}",
            )
        return self.authorities[scheme]

    def _issued(self, person: Person, scheme: Scheme, now: datetime, *, is_revoked: bool) -> Leaf:
        authority = self.authority(scheme, now=now)
        leaf = authority.issue(person.subject(), not_before=now - BEFORE, roles=person.usages())
        revocation = Revocation(at=now - BEFORE, reason="key_compromise") if is_revoked else None
        register(_directory(scheme), leaf, revocation)
        return leaf


def _directory(scheme: Scheme) -> Path:
    return Path(settings.KEYS_ROOT) / "test-authority" / scheme.value
