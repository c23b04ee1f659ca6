"""A line of SMPP to the catcher, turned by hand."""

import time
from collections.abc import Callable

from kualik.notifications.adapters.addresses import parse_address
from kualik.notifications.adapters.carriers import Outgoing
from kualik.notifications.adapters.smpp import SmppLink
from kualik.notifications.adapters.wire import LinkLost
from kualik.notifications.models import Message
from kualik.notifications.services.linking import turn
from tests.notifications.catching import Catching, MovedClock


def open_line(catching: Catching) -> SmppLink:
    return SmppLink(parse_address(catching.smpp_url))


def outgoing_of(message: Message) -> Outgoing:
    return Outgoing(
        number=message.pk, address=message.address, language="kk", subject="", body=message.body
    )


def turn_until(
    link: SmppLink, clock: MovedClock, reached: Callable[[], object], *, seconds: float = 10
) -> None:
    """Turn the line until something is so."""
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, "it did not happen"
        turn(link, clock=clock)


def turn_until_lost(link: SmppLink, clock: MovedClock) -> None:
    """Turn the line until it breaks."""
    try:
        for _ in range(50):
            turn(link, clock=clock)
    except LinkLost:
        return
    raise AssertionError("the line holds")
