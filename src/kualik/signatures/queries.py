"""Reading the keys and their log."""

from datetime import datetime

from django.db.models import QuerySet

from kualik.accounts.models import User
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.models import KeyUse, SigningKey


def usable_keys(*, provider: Provider, now: datetime) -> QuerySet[SigningKey]:
    """The provider's keys that may sign at ``now``, the one that lasts longest first."""
    return SigningKey.objects.filter(
        provider=provider, disabled_at=None, not_before__lte=now, not_after__gte=now
    ).order_by("-not_after", "-id")


def key_of_holder(*, provider: Provider, holder: User, now: datetime) -> SigningKey | None:
    """The key an authorised person signs with for the provider at ``now``, or None."""
    return usable_keys(provider=provider, now=now).filter(holder=holder).first()


def usable_key(*, provider: Provider, now: datetime) -> SigningKey:
    """The key of the provider's present authorised person (A57.10-2).

    Raises ``no_authorised_person`` when nobody in that role holds a key in force.
    """
    key = (
        usable_keys(provider=provider, now=now)
        .filter(holder__is_active=True, holder__grants__role=Role.AUTHORISED_PERSON)
        .select_related("holder", "provider")
        .first()
    )
    if key is None:
        raise RuleViolation("no_authorised_person", provider=provider.code)
    return key


def own_key(*, holder: User, now: datetime) -> SigningKey:
    """The key a person seals with now; ``key_not_usable`` without one in force."""
    provider = holder.provider
    key = key_of_holder(provider=provider, holder=holder, now=now) if provider else None
    if key is None or not holder.has_role(frozenset({Role.AUTHORISED_PERSON})):
        raise RuleViolation("key_not_usable")
    return key


def uses_of_key(*, key: SigningKey) -> QuerySet[KeyUse]:
    """The log of a key, latest first."""
    return KeyUse.objects.filter(key=key).select_related("actor").order_by("-used_at", "-id")
