"""Staff: enrol, find by the IIN of a signature."""

import hmac
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from kualik.accounts.adapters import iin_hash
from kualik.accounts.models import RoleGrant, User
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role


@transaction.atomic
def enrol_staff(
    *,
    email: str,
    password: str | None,
    full_name: str,
    position: Text,
    provider: Provider | None,
    roles: Iterable[Role],
    actor: Actor,
    now: datetime,
    iin: str = "",
) -> User:
    """A new member of staff with roles; without a password and an IIN nobody can sign in yet.

    By the ``iin``, kept as a keyed hash alone, an electronic signature finds the account.
    """
    user = User(
        email=email.strip().lower(),
        full_name=full_name,
        position_kk=position.kk,
        position_ru=position.ru,
        position_en=position.en,
        provider=provider,
        iin_hash=iin_hash(iin) if iin else "",
        date_joined=now,
    )
    user.set_password(password)
    user.save()
    granted = sorted(set(roles))
    RoleGrant.objects.bulk_create(
        RoleGrant(user=user, role=role, granted_at=now) for role in granted
    )
    journal.record(
        subject=f"user:{user.pk}",
        action="accounts.enrolled",
        actor=actor,
        now=now,
        data={"roles": [role.value for role in granted], "provider": provider and provider.code},
    )
    return user


def is_own_iin(user: User, iin: str) -> bool:
    """Whether an account belongs to the person of an IIN; never for an account without one."""
    return bool(user.iin_hash) and hmac.compare_digest(user.iin_hash, iin_hash(iin))


def find_staff(*, iin: str, bin: str = "") -> list[User]:
    """The active accounts of a person: at the organisation of the ``bin``, else everywhere."""
    found = User.objects.filter(iin_hash=iin_hash(iin), is_active=True).order_by("pk")
    return list(found.filter(provider__bin=bin) if bin else found)
