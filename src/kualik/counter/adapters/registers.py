"""Registers of the state, asked about the person at the window with their consent.

A room that can ask them names its class in settings.PERSON_REGISTERS.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from kualik.accounts.models import Person, User
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role


class Line(Protocol):
    """One fact that a register told; ``is_good``: nothing stands against the person's data."""

    @property
    def name(self) -> Text: ...
    @property
    def value(self) -> Text: ...
    @property
    def is_good(self) -> bool: ...
    @property
    def source(self) -> Text: ...
    @property
    def learned_at(self) -> datetime: ...


class Told(Protocol):
    """Where the last question stands: "asked", "given", "denied" or "expired"; and its facts."""

    @property
    def state(self) -> str: ...
    @property
    def asked_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def facts(self) -> Sequence[Line]: ...


class Registers(Protocol):
    """Asks and remembers; never answers at once, since a person has to consent first."""

    def is_on(self) -> bool:
        """Whether anything may be asked."""

    def ask(
        self,
        *,
        person: Person,
        provider: Provider,
        user: User,
        role: Role,
        about: str,
        now: datetime,
    ) -> None:
        """Have the person asked for consent. Raises RuleViolation."""

    def told(self, *, person: Person, provider: Provider, now: datetime) -> Told | None:
        """What came of the last question of the provider about the person."""


def registers() -> Registers | None:
    """What this installation may ask; None where it may ask nothing."""
    if not settings.PERSON_REGISTERS:
        return None
    found: Registers = import_string(settings.PERSON_REGISTERS)()
    return found if found.is_on() else None
