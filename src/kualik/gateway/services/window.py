"""Registers as the clerk's window asks them (``counter.adapters.registers``)."""

from datetime import datetime

from kualik.accounts.models import Person, User
from kualik.gateway.queries.facts import Told, told_of
from kualik.gateway.queries.registers import usual_peer
from kualik.gateway.services.consents import Wanted, ask_consent
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role


class Registers:
    """The register of persons, asked with the consent of whoever stands at the window."""

    def is_on(self) -> bool:
        """Whether there is a channel to ask on."""
        return usual_peer() is not None

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
        """Have the person asked for consent; the answer follows by itself. Raises
        ``gateway_off``, ``too_many_tries``."""
        wanted = Wanted(person=person, provider=provider, about=about)
        ask_consent(wanted=wanted, actor=user.acting_as(role), now=now)

    def told(self, *, person: Person, provider: Provider, now: datetime) -> Told | None:
        """Where the last question of the provider stands and what came of it; None without one."""
        return told_of(person, provider, now=now)
