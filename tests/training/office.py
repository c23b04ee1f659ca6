"""An office with its staff, and the way of a list through its pages."""

from datetime import UTC, datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from kualik.accounts.models import User
from kualik.accounts.services import enrol_demo_device, enrol_staff
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.training.models import ImportDraft

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
MOODLE = {
    "kind": "pd",
    "title_kk": "Инфекциялық бақылау",
    "title_ru": "Инфекционный контроль",
    "hours": "60",
    "credits": "2",
    "started_on": "2026-11-02",
    "specialty_kk": "",
    "specialty_ru": "",
    "group_name": "",
}


def open_provider(code: str, bin_number: str) -> Provider:
    return Provider.objects.create(
        code=code,
        bin=bin_number,
        kind=Provider.Kind.EDUCATION,
        name_kk=f"{code} университеті",
        name_ru=f"Университет {code}",
        name_en=f"{code} University",
        city_kk="Алматы",
        city_ru="Алматы",
        city_en="Almaty",
    )


def employ(provider: Provider | None, *roles: Role) -> User:
    return enrol_staff(
        email=f"{'-'.join(roles)}@{provider.code if provider else 'platform'}.example.kz",
        password=None,
        full_name="Айгүл Серікқызы",
        position=Text("Тіркеуші", "Регистратор"),
        provider=provider,
        roles=roles,
        actor=SYSTEM,
        now=NOW,
    )


def client_of(user: User, *, language: str = "ru") -> Client:
    """A browser in which ``user`` is signed in with both factors."""
    device = enrol_demo_device(user=user, now=NOW)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    client.cookies["kualik_language"] = language
    return client


def upload(client: Client, name: str, content: bytes) -> HttpResponse:
    return client.post("/office/import/", {"file": SimpleUploadedFile(name, content)})


def bring(client: Client, name: str, content: bytes) -> ImportDraft:
    """The list uploaded, its columns left as they were recognised."""
    response = upload(client, name, content)
    draft = ImportDraft.objects.latest("pk")
    assert response.status_code == 302, response.content.decode()
    assert response.url == f"/office/import/{draft.pk}/columns/"
    columns = client.get(response.url)
    assert columns.status_code == 200
    answers = {field.html_name: field.value() for field in columns.context["form"]}
    response = client.post(f"/office/import/{draft.pk}/columns/", answers)
    assert response.url == f"/office/import/{draft.pk}/"
    return draft


def table(client: Client, draft: ImportDraft, query: str = "") -> str:
    """The page of the dry run, as text."""
    response = client.get(f"/office/import/{draft.pk}/{query}")
    assert response.status_code == 200, getattr(response, "url", response.status_code)
    return response.content.decode()
