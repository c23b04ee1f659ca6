"""What every carrier of messages does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kualik.core.jobs import NotNow


class Away(NotNow):
    """The carrier takes nothing from anybody for now; asking it for each message is no use."""


class AccountRefused(Away):
    """The carrier refuses not the message but us (wrong password, no money): staff must act."""


class Never(Exception):
    """The carrier will never take this message; the argument is a short reason for staff."""


class Unsure(Exception):
    """The carrier may have taken the message, or not; the argument says what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to hand over; ``number`` is ours and the same at every try.

    ``address`` is an e-mail address or a phone number in E.164 with plus. Parts whose numbers are
    in ``taken`` were handed over before.
    """

    number: int
    address: str
    language: str
    subject: str
    body: str
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Handed:
    """A part that the carrier took and the number it gave to it."""

    part: int
    parts: int
    reference: str


class Carrier(Protocol):
    """Takes messages.

    ``may_repeat``: whether a message whose fate is unknown may be handed over again, because the
    receiving side sees that it is the same.
    """

    name: str
    may_repeat: bool

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        """Hand over what is not taken yet, part by part; each is yielded once it is taken.

        Raises NotNow (surely not taken, another try may succeed), Never or Unsure.
        """

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        """What the carrier itself says of a message whose fate is unknown: None: surely not taken.

        Raises Unsure when it cannot say, NotNow when it does not answer.
        """
