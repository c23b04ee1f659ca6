"""Reading the keys and their log."""

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.models import KeyUse, SigningKey


def usable_keys(*, provider: Provider, now: datetime) -> QuerySet[SigningKey]:
    """The provider's keys that may sign at ``now``, the one that lasts longest first.

    Test keys count on a demonstration only.
    """
    found = SigningKey.objects.filter(
        provider=provider, disabled_at=None, not_before__lte=now, not_after__gte=now
    ).order_by("-not_after", "-id")
    return found if settings.DEMO else found.filter(is_test=False)


def organisation_key(*, provider: Provider, now: datetime) -> SigningKey:
    """The key the provider's system seals with at ``now``; ``no_organisation_key`` without one."""
    key = usable_keys(provider=provider, now=now).select_related("provider").first()
    if key is None:
        raise RuleViolation("no_organisation_key", provider=provider.code)
    return key


def uses_of_key(*, key: SigningKey) -> QuerySet[KeyUse]:
    """The log of a key, latest first."""
    return KeyUse.objects.filter(key=key).select_related("actor").order_by("-used_at", "-id")
