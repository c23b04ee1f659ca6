"""Reading the keys and their log."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.models import KeyUse, SigningKey

OPERATOR_CODE = "operator"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose information system a key belongs to; ``name`` is the Kazakh one."""

    code: str
    name: str
    bin: str


def owner_of(provider: Provider | None) -> Owner:
    """A provider as the owner of keys, or the operator of the installation where there is none.

    Raises ``operator_unnamed`` where the settings name no operator.
    """
    if provider is not None:
        return Owner(provider.code, provider.name_kk, provider.bin)
    operator = settings.OPERATOR
    if not operator["bin"] or not operator["kk"]:
        raise RuleViolation("operator_unnamed")
    return Owner(OPERATOR_CODE, operator["kk"], operator["bin"])


def usable_keys(*, provider: Provider | None, now: datetime) -> QuerySet[SigningKey]:
    """The keys that may sign at ``now``, the one that lasts longest first.

    Those of the provider, or of the operator of the installation where there is none. Test keys
    count on a demonstration only.
    """
    found = SigningKey.objects.filter(
        provider=provider, disabled_at=None, not_before__lte=now, not_after__gte=now
    ).order_by("-not_after", "-id")
    return found if settings.DEMO else found.filter(is_test=False)


def organisation_key(*, provider: Provider | None, now: datetime) -> SigningKey:
    """The key that the provider's system, or the operator's, seals with at ``now``; raises
    ``no_organisation_key`` without one."""
    key = usable_keys(provider=provider, now=now).select_related("provider").first()
    if key is None:
        owner = provider.code if provider else settings.OPERATOR["ru"]
        raise RuleViolation("no_organisation_key", provider=owner)
    return key


def uses_of_key(*, key: SigningKey) -> QuerySet[KeyUse]:
    """The log of a key, latest first."""
    return KeyUse.objects.filter(key=key).select_related("actor").order_by("-used_at", "-id")
