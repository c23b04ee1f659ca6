"""The organisations of the demonstration with their staff and keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from kualik.accounts.models import User
from kualik.accounts.services import enrol_demo_device, enrol_staff
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider
from kualik.providers.services import OfficeFacts, ProviderFacts, register_provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.rules.workdays import WeeklyHours
from kualik.signatures.services import enrol_test_key

Row = Mapping[str, Any]


def open_organisation(row: Row, *, now: datetime) -> Provider:
    """A provider, its main office, its staff and the test key of its authorised person."""
    provider = register_provider(
        facts=ProviderFacts(
            code=row["code"],
            bin=row["bin"],
            kind=row["kind"],
            name=Text(**row["name"]),
            city=Text(**row["city"]),
            accreditation=row["accreditation"],
            licence=row["licence"],
            site=row["site"],
        ),
        main_office=OfficeFacts(
            name=Text(**row["office"]),
            address=Text(**row["address"]),
            phones=tuple(row["phones"]),
            hours=hours_of(row["hours"]),
            windows=row["windows"],
            accessible=frozenset(row["accessible"]),
        ),
        now=now,
        actor=SYSTEM,
    )
    for member in row["staff"]:
        user = _enrol(
            member["role"],
            name=member["name"],
            position=Text(member["kk"], member["ru"], member["en"]),
            place=str(row["code"]).lower(),
            provider=provider,
            now=now,
        )
        if member["role"] == Role.AUTHORISED_PERSON:
            enrol_test_key(provider=provider, holder=user, now=now, actor=SYSTEM)
    return provider


def open_platform(rows: list[Row], *, now: datetime) -> None:
    """Staff who belong to no provider."""
    for row in rows:
        _enrol(
            row["role"],
            name=row["name"],
            position=Text(**row["position"]),
            place="platform",
            provider=None,
            now=now,
        )


def hours_of(text: str) -> dict[int, tuple[int, int]]:
    """Weekday → opening and closing minute of hours written as in ``workdays``."""
    days = WeeklyHours.parse(text).days
    return {weekday: hours for weekday, hours in enumerate(days) if hours is not None}


def _enrol(
    role: str, *, name: str, position: Text, place: str, provider: Provider | None, now: datetime
) -> User:
    user = enrol_staff(
        email=f"{role.replace('_', '-')}@{place}.example",
        password=settings.DEMO_PASSWORD,
        full_name=name,
        position=position,
        provider=provider,
        roles=[Role(role)],
        actor=SYSTEM,
        now=now,
    )
    enrol_demo_device(user=user, now=now)
    return user
