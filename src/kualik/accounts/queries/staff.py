"""What the sign-in asks: roles in words, a person's devices, the accounts of a demonstration."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django_otp.oath import TOTP, hotp
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import WebAuthnCredential

from kualik.accounts.models import User
from kualik.accounts.queries.absences import present
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

DATA = Path(__file__).resolve().parents[1] / "data"
DEMO_DEVICE = "demo"
STAFF_ROLES = frozenset(Role) - {Role.SYSTEM, Role.APPLICANT}
ROLE_LABELS: dict[Role, Text] = {
    Role.SYSTEM: Text("Ақпараттық жүйе", "Информационная система", "Information system"),
    Role.APPLICANT: Text("Көрсетілетін қызметті алушы", "Услугополучатель", "Applicant"),
    Role.REGISTRAR: Text("Тіркеуші", "Регистратор", "Registrar"),
    Role.CLERK: Text("Кеңсе қызметкері", "Сотрудник канцелярии", "Clerk of the office"),
    Role.OFFICE_HEAD: Text("Кеңсе басшысы", "Руководитель канцелярии", "Head of the office"),
    Role.AUTHORISED_PERSON: Text("Уәкілетті тұлға", "Уполномоченное лицо", "Authorised person"),
    Role.PROVIDER_ADMIN: Text(
        "Ұйымның әкімшісі", "Администратор организации", "Administrator of the provider"
    ),
    Role.CONTACT_CENTRE: Text(
        "Бірыңғай байланыс орталығының операторы",
        "Оператор единого контакт-центра",
        "Operator of the single contact centre",
    ),
    Role.INSPECTOR: Text("Инспектор", "Инспектор", "Inspector"),
    Role.PLATFORM_ADMIN: Text("Жүйе әкімшісі", "Администратор системы", "System administrator"),
}


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A confirmed device as the profile lists it; ``id`` is django-otp's persistent id."""

    id: str
    is_passkey: bool
    name: str
    added_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A person whose work a visitor of the demonstration may try."""

    full_name: str
    email: str
    roles: tuple[Text, ...]
    provider: Text | None


def person_of(request: HttpRequest) -> User:
    """The member of staff on the page; the middleware has let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied("not a member of staff")
    return request.user


def authorised_person(provider: Provider, *, on: date | None = None) -> User:
    """Who certifies the provider's results (A57.10-2): of those in the role the first appointed.

    With ``on`` somebody who is away on that day is named only where everybody is. Raises
    ``no_authorised_person``.
    """
    found = (
        User.objects.filter(provider=provider, is_active=True, grants__role=Role.AUTHORISED_PERSON)
        .order_by("grants__granted_at", "pk")
        .select_related("provider")
    )
    person = (present(found, on).first() if on else None) or found.first()
    if person is None:
        raise RuleViolation("no_authorised_person", provider=provider.code)
    return person


def role_labels(user: User) -> list[Text]:
    """The person's roles in words, in the order of the office's work."""
    return [ROLE_LABELS[role] for role in Role if role in user.roles]


def provider_name(user: User) -> Text | None:
    """The organisation of a person; None for the staff of the platform."""
    return user.provider.name if user.provider else None


def code_device(user: User) -> TOTPDevice | None:
    """The confirmed authenticator app of a person, the newest if there are several."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("-pk").first()


def second_factors(user: User) -> list[SecondFactor]:
    """All confirmed devices, the authenticator app first."""
    apps = TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk")
    passkeys = WebAuthnCredential.objects.filter(user=user, confirmed=True).order_by("pk")
    return [
        SecondFactor(
            id=device.persistent_id,
            is_passkey=isinstance(device, WebAuthnCredential),
            name=device.name,
            added_at=device.created_at,
            used_at=device.last_used_at,
        )
        for device in [*apps, *passkeys]
    ]


def passkey(user: User, pk: int) -> WebAuthnCredential:
    """A passkey of a person. Raises WebAuthnCredential.DoesNotExist."""
    return WebAuthnCredential.objects.get(user=user, pk=pk)


@cache
def passkey_texts() -> Mapping[str, Text]:
    """What the library's passkey scripts say, by their own English wording."""
    rows = tomllib.loads((DATA / "passkey.toml").read_text(encoding="utf-8"))["text"]
    return {says: Text(row["kk"], row["ru"], row["en"]) for row in rows for says in row["says"]}


def demo_accounts() -> list[DemoAccount]:
    """The active people with a demonstration device; nobody outside a demonstration."""
    if not settings.DEMO:
        return []
    owners = TOTPDevice.objects.filter(name=DEMO_DEVICE, confirmed=True).values("user")
    people = User.objects.filter(pk__in=owners, is_active=True).select_related("provider")
    return [
        DemoAccount(
            full_name=user.full_name,
            email=user.email,
            roles=tuple(role_labels(user)),
            provider=provider_name(user),
        )
        for user in people.order_by("pk")
    ]


def demo_code(user: User, *, now: datetime) -> str:
    """The code that the phone of a demonstration account would show; empty for a real one.

    A code serves once, so after a sign-in this is the next of the accepted ones.
    """
    device = code_device(user)
    if not settings.DEMO or device is None or device.name != DEMO_DEVICE:
        return ""
    clock = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    clock.time = now.timestamp()
    code = hotp(device.bin_key, max(clock.t(), device.last_t + 1), device.digits)
    return f"{code:0{device.digits}d}"
