"""The registry of phones: which number the state knows as a person's own (A303.10.a).

Another room that can ask such a registry names its class in settings.PHONE_REGISTRY.
"""

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from kualik.rules.phones import e164


class PhoneRegistry(Protocol):
    """Knows people's own mobile numbers."""

    def lookup(self, iin: str) -> str | None:
        """The number of a person; None where it knows none. Raises OSError when it is away."""


def registered_phone(iin: str) -> str:
    """The number (E.164) that the registry names; empty without one, or when it is away."""
    if not settings.PHONE_REGISTRY:
        return ""
    registry: PhoneRegistry = import_string(settings.PHONE_REGISTRY)()
    try:
        return e164(registry.lookup(iin) or "")
    except OSError:
        return ""
