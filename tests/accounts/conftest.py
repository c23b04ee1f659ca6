from datetime import UTC, datetime

import pytest

from kualik.accounts import services
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
PASSWORD = "бір-екі-үш-төрт"


@pytest.fixture
def provider(db):
    return Provider.objects.create(
        code="DEMO",
        bin="123456789012",
        kind=Provider.Kind.EDUCATION,
        name_kk="Медициналық академия",
        name_ru="Медицинская академия",
        name_en="Academy of medicine",
        city_kk="Алматы",
        city_ru="Алматы",
        city_en="Almaty",
    )


@pytest.fixture
def enrol(provider):
    """Makes a member of staff with a password, by default a registrar."""

    def make(email="aigul@example.kz", roles=(Role.REGISTRAR,)):
        return services.enrol_staff(
            email=email,
            password=PASSWORD,
            full_name="Айгүл Серікқызы",
            position=Text("Тіркеуші", "Регистратор"),
            provider=provider,
            roles=roles,
            actor=SYSTEM,
            now=NOW,
        )

    return make


@pytest.fixture
def registrar(enrol):
    return enrol()
