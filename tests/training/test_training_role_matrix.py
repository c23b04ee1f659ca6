"""Who may open what of the room; two providers see nothing of each other."""

import pytest
from django.test import Client

from kualik.core.journal import SYSTEM
from kualik.rules.lifecycle import Role
from kualik.training import urls
from kualik.training.models import Group, ImportDraft
from kualik.training.services import confirm_import, start_import
from tests.keeping import kept
from tests.training.lists import content
from tests.training.office import NOW, client_of, employ, open_provider

pytestmark = [pytest.mark.urls("tests.training.addresses"), pytest.mark.django_db]

OFFICE = (Role.REGISTRAR, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN)
OTHERS = tuple(set(Role) - set(OFFICE) - {Role.SYSTEM, Role.APPLICANT})
COLLECTIONS = ("groups", "import", "programmes", "programme_new")
OF_A_PROGRAMME = ("programme", "programme_retire")
POSTED_OF_A_DRAFT = ("sheet", "mark", "confirm", "discard")
POSTED = (*POSTED_OF_A_DRAFT, "programme_retire")
# Those of Moodle have a matrix of their own (test_moodle_pages).
OF_A_DRAFT = ("preview", "columns", "answers", "remarks", "result", *POSTED_OF_A_DRAFT)


def listed():
    """A provider, a list that waits to be confirmed, and a group that came by another."""
    provider = open_provider("DEMO", "990140000018")
    imported = start(provider, "nursing-kk.xlsx")
    confirm_import(draft=imported, actor=SYSTEM, now=NOW, edition="A303")
    draft = start(provider, "cardiology-2026-11.xlsx")
    return provider, draft, Group.objects.get()


@pytest.fixture
def made(kualik_files):
    return kept(listed)


@pytest.fixture
def provider(made):
    return made[0]


@pytest.fixture
def draft(made):
    return made[1]


@pytest.fixture
def group(made):
    return made[2]


def start(provider, name):
    return start_import(
        provider=provider, actor=SYSTEM, filename=name, content=content(name), now=NOW
    )


def addresses(draft, group):
    """Every address of the room by name."""
    found = {}
    for route in urls.urlpatterns:
        if route.name.startswith("moodle"):
            continue
        pk = group.pk if route.name == "group" else draft.pk
        pk = group.programme_id if route.name in OF_A_PROGRAMME else pk
        found[route.name] = "/" + str(route.pattern).replace("<int:pk>", str(pk))
    return found


def knock(client, name, address):
    return client.post(address) if name in POSTED else client.get(address)


def test_the_matrix_names_every_page(draft, group):
    assert set(addresses(draft, group)) == {*COLLECTIONS, "group", *OF_A_PROGRAMME, *OF_A_DRAFT}


def test_strangers_are_asked_to_sign_in(draft, group):
    for name, address in addresses(draft, group).items():
        response = knock(Client(), name, address)
        assert response.status_code == 302, name
        assert response.url.startswith("/login"), name


def test_a_password_alone_opens_nothing(provider, draft, group):
    client = Client()
    user = employ(provider, Role.REGISTRAR)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for name, address in addresses(draft, group).items():
        response = knock(client, name, address)
        assert response.url.startswith("/second_factor"), name


@pytest.mark.parametrize("role", sorted(OTHERS))
def test_other_roles_of_the_same_provider_are_refused(provider, draft, group, role):
    client = client_of(employ(provider, role))
    for name, address in addresses(draft, group).items():
        assert knock(client, name, address).status_code == 403, name
    assert ImportDraft.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("role", OFFICE)
def test_the_office_opens_every_page_of_its_provider(provider, draft, group, role):
    client = client_of(employ(provider, role))
    for name, address in addresses(draft, group).items():
        if name != "discard":
            assert knock(client, name, address).status_code in (200, 302), name


@pytest.mark.parametrize("role", OFFICE)
def test_another_provider_finds_nothing(draft, group, role):
    client = client_of(employ(open_provider("OTHER", "060540001234"), role))
    for name, address in addresses(draft, group).items():
        expected = 200 if name in COLLECTIONS else 404
        assert knock(client, name, address).status_code == expected, name
    assert list(client.get("/office/groups/").context["groups"]) == []
    assert list(client.get("/office/import/").context["recent"]) == []
    draft.refresh_from_db()
    assert draft.imported_at is None


def test_staff_without_a_provider_find_nothing(draft, group):
    client = client_of(employ(None, Role.REGISTRAR))
    for name, address in addresses(draft, group).items():
        assert knock(client, name, address).status_code == 404, name


def test_nothing_changes_by_reading(provider, draft, group):
    client = client_of(employ(provider, Role.REGISTRAR))
    for name, address in addresses(draft, group).items():
        if name in POSTED:
            assert client.get(address).status_code == 405, name
    assert draft.content.storage.exists(draft.content.name)
