"""The organisations of the demonstration with their staff and keys."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password

from kualik.accounts.models import User
from kualik.accounts.queries import authorised_person
from kualik.accounts.services import enrol_demo_device, enrol_staff
from kualik.certificates.models import SealPolicy
from kualik.certificates.services.policy import Limits, set_policy
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider
from kualik.providers.services import OfficeFacts, ProviderFacts, register_provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.rules.workdays import WeeklyHours
from kualik.signatures.services import enrol_test_key

Row = Mapping[str, Any]


def open_organisation(row: Row, *, now: datetime) -> Provider:
    """A provider, its main office, its staff and the test key of its system."""
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
        _enrol(
            member["role"],
            name=member["name"],
            iin=member["iin"],
            position=Text(member["kk"], member["ru"], member["en"]),
            place=str(row["code"]).lower(),
            provider=provider,
            now=now,
        )
    enrol_test_key(provider=provider, now=now, actor=SYSTEM)
    if "automatic" in row:
        _seal_automatically(provider, row["automatic"], now=now)
    return provider


def open_platform(rows: list[Row], *, now: datetime) -> None:
    """Staff who belong to no provider, and the test key of the operator's system."""
    enrol_test_key(provider=None, now=now, actor=SYSTEM)
    for row in rows:
        _enrol(
            row["role"],
            name=row["name"],
            iin=row["iin"],
            position=Text(**row["position"]),
            place="platform",
            provider=None,
            now=now,
        )


def hours_of(text: str) -> dict[int, tuple[int, int]]:
    """Weekday → opening and closing minute of hours written as in ``workdays``."""
    days = WeeklyHours.parse(text).days
    return {weekday: hours for weekday, hours in enumerate(days) if hours is not None}


def _seal_automatically(provider: Provider, row: Row, *, now: datetime) -> None:
    """The authorised person takes the reading of A303.4 over and sets the limits."""
    user = authorised_person(provider)
    set_policy(
        provider=provider,
        limits=Limits(
            way=SealPolicy.Way.AUTOMATIC,
            kinds=row["kinds"],
            opens=60 * row["opens"],
            closes=60 * row["closes"],
            daily_quota=row["daily_quota"],
            decides_alone=row.get("decides_alone", False),
        ),
        takes_reading=True,
        user=user,
        actor=user.acting_as(Role.AUTHORISED_PERSON),
        now=now,
    )


def _enrol(
    role: str,
    *,
    name: str,
    iin: str,
    position: Text,
    place: str,
    provider: Provider | None,
    now: datetime,
) -> User:
    user = enrol_staff(
        email=f"{role.replace('_', '-')}@{place}.example",
        password=None,
        full_name=name,
        position=position,
        provider=provider,
        roles=[Role(role)],
        actor=SYSTEM,
        now=now,
        iin=iin,
    )
    user.password = _hash_of(settings.DEMO_PASSWORD)
    user.save(update_fields=["password"])
    enrol_demo_device(user=user, now=now)
    return user


@cache
def _hash_of(password: str) -> str:
    """Made once for all accounts: the password is no secret, and each hash takes its time."""
    return make_password(password)
