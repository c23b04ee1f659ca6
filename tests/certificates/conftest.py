"""Two providers with their staff, and documents in every state."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from kualik.accounts.models import User
from kualik.certificates.models import Certificate
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from tests.certificates import people
from tests.keeping import kept


@dataclass
class World:
    """``documents`` are two sealed ones of the provider DEMO, ``waiting`` is its draft;
    ``stranger`` signs for the provider OTHER."""

    signer: User
    clerk: User
    head: User
    admin: User
    registrar: User
    contact: User
    inspector: User
    stranger: User
    key: SigningKey
    documents: list[Certificate]
    waiting: Certificate

    @property
    def document(self) -> Certificate:
        return self.documents[0]


@pytest.fixture(autouse=True)
def surroundings(kualik_files: Path) -> None:
    """Files of this test alone."""


@pytest.fixture
def world(db: None, kualik_files: Path) -> World:
    return kept(new_world)


def new_world() -> World:
    demo = people.open_provider("DEMO", "990140000017", Text("Алматы", "Алматы", "Almaty"))
    other = people.open_provider("OTHER", "030640000125", Text("Астана", "Астана", "Astana"))
    signer = people.employ(demo, Role.AUTHORISED_PERSON, name="Сейітқали Бауыржан Маратұлы")
    stranger = people.employ(other, Role.AUTHORISED_PERSON, name="Ким Ольга Викторовна")
    key = people.key_of(signer)
    sealed = people.seal(people.draft(signer, count=2), key)
    return World(
        signer=signer,
        clerk=people.employ(demo, Role.CLERK, name="Омарова Дана Болатқызы"),
        head=people.employ(demo, Role.OFFICE_HEAD, name="Тұрсынов Ерлан Қанатұлы"),
        admin=people.employ(demo, Role.PROVIDER_ADMIN, name="Пак Виктория Сергеевна"),
        registrar=people.employ(demo, Role.REGISTRAR, name="Ахметова Жанар Ерболқызы"),
        contact=people.employ(None, Role.CONTACT_CENTRE, name="Иванова Анна Петровна"),
        inspector=people.employ(None, Role.INSPECTOR, name="Нұрғалиев Тимур Асқарұлы"),
        stranger=stranger,
        key=key,
        documents=sealed,
        waiting=people.draft(signer)[0],
    )


@pytest.fixture
def foreign(world: World) -> Certificate:
    """A sealed document of the provider OTHER."""
    return people.seal(people.draft(world.stranger), people.key_of(world.stranger))[0]


@pytest.fixture
def pdf(world: World) -> bytes:
    """The sealed file of the first document."""
    with default_storage.open(world.document.file) as stored:
        content: bytes = stored.read()
    return content


@pytest.fixture
def visitor() -> Client:
    """Somebody without a password, and with checks of request forgery on."""
    return Client(enforce_csrf_checks=True)
